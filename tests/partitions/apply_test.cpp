#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "partitions/dictionary.h"
#include "partitions/edit.h"
#include "partitions/graph.h"
#include "partitions/json_text.h"
#include "partitions/rows.h"
#include "runtime/error.h"

namespace gli {
namespace {

using attributes = std::vector<std::pair<std::string, value>>;
using what = edit::what;

edit node_edit(what op, key k, attributes a = {}) { return {op, std::move(k), {}, {}, std::move(a), false}; }
edit edge_edit(what op, key s, key t, attributes a = {}, std::optional<key> k = {}, bool create = false) {
  return {op, std::move(s), std::move(t), std::move(k), std::move(a), create};
}
graph edited(const graph& g, std::vector<edit> edits) {
  edit_report report;
  return apply(g, edits, report);
}
key named(const char* text) { return std::string{text}; }

/// A graph as plain maps: what edits mean, one at a time.
struct model {
  using row = std::map<std::string, value>;
  bool directed = true, multi = false;
  std::map<key, std::pair<uint64_t, row>> nodes;  // place in the insertion order
  std::map<std::tuple<key, key, key>, row> edges;
  uint64_t next = 0;

  std::pair<key, key> ends(const edit& e) const {
    return !directed && e.target < e.node ? std::pair{e.target, e.node} : std::pair{e.node, e.target};
  }
  static void set(row& r, const attributes& given) {
    for (auto& [name, v] : given)
      if (v.index()) r[name] = v;
      else r.erase(name);
  }
  bool make(const key& k) {
    if (nodes.contains(k)) return false;
    nodes[k] = {next++, {}};
    return true;
  }
  std::vector<key> parallel(const key& s, const key& t) const {
    std::vector<key> found;
    for (auto& [name, r] : edges)
      if (std::get<0>(name) == s && std::get<1>(name) == t) found.push_back(std::get<2>(name));
    return found;
  }
  key free_key(const key& s, const key& t) const {
    auto k = int64_t(parallel(s, t).size());
    while (edges.contains({s, t, key{k}})) ++k;
    return k;
  }
  /// The error's code, or 0.
  int apply(const edit& e) {
    switch (e.op) {
      case what::add_node: if (make(e.node)) set(nodes[e.node].second, e.attributes); return 0;
      case what::upsert_node: make(e.node); set(nodes[e.node].second, e.attributes); return 0;
      case what::update_node:
        if (!nodes.contains(e.node)) return int(errc::key);
        set(nodes[e.node].second, e.attributes);
        return 0;
      case what::remove_node_attribute:
        if (!nodes.contains(e.node)) return int(errc::key);
        for (auto& a : e.attributes) nodes[e.node].second.erase(a.first);
        return 0;
      case what::remove_node:
        if (!nodes.erase(e.node)) return int(errc::key);
        std::erase_if(edges, [&](auto& x) { return std::get<0>(x.first) == e.node || std::get<1>(x.first) == e.node; });
        return 0;
      default: return apply_edge(e);
    }
  }
  int apply_edge(const edit& e) {
    bool makes = e.op == what::add_edge || e.op == what::upsert_edge;
    if (makes && e.create_nodes) make(e.node), make(e.target);
    if (!nodes.contains(e.node) || !nodes.contains(e.target)) return int(errc::key);
    auto [s, t] = ends(e);
    auto all = parallel(s, t);
    std::optional<key> k = e.edge_key;
    if (!multi) k = key{int64_t{0}};
    if (!k && e.op == what::add_edge) k = free_key(s, t);
    if (!k && all.size() > 1) return int(errc::value);
    if (!k) k = all.empty() ? free_key(s, t) : all[0];
    bool there = edges.contains({s, t, *k});
    if (!makes && !there) return int(errc::key);
    auto name = std::tuple{s, t, *k};
    if (e.op == what::remove_edge) edges.erase(name);
    else if (e.op == what::remove_edge_attribute) for (auto& a : e.attributes) edges[name].erase(a.first);
    else if (e.op != what::add_edge || !there) set(edges[name], e.attributes);
    return 0;
  }
};

model::row plain_row(const parameters& p) {
  model::row r;
  for (auto& [name, v] : p) r[name] = plain(v);
  return r;
}

/// Everything that a graph says of itself must agree with the model, both directions and every count.
void expect_same(const graph& g, const model& m) {
  ASSERT_EQ(g->nodes, m.nodes.size());
  ASSERT_EQ(g->out.edges, m.edges.size());
  ASSERT_EQ(g->total_edges, m.edges.size());
  std::vector<std::pair<uint64_t, key>> order;
  for (auto& [k, n] : m.nodes) order.emplace_back(n.first, k);
  std::sort(order.begin(), order.end());
  auto ids = insertion_order(g);
  ASSERT_EQ(ids.size(), order.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSERT_EQ(node_key(g, ids[i]), order[i].second);
    ASSERT_EQ(plain_row(node_attributes(g, ids[i])), m.nodes.at(order[i].second).second) << to_string(order[i].second);
  }
  std::map<std::tuple<key, key, key>, model::row> seen;
  std::multiset<std::pair<int32_t, int32_t>> forward, backward;
  for (auto v : ids) {
    auto out = g->out_of(v);
    ASSERT_TRUE(std::is_sorted(out.begin(), out.end()));
    for (uint32_t slot = 0; slot < out.size(); ++slot) {
      ASSERT_TRUE(g->live(out[slot]));
      auto k = m.multi ? *edge_key(g, v, slot) : key{int64_t{0}};
      if (slot && out[slot] == out[slot - 1]) { ASSERT_TRUE(m.multi && *edge_key(g, v, slot - 1) < k); }
      ASSERT_TRUE(seen.emplace(std::tuple{node_key(g, v), node_key(g, out[slot]), k}, plain_row(edge_attributes(g, v, slot))).second);
      if (m.directed || out[slot] != v) forward.emplace(v, out[slot]);
    }
    for (auto s : g->in_of(v)) backward.emplace(s, v);
    ASSERT_TRUE(std::is_sorted(g->in_of(v).begin(), g->in_of(v).end()));
  }
  ASSERT_EQ(seen, m.edges);
  ASSERT_EQ(forward, backward);
}

class random_program {
 public:
  random_program(bool directed, bool multi, bool text, uint64_t seed, int keys) : random_{seed}, text_{text}, keys_{keys} {
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
      for (int i = below(most); i >= 0 && !error; --i) {
        edits.push_back(any_edit());
        error = model_.apply(edits.back());  // which changes nothing when it fails
        if (error && below(20)) {
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
  int below(int n) { return int(random_() % uint64_t(n)); }
  key any_key() {
    auto k = int64_t(below(keys_)) - keys_ / 3;
    return text_ ? key{"node" + std::to_string(k)} : key{k};
  }
  value any_value() {
    switch (below(10)) {
      case 0: return {};
      case 1: return double(below(100)) / 8;
      case 2: return "t" + std::to_string(below(5)) + "\"\\\n";
      case 3: return below(2) == 0;
      case 4: return timestamp{below(1000)};
      case 5: return binary{std::string("\0\xff", 2)};
      default: return int64_t(below(1000));
    }
  }
  attributes some() {
    attributes a;
    for (int i = below(3); i > 0; --i) {
      auto name = std::string(1, char('a' + below(4)));
      if (name == "a") a.emplace_back(name, below(5) ? value{int64_t{below(9)}} : value{});
      else a.emplace_back(name, any_value());
    }
    return a;
  }
  edit any_edit() {
    static constexpr what nodes[] = {what::add_node, what::add_node, what::upsert_node, what::update_node, what::remove_node, what::remove_node_attribute};
    static constexpr what edges[] = {what::add_edge, what::add_edge, what::add_edge, what::upsert_edge, what::update_edge, what::remove_edge, what::remove_edge_attribute};
    auto k = model_.multi && below(2) ? std::optional{key{int64_t{below(4)}}} : std::nullopt;
    auto n = any_key(), t = any_key();
    if (below(3) == 0) {
      auto op = nodes[below(6)];
      if (!model_.nodes.contains(n) && below(30) && !model_.nodes.empty()) n = one_of_the_nodes();
      return node_edit(op, n, some());
    }
    auto op = edges[below(7)];
    if (op >= what::update_edge && op != what::upsert_edge && below(30) && !model_.edges.empty()) {
      auto at = model_.edges.begin();
      std::advance(at, below(int(model_.edges.size())));
      n = std::get<0>(at->first), t = std::get<1>(at->first);
      if (!model_.directed && below(2)) std::swap(n, t);
      if (model_.multi) k = std::get<2>(at->first);
    }
    return edge_edit(op, n, t, some(), k, below(30) != 0);
  }
  key one_of_the_nodes() {
    auto at = model_.nodes.begin();
    std::advance(at, below(int(model_.nodes.size())));
    return at->first;
  }

  std::mt19937_64 random_;
  bool text_;
  int keys_;
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
  EXPECT_EQ(find_node(next, named("d")), 1);
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
  EXPECT_EQ(from_json("123456789012345678901234"), value{json{"123456789012345678901234"}});
}

}  // namespace
}  // namespace gli
