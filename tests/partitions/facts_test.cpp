#include <gtest/gtest.h>

#include "runtime/edit.h"
#include "partitions/graph.h"
#include "tests/partitions/random_graphs.h"

namespace gli {
namespace {

using testing::graph_rows;
using testing::graph_shape;

std::vector<graph_shape> shapes() {
  std::vector<graph_shape> all;
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true}) all.push_back({directed, multi, text});
  return all;
}

/// The sum of facts, one at a time, from the rows.
hash128 expected_id(const graph_rows& rows) {
  auto sum = kind_fact(rows.kind.directed, rows.kind.multi);
  auto add_attribute = [&](const hash128& fact, const char* name, const value& v) {
    if (v.index()) sum += attribute_fact(fact, name_hash(name), value_hash(v));
  };
  std::vector<key> known;
  for (auto& n : rows.nodes) {
    known.push_back(n.id);
    add_attribute(node_fact(key_hash(n.id)), "age", n.age);
    add_attribute(node_fact(key_hash(n.id)), "name", n.name);
  }
  for (auto& e : rows.edges) {
    auto fact = edge_fact(key_hash(e.source), key_hash(e.target), rows.kind.multi ? key_hash(e.edge_key) : hash128{}, rows.kind.directed);
    sum += fact;
    add_attribute(fact, "weight", e.weight);
    add_attribute(fact, "label", e.label);
    known.push_back(e.source);
    known.push_back(e.target);
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  for (auto& k : known) sum += node_fact(key_hash(k));
  return sum;
}

hash128 id_of(const std::vector<graph>& parts) {
  std::vector<hash128> ids(parts.size());
  testing::in_process_hub{uint32_t(parts.size())}.run([&](communicator& all) { ids[all.rank()] = identity_of(parts[all.rank()], all); });
  for (auto& id : ids) EXPECT_EQ(id, ids[0]);
  return ids[0];
}

TEST(facts, give_one_id_for_any_number_of_partitions) {
  for (auto& shape : shapes()) {
    auto rows = testing::random_rows(shape, 17);
    auto expected = expected_id(rows);
    for (uint32_t partitions : {1, 2, 4, 8}) EXPECT_EQ(id_of(testing::load(rows, partitions)), expected) << partitions;
  }
}

TEST(facts, do_not_depend_on_the_order_of_construction) {
  std::mt19937_64 random{5};
  for (auto& shape : shapes()) {
    auto rows = testing::random_rows(shape, 23);
    auto expected = id_of(testing::load(rows, 1));
    std::shuffle(rows.nodes.begin(), rows.nodes.end(), random);
    std::shuffle(rows.edges.begin(), rows.edges.end(), random);
    EXPECT_EQ(id_of(testing::load(rows, 2)), expected);
  }
}

TEST(facts, are_the_same_by_edits_and_by_loading) {
  for (auto& shape : shapes()) {
    auto rows = testing::random_rows(shape, 29);
    std::vector<edit> edits;
    for (auto& e : rows.edges) {
      edit one{edit::what::add_edge, e.target, e.source, {}, {{"weight", e.weight}, {"label", e.label}}, true};
      if (shape.directed) std::swap(one.node, one.target);
      if (shape.multi) one.edge_key = e.edge_key;
      edits.push_back(one);
    }
    for (auto& n : rows.nodes) edits.push_back({edit::what::upsert_node, n.id, {}, {}, {{"age", n.age}, {"name", n.name}}, false});
    edit_report report;
    solo alone;
    EXPECT_EQ(identity_of(apply(graph{rows.kind}, edits, report), alone), expected_id(rows));
  }
}

edit set_x(const char* node, value v) { return {edit::what::upsert_node, std::string{node}, {}, {}, {{"x", std::move(v)}}, false}; }

hash128 id_after(std::vector<edit> edits) {
  edit_report report;
  solo alone;
  return identity_of(apply(graph{}, edits, report), alone);
}

TEST(facts, count_a_number_by_its_value_whatever_its_column_became) {
  auto plain = id_after({set_x("a", int64_t{1}), set_x("b", int64_t{2})});
  EXPECT_EQ(id_after({set_x("a", 1.0), set_x("b", 2.0)}), plain);
  EXPECT_EQ(id_after({set_x("a", int64_t{1}), set_x("b", std::string{"two"}), set_x("c", true), set_x("b", int64_t{2}),
                      {edit::what::remove_node, std::string{"c"}, {}, {}, {}, false}}), plain);
  auto mixed = id_after({set_x("a", 1.0), set_x("b", int64_t{2})});
  EXPECT_EQ(mixed, plain);
  EXPECT_NE(id_after({set_x("a", std::string{"1"}), set_x("b", int64_t{2})}), plain);
  EXPECT_NE(id_after({set_x("a", true), set_x("b", int64_t{2})}), plain);
}

TEST(facts, return_to_the_same_id_when_edits_are_undone) {
  auto rows = testing::random_rows({}, 31);
  auto g = testing::load(rows, 1)[0];
  auto before = partition_facts(g);
  edit_report report;
  std::vector<edit> there{{edit::what::add_node, int64_t{999999}, {}, {}, {{"age", int64_t{1}}}, false},
                          {edit::what::add_edge, int64_t{999999}, rows.nodes[0].id, {}, {{"weight", 0.5}}, false}};
  auto changed = apply(g, there, report);
  EXPECT_NE(partition_facts(changed), before);
  std::vector<edit> back{{edit::what::remove_node, int64_t{999999}, {}, {}, {}, false}};
  EXPECT_EQ(partition_facts(apply(changed, back, report)), before);
}

TEST(facts, count_a_json_null_as_absent) {
  auto plain = id_after({set_x("a", int64_t{1}), {edit::what::add_edge, std::string{"a"}, std::string{"b"}, {}, {}, true}});
  EXPECT_EQ(id_after({set_x("a", int64_t{1}), {edit::what::add_edge, std::string{"a"}, std::string{"b"}, {}, {{"w", json{"null"}}}, true},
                      {edit::what::upsert_node, std::string{"b"}, {}, {}, {{"y", json{"null"}}}, false},
                      {edit::what::set_graph_attribute, {}, {}, {}, {{"z", json{"null"}}}, false}}), plain);
  EXPECT_NE(id_after({set_x("a", int64_t{1}), {edit::what::add_edge, std::string{"a"}, std::string{"b"}, {}, {{"w", json{"[null]"}}}, true}}), plain);
}

TEST(facts, tell_kinds_and_graph_attributes_apart) {
  EXPECT_NE(partition_facts(graph{{true, false}}), partition_facts(graph{{false, false}}));
  EXPECT_NE(partition_facts(graph{{true, false}}), partition_facts(graph{{true, true}}));
  EXPECT_NE(id_after({{edit::what::set_graph_attribute, {}, {}, {}, {{"x", int64_t{1}}}, false}}), id_after({}));
}

}  // namespace
}  // namespace gli
