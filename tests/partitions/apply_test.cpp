#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "partitions/version.h"
#include "runtime/error.h"
#include "edit_model.h"

namespace gli {
namespace {

class random_program {
 public:
  random_program(bool directed, bool multi, bool text, uint64_t seed, int keys) : random_{text, seed, keys} {
    model_.directed = directed;
    model_.multi = multi;
  }
  void run(int batches, int most) {
    graph_kind kind;
    kind.directed = model_.directed;
    kind.multi = model_.multi;
    graph g{kind};
    for (int b = 0; b < batches; ++b) {
      auto before = model_;
      auto old = g;
      std::vector<edit> edits;
      int error = 0;
      for (int i = random_.below(most); i >= 0 && !error; --i) {
        edits.push_back(random_.any_edit(model_));
        error = model_.apply(edits.back());  // which changes nothing when it fails
        if (error && random_.below(20)) {
          edits.pop_back();
          error = 0;
        }
      }
      if (error) {
        edit_report report;
        try { apply(g, edits, report); ADD_FAILURE() << "no failure"; } catch (const failure& f) { EXPECT_EQ(int(f.code()), error) << f.what(); }
        model_ = before;
      } else {
        g = edited(g, edits);
      }
      if (b % 8 == 0) expect_same(old, before);
      expect_same(g, model_);
      if (testing::Test::HasFatalFailure()) FAIL() << "batch " << b;
    }
  }

 private:
  random_edits random_;
  model model_;
};

TEST(apply, agrees_with_a_plain_model_over_random_programs) {
  uint64_t seed = 1;
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true}) {
        SCOPED_TRACE(testing::Message() << "directed " << directed << " multi " << multi << " text " << text);
        random_program{directed, multi, text, seed++, 12}.run(250, 12);
        random_program{directed, multi, text, seed++, 60}.run(60, 80);
      }
}

TEST(apply, agrees_with_the_model_across_pages) {
  for (bool directed : {true, false})
    for (bool multi : {false, true}) random_program{directed, multi, false, 7, 9000}.run(5, 6000);
}

TEST(apply, changes_nothing_when_one_edit_fails) {
  auto g = edited(graph{}, {node_edit(what::add_node, named("a"), {{"x", int64_t{1}}})});
  edit_report report;
  std::vector<edit> edits{node_edit(what::add_node, named("b")), node_edit(what::update_node, named("c"))};
  EXPECT_THROW(apply(g, edits, report), failure);
  EXPECT_EQ(g->nodes, 1u);
  EXPECT_FALSE(find_node(g, named("b")));
  auto next = edited(g, {node_edit(what::add_node, named("d"))});
  EXPECT_TRUE(find_node(next, named("d")));
  EXPECT_EQ(next->nodes, 2u);
  EXPECT_FALSE(find_node(next, named("b")));
}

std::pair<errc, std::string> failure_of(const graph& g, edit e) {
  edit_report report;
  try {
    apply(g, std::vector{e}, report);
  } catch (const failure& f) {
    return {f.code(), f.what()};
  }
  return {errc::internal, "no failure"};
}

TEST(apply, names_what_is_missing) {
  auto text = edited(graph{}, {node_edit(what::add_node, named("a")), node_edit(what::add_node, named("b"))});
  auto ints = edited(graph{}, {node_edit(what::add_node, int64_t{1})});
  EXPECT_EQ(failure_of(text, node_edit(what::remove_node, named("x"))), std::pair(errc::key, std::string{"Node 'x' not found"}));
  EXPECT_EQ(failure_of(ints, node_edit(what::update_node, int64_t{5})), std::pair(errc::key, std::string{"Node 5 not found"}));
  EXPECT_EQ(failure_of(graph{}, node_edit(what::update_node, int64_t{5})), std::pair(errc::key, std::string{"Node 5 not found"}));
  EXPECT_EQ(failure_of(text, edge_edit(what::add_edge, named("a"), named("x"))), std::pair(errc::key, std::string{"Node 'x' not found"}));
  EXPECT_EQ(failure_of(text, edge_edit(what::remove_edge, named("a"), named("b"))), std::pair(errc::key, std::string{"Edge 'a' -> 'b' not found"}));
  EXPECT_EQ(failure_of(ints, node_edit(what::add_node, named("x"))), std::pair(errc::type, std::string{"this graph's keys are int64; 'x' is str"}));
}

TEST(apply, counts_adds_that_change_nothing_and_names_the_first_that_loses_something) {
  edit_report report;
  std::vector<edit> edits{node_edit(what::add_node, named("ann"), {{"age", int64_t{41}}}), node_edit(what::add_node, named("ann")),
                          node_edit(what::add_node, named("ann"), {{"age", 41.0}}), node_edit(what::add_node, named("ann"), {{"age", int64_t{42}}}),
                          edge_edit(what::add_edge, named("ann"), named("bob"), {{"w", 1.5}}, {}, true),
                          edge_edit(what::add_edge, named("ann"), named("bob"), {{"w", 2.5}})};
  auto g = apply(graph{}, edits, report);
  EXPECT_EQ(report.duplicates, 4u);
  EXPECT_EQ(report.lossy_duplicate, "node 'ann'");
  EXPECT_EQ(node_attributes(g, 0), (parameters{{"age", int64_t{41}}}));
  EXPECT_EQ(edge_attributes(g, 0, 0), (parameters{{"w", 1.5}}));
}

TEST(apply, keeps_ints_and_floats_of_one_attribute_as_they_are) {
  auto big = int64_t{9007199254740993};
  auto g = edited(graph{}, {node_edit(what::add_node, named("a"), {{"x", big}}), node_edit(what::add_node, named("b"))});
  EXPECT_EQ(g->node_columns[0].type, column_type::int64);
  g = edited(g, {node_edit(what::update_node, named("b"), {{"x", 1.0}}), node_edit(what::add_node, named("c"), {{"x", -0.0}})});
  ASSERT_EQ(g->node_columns[0].type, column_type::number);
  EXPECT_EQ(node_attributes(g, 0).at("x"), value{big});
  EXPECT_EQ(node_attributes(g, 1).at("x"), value{1.0});
  EXPECT_TRUE(std::signbit(std::get<double>(node_attributes(g, 2).at("x"))));
  g = edited(g, {node_edit(what::update_node, named("b"), {{"x", int64_t{1}}})});
  EXPECT_EQ(node_attributes(g, 1).at("x"), value{int64_t{1}});
  g = edited(g, {node_edit(what::update_node, named("b"), {{"x", std::string{"1"}}})});
  EXPECT_EQ(g->node_columns[0].type, column_type::json);
  EXPECT_EQ(node_attributes(g, 0).at("x"), value{json{"9007199254740993"}});
}

TEST(apply, makes_columns_of_lists_of_one_type) {
  auto g = edited(graph{}, {node_edit(what::add_node, named("a"), {{"x", json{"[1,2]"}}}), node_edit(what::add_node, named("b"), {{"x", json{"[]"}}})});
  ASSERT_EQ(g->node_columns[0].type, column_type::list_int64);
  EXPECT_EQ(node_attributes(g, 0).at("x"), value{json{"[1,2]"}});
  EXPECT_EQ(node_attributes(g, 1).at("x"), value{json{"[]"}});
  auto before = partition_facts(g);
  g = edited(g, {node_edit(what::add_node, named("c"), {{"x", json{"[1,null]"}}})});
  ASSERT_EQ(g->node_columns[0].type, column_type::json);
  EXPECT_EQ(node_attributes(g, 0).at("x"), value{json{"[1,2]"}});
  EXPECT_EQ(partition_facts(edited(g, {node_edit(what::remove_node, named("c"))})), before);
}

TEST(apply, keeps_mixed_values_as_json) {
  auto infinity = std::numeric_limits<double>::infinity();
  auto big = int64_t{9007199254740993};
  auto g = edited(graph{}, {node_edit(what::add_node, named("a"), {{"x", big}}), node_edit(what::add_node, named("b"), {{"x", 1.0}}),
                            node_edit(what::add_node, named("c"), {{"x", -infinity}}), node_edit(what::add_node, named("d"), {{"x", std::string{"1"}}})});
  ASSERT_EQ(g->node_columns.size(), 1u);
  EXPECT_EQ(g->node_columns[0].type, column_type::json);
  EXPECT_EQ(node_attributes(g, 0).at("x"), value{json{"9007199254740993"}});
  EXPECT_EQ(node_attributes(g, 1).at("x"), value{json{"1.0"}});
  EXPECT_EQ(node_attributes(g, 2).at("x"), value{json{"-Infinity"}});
  EXPECT_EQ(node_attributes(g, 3).at("x"), value{json{"\"1\""}});
}

TEST(apply, lets_a_column_without_values_take_another_type) {
  auto g = edited(graph{}, {node_edit(what::add_node, named("a"), {{"x", int64_t{1}}})});
  g = edited(g, {node_edit(what::update_node, named("a"), {{"x", 1.5}})});
  EXPECT_EQ(g->node_columns[0].type, column_type::float64);
  g = edited(g, {node_edit(what::remove_node_attribute, named("a"), {{"x", {}}})});
  EXPECT_TRUE(g->node_columns.empty());
}

TEST(apply, shares_the_pages_that_it_does_not_touch) {
  std::vector<edit> edits;
  for (int64_t i = 0; i < 5000; ++i) edits.push_back(edge_edit(what::add_edge, i, i + 1, {{"w", i}}, {}, true));
  auto g = edited(graph{}, edits);
  auto next = edited(g, {edge_edit(what::add_edge, int64_t{10}, int64_t{3000})});
  EXPECT_NE(next->out.pages[0], g->out.pages[0]);
  EXPECT_NE(next->edge_columns[0].pages[0], g->edge_columns[0].pages[0]);
  EXPECT_NE(next->in.pages[2], g->in.pages[2]);
  for (size_t p : {1, 2, 3, 4}) {
    EXPECT_EQ(next->out.pages[p], g->out.pages[p]);
    EXPECT_EQ(next->edge_columns[0].pages[p], g->edge_columns[0].pages[p]);
  }
  EXPECT_EQ(next->in.pages[0], g->in.pages[0]);
  auto renamed = edited(g, {edge_edit(what::update_edge, int64_t{10}, int64_t{11}, {{"w", int64_t{7}}})});
  EXPECT_EQ(renamed->out.pages, g->out.pages);
  EXPECT_EQ(renamed->in.pages, g->in.pages);
}

TEST(apply, keeps_graph_attributes) {
  edit set;
  set.op = what::set_graph_attribute;
  set.attributes = {{"name", std::string{"net"}}, {"year", int64_t{2024}}};
  auto g = edited(graph{}, {set});
  EXPECT_EQ(g->attributes.size(), 2u);
  set.op = what::remove_graph_attribute;
  set.attributes = {{"name", {}}};
  EXPECT_EQ(edited(g, {set})->attributes, (parameters{{"year", int64_t{2024}}}));
}

TEST(apply, forgets_the_values_of_removed_nodes_when_it_chooses_a_columns_type) {
  auto g = edited(graph{}, {node_edit(what::add_node, named("a"), {{"x", int64_t{1}}}), node_edit(what::add_node, named("c"))});
  g = edited(g, {node_edit(what::remove_node, named("a"))});
  EXPECT_TRUE(g->node_columns.empty());
  auto again = edited(graph{}, {node_edit(what::add_node, named("a"), {{"x", int64_t{1}}}), node_edit(what::add_node, named("c"))});
  again = edited(again, {node_edit(what::remove_node, named("a")), node_edit(what::add_node, named("b"), {{"x", std::string{"s"}}})});
  again = edited(again, {node_edit(what::add_node, named("a"))});
  ASSERT_EQ(again->node_columns.size(), 1u);
  EXPECT_EQ(again->node_columns[0].type, column_type::utf8);
  EXPECT_EQ(node_attributes(again, *find_node(again, named("b"))), (parameters{{"x", std::string{"s"}}}));
  EXPECT_EQ(node_attributes(again, *find_node(again, named("a"))), parameters{});
}

TEST(apply, numbers_many_edges_between_two_nodes_by_how_many_there_are) {
  graph_kind kind;
  kind.multi = true;
  std::vector<edit> edits;
  auto add = [&](std::optional<key> k) { edits.push_back(edge_edit(what::add_edge, int64_t{1}, int64_t{2}, {}, std::move(k), true)); };
  for (int64_t k = 20000; k < 40000; ++k) add(k);
  for (int i = 0; i < 15000; ++i) add({});
  edits.push_back(edge_edit(what::remove_edge, int64_t{1}, int64_t{2}, {}, key{int64_t{20000}}));
  edits.push_back(edge_edit(what::remove_edge, int64_t{1}, int64_t{2}, {}, key{int64_t{54999}}));
  add(key{int64_t{-3}});
  add({});
  add(key{int64_t{100000}});
  add({});
  auto g = edited(graph{kind}, edits);
  ASSERT_EQ(g->out.edges, 35002u);
  std::set<key> keys, expected{int64_t{-3}, int64_t{54999}, int64_t{55000}, int64_t{100000}};
  for (int64_t k = 20001; k < 54999; ++k) expected.insert(k);
  for (uint32_t slot = 0; slot < g->out_of(0).size(); ++slot) keys.insert(*edge_key(g, 0, slot));
  EXPECT_EQ(keys, expected);
}

TEST(apply, bringing_a_removed_node_back_leaves_the_dictionary_to_the_next_new_one) {
  auto g = edited(graph{}, {node_edit(what::add_node, named("a")), node_edit(what::add_node, named("b"))});
  auto less = edited(g, {node_edit(what::remove_node, named("a"))});
  auto back = edited(less, {node_edit(what::add_node, named("a"))});
  EXPECT_EQ(back->keys, g->keys);
  auto more = edited(back, {node_edit(what::add_node, named("c"))});
  EXPECT_EQ(more->keys, g->keys);
  EXPECT_EQ(find_node(more, named("a")), 0);
  EXPECT_EQ(find_node(more, named("c")), 2);
  EXPECT_FALSE(find_node(back, named("c")));
}

TEST(json_text, comes_back_as_the_same_value) {
  std::vector<value> values{true, false, int64_t{-5}, INT64_MIN, 1.0, 0.1, -0.0, 1e300, std::string{"a\"\\\n\x01é"}, std::string{},
                            timestamp{-7}, binary{std::string("\0\xff", 2)}, json{"[1,2]"}, json{"{\"a\":1}"}, std::string{"null"}};
  for (auto& v : values) EXPECT_EQ(from_json(json_text(v)), v) << json_text(v);
  EXPECT_TRUE(std::isnan(std::get<double>(from_json(json_text(std::nan(""))))));
  EXPECT_EQ(from_json("\"\\ud83d\\ude00\\u00e9\""), value{std::string{"😀é"}});
  EXPECT_EQ(from_json("\"a\\ud83d\""), value{json{"\"a\\ud83d\""}});
  EXPECT_EQ(from_json("123456789012345678901234"), value{json{"123456789012345678901234"}});
}

}  // namespace
}  // namespace gli
