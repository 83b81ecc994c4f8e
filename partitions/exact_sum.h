#pragma once
// Fractions as integers on the grid 2^-62: sums of them are exact, so they are the same bytes in any order, on any number of threads and
// partitions. Values are in [0, 4).

#include <cstdint>

namespace gli {

__extension__ using uint128 = unsigned __int128;

constexpr uint64_t grid_one = uint64_t{1} << 62;

/// x in [0, 1]; rounds down to the grid.
constexpr uint64_t to_grid(double x) { return uint64_t(int64_t(x * 0x1p62)); }  // int64_t: one instruction
/// The nearest double.
constexpr double from_grid(uint64_t x) { return double(x) * 0x1p-62; }

/// a · b and a / n, rounded to the nearest.
constexpr uint64_t grid_multiply(uint64_t a, uint64_t b) { return uint64_t((uint128{a} * b + (uint128{1} << 61)) >> 62); }
constexpr uint64_t grid_divide(uint64_t a, uint64_t n) { return (a + (n >> 1)) / n; }

constexpr uint64_t grid_distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

}  // namespace gli
