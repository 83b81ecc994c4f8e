// The nth write, sync or allocation of a call fails, for every n: the call ends in an error that says why or in success, the process that met it reads on,
// and whoever opens the store finds the state before or the one after, with nothing for verify() to name, and commits on top of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <new>

#include "runtime/error.h"
#include "tests/durability/allocations.h"
#include "tests/durability/file_calls.h"
#include "tests/durability/long_runs.h"
#include "tests/durability/rehearsed.h"

namespace gli::durability {
namespace {

struct fault {
  std::string name;
  std::function<void(const std::string& directory, uint64_t n)> begin;
  std::function<bool(uint64_t n)> end;  // whether it happened
  bool is_of_files = true;
};

fault of_files(const std::string& name, faulty which, int error) {
  return {name, [=](auto& directory, uint64_t n) { fail_file_call(directory, which, n, error); }, [](uint64_t) { return end_file_faults(); }};
}
const fault full_disk = of_files("writes to a full disk", faulty::writes, ENOSPC), bad_disk = of_files("writes that fail", faulty::writes, EIO),
            short_write = of_files("writes of a half", faulty::short_writes, 0), bad_sync = of_files("syncs that fail", faulty::syncs, EIO),
            no_memory{"allocations", [](auto&, uint64_t n) { fail_allocation(n); }, [](uint64_t n) { return end_allocation_faults() >= n; }, false};

class faulty_runs {
 public:
  explicit faulty_runs(const operation& of) : of_{of} {}

  /// Fails every `stride`th call, the first one included; returns how often something failed.
  size_t fail_each(const fault& what, uint64_t stride = 1) const {
    size_t met = 0, failed = 0;
    for (uint64_t n = 1; !::testing::Test::HasFailure(); n += stride) {
      auto end = of_.in_a_copy([&] { return operate(what, n); });
      if (end.signal == 0 && end.said == "no fault") break;
      auto place = of_.of().name + ", " + what.name + ", the " + std::to_string(n) + "th: ";
      EXPECT_TRUE(end.signal == 0 && (end.said == "done" || end.said == "failed")) << place << "signal " << end.signal << ", " << end.said;
      auto found = run_in_child([&] { return of_.examine(end.said == "done"); });
      EXPECT_TRUE(found.signal == 0 && (found.said == "before" || found.said == "after")) << place << end.said << "; signal " << found.signal << ", " << found.said;
      ++met, failed += end.said == "failed";
    }
    std::printf("%s, %s: %zu met, %zu made the call fail\n", of_.of().name.c_str(), what.name.c_str(), met, failed);
    return failed;
  }

  uint64_t allocations() const {
    auto end = of_.in_a_copy([&] {
      auto store = open();
      fail_allocation(UINT64_MAX);
      of_.of().call.run(*store);
      return std::to_string(end_allocation_faults());
    });
    return std::stoull(end.said);
  }

 private:
  /// A store that was read from, in a process whose threads have begun.
  std::shared_ptr<graph_store> open() const {
    auto store = graph_store::open(of_.path(), false);
    essence(*store);
    return store;
  }

  /// In a child. "done", "failed", "no fault"; or what is wrong.
  std::string operate(const fault& what, uint64_t n) const {
    auto store = open();
    std::string reason;
    what.begin(of_.directory(), n);
    try {
      of_.of().call.run(*store);
    } catch (const failure& f) {
      reason = *f.what() ? f.what() : "an error without a message";
    } catch (const std::bad_alloc&) {
      reason = of_.path() + ": out of memory";
    }
    if (!what.end(n)) return reason.empty() ? "no fault" : "failed without a fault: " + reason;
    if (what.is_of_files && !reason.empty() && reason.find(of_.path()) == std::string::npos) return "the error names no path: " + reason;
    return read_on(*store, !reason.empty());
  }

  /// When a meta page could not be written, what is on disk is open: LMDB then wants to be opened anew. (gc lets go of its lease last, and is done.)
  std::string read_on(graph_store& store, bool failed) const {
    try {
      auto state = essence(store);
      if (state != of_.after() && (!failed || state != of_.before())) return "read after it: " + state;
    } catch (const failure& f) {
      if (std::string_view{f.what()}.find("open the store anew") == std::string_view::npos) return std::string{"cannot be read after it: "} + f.what();
    }
    return failed ? "failed" : "done";
  }

  const rehearsed of_;
};

class faults : public ::testing::TestWithParam<operation> {};
INSTANTIATE_TEST_SUITE_P(of, faults, ::testing::ValuesIn(operations()), [](auto& info) { return info.param.name; });

TEST_P(faults, of_each_write_leave_the_state_before_or_the_one_after) {
  faulty_runs runs{GetParam()};
  for (auto& what : {full_disk, bad_disk, short_write}) EXPECT_GT(runs.fail_each(what) + (what.name == short_write.name), 0u) << what.name;
}

TEST_P(faults, of_each_sync_leave_the_state_before_or_the_one_after) {
  faulty_runs runs{GetParam()};
  EXPECT_GT(runs.fail_each(bad_sync), 0u);
}

TEST_P(faults, of_each_allocation_leave_the_state_before_or_the_one_after) {
  if (!can_fail_allocations) GTEST_SKIP() << "a sanitizer has its own allocator";
  faulty_runs runs{GetParam()};
  auto all = runs.allocations();
  EXPECT_GT(runs.fail_each(no_memory, std::max<uint64_t>(1, all / tries(50, all))), 0u);
}

}  // namespace
}  // namespace gli::durability
