#pragma once
// Truth as bits: the rows of a block in words, the first row lowest. Bits past the last row are 0.

#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gli {

using row_bits = std::vector<uint64_t>;

inline size_t words_for(int64_t rows) { return size_t(rows + 63) >> 6; }
inline bool bit_at(const uint64_t* words, int64_t i) { return words[i >> 6] >> (i & 63) & 1; }
inline void put_bit(row_bits& to, int64_t i, bool x) {
  auto& word = to[size_t(i) >> 6];
  word = (word & ~(uint64_t{1} << (i & 63))) | uint64_t{x} << (i & 63);
}
inline void clear_past(row_bits& bits, int64_t rows) {
  if (rows & 63) bits[size_t(rows) >> 6] &= (uint64_t{1} << (rows & 63)) - 1;
}

/// One value for all rows, read like an array of them.
template <class T>
struct repeated {
  T x;
  const T& operator[](int64_t) const { return x; }
};

/// Booleans, likewise.
struct bit_array {
  const uint64_t* words;
  bool operator[](int64_t i) const { return bit_at(words, i); }
};

/// Eight bytes of 0 or 1 as eight bits, the first lowest.
inline uint64_t packed(const uint8_t* truth) {
  uint64_t bytes;
  std::memcpy(&bytes, truth, 8);
  return bytes * 0x0102040810204080 >> 56;
}

/// Bits of truth_of(row), 64 rows at a time: compilers make vector code of simple ones.
template <class F>
void fill_bits(uint64_t* words, int64_t rows, F&& truth_of) {
  for (int64_t first = 0; first < rows; first += 64) {
    alignas(64) uint8_t truth[64] = {};
    if (rows - first >= 64)
      for (int64_t i = 0; i < 64; ++i) truth[i] = truth_of(first + i);
    else
      for (int64_t i = 0; i < rows - first; ++i) truth[i] = truth_of(first + i);
    uint64_t word = 0;
    for (int b = 0; b < 64; b += 8) word |= packed(truth + b) << b;
    words[first >> 6] = word;
  }
}

#if defined(__x86_64__)

/// Whether `holds` between four pairs of numbers, as four bits.
template <class Holds, class T>
__attribute__((target("avx2"), always_inline)) inline uint64_t four_bits(const T* x, const T* y, bool one_x, bool one_y) {
  typedef T four __attribute__((vector_size(32)));
  four a, b;
  if (one_x) a = four{x[0], x[0], x[0], x[0]};
  else std::memcpy(&a, x, 32);
  if (one_y) b = four{y[0], y[0], y[0], y[0]};
  else std::memcpy(&b, y, 32);
  __m256d mask;
  if constexpr (std::is_same_v<Holds, std::equal_to<>>) mask = (__m256d)(a == b);
  else if constexpr (std::is_same_v<Holds, std::not_equal_to<>>) mask = (__m256d)(a != b);
  else if constexpr (std::is_same_v<Holds, std::less<>>) mask = (__m256d)(a < b);
  else if constexpr (std::is_same_v<Holds, std::less_equal<>>) mask = (__m256d)(a <= b);
  else if constexpr (std::is_same_v<Holds, std::greater<>>) mask = (__m256d)(a > b);
  else mask = (__m256d)(a >= b);
  return uint64_t(uint32_t(_mm256_movemask_pd(mask)));
}

/// Whole words of comparisons. OneX, OneY: a single value for all rows.
template <class Holds, bool OneX, bool OneY, class T>
__attribute__((target("avx2"))) void compare_words(uint64_t* words, int64_t count, const T* x, const T* y) {
  for (int64_t w = 0; w < count; ++w) {
    uint64_t word = 0;
    for (int i = 0; i < 64; i += 4) word |= four_bits<Holds>(x + (OneX ? 0 : w * 64 + i), y + (OneY ? 0 : w * 64 + i), OneX, OneY) << i;
    words[w] = word;
  }
}

#endif

template <class T> const T* first_of(const T* values) { return values; }
template <class T> const T* first_of(const repeated<T>& one) { return &one.x; }

/// x and y: arrays of numbers of one type, or one repeated.
template <class X, class Y, class Holds>
void compare_numbers(uint64_t* words, int64_t rows, const X& x, const Y& y, Holds holds) {
  int64_t done = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    compare_words<Holds, !std::is_pointer_v<X>, !std::is_pointer_v<Y>>(words, rows >> 6, first_of(x), first_of(y));
    done = rows & ~int64_t{63};
  }
#endif
  fill_bits(words + (done >> 6), rows - done, [&, done](int64_t i) { return holds(x[done + i], y[done + i]); });
}

}  // namespace gli
