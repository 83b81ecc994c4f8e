// The machine loses its power: whatever of the unsynced writes reached the disk, the store that is found there has the state before the call that was
// under way or the one after it; verify() finds nothing, and the next commit works.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "tests/durability/child.h"
#include "tests/durability/history.h"
#include "tests/durability/images.h"
#include "tests/durability/long_runs.h"
#include "tests/storage/scratch.h"

namespace gli::durability {
namespace {

using storage::testing::read_file;
using storage::testing::scratch_directory;
using storage::testing::write_file;

std::string text(const std::vector<answer>& all) {
  std::string lines;
  for (auto& [what, answer] : all) lines += what + ": " + answer + "\n";
  return to_hex(content_hash(storage::as_bytes(lines))) + " " + all.at(0).second;
}

std::string state_of(const std::string& path) { return text(answers(*graph_store::open(path, true))); }

/// The calls of a history, with a mark before and after each step that says what the store holds there.
std::vector<file_call> record_history(const std::string& directory, const std::vector<step>& history) {
  auto file = directory + "/calls", path = directory + "/network.gli";
  std::filesystem::create_directory(path);
  auto end = run_in_child([&] {
    record_file_calls(path);
    mark_file_calls("begin");
    std::shared_ptr<graph_store> store;
    store = graph_store::open(path, true);
    store->pool(0);
    mark_file_calls(state_of(path));
    for (auto& s : history) {
      mark_file_calls("begin");
      s.run(*store);
      mark_file_calls(state_of(path));
    }
    write_file(file, to_bytes(recorded_file_calls()));
    return std::string{};
  });
  if (end.signal || !end.said.empty()) throw std::runtime_error{"no calls: " + end.said};
  return calls_from(read_file(file));
}

/// The images of one crash, right after a call or while the next is under way.
class crashes {
 public:
  crashes(const scratch_directory& directory, const std::vector<file_call>& calls) : path_{directory / "image.gli"}, calls_{calls} {
    for (auto& c : calls)
      if (c.kind == file_call::what::mark && c.path != "begin") states_.push_back(c.path);
  }

  /// `count` images, spread evenly over the calls.
  void try_all(size_t count) {
    std::mt19937_64 random{7};
    disk so_far;
    size_t done = 0, state = 0, tried = 0;  // calls applied; states that are behind us
    auto in_call = false;
    for (; done <= calls_.size(); ++done) {
      for (; tried < count * (done + 1) / (calls_.size() + 1); ++tried) try_one(so_far, done, state, in_call, random);
      if (done == calls_.size() || ::testing::Test::HasFailure()) break;
      so_far.apply(calls_[done]);
      if (calls_[done].kind == file_call::what::mark) {
        in_call = calls_[done].path == "begin";
        state += !in_call;
      }
    }
    std::printf("%zu images after %zu calls: %zu of the state before, %zu of the one after\n", tried, calls_.size(), old_, new_);
  }

 private:
  void try_one(const disk& so_far, size_t done, size_t state, bool in_call, std::mt19937_64& random) {
    auto fate = random() % 4;
    write_image(so_far.image(fate == 0 ? unsynced::kept : fate == 1 ? unsynced::lost : unsynced::mixed, random));
    auto end = run_in_child([&] { return examine(); });
    auto is = [&](size_t n) { return n < states_.size() && end.said == states_[n]; };
    auto before = state == 0 ? is(0) : is(state - 1), after = in_call && is(state);
    EXPECT_TRUE(end.signal == 0 && (before || after)) << "after call " << done << " of step " << state << (in_call ? ", within it" : "") << ": signal " << end.signal
                                                       << ", " << end.said << "\nbefore: " << states_.at(state ? state - 1 : 0);
    ++(before ? old_ : new_);
  }

  void write_image(const std::map<std::string, byte_buffer>& image) const {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directory(path_);
    for (auto& [path, bytes] : image) {
      auto file = std::filesystem::path{path_} / path;
      std::filesystem::create_directories(file.parent_path());
      write_file(file.string(), bytes);
    }
  }

  /// What the store holds; or what is wrong.
  std::string examine() const {
    auto store = graph_store::open(path_, true);
    if (auto damage = store->verify(); !damage.empty()) return "verify: " + damage[0];
    auto state = state_of(path_);
    commit_one_more(*store, "after the crash");
    if (auto damage = store->verify(); !damage.empty()) return "verify after a commit: " + damage[0];
    return state;
  }

  const std::string path_;
  const std::vector<file_call>& calls_;
  std::vector<std::string> states_;
  size_t old_ = 0, new_ = 0;
};

TEST(crash_images, of_a_store_hold_the_state_before_or_the_one_after) {
  scratch_directory directory{quick_files()};
  auto calls = record_history(directory / ".", small_history());
  crashes{directory, calls}.try_all(tries(400, 20'000));
}

TEST(crash_images, with_large_values_hold_the_state_before_or_the_one_after) {
  scratch_directory directory{quick_files()};
  auto calls = record_history(directory / ".", large_history());
  crashes{directory, calls}.try_all(tries(25, 2'000));
}

}  // namespace
}  // namespace gli::durability
