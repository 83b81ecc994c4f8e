#pragma once
// What a load does with rows that name one node, or one edge, again.

#include <cstdint>

namespace gli {

/// The numbers travel on the wire: append only.
enum class duplicate_policy : uint8_t {
  first = 0,  // the first row's attributes stay
  last = 1,   // the last row's do, its nulls included
  error = 2,  // failure{value} naming the row and what it repeats
  sum = 3,    // edges: numbers are added over all rows, in their order; nodes: as first
};

}  // namespace gli
