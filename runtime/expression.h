#pragma once
// Filters as data: built in Python, sent as Cap'n Proto, evaluated over columns (partitions/evaluate.h). No Python in the loop.

#include <string>
#include <vector>

#include "runtime/value.h"

namespace gli {

/// The numbers travel on the wire: append only.
enum class operation : uint16_t {
  literal = 1, node = 2, edge = 3, node_key = 4, degree = 5, in_degree = 6, out_degree = 7,  // leaves; node and edge name an attribute
  source = 8, target = 9,                                                                    // edge filters: the endpoints' keys
  is_null = 20, logical_not = 21, negate = 22,                                               // one argument
  logical_and = 40, logical_or = 41, equal = 42, not_equal = 43, less = 44, less_equal = 45, greater = 46, greater_equal = 47,
  state = 10, gathered = 11,                                                                 // aggregates: the node's value; its neighbors', combined
  add = 60, subtract = 61, multiply = 62, divide = 63, minimum = 64, maximum = 65,
  is_in = 80,  // first argument among the literal others
  contains = 81, starts_with = 82, ends_with = 83, matches = 84,  // text, literal text; matches: RE2 regular expression, anywhere
};

struct expression {
  operation op = operation::literal;
  std::string name;  // node, edge: the attribute
  value literal;
  std::vector<expression> arguments;
};

std::string to_string(const expression& e);  // as Python shows it: (node('age') > 30)

}  // namespace gli
