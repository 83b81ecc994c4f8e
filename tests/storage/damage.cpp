// Flipped bits and cut files: an error or the right answer, never a wrong one and never a signal. Each look happens in a child process.
#include <sys/mman.h>

#include <algorithm>
#include <random>

#include "storage/content_pool.h"
#include "storage/lmdb_file.h"
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
