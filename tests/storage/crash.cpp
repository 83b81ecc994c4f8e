// kill -9 at random moments: the old state or the new one, and nothing in between.
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>

#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

constexpr int crashes = 40;

/// Written by the child before it begins a commit and after it: the parent knows which states are possible.
struct shared_progress {
  std::atomic<uint64_t> begun, finished;
};

shared_progress* make_shared_progress() {
  auto memory = ::mmap(nullptr, sizeof(shared_progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return new (memory) shared_progress{};
}

void publish_for_ever(const std::string& path, shared_progress& progress) {
  auto store = graph_store::open(path, true);
  for (;;) {
    auto n = ++progress.begun;
    content_pool::batch pages{store->pool(n % 2)};
    auto root = noise(300 + n % 7 * 20'000, n);
    auto hash = content_hash(root);
    pages.put(hash, root);
    pages.commit();
    auto other = store_page(store->pool((n + 1) % 2), noise(50, n));
    commit_record c;
    c.message = std::to_string(n);
    c.roots = n % 2 ? std::vector{other, hash} : std::vector{hash, other};
    auto head = store->head("main");
    if (head) c.parents = {*head};
    store->publish(c, "main", head);
    progress.finished = n;
  }
}

TEST(crash, at_any_moment_leaves_the_old_state_or_the_new_one) {
  scratch_directory directory;
  auto path = directory / "network.gli";
  auto progress = make_shared_progress();
  std::mt19937 random{11};
  uint64_t last = 0;
  for (int crash = 0; crash < crashes; ++crash) {
    auto target = progress->begun + random() % 4;
    child_process child{[&] { publish_for_ever(path, *progress); }};
    while (progress->begun <= target) std::this_thread::yield();
    auto until = std::chrono::steady_clock::now() +
                 std::chrono::microseconds{random() % 8000};  // spreads kills over a publish; nothing depends on it
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    child.kill();
    ASSERT_TRUE(WIFSIGNALED(child.wait())) << "the child ended by itself";

    auto store = graph_store::open(path, true);
    ASSERT_EQ(store->verify(), std::vector<std::string>{});
    auto newest = store->head("main") ? std::stoull(store->resolve("main").message) : 0;
    auto before = std::max(last, progress->finished.load());
    ASSERT_TRUE(newest == progress->begun || newest == before) << newest << " is neither " << progress->begun << " nor " << before;
    auto log = store->log("main", 0);
    ASSERT_EQ(store->reflog(0).size(), log.size());
    for (size_t i = 1; i < log.size(); ++i) ASSERT_LT(std::stoull(log[i].message), std::stoull(log[i - 1].message));
    last = newest;
  }
  EXPECT_GT(last, uint64_t{crashes});
  ::munmap(progress, sizeof(shared_progress));
}

TEST(crash, while_the_store_is_made_leaves_one_that_can_be_made) {
  std::mt19937 random{12};
  for (int crash = 0; crash < 20; ++crash) {
    scratch_directory directory;
    auto path = directory / "network.gli";
    steps begun;
    child_process child{[&] {
      begun.post();
      graph_store::open(path, true)->pool(0);
      ::pause();
    }};
    begun.await();
    auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random() % 10000};
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    child.kill();
    child.wait();
    auto store = graph_store::open(path, true);
    commit(*store, "first");
    ASSERT_EQ(store->verify(), std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace gli::storage
