// A flipped bit, a cut file: verify() names it, or no answer changes; and nothing that a program does with such a store ends in a signal or in a
// wrong answer. Each damaged store is opened in a process of its own, which reads all of it, verifies it, and then tries to commit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "runtime/error.h"
#include "tests/durability/child.h"
#include "tests/durability/history.h"
#include "tests/durability/long_runs.h"
#include "tests/storage/scratch.h"

namespace gli::durability {
namespace {

using storage::testing::read_file;
using storage::testing::scratch_directory;
using storage::testing::write_file;

/// A change of one of a store's files.
struct injury {
  std::string file;
  bool cut = false;
  size_t at = 0;  // the byte that changes, or the new length
  int bit = 0;

  std::string text() const { return file + (cut ? " cut to " + std::to_string(at) + " bytes" : ": bit " + std::to_string(bit) + " of byte " + std::to_string(at)); }
  void inflict(byte_buffer& bytes) const {
    if (cut)
      bytes.resize(at);
    else
      bytes[at] ^= uint8_t(1 << bit);
  }
};

struct outcomes {
  size_t named = 0, harmless = 0;
  std::vector<std::string> wrong;

  void count(const injury& what, const ending& end) {
    if (end.signal == 0 && end.said == "named")
      ++named;
    else if (end.signal == 0 && end.said == "harmless")
      ++harmless;
    else
      wrong.push_back(what.text() + ": " + (end.signal ? "signal " + std::to_string(end.signal) : end.said));
  }
  void report(const char* of) const {
    std::printf("%s: %zu named, %zu harmless, %zu otherwise\n", of, named, harmless, wrong.size());
    for (auto& w : wrong) ADD_FAILURE() << w;
  }
};

/// A store whose files can be damaged one at a time.
class patient {
 public:
  explicit patient(const std::vector<step>& history) {
    auto end = run_in_child([&] {
      auto store = graph_store::open(path_, true);
      for (auto& s : history) s.run(*store);
      return std::string{};
    });
    if (end.signal || !end.said.empty()) throw std::runtime_error{"no store to damage: " + end.said};
    for (auto part : {"manifest/data.mdb", "p0/data.mdb", "manifest/lock.mdb", "p0/lock.mdb"}) files_.emplace_back(part, read_file(path_ + "/" + part));
    learn();
  }

  /// Any byte of the data files is as likely as any other; locks are hit now and then.
  injury flip(std::mt19937_64& random) const {
    auto& [name, bytes] = files_[random() % 50 == 0 ? 2 + random() % 2 : in_data(random() % data_bytes())];
    return {name, false, random() % bytes.size(), int(random() % 8)};
  }
  /// Any part of a page is as likely, so that what is not of large values has its share.
  injury flip_in_headers(std::mt19937_64& random) const {
    auto& [name, bytes] = files_[random() % 2];
    return {name, false, random() % (bytes.size() / page_bytes) * page_bytes + random() % (random() % 2 ? 200 : page_bytes), int(random() % 8)};
  }
  injury cut(std::mt19937_64& random) const {
    auto& [name, bytes] = files_[random() % 10 == 0 ? 2 + random() % 2 : random() % 2];
    return {name, true, random() % 20 == 0 ? 0 : random() % bytes.size(), 0};
  }

  ending look_after(const injury& what) const {
    auto& [name, good] = *std::ranges::find(files_, what.file, &file::first);
    auto bad = good;
    what.inflict(bad);
    write_file(path_ + "/" + name, bad);
    auto end = run_in_child([&] { return examine(); });
    for (auto& [file, bytes] : files_) write_file(path_ + "/" + file, bytes);
    return end;
  }

 private:
  using file = std::pair<std::string, byte_buffer>;
  static constexpr size_t page_bytes = 4096;

  size_t data_bytes() const { return files_[0].second.size() + files_[1].second.size(); }
  size_t in_data(size_t at) const { return at < files_[0].second.size() ? 0 : 1; }

  void learn() {
    std::string ids;
    auto end = run_in_child([&] {
      auto store = graph_store::open(path_, false);
      for (auto& id : commits_of(*store)) ids += id + "\n";
      return ids;
    });
    for (size_t at = 0; at < end.said.size(); at += 33) commits_.push_back(end.said.substr(at, 32));
    end = run_in_child([&] {
      std::string all;
      for (auto& [what, text] : answers(*graph_store::open(path_, false))) all += what + '\0' + text + '\0';
      write_file(answers_file_, std::span{reinterpret_cast<const uint8_t*>(all.data()), all.size()});
      return std::string{};
    });
    if (end.signal || !end.said.empty()) throw std::runtime_error{"a sound store does not answer: " + end.said};
    auto all = read_file(answers_file_);
    std::vector<std::string> texts;
    for (auto at = all.begin(); at != all.end();) {
      auto stop = std::find(at, all.end(), 0);
      texts.emplace_back(at, stop);
      at = stop + 1;
    }
    for (size_t i = 0; i < texts.size(); i += 2) expected_.emplace_back(texts[i], texts[i + 1]);
  }

  /// In the child. Whether a store that lost an answer says so, and whether any answer is wrong.
  std::string examine() const {
    try {
      auto store = graph_store::open(path_, true);
      auto before = compare(*store);
      if (before.wrong) return "a wrong answer: " + before.what;
      auto damage = store->verify();
      if (before.missing && damage.empty()) return "verify() does not name it, and there is no answer: " + before.what;
      return try_to_commit(*store, damage.empty());
    } catch (const failure& f) {
      return *f.what() ? "named" : "an error without a message";
    }
  }

  std::string try_to_commit(graph_store& store, bool sound) const {
    auto failed = false;
    try {
      store.move_branch(store.current_branch(), store.head(store.current_branch()), store.head(store.current_branch()), "moved nowhere");
      commit_one_more(store, "after the damage");
    } catch (const failure&) {
      failed = true;
    }
    if (!sound) return "named";
    if (failed) return "verify() does not name it, and a commit fails";
    if (!store.verify().empty()) return "verify() names it only after a commit";
    return "harmless";
  }

  struct comparison {
    bool missing = false, wrong = false;
    std::string what;
  };
  comparison compare(graph_store& store) const {
    comparison result;
    auto now = answers(store, commits_);
    for (size_t i = 0; i < expected_.size(); ++i) {
      if (now.at(i) == expected_[i]) continue;
      auto error = now[i].second.starts_with("! ");
      (error ? result.missing : result.wrong) = true;
      if (result.what.empty() || !error) result.what = now[i].first + ": " + now[i].second;
    }
    return result;
  }

  scratch_directory directory_{quick_files()};
  const std::string path_ = directory_ / "network.gli", answers_file_ = directory_ / "answers";
  std::vector<file> files_;
  std::vector<std::string> commits_;
  std::vector<answer> expected_;
};

template <class Injury>
void try_injuries(const char* name, const patient& store, size_t tries, uint64_t seed, Injury&& next) {
  std::mt19937_64 random{seed};
  outcomes all;
  for (size_t i = 0; i < tries && all.wrong.size() < 20; ++i) {
    auto what = next(random);
    all.count(what, store.look_after(what));
  }
  all.report(name);
}

TEST(damage_of_a_store, by_a_flipped_bit_is_named_or_changes_no_answer) {
  patient store{small_history()};
  try_injuries("flipped bits", store, tries(150, 10'000), 1, [&](auto& random) { return store.flip(random); });
}

TEST(damage_of_a_store, by_a_flipped_bit_in_what_lmdb_follows_is_named_or_changes_no_answer) {
  patient store{small_history()};
  try_injuries("flipped bits of headers", store, tries(150, 10'000), 2, [&](auto& random) { return store.flip_in_headers(random); });
}

TEST(damage_of_a_store, by_a_cut_is_named_or_changes_no_answer) {
  patient store{small_history()};
  try_injuries("cut files", store, tries(60, 500), 3, [&](auto& random) { return store.cut(random); });
}

TEST(damage_of_a_store, that_leaves_nothing_of_a_file_is_named) {
  patient store{small_history()};
  for (auto file : {"manifest/data.mdb", "p0/data.mdb"}) EXPECT_EQ(store.look_after({file, true, 0, 0}).said, "named") << file;
}

TEST(damage_of_a_store, with_large_values_is_named_or_changes_no_answer) {
  patient store{large_history()};
  try_injuries("flipped bits of large values", store, tries(20, 1'000), 4, [&](auto& random) { return store.flip(random); });
  try_injuries("flipped bits of headers beside large values", store, tries(20, 1'000), 5, [&](auto& random) { return store.flip_in_headers(random); });
  try_injuries("cut files of large values", store, tries(10, 200), 6, [&](auto& random) { return store.cut(random); });
}

}  // namespace
}  // namespace gli::durability
