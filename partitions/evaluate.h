#pragma once
// Expressions over a graph's columns.

#include <vector>

#include "partitions/evaluate_plan.h"
#include "partitions/graph.h"
#include "runtime/expression.h"

namespace gli {

/// One bit per own node: where the expression is true (null counts as false). Parallel over pages.
/// Throws failure{type} naming the column and both types, failure{key} for an attribute that no node has. `all` agrees on the columns'
/// types between partitions (a partition without any such node has no column).
std::vector<uint64_t> evaluate_nodes(const expression& e, const graph& g, communicator& all);

/// One bit per edge in slot order of the out-pages, by page: where it is true. node() inside it means the source's attribute.
std::vector<std::vector<uint64_t>> evaluate_edges(const expression& e, const graph& g, communicator& all);

/// An expression that gives every node a number, made ready once and evaluated many times. `known`: which of operation::state and operation::gathered it
/// may read. Points into `g`.
class node_expression {
 public:
  node_expression(const expression& e, const std::vector<operation>& known, const graph& g, const graph_schema& schema);
  /// By own id; those of nodes that are not live stay as they are. Collective: failure{type | value}, alike on all, naming a node that has no number.
  void evaluate(const double* state, const double* gathered, std::vector<double>& to, communicator& all) const;

 private:
  std::string text_;
  filter_plan plan_;
  const graph& g_;
};

}  // namespace gli
