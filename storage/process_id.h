#pragma once
// The id of this process, for what must not be used across fork(). For storage/ alone.

#include <sys/types.h>

namespace gli::storage {

/// getpid(), which is a call of the kernel, asked once a process: the memory that keeps the answer comes out of a fork() as zeros. Threads: any.
pid_t process_id();

}  // namespace gli::storage
