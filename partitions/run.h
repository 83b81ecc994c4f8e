#pragma once
// The loop around an algorithm: rounds, totals over all partitions, an end. The same with `solo` and with a cluster's communicator.

#include <array>
#include <cstdint>

#include "partitions/graph_view.h"
#include "partitions/headway.h"
#include "runtime/communicator.h"

namespace gli {

/// Algorithm:
///   static constexpr const char* name;
///   totals begin(g)                   local values before round 1, and what this partition adds to the totals (std::array<uint64_t, N>)
///   bool done(totals, rounds) const   decides from totals that are the same on all partitions; may throw, then alike on all
///   totals round(g, totals, all)      one round, given the last totals; collective: fetches what it needs of other partitions
///   headway so_far(g, totals, rounds) const   for progress; after done(), when it was not
/// Returns the number of rounds.
template <class Algorithm>
uint64_t run_rounds(Algorithm& algorithm, const graph_view& g, communicator& all) {
  auto totals = algorithm.begin(g);
  for (uint64_t rounds = 0;; ++rounds) {
    all.all_reduce(totals, reduction::sum);
    if (algorithm.done(totals, rounds)) return rounds;
    tell(all, Algorithm::name, rounds, algorithm.so_far(g, totals, rounds));
    totals = algorithm.round(g, totals, all);
  }
}

}  // namespace gli
