#pragma once
// An expression made ready for one graph: attributes bound to columns, types checked, literals and patterns prepared. Plans, and whatever
// is wrong with an expression, depend only on the expression and on a schema that all partitions agree on: so all of them fail alike.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "partitions/graph.h"
#include "runtime/error.h"
#include "runtime/expression.h"

namespace re2 {
class RE2;
}

namespace gli {

/// What a subexpression yields. `null`: nothing but nulls. `dynamic`: each row its own scalar, from json columns and arithmetic of `number`s, of
/// which each is an integer or a real.
enum class value_kind : uint8_t { null, boolean, integer, real, text, time, bytes, dynamic, number };
enum class element : uint8_t { node, edge };

/// The columns of all partitions, with the common_type of them.
struct graph_schema {
  std::map<std::string, column_type> nodes, edges;
  key_type keys = key_type::none;
  bool targets_known = true;  // every mirror's key is at hand
};
graph_schema agree_on_schema(const graph& g, communicator& all);  // collective

/// The literals of is_in, by how they are looked up.
struct literal_set {
  std::vector<int64_t> ints;       // sorted; integral reals too
  std::vector<double> reals;       // sorted
  std::vector<std::string> texts;  // sorted
  std::vector<value> others;
  bool has_null = false;
};

struct plan {
  operation op = operation::literal;
  value_kind type = value_kind::null;
  std::vector<plan> arguments;
  std::string label;  // as messages name it: column 'age' (int64)
  value literal;
  const paged_column* column = nullptr;  // node, edge: where this partition has it
  literal_set among;                     // is_in
  std::shared_ptr<const re2::RE2> pattern;  // matches: time linear in the text, bounded memory, no recursion
  uint32_t fault = 0;                    // number of what rows can do wrong here; 0: nothing
};

/// A plan and the failures that single rows can cause, by fault number - 1.
struct filter_plan {
  plan root;
  std::vector<failure> faults;
};

/// Throws failure{type | key | value}. The plan points into `g`.
filter_plan make_plan(const expression& e, element of, const graph& g, const graph_schema& schema);
/// The same of a number for each node, which may be computed of those that `known` names: operation::state, operation::gathered.
filter_plan make_number_plan(const expression& e, const std::vector<operation>& known, const graph& g, const graph_schema& schema);

}  // namespace gli
