#pragma once
// What this process may have of the machine's memory.
//
// The kernel holds the limit (RLIMIT_DATA: private pages that can be written to, touched or not), so that resident memory, code included, stays under it
// whatever happens; pages of stores' files, which the kernel takes back when it needs them, are not counted. What would need more finds no memory:
// std::bad_alloc. A reserve is kept for those who serve others, so that the process outlives what it cannot do: only who allocates for a call is
// told before it is touched.
//
// Threads: limit_memory once; everything else from any.

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace gli {

/// When the process has its threads. 0: no limit. failure{value} for less than it needs for itself.
void limit_memory(uint64_t bytes);
uint64_t memory_limit();  // as given
/// A child of this process may have what this one leaves of the limit now; it may be said again. failure{memory} where that is next to nothing, for `what`.
void limit_child(pid_t child, const std::string& what);
uint64_t resident_bytes();
/// Gives back to the system what malloc keeps for later.
void release_spare_memory();
/// The reserve is there again, once what needed it is over.
void refill_reserve();

enum class memory_for { everybody, a_call };

/// Whose this thread's allocations are, for a scope. At first everybody's.
class allocating {
 public:
  explicit allocating(memory_for whom);
  ~allocating();
  allocating(const allocating&) = delete;

 private:
  memory_for before_;
};

/// From now on what this thread's loops allocate on oneTBB's threads is for calls. Starts these threads: later there may be no memory for their stacks.
void helpers_allocate_for_calls(unsigned threads);

/// Who this process is, and what it computes next, for messages.
void name_this_process(std::string who);
void begin_call(std::string what);
/// Why the call that runs cannot go on: who has not enough memory for what, the limit, and what was in use before it.
std::string no_memory_text();
/// The same of something small beside it, with what is in use now.
std::string no_memory_text(const std::string& what);

std::string bytes_text(uint64_t bytes);  // "1.5 GiB", "256.0 MiB"

}  // namespace gli
