#pragma once
// What is asked of every node's neighbors in rounds: programs of the user's (docs/programs.md), and expressions over what they give.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/communicator.h"
#include "runtime/expression.h"
#include "runtime/value.h"

namespace gli {

/// Which way values go. The numbers travel on the wire: append only. Undirected graphs: all are `both`.
enum class spread : uint8_t { forward = 0, backward = 1, both = 2 };  // from sources to targets, the other way, either way

struct program_column { std::string name; column_type type = column_type::float64; };  // boolean, int64 or float64
struct program_total { std::string name; reduction how = reduction::sum; };            // of doubles

/// Output: node values of state column i under the handle `output` + i. Summary: rounds, halted, "total.NAME" of each total.
struct run_program {
  std::string name;
  std::vector<program_column> state;
  std::vector<program_total> totals;
  column_type message = column_type::float64;  // or int64
  reduction combine = reduction::sum;
  spread over = spread::forward;
  std::string weight;              // an edge attribute; empty: none
  uint64_t max_rounds = UINT64_MAX;  // after round 0
  parameters arguments;            // as provenance shows them
  std::string code;                // pickled function and parameters: Python's matter
  std::string python;              // the version that pickled them, such as "3.11"; empty: nothing was pickled

  /// What provenance calls the values of a state column.
  std::string column(size_t i) const { return name + "." + state[i].name; }
};

/// Output: float64 node values. Summary: rounds, change.
struct aggregate_neighbors {
  expression initial, give, update;  // `give` reads state; `update` state and gathered
  reduction how = reduction::sum;
  spread over = spread::forward;
  std::string weight;
  uint64_t rounds = UINT64_MAX;      // at most
  std::optional<double> until;       // ends once no value changes by more; failure{convergence} when `rounds` are too few. None: exactly `rounds`
};

}  // namespace gli
