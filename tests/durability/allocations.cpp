#include "tests/durability/allocations.h"

#include <link.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace gli::durability {
namespace {

struct countdown {
  bool runs = false;
  uint64_t seen = 0, fails_at = 0;
};
thread_local countdown allocations;

/// Where a library's code is.
struct code_range {
  std::string_view library;
  uintptr_t begin = 0, end = 0;
  bool has(void* caller) const { return uintptr_t(caller) >= begin && uintptr_t(caller) < end; }
};
code_range left_alone[] = {{"libtbb.so"}, {"libcrypto.so"}};

int note_range(dl_phdr_info* library, size_t, void*) {
  for (auto& range : left_alone) {
    if (std::string_view{library->dlpi_name}.find(range.library) == std::string_view::npos) continue;
    range.begin = range.end = library->dlpi_addr;
    for (auto part = library->dlpi_phdr; part != library->dlpi_phdr + library->dlpi_phnum; ++part)
      if (part->p_type == PT_LOAD) range.end = library->dlpi_addr + part->p_vaddr + part->p_memsz;
  }
  return 0;
}

}  // namespace

void fail_allocation(uint64_t n) {
  ::dl_iterate_phdr(note_range, nullptr);
  allocations = {true, 0, n};
}

uint64_t end_allocation_faults() {
  allocations.runs = false;
  return allocations.seen;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
bool allocation_fails(void* caller) {
  if (!allocations.runs || left_alone[0].has(caller) || left_alone[1].has(caller) || ++allocations.seen != allocations.fails_at) return false;
  errno = ENOMEM;
  return true;
}
#endif

}  // namespace gli::durability

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// --- what stands in for libc's calls -----------------------------------------------------------------------------------------

#define GLI_STANDS_IN extern "C" __attribute__((visibility("default")))
using gli::durability::allocation_fails;

extern "C" void* __libc_malloc(size_t);
extern "C" void* __libc_calloc(size_t, size_t);
extern "C" void* __libc_realloc(void*, size_t);
extern "C" void* __libc_memalign(size_t, size_t);

GLI_STANDS_IN void* malloc(size_t n) { return allocation_fails(__builtin_return_address(0)) ? nullptr : __libc_malloc(n); }
GLI_STANDS_IN void* calloc(size_t n, size_t each) { return allocation_fails(__builtin_return_address(0)) ? nullptr : __libc_calloc(n, each); }
GLI_STANDS_IN void* realloc(void* p, size_t n) { return allocation_fails(__builtin_return_address(0)) ? nullptr : __libc_realloc(p, n); }
GLI_STANDS_IN void* aligned_alloc(size_t alignment, size_t n) { return allocation_fails(__builtin_return_address(0)) ? nullptr : __libc_memalign(alignment, n); }
GLI_STANDS_IN int posix_memalign(void** to, size_t alignment, size_t n) {
  auto p = allocation_fails(__builtin_return_address(0)) ? nullptr : __libc_memalign(alignment, n);
  if (!p) return ENOMEM;
  *to = p;
  return 0;
}
#endif
