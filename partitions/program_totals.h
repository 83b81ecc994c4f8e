#pragma once
// What all nodes add to a program's totals: sums of doubles on a common grid, smallest and largest by their order. The same bytes on any number of
// partitions.

#include <string>
#include <vector>

#include "partitions/program_memory.h"

namespace gli {

/// What of a round is the largest of all partitions, and what the sum: two reductions for everything.
class program_totals {
 public:
  program_totals(const run_program& what, const program_memory& memory) : what_{what}, memory_{memory} {}

  /// The totals of what was added in a round, into the memory; answers how many nodes give on all partitions. `largest_given`: the largest magnitude of
  /// what own nodes give, becomes that of all. Collective. failure{value} naming a node that added NaN, or infinity to a sum.
  uint64_t settle(uint64_t own_givers, double& largest_given, communicator& all) const;

 private:
  double extreme_of(const program_total& t) const;

  const run_program& what_;
  const program_memory& memory_;
};

}  // namespace gli
