#pragma once
// Large scratch arrays. First touch of memory costs more than most of what is done with it: huge pages make it a tenth.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace gli {

constexpr size_t huge_page = size_t{1} << 21;

/// An array of numbers, not initialised.
template <class T>
class huge_array {
 public:
  explicit huge_array(size_t elements) {
    if (elements == 0) return;
    auto bytes = (elements * sizeof(T) + huge_page - 1) & ~(huge_page - 1);
    bool small = elements * sizeof(T) < huge_page;
    memory_.reset(static_cast<T*>(small ? std::malloc(elements * sizeof(T)) : std::aligned_alloc(huge_page, bytes)));
    if (!memory_) throw std::bad_alloc{};
    if (!small) ::madvise(memory_.get(), bytes, MADV_HUGEPAGE);
  }
  T* get() const { return memory_.get(); }
  T& operator[](size_t i) const { return memory_.get()[i]; }

 private:
  struct release { void operator()(T* p) const { std::free(p); } };
  std::unique_ptr<T, release> memory_;
};

/// An array of what zero bytes are, as the system gives them: what is never used is never touched.
template <class T>
class zeroed_array {
 public:
  explicit zeroed_array(size_t elements) {
    if (elements == 0) return;
    auto bytes = elements * sizeof(T);
    bool small = bytes < huge_page;
    release owner{small ? 0 : (bytes + 2 * huge_page - 1) & ~(huge_page - 1)};
    auto at = small ? std::aligned_alloc(line, (bytes + line - 1) & ~(line - 1)) : ::mmap(nullptr, owner.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!at || at == MAP_FAILED) throw std::bad_alloc{};
    memory_ = {at, owner};
    if (small) {
      first_ = static_cast<T*>(std::memset(at, 0, bytes));
    } else {
      first_ = reinterpret_cast<T*>((reinterpret_cast<uintptr_t>(at) + huge_page - 1) & ~(huge_page - 1));
      ::madvise(first_, bytes, MADV_HUGEPAGE);
    }
  }
  T& operator[](size_t i) const { return first_[i]; }

 private:
  static constexpr size_t line = 64;
  struct release {
    size_t mapped = 0;  // bytes; 0: allocated
    void operator()(void* p) const { mapped ? void(::munmap(p, mapped)) : std::free(p); }
  };
  std::unique_ptr<void, release> memory_;
  T* first_ = nullptr;
};

}  // namespace gli
