#pragma once
// An ordered store in memory, and faults to test with: what a full disk does, without one.

#include <atomic>
#include <cstdint>
#include <memory>

#include "storage/ordered_store.h"

namespace gli::storage {

/// Counts down with each put and commit of the store that it was given to; the one that reaches 0 throws failure{io} and changes nothing.
/// Any thread may set it at any time. 0: no fault.
struct fault_plan {
  std::atomic<uint64_t> fail_put{0}, fail_commit{0};
};

std::shared_ptr<ordered_store> make_memory_store(std::shared_ptr<fault_plan> faults);

}  // namespace gli::storage
