#pragma once
// Memory that runs out: the nth allocation of the calling thread fails, whoever asks for it (C++, LMDB, the C library), but not oneTBB, which waits for
// ever for what it could not begin, and OpenSSL, which goes on without a lock that it could not make. The program's own malloc … take the place of libc's (allocations.cpp); with a sanitizer, which has its own, none ever
// fails.

#include <cstdint>

namespace gli::durability {

constexpr bool can_fail_allocations =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    false;
#else
    true;
#endif

/// From now on this thread's allocations are counted, and the nth one fails.
void fail_allocation(uint64_t n);
/// How many there were; none fails any more.
uint64_t end_allocation_faults();

}  // namespace gli::durability
