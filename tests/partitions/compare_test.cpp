#include <gtest/gtest.h>

#include <map>
#include <set>

#include "partitions/catalog.h"
#include "partitions/compare.h"
#include "runtime/edit.h"
#include "runtime/json_text.h"
#include "runtime/error.h"
#include "tests/partitions/random_graphs.h"

namespace gli {
namespace {

using testing::graph_rows;
using testing::graph_shape;

column_batch list_differences(const graph& older, const graph& newer, int64_t limit = INT64_MAX) {
  return gli::list_differences(version{older}, version{newer}, limit);
}

/// Rows of the newer version: some elements gone, some new, some changed; in another order when `shuffled`.
graph_rows changed_rows(const graph_rows& older, const graph_shape& shape, bool shuffled, uint64_t seed) {
  std::mt19937_64 random{seed};
  auto newer = older;
  std::erase_if(newer.nodes, [&](auto&) { return random() % 10 == 0; });
  std::erase_if(newer.edges, [&](auto&) { return random() % 10 == 0; });
  for (auto& n : newer.nodes) if (random() % 8 == 0) n.age = int64_t(random() % 5);
  for (auto& e : newer.edges) if (random() % 8 == 0) e.weight = random() % 3 ? value{double(random() % 4)} : value{};
  auto more = testing::random_rows(shape, seed + 1);
  for (size_t i = 0; i < 20; ++i) {
    auto e = more.edges[i];
    if (std::none_of(newer.edges.begin(), newer.edges.end(),
                     [&](auto& x) { return x.source == e.source && x.target == e.target && x.edge_key == e.edge_key; }))
      newer.edges.push_back(e);
  }
  if (shuffled) {
    std::shuffle(newer.nodes.begin(), newer.nodes.end(), random);
    std::shuffle(newer.edges.begin(), newer.edges.end(), random);
  }
  return newer;
}

struct plain_graph {
  std::map<key, parameters> nodes;
  std::map<std::tuple<key, key, int64_t>, parameters> edges;

  explicit plain_graph(const graph_rows& rows) {
    auto put = [](parameters& p, const char* name, const value& v) { if (v.index()) p[name] = v; };
    for (auto& e : rows.edges) {
      nodes[e.source], nodes[e.target];
      auto& p = edges[{e.source, e.target, rows.kind.multi ? e.edge_key : 0}];
      put(p, "weight", e.weight);
      put(p, "label", e.label);
    }
    for (auto& n : rows.nodes) {
      auto& p = nodes[n.id];
      put(p, "age", n.age);
      put(p, "name", n.name);
    }
  }
};

template <class Map>
void count_changes(const Map& older, const Map& newer, const std::string& what, parameters& summary) {
  int64_t added = 0, removed = 0, changed = 0;
  for (auto& [k, v] : newer)
    if (!older.contains(k)) ++added;
    else if (older.at(k) != v) ++changed;
  for (auto& [k, v] : older) removed += !newer.contains(k);
  summary[what + "_added"] = added;
  summary[what + "_removed"] = removed;
  summary[what + "_changed"] = changed;
}

parameters expected_summary(const graph_rows& older, const graph_rows& newer) {
  plain_graph a{older}, b{newer};
  parameters summary;
  count_changes(a.nodes, b.nodes, "nodes", summary);
  count_changes(a.edges, b.edges, "edges", summary);
  return summary;
}

void expect_summary(const graph_rows& older, const graph_rows& newer, uint32_t partitions) {
  auto expected = expected_summary(older, newer);
  auto a = testing::load(older, partitions), b = testing::load(newer, partitions);
  testing::in_process_hub{partitions}.run([&](communicator& all) {
    auto summary = compare(a[all.rank()], b[all.rank()], all);
    if (all.rank() == 0) { EXPECT_EQ(summary, expected); }
    auto same = compare(b[all.rank()], b[all.rank()], all);
    for (auto& [name, count] : same) EXPECT_EQ(count, value{int64_t{0}}) << name;
  });
}

TEST(compare, counts_what_changed_on_any_number_of_partitions) {
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true}) {
        graph_shape shape{directed, multi, text, 300, 800};
        auto older = testing::random_rows(shape, 41);
        for (bool shuffled : {false, true})
          for (uint32_t partitions : {1, 2, 4}) expect_summary(older, changed_rows(older, shape, shuffled, 5), partitions);
      }
}

TEST(compare, counts_the_same_for_edits_of_one_graph) {
  auto rows = testing::random_rows({true, false, false, 5000, 900}, 43);
  auto g = testing::load(rows, 1)[0];
  auto &e = rows.edges[0], &f = rows.edges[1];
  edit_report report;
  std::vector<edit> edits{{edit::what::update_node, rows.nodes[0].id, {}, {}, {{"age", int64_t{1000}}}, false},
                          {edit::what::remove_edge, e.source, e.target, {}, {}, false},
                          {edit::what::update_edge, f.source, f.target, {}, {{"weight", 1000.0}}, false},
                          {edit::what::add_edge, int64_t{-1}, int64_t{-2}, {}, {}, true}};
  solo alone;
  parameters expected{{"nodes_added", int64_t{2}}, {"nodes_removed", int64_t{0}}, {"nodes_changed", int64_t{1}},
                      {"edges_added", int64_t{1}}, {"edges_removed", int64_t{1}}, {"edges_changed", int64_t{1}}};
  EXPECT_EQ(compare(g, apply(g, edits, report), alone), expected);
}

/// The rows taken apart again must be the differences of the plain graphs.
TEST(compare, lists_each_difference_once) {
  for (bool directed : {true, false})
    for (bool multi : {false, true}) {
      graph_shape shape{directed, multi, true, 120, 300};
      auto older = testing::random_rows(shape, 47), newer = changed_rows(older, shape, true, 6);
      plain_graph a{older}, b{newer};
      auto rows = list_differences(testing::load(older, 1)[0], testing::load(newer, 1)[0]);
      rows.check();
      std::set<std::vector<std::string>> listed, expected;
      for (int64_t i = 0; i < rows.rows; ++i) {
        std::vector<std::string> row;
        for (auto& c : rows.columns) row.push_back(c.name + "=" + to_string(c.at(i)));
        EXPECT_TRUE(listed.insert(row).second);
      }
      auto row = [&](const char* change, std::optional<key> id, std::optional<std::tuple<key, key, int64_t>> e, value attribute, value was, value is) {
        auto shown = [](const char* name, const value& v) { return std::string{name} + "=" + to_string(v); };
        expected.insert({shown("change", change), shown("element", std::string{id ? "node" : "edge"}), shown("id", id ? to_value(*id) : value{}),
                         shown("source", e ? to_value(std::get<0>(*e)) : value{}), shown("target", e ? to_value(std::get<1>(*e)) : value{}),
                         shown("key", e && multi ? value{std::get<2>(*e)} : value{}), shown("attribute", attribute), shown("old", was), shown("new", is)});
      };
      auto object = [](const parameters& p) {
        std::string text;
        for (auto& [name, v] : p) text += (text.empty() ? "" : ",") + ('"' + name + "\":") + json_text(v);
        return value{"{" + text + "}"};
      };
      auto list = [&](auto& before, auto& now, auto&& put) {
        for (auto& [k, p] : before) if (!now.contains(k)) put("removed", k, value{}, object(p), value{});
        for (auto& [k, p] : now) if (!before.contains(k)) put("added", k, value{}, value{}, object(p));
        for (auto& [k, p] : now) {
          if (!before.contains(k)) continue;
          std::set<std::string> names;
          for (auto& x : p) names.insert(x.first);
          for (auto& x : before.at(k)) names.insert(x.first);
          auto text = [](const parameters& q, const std::string& name) { return q.contains(name) ? value{json_text(q.at(name))} : value{}; };
          for (auto& name : names)
            if (auto was = text(before.at(k), name), is = text(p, name); was != is) put("changed", k, value{name}, was, is);
        }
      };
      list(a.nodes, b.nodes, [&](const char* c, const key& k, value n, value o, value w) { row(c, k, {}, n, o, w); });
      list(a.edges, b.edges, [&](const char* c, const std::tuple<key, key, int64_t>& k, value n, value o, value w) { row(c, {}, k, n, o, w); });
      EXPECT_EQ(listed, expected);
    }
}

TEST(compare, lists_no_more_than_asked_and_says_nothing_of_equal_graphs) {
  auto g = testing::load(testing::random_rows({}, 51), 1)[0];
  auto same = testing::load(testing::random_rows({}, 51), 1)[0];
  EXPECT_EQ(list_differences(g, same).rows, 0);
  EXPECT_EQ(list_differences(graph{g->kind}, g, 5).rows, 5);
  EXPECT_EQ(list_differences(graph{}, g).rows, int64_t(g->nodes + g->out.edges));
}

TEST(compare, sees_no_change_in_a_number_that_became_real) {
  edit_report report;
  auto set = [&](value v) {
    std::vector<edit> edits{{edit::what::add_node, int64_t{1}, {}, {}, {{"x", std::move(v)}}, false}};
    return apply(graph{}, edits, report);
  };
  EXPECT_EQ(list_differences(set(int64_t{2}), set(2.0)).rows, 0);
  EXPECT_EQ(list_differences(set(int64_t{2}), set(json{"2"})).rows, 0);
  EXPECT_EQ(list_differences(set(int64_t{2}), set(2.5)).rows, 1);
}

TEST(compare, refuses_graphs_that_cannot_be_compared) {
  auto ints = testing::load(testing::random_rows({}, 1), 1)[0];
  auto text = testing::load(testing::random_rows({true, false, true}, 1), 1)[0];
  EXPECT_THROW(list_differences(ints, text), failure);
  EXPECT_THROW(list_differences(graph{{true, false}}, graph{{false, false}}), failure);
}

}  // namespace
}  // namespace gli
