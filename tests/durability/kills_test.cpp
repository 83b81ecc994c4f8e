// kill -9 inside of a call: whoever opens the store finds the state before or the one after, nothing for verify() to name, and commits on top of it.
// GLI_DURABILITY=long: 200 kills inside of each call. Kills that came before the call began or after it ended do not count.
#include <gtest/gtest.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <cstdio>
#include <random>

#include "tests/durability/long_runs.h"
#include "tests/durability/rehearsed.h"

namespace gli::durability {
namespace {

/// In memory that both processes have.
struct progress {
  std::atomic<bool> begun, ended;
};

class killed_runs {
 public:
  explicit killed_runs(const operation& of) : of_{of}, at_{new (::mmap(nullptr, sizeof(progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) progress{}} {}
  ~killed_runs() { ::munmap(at_, sizeof(progress)); }

  void kill(size_t times) {
    std::mt19937_64 random{5};
    double longest = 0.002;  // seconds; follows how long the call takes
    size_t hit = 0, missed = 0, after = 0;
    while (hit < times && !::testing::Test::HasFailure()) {
      auto inside = kill_once(std::uniform_real_distribution{0.0, longest}(random));
      auto ended = at_->ended.load();
      longest *= inside ? 1.1 : 0.8;
      ++(inside ? hit : missed);
      auto found = run_in_child([&] { return of_.examine(ended); });
      EXPECT_TRUE(found.signal == 0 && (found.said == "before" || found.said == "after")) << "kill " << hit + missed << ": signal " << found.signal << ", " << found.said;
      after += inside && found.said == "after";
      ASSERT_LT(missed, 20 * times + 100);
    }
    std::printf("%s: %zu kills inside, %zu outside; %zu of the state before, %zu of the one after\n", of_.of().name.c_str(), hit, missed, hit - after, after);
  }

 private:
  /// Whether the process died between the call's begin and its end.
  bool kill_once(double wait) {
    of_.make_copy();
    at_->begun = at_->ended = false;
    storage::testing::child_process child{[&] {
      auto store = graph_store::open(of_.path(), false);
      at_->begun = true;
      of_.of().call.run(*store);
      at_->ended = true;
      ::pause();
    }};
    while (!at_->begun) ::sched_yield();
    timespec pause{0, long(wait * 1e9)};
    ::nanosleep(&pause, nullptr);  // spreads kills over the call; nothing depends on it
    child.kill();
    EXPECT_TRUE(WIFSIGNALED(child.wait())) << "the child ended by itself";
    return !at_->ended;
  }

  const rehearsed of_;
  progress* at_;
};

class kills : public ::testing::TestWithParam<operation> {};
INSTANTIATE_TEST_SUITE_P(inside_of, kills, ::testing::ValuesIn(operations()), [](auto& info) { return info.param.name; });

TEST_P(kills, leave_the_state_before_or_the_one_after) { killed_runs{GetParam()}.kill(tries(10, 200)); }

}  // namespace
}  // namespace gli::durability
