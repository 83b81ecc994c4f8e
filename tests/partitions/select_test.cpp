#include <gtest/gtest.h>

#include "tests/oracles/search_oracle.h"

namespace gli::testing {
namespace {

expression literal(value x) { return {operation::literal, "", std::move(x), {}}; }
expression above(operation what, const char* name, int64_t x) {
  return {operation::greater, "", {}, {expression{what, name, {}, {}}, literal(x)}};
}

struct contents {
  std::set<key> nodes;
  std::multiset<std::pair<key, key>> edges;
  uint64_t total_nodes = 0, total_edges = 0;
  friend bool operator==(const contents&, const contents&) = default;
};

void add_contents(const graph& g, contents& to) {
  for (int32_t v = 0; v < g->size; ++v) {
    if (!g->live(v)) continue;
    to.nodes.insert(node_key(g, v));
    for (auto u : g->out_of(v)) to.edges.emplace(node_key(g, v), endpoint_key(g, u));
  }
  to.total_nodes = g->total_nodes;
  to.total_edges = g->total_edges;
}

contents selected(const plain_graph& from, uint32_t partitions, const std::function<graph(const graph&, communicator&)>& choose) {
  contents all_of_them;
  std::mutex guard;
  on_partitions(from, partitions, [&](const graph& g, communicator& all) {
    auto kept = with_mirror_keys(choose(g, all), all);
    std::lock_guard lock{guard};
    add_contents(kept, all_of_them);
  });
  return all_of_them;
}

template <class N, class E>
contents expected(const plain_graph& g, N&& keep_node, E&& keep_edge) {
  contents to;
  for (size_t i = 0; i < g.nodes.size(); ++i)
    if (keep_node(i)) to.nodes.insert(g.nodes[i]);
  for (size_t i = 0; i < g.edges.size(); ++i) {
    auto [u, v] = g.edges[i];
    if (!keep_node(u) || !keep_node(v) || !keep_edge(i)) continue;
    if (!g.kind.directed && g.nodes[v] < g.nodes[u]) std::swap(u, v);
    to.edges.emplace(g.nodes[u], g.nodes[v]);
  }
  to.total_nodes = to.nodes.size();
  to.total_edges = to.edges.size();
  return to;
}

plain_graph weighted(bool directed, bool multi, uint64_t seed) {
  auto g = random_graph(400, 1200, directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed);
  column_builder age{"age", column_type::int64}, weight{"weight", column_type::int64};
  for (size_t i = 0; i < g.nodes.size(); ++i) age.append_int64(int64_t(i * 31 % 100));
  for (size_t i = 0; i < g.edges.size(); ++i) weight.append_int64(int64_t(i * 17 % 100));
  g.node_columns = {age.finish()};
  g.edge_columns = {weight.finish()};
  return g;
}

TEST(select, keeps_what_the_expressions_say_on_any_number_of_partitions) {
  uint64_t seed = 1;
  for (bool directed : {true, false})
    for (bool multi : {true, false}) {
      auto g = weighted(directed, multi, ++seed);
      auto old = [](size_t i) { return i * 31 % 100 > 40; };
      auto heavy = [](size_t i) { return i * 17 % 100 > 30; };
      auto any = [](size_t) { return true; };
      auto nodes = above(operation::node, "age", 40), edges = above(operation::edge, "weight", 30);
      for (uint32_t p : {1u, 2u, 4u}) {
        auto choose = [&](select_elements what) {
          return selected(g, p, [what](const graph& g, communicator& all) { return select(g, what, all); });
        };
        EXPECT_EQ(choose({}), expected(g, any, any));
        EXPECT_EQ(choose({nodes, {}}), expected(g, old, any));
        EXPECT_EQ(choose({{}, edges}), expected(g, any, heavy));
        EXPECT_EQ(choose({nodes, edges}), expected(g, old, heavy));
        EXPECT_EQ(choose({literal(false), {}}), expected(
                                                    g, [](size_t) { return false; }, any));
      }
    }
}

TEST(select, keeps_nodes_by_an_algorithms_values) {
  auto g = weighted(true, false, 7);
  auto depth = hops(g.successors(), 3);
  for (uint32_t p : {1u, 4u}) {
    auto got = selected(g, p, [&](const graph& part, communicator& all) {
      return select(part, run(part, {"bfs", {{"source", to_value(g.nodes[3])}}}, all), 1, 2, all);
    });
    EXPECT_EQ(got, expected(
                       g, [&](size_t i) { return depth[i] == 1 || depth[i] == 2; }, [](size_t) { return true; }));
  }
}

TEST(select, algorithms_skip_what_was_dropped) {
  auto g = weighted(true, false, 9);
  auto nodes = above(operation::node, "age", 40);
  plain_graph rest;
  rest.kind = g.kind;
  std::map<size_t, size_t> place;
  for (size_t i = 0; i < g.nodes.size(); ++i)
    if (i * 31 % 100 > 40) place[i] = rest.nodes.size(), rest.nodes.push_back(g.nodes[i]);
  for (auto [u, v] : g.edges)
    if (place.count(u) && place.count(v)) rest.edges.emplace_back(place[u], place[v]);
  for (auto& what : {run_algorithm{"pagerank", {{"iterations", int64_t{5}}}}, run_algorithm{"connected_components", {}},
                     run_algorithm{"bfs", {{"source", to_value(rest.nodes[0])}}}, run_algorithm{"degree", {}}}) {
    auto fresh = run_on(rest, 1, what);
    for (uint32_t p : {1u, 4u}) {
      answers got;
      std::mutex guard;
      on_partitions(g, p, [&](const graph& part, communicator& all) {
        auto kept = select(part, {nodes, {}}, all);
        auto result = run(kept, what, all);
        std::lock_guard lock{guard};
        for (int32_t v = 0; v < kept->size; ++v) {
          if (kept->live(v))
            got.values[node_key(kept, v)] = result.data.at(v);
          else
            EXPECT_FALSE(result.data.valid(v));
        }
        got.summary = result.summary;
      });
      EXPECT_EQ(got, fresh) << what.name;
    }
  }
}

TEST(select, does_not_blame_nodes_that_an_earlier_selection_dropped) {
  plain_graph g;
  column_builder x{"x", column_type::int64};
  for (int64_t i = 0; i < 5000; ++i) {
    g.nodes.push_back(i);
    x.append_int64(i % 7 == 3 ? int64_t{1} << 62 : i % 5 + 1);
  }
  g.node_columns = {x.finish()};
  auto small = [](size_t i) { return i % 7 != 3; };
  expression column{operation::node, "x", {}, {}};
  expression below{operation::less, "", {}, {column, literal(int64_t{1000})}};
  expression fourfold{operation::greater, "", {}, {expression{operation::multiply, "", {}, {column, literal(int64_t{4})}}, literal(int64_t{0})}};
  for (uint32_t p : {1u, 4u}) {
    auto both = [&](const graph& part, communicator& all) { return select(select(part, {below, {}}, all), {fourfold, {}}, all); };
    EXPECT_EQ(selected(g, p, both), expected(g, small, [](size_t) { return true; }));
    auto at_once = [&](const graph& part, communicator& all) { return select(part, {fourfold, {}}, all); };
    EXPECT_THROW(selected(g, p, at_once), failure);
  }
}

TEST(select, refuses_values_that_are_no_numbers_or_of_another_graph) {
  auto g = weighted(true, false, 8);
  for (uint32_t p : {1u, 4u}) {
    auto by_text = [](const graph& g, communicator& all) { return select(g, run(g, {"connected_components", {}}, all), 0, 1, all); };
    EXPECT_THROW(selected(g, p, by_text), failure);
    auto foreign = [](const graph& g, communicator& all) {
      auto values = run(g, {"degree", {}}, all);
      if (all.rank() == 0) values.data.length += 1;
      return select(g, values, 0, 1, all);
    };
    EXPECT_THROW(selected(g, p, foreign), failure);
  }
}

}  // namespace
}  // namespace gli::testing
