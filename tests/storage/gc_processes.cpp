// gc() beside readers and writers of other processes, and kill -9 in its midst.
#include <signal.h>

#include <chrono>

#include "tests/storage/made_trees.h"

namespace gli::storage {
namespace {

using namespace testing;

constexpr int rounds = 25;

/// Commits, and takes half of its commits back; its last one stays.
void write_and_undo(const std::string& path, int writer) {
  auto store = graph_store::open(path, false);
  auto branch = "writer-" + std::to_string(writer);
  for (int i = 0; i < rounds; ++i) {
    auto c = commit_leaves(*store, branch + " " + std::to_string(i), writer * 10 + i % 5 * 60, 100, branch, 2);
    if (i % 2 == 0 && i + 1 < rounds) store->move_branch(branch, c.id, c.parents.empty() ? std::nullopt : std::optional{c.parents[0]}, "undo");
  }
}

/// Reads all of every commit that it sees, whatever happens to it meanwhile.
void read_all(const std::string& path) {
  auto store = graph_store::open(path, false);
  for (int i = 0; i < rounds; ++i)
    for (auto& [branch, head] : store->branches()) {
      if (!head) continue;
      try {
        auto commit = store->resolve(to_hex(*head));
        auto pages = store->pages_of(commit);
        for (uint32_t p = 0; p < commit.roots.size(); ++p) page_walk{"reader", test_format}.mark(pages[p].transaction(), commit.roots[p]);
      } catch (const failure& f) {
        if (f.code() != errc::key) throw;  // it went before its pages were pinned
      }
    }
}

void collect_for_ever(const std::string& path) {
  auto store = graph_store::open(path, false);
  for (;;) store->gc({.keep_reflog = 0, .sweep_pages = 7}, test_format);
}

std::set<hash128> all_heads(graph_store& store) {
  std::set<hash128> heads;
  for (auto& [branch, head] : store.branches())
    if (head) heads.insert(*head);
  return heads;
}

TEST(gc_processes, readers_and_writers_lose_nothing) {
  scratch_directory directory;
  auto path = directory / "network.gli";
  {
    auto store = graph_store::open(path, true);
    commit_leaves(*store, "first", 0, 300, "main", 2);
    for (int w = 0; w < 2; ++w) store->create_branch("writer-" + std::to_string(w), "main");
  }
  child_process collector{[&] { collect_for_ever(path); }};
  {
    child_process first{[&] { write_and_undo(path, 0); }}, second{[&] { write_and_undo(path, 1); }}, reader{[&] { read_all(path); }};
    EXPECT_EQ(first.wait(), 0);
    EXPECT_EQ(second.wait(), 0);
    EXPECT_EQ(reader.wait(), 0);
  }
  collector.kill();
  EXPECT_TRUE(WIFSIGNALED(collector.wait())) << "the collector ended by itself";
  auto store = graph_store::open(path, false);
  EXPECT_EQ(store->verify(test_format), std::vector<std::string>{});
  for (int w = 0; w < 2; ++w) EXPECT_EQ(store->log("writer-" + std::to_string(w), 0).size(), size_t(1 + rounds / 2 + 1));
  store->gc({.keep_reflog = 0}, test_format);
  for (uint32_t p = 0; p < 2; ++p) {
    hashes expected;
    for (auto& head : all_heads(*store))
      for (auto& c : store->log(to_hex(head), 0)) add_reached(store->pool(p), c.roots[p], expected);
    EXPECT_EQ(pages_in(store->pool(p)), expected);
  }
}

TEST(gc_processes, killed_at_any_moment_leaves_a_sound_store) {
  auto asked = std::getenv("GLI_GC_CRASHES");
  auto crashes = asked ? std::atoi(asked) : 30;
  std::mt19937 random{3};
  scratch_directory directory;
  auto path = directory / "network.gli";
  {
    auto store = graph_store::open(path, true);
    commit_leaves(*store, "first", 0, 100, "main", 2);
  }
  for (int crash = 0; crash < crashes; ++crash) {
    steps begun;
    child_process child{[&] {
      auto store = graph_store::open(path, false);
      auto kept = *store->head("main");
      auto gone = commit_leaves(*store, "gone " + std::to_string(crash), 1000 + 37 * crash, 150, "main", 2);
      store->move_branch("main", gone.id, kept, "undo");
      begun.post();
      store->gc({.keep_reflog = 0, .sweep_pages = 5}, test_format);
      ::pause();
    }};
    begun.await();
    auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random() % 30'000};  // spreads kills over a gc; nothing depends on it
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    child.kill();
    ASSERT_TRUE(WIFSIGNALED(child.wait()));
    auto store = graph_store::open(path, false);
    ASSERT_EQ(store->verify(test_format), std::vector<std::string>{});
    for (uint32_t p = 0; p < 2; ++p) expect_closed(store->pool(p));
  }
  auto store = graph_store::open(path, false);
  store->gc({.keep_reflog = 0}, test_format);
  for (uint32_t p = 0; p < 2; ++p) {
    hashes expected;
    add_reached(store->pool(p), store->resolve("main").roots[p], expected);
    EXPECT_EQ(pages_in(store->pool(p)), expected);
  }
}

}  // namespace
}  // namespace gli::storage
