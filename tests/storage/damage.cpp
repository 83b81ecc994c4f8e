// Flipped bits and cut files: an error or the right answer, never a wrong one and never a signal. Each look happens in a child process.
#include <sys/mman.h>

#include <algorithm>
#include <random>

#include "storage/content_pool.h"
#include "storage/lmdb_compaction.h"
#include "storage/manifest.h"
#include "storage/packing.h"
#include "storage/lmdb_file.h"
#include "storage/lmdb_layout.h"
#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

const size_t page_bytes = size_t(::getpagesize());  // of LMDB's pages in a file made here

class damage : public ::testing::Test {
 protected:
  damage() {
    content_pool pool{open_lmdb(path_, true)};
    for (uint64_t i = 0; i < 120; ++i) pages_.push_back(noise(i % 30 == 0 ? 20'000 : 40 + i % 90, i));
    for (size_t begin = 0; begin < pages_.size(); begin += 30) {  // several transactions, so that there is a free list
      content_pool::batch b{pool};
      for (auto i = begin; i < begin + 30; ++i) b.put(content_hash(pages_[i]), pages_[i]);
      b.commit();
    }
  }

  /// Whether all is there and right; false when something says what is wrong. Throws at a wrong answer.
  static bool sound(const std::string& path, const std::vector<byte_buffer>& pages) {
    auto found_wrong = false;
    auto look = [&](auto&& f) {
      try {
        f();
      } catch (const failure& wrong) {
        auto code = wrong.code();
        if (code != errc::corrupt && code != errc::memory) throw;
        if (*wrong.what() == 0) throw std::runtime_error{"an error without a message"};
        found_wrong = true;
      }
    };
    look([&] {
      content_pool pool{open_lmdb(path, false)};
      for (auto& page : pages)
        look([&] {
          if (pool.get(content_hash(page)) != page) throw std::runtime_error{"a wrong answer"};
        });
      look([&] { pool.verify([&](auto&, auto&) { found_wrong = true; }); });
    });
    return !found_wrong;
  }

  /// Runs `change(copy, i)` on a copy of the file for each i, and looks at the result; all in one child that says where it is.
  void try_each(size_t changes, const std::function<void(byte_buffer&, size_t)>& change, size_t& found) {
    struct report {
      size_t at, found;
    };
    auto shared = static_cast<report*>(::mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    auto good = read_file(data_file(path_));
    child_process child{[&] {
      for (size_t i = 0; i < changes; ++i) {
        auto bad = good;
        change(bad, i);
        auto copy = directory_ / std::to_string(i);
        std::filesystem::create_directory(copy);
        write_file(data_file(copy), bad);
        shared->at = i;
        shared->found += !sound(copy, pages_);
        std::filesystem::remove_all(copy);
      }
    }};
    ASSERT_EQ(child.wait(), 0) << "at change " << shared->at;
    found = shared->found;
    ::munmap(shared, sizeof(report));
  }

  scratch_directory directory_;
  const std::string path_ = directory_ / "s";
  std::vector<byte_buffer> pages_;
};

TEST_F(damage, is_not_seen_where_there_is_none) { EXPECT_TRUE(sound(path_, pages_)); }

TEST_F(damage, of_any_bit_of_the_meta_pages_is_an_error_or_harmless) {
  size_t found = 0;
  try_each(
      2 * 152 * 8, [](byte_buffer& b, size_t i) { b[(i / 8 < 152 ? 0 : page_bytes - 152) + i / 8] ^= uint8_t(1 << i % 8); }, found);
  EXPECT_GT(found, 200u);
}

TEST_F(damage, of_bits_anywhere_is_an_error_or_harmless) {
  size_t found = 0;
  std::mt19937_64 random{5};
  try_each(
      800, [&](byte_buffer& b, size_t) { b[random() % b.size()] ^= uint8_t(1 << random() % 8); }, found);
  EXPECT_GT(found, 200u);
}

/// Pages with room to be packed, in the place of those that were there.
TEST_F(damage, of_packed_pages_is_an_error_or_harmless) {
  std::filesystem::remove_all(path_);
  pages_.clear();
  {
    auto environment = open_compactable(path_, true);
    {
      content_pool pool{environment};
      content_pool::batch b{pool};
      for (uint64_t i = 0; i < 120; ++i) {
        auto& page = pages_.emplace_back(noise(200 + i * 30, i));
        for (size_t at = 40; at < page.size(); ++at) page[at] = at % 4 < 2 ? page[at] : 0;
        b.put(content_hash(page), page);
      }
      b.commit();
      put(*environment, std::string{table::about}, std::string{format_key}, std::string{as_text(encode(format_record{plain_version, "pages"}))});
    }
    environment->compact(put_packed_rows);
    EXPECT_FALSE(environment->read()->get(table::pages, key_of(content_hash(pages_[1]))));
  }
  EXPECT_TRUE(sound(path_, pages_));
  size_t found = 0;
  std::mt19937_64 random{7};
  try_each(
      800, [&](byte_buffer& b, size_t) { b[random() % b.size()] ^= uint8_t(1 << random() % 8); }, found);
  EXPECT_GT(found, 400u);
}

TEST_F(damage, of_offsets_and_flags_in_tree_pages_is_an_error_or_harmless) {
  size_t found = 0;
  std::mt19937_64 random{6};
  auto flip = [&](byte_buffer& b, size_t) {
    auto page = 2 + random() % (b.size() / page_bytes - 2);
    b[page * page_bytes + random() % 64] ^= uint8_t(1 << random() % 8);
  };
  try_each(800, flip, found);
  EXPECT_GT(found, 200u);
}

TEST_F(damage, of_a_value_names_the_page_that_holds_it) {
  auto bytes = read_file(data_file(path_));
  auto& page = pages_[30];
  auto at = std::search(bytes.begin(), bytes.end(), page.begin(), page.end());
  ASSERT_NE(at, bytes.end());
  at[10'000] ^= 4;
  write_file(data_file(path_), bytes);
  content_pool pool{open_lmdb(path_, false)};
  auto name = "page " + to_hex(content_hash(page));
  EXPECT_FAILURE(errc::corrupt, name + " does not match its hash", pool.get(content_hash(page)));
  std::vector<std::string> damaged;
  EXPECT_EQ(pool.verify([&](auto& p, auto&) { damaged.push_back(p); }), 120u);
  EXPECT_EQ(damaged, std::vector<std::string>{name});
}

/// Opening reads none of the pages below the names of tables; a search meets those on its way, and a writer looks at all before it changes any.
TEST_F(damage, of_a_tree_page_is_named_where_a_search_meets_it_and_before_anything_is_written) {
  auto sound = read_file(data_file(path_));
  auto least = *std::ranges::min_element(pages_, {}, [](auto& page) { return content_hash(page); });
  auto last = *std::ranges::max_element(pages_, {}, [](auto& page) { return content_hash(page); });
  auto key = key_of(content_hash(least));
  std::vector<size_t> holders;  // leaves with that page in them: of the newest state and of older ones
  for (auto at = sound.begin(); (at = std::search(at, sound.end(), key.begin(), key.end())) != sound.end(); ++at)
    if (sound[size_t(at - sound.begin()) / page_bytes * page_bytes + 10] == 2) holders.push_back(size_t(at - sound.begin()) / page_bytes);
  struct flip { size_t byte; uint8_t bit; };
  for (auto [byte, bit] : {flip{12, 1}, flip{10, 16}}) {  // an odd number of bytes of offsets; a page that a transaction may change where it lies
    auto bytes = sound;
    for (auto page : holders) bytes[page * page_bytes + byte] ^= bit;
    write_file(data_file(path_), bytes);
    {
      content_pool pool{open_lmdb(path_, false)};
      EXPECT_EQ(pool.get(content_hash(last)), last);
      EXPECT_FAILURE(errc::corrupt, "is damaged", pool.get(content_hash(least)));
      EXPECT_FAILURE(errc::corrupt, data_file(path_) + ": page ", pool.stats());
      EXPECT_FAILURE(errc::corrupt, data_file(path_) + ": page ", pool.environment().write());
      EXPECT_FAILURE(errc::corrupt, data_file(path_) + ": page ", pool.environment().write());
      EXPECT_FAILURE(errc::corrupt, data_file(path_) + ": page ", pool.verify([](auto&, auto&) {}));
    }
    EXPECT_EQ(read_file(data_file(path_)), bytes);
  }
}

/// A page of an older state is sound by itself: that it is free says that nothing leads to it.
TEST_F(damage, that_leads_to_a_page_of_an_older_state_is_named) {
  auto bytes = read_file(data_file(path_));
  auto number = [&](size_t at) { return lmdb::load<uint64_t>(&bytes[at]); };
  auto newest = number(144) > number(page_bytes + 144) ? size_t{0} : page_bytes, older = page_bytes - newest;
  for (auto tree : {88, 40})  // of names; of the free list
    for (auto field : {40, 32}) {  // its root; its rows, which are as many
      auto bad = bytes;
      std::copy_n(bytes.begin() + std::ptrdiff_t(older + tree + field), 8, bad.begin() + std::ptrdiff_t(newest + tree + field));
      if (bad == bytes) continue;
      write_file(data_file(path_), bad);
      EXPECT_FAILURE(errc::corrupt, data_file(path_), open_lmdb(path_, false));
    }
}

TEST_F(damage, by_a_cut_anywhere_is_an_error) {
  size_t found = 0;
  auto size = read_file(data_file(path_)).size();
  try_each(
      200, [&](byte_buffer& b, size_t i) { b.resize(1 + i * (size - page_bytes - 1) / 199); }, found);
  EXPECT_EQ(found, 200u);
}

TEST_F(damage, by_a_cut_names_the_file_and_both_sizes) {
  std::filesystem::resize_file(data_file(path_), 16 * page_bytes);
  EXPECT_FAILURE(errc::corrupt, data_file(path_) + ": cut off: it has " + std::to_string(16 * page_bytes) + " bytes and needs",
                 open_lmdb(path_, false));
}

}  // namespace
}  // namespace gli::storage
