#pragma once
// An array that grows without moving: readers keep their places while one thread appends.
//
// Threads: one appends; others read elements whose appending happened before. Elements are left uninitialised (class types: default
// constructed) until written.

#include <bit>
#include <cstdint>
#include <memory>

namespace gli {

/// Chunk 0 holds 2^FirstBits elements, chunk c > 0 as many as all before it.
template <class T, int FirstBits = 10>
class growing_array {
 public:
  T& operator[](int32_t i) { return chunks_[chunk_of(i)][i - begin_of(chunk_of(i))]; }
  const T& operator[](int32_t i) const { return chunks_[chunk_of(i)][i - begin_of(chunk_of(i))]; }
  void make_room(int32_t i) {
    auto c = chunk_of(i);
    if (!chunks_[c]) chunks_[c] = std::make_unique_for_overwrite<T[]>(size_t(c ? begin_of(c) : first));
  }
  /// Element i + 1, with room made for it, where element i is at hand.
  T& after(int32_t i, T& element) {
    auto next = uint32_t(i) + 1;
    if (next >= uint32_t{first} && !(next & (next - 1))) {
      make_room(int32_t(next));
      return (*this)[int32_t(next)];
    }
    return *(&element + 1);
  }
  /// Of an array of `size` elements.
  static uint64_t memory_bytes(int32_t size) {
    if (size == 0) return 0;
    auto last = chunk_of(size - 1);
    return (last ? uint64_t(begin_of(last)) * 2 : uint64_t{first}) * sizeof(T);
  }

 private:
  static constexpr int chunk_count = 32 - FirstBits;
  static constexpr int32_t first = 1 << FirstBits;
  static int chunk_of(int32_t i) { return std::bit_width(uint32_t(i) >> FirstBits); }
  static int32_t begin_of(int c) { return c ? first << (c - 1) : 0; }
  std::unique_ptr<T[]> chunks_[chunk_count];
};

}  // namespace gli
