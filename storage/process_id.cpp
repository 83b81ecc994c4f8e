#include "storage/process_id.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

namespace gli::storage {
namespace {

/// Null where the kernel has no such memory.
std::atomic<pid_t>* forgotten_by_fork() {
  auto bytes = size_t(::sysconf(_SC_PAGESIZE));
  auto at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return nullptr;
  if (::madvise(at, bytes, MADV_WIPEONFORK) == 0) return static_cast<std::atomic<pid_t>*>(at);
  ::munmap(at, bytes);
  return nullptr;
}

}  // namespace

pid_t process_id() {
  static auto* const known = forgotten_by_fork();
  if (!known) return ::getpid();
  auto id = known->load(std::memory_order_relaxed);
  if (id == 0) known->store(id = ::getpid(), std::memory_order_relaxed);
  return id;
}

}  // namespace gli::storage
