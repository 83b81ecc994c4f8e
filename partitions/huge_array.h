#pragma once
// Large scratch arrays. First touch of memory costs more than most of what is done with it: huge pages make it a tenth.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace gli {

/// An array of numbers, not initialised.
template <class T>
class huge_array {
 public:
  explicit huge_array(size_t elements) {
    if (elements == 0) return;
    auto bytes = (elements * sizeof(T) + huge - 1) & ~(huge - 1);
    bool small = elements * sizeof(T) < huge;
    memory_.reset(static_cast<T*>(small ? std::malloc(elements * sizeof(T)) : std::aligned_alloc(huge, bytes)));
    if (!memory_) throw std::bad_alloc{};
    if (!small) ::madvise(memory_.get(), bytes, MADV_HUGEPAGE);
  }
  T* get() const { return memory_.get(); }
  T& operator[](size_t i) const { return memory_.get()[i]; }

 private:
  static constexpr size_t huge = size_t{1} << 21;
  struct release { void operator()(T* p) const { std::free(p); } };
  std::unique_ptr<T, release> memory_;
};

}  // namespace gli
