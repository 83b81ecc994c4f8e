#pragma once
// Two whole graphs that show the same.

#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "partitions/graph.h"
#include "partitions/rows.h"

namespace gli::testing {

using edge_map = std::map<std::tuple<key, key, key>, parameters>;

inline edge_map edges_of(const graph& g) {
  edge_map all;
  for (int32_t v = 0; v < g->size; ++v)
    for (uint32_t slot = 0; slot < g->out_of(v).size(); ++slot)
      all[{node_key(g, v), node_key(g, g->out_of(v)[slot]), edge_key(g, v, slot).value_or(key{int64_t{0}})}] = edge_attributes(g, v, slot);
  return all;
}

/// Whole graphs: everything that they show, in its order.
inline void expect_same_graph(const graph& a, const graph& b) {
  ASSERT_EQ(a->nodes, b->nodes);
  auto ids = insertion_order(a), others = insertion_order(b);
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSERT_EQ(node_key(a, ids[i]), node_key(b, others[i])) << i;
    ASSERT_EQ(node_attributes(a, ids[i]), node_attributes(b, others[i]));
    auto keys_in = [](const graph& g, int32_t v) {
      std::vector<key> keys;
      for (auto s : g->in_of(v)) keys.push_back(node_key(g, s));
      std::sort(keys.begin(), keys.end());
      return keys;
    };
    ASSERT_EQ(keys_in(a, ids[i]), keys_in(b, others[i]));
  }
  EXPECT_EQ(edges_of(a), edges_of(b));
  EXPECT_EQ(a->out.edges, b->out.edges);
  EXPECT_EQ(a->in.edges, b->in.edges);
  EXPECT_EQ(a->total_nodes, b->total_nodes);
  EXPECT_EQ(a->total_edges, b->total_edges);
  EXPECT_EQ(partition_facts(a), partition_facts(b));
}

}  // namespace gli::testing
