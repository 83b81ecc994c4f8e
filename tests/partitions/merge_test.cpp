#include "partitions/merge.h"

#include "edit_model.h"

namespace gli {
namespace {

using side = merge_choice::side;
using edge_id = std::tuple<key, key, key>;

/// A graph as maps, without the order of its nodes.
struct content {
  std::map<key, model::row> nodes;
  std::map<edge_id, model::row> edges;
  model::row own;
  friend bool operator==(const content&, const content&) = default;

  bool has_edge_at(const key& k, const content& unlike) const {
    return std::any_of(edges.begin(), edges.end(), [&](auto& e) {
      auto was = unlike.edges.find(e.first);
      return (std::get<0>(e.first) == k || std::get<1>(e.first) == k) && (was == unlike.edges.end() || was->second != e.second);
    });
  }
};

content content_of(const graph& g) {
  content c;
  c.own = plain_row(g->attributes);
  for (auto v : insertion_order(g)) {
    c.nodes[node_key(g, v)] = plain_row(node_attributes(g, v));
    for (uint32_t slot = 0; slot < g->out_of(v).size(); ++slot)
      c.edges[{node_key(g, v), node_key(g, g->out_of(v)[slot]), edge_key(g, v, slot).value_or(key{int64_t{0}})}] = plain_row(edge_attributes(g, v, slot));
  }
  return c;
}

/// The rules of docs/versions.md over all elements, whether they changed or not.
class plain_merge {
 public:
  plain_merge(content base, content ours, content theirs, side always) : b{std::move(base)}, o{std::move(ours)}, t{std::move(theirs)}, always_{always} {
    for (auto all : {&b, &o, &t})
      for (auto& [k, row] : all->nodes) node(k);
    for (auto all : {&b, &o, &t})
      for (auto& [e, row] : all->edges) edge(e);
    result.own = rows(b.own, o.own, t.own);
  }
  content result;
  int conflicts = 0;

 private:
  model::row rows(const model::row& was, const model::row& mine, const model::row& other) {
    model::row merged;
    std::set<std::string> names;
    for (auto all : {&was, &mine, &other})
      for (auto& [name, v] : *all) names.insert(name);
    auto at = [](const model::row& r, const std::string& name) { return r.contains(name) ? std::optional{r.at(name)} : std::nullopt; };
    for (auto& name : names) {
      auto x = at(was, name), y = at(mine, name), z = at(other, name);
      bool conflict = y != z && x != y && x != z;
      conflicts += conflict;
      auto taken = y == z || x == z || (conflict && always_ == side::ours) ? y : z;
      if (taken) merged[name] = *taken;
    }
    return merged;
  }
  void node(const key& k) {
    if (!seen_.insert(k).second) return;
    bool was = b.nodes.contains(k), mine = o.nodes.contains(k), other = t.nodes.contains(k);
    if (mine && other) {
      result.nodes[k] = rows(was ? b.nodes[k] : model::row{}, o.nodes[k], t.nodes[k]);
    } else if (mine || other) {
      auto& has = mine ? o : t;
      if (was) {
        if (has.nodes[k] == b.nodes[k] && !has.has_edge_at(k, b)) return;
        ++conflicts;
        if ((always_ == side::ours) != mine) return;
        follows_[k] = &has;
      }
      result.nodes[k] = has.nodes[k];
    }
  }
  void edge(const edge_id& e) {
    if (!seen_edges_.insert(e).second || !result.nodes.contains(std::get<0>(e)) || !result.nodes.contains(std::get<1>(e))) return;
    bool was = b.edges.contains(e), mine = o.edges.contains(e), other = t.edges.contains(e), follows = false;
    for (auto& end : {std::get<0>(e), std::get<1>(e)})
      if (auto at = follows_.find(end); at != follows_.end()) {
        follows = true;
        if (!at->second->edges.contains(e)) return;
        result.edges[e] = at->second->edges[e];
      }
    if (follows) return;
    if (mine && other) {
      result.edges[e] = rows(was ? b.edges[e] : model::row{}, o.edges[e], t.edges[e]);
    } else if (mine || other) {
      auto& has = mine ? o : t;
      if (was) {
        if (has.edges[e] == b.edges[e]) return;
        ++conflicts;
        if ((always_ == side::ours) != mine) return;
      }
      result.edges[e] = has.edges[e];
    }
  }

  content b, o, t;
  side always_;
  std::set<key> seen_;
  std::set<edge_id> seen_edges_;
  std::map<key, content*> follows_;
};

graph merged(const graph& base, const graph& ours, const graph& theirs, side always, std::vector<merge_conflict>& conflicts) {
  return merge(version{base}, version{ours}, version{theirs}, [=](const merge_conflict&) { return merge_choice{always, {}}; }, conflicts).fold();
}
graph merged(const graph& base, const graph& ours, const graph& theirs, side always) {
  std::vector<merge_conflict> ignored;
  return merged(base, ours, theirs, always, ignored);
}

/// A graph after random edits of another.
graph wandered(const graph& from, uint64_t seed, bool text, int steps) {
  model m;
  m.directed = from->kind.directed, m.multi = from->kind.multi;
  auto c = content_of(from);
  for (auto& [k, row] : c.nodes) m.nodes[k] = {m.next++, row};
  m.edges = c.edges, m.own = c.own;
  random_edits random{text, seed, 8};
  auto g = from;
  for (int i = 0; i < steps; ++i) {
    auto e = random.any_edit(m);
    auto tried = m;
    if (tried.apply(e) != 0) continue;
    for (auto& a : e.attributes)  // one type of value: an int and an equal float are no change
      if (a.second.index()) a.second = int64_t(random.below(3));
    m.apply(e);
    g = edited(g, {e});
  }
  return g;
}

TEST(merge, of_random_changes_is_what_the_rules_say_of_plain_maps) {
  int conflicts = 0;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    graph_kind kind;
    kind.directed = seed & 1, kind.multi = seed & 2;
    bool text = seed & 4;
    auto base = wandered(graph{kind}, seed * 3, text, 30);
    auto ours = wandered(base, seed * 3 + 1, text, int(seed % 25)), theirs = wandered(base, seed * 3 + 2, text, int(seed % 20));
    for (auto always : {side::ours, side::theirs}) {
      plain_merge expected{content_of(base), content_of(ours), content_of(theirs), always};
      std::vector<merge_conflict> found;
      auto g = merged(base, ours, theirs, always, found);
      ASSERT_EQ(content_of(g), expected.result) << seed;
      ASSERT_EQ(int(found.size()), expected.conflicts) << seed;
      conflicts += expected.conflicts;
      auto other = always == side::ours ? side::theirs : side::ours;
      ASSERT_EQ(content_of(merged(base, theirs, ours, other)), expected.result) << "the other way round, " << seed;
      ASSERT_EQ(content_of(merged(theirs, g, theirs, always)), expected.result) << "again, " << seed;
    }
    ASSERT_EQ(content_of(merged(base, ours, base, side::theirs)), content_of(ours));
    ASSERT_EQ(content_of(merged(base, base, theirs, side::ours)), content_of(theirs));
    ASSERT_EQ(content_of(merged(base, ours, ours, side::ours)), content_of(ours));
  }
  EXPECT_GT(conflicts, 1000);
}

struct triangle {
  graph base = edited(graph{}, {edge_edit(what::add_edge, named("a"), named("b"), {{"w", int64_t{1}}}, {}, true),
                                edge_edit(what::add_edge, named("b"), named("c"), {}, {}, true)});
};

TEST(merge, names_an_attribute_that_both_set_with_all_three_values) {
  triangle t;
  auto ours = edited(t.base, {edge_edit(what::update_edge, named("a"), named("b"), {{"w", int64_t{2}}})});
  auto theirs = edited(t.base, {edge_edit(what::update_edge, named("a"), named("b"), {{"w", int64_t{3}}, {"x", true}})});
  std::vector<merge_conflict> found;
  auto g = merge(version{t.base}, version{ours}, version{theirs}, [](const merge_conflict&) { return merge_choice{side::ours, value{int64_t{5}}}; }, found).fold();
  ASSERT_EQ(found.size(), 1u);
  auto& c = found[0];
  EXPECT_EQ(c.of, merge_conflict::element::edge);
  EXPECT_EQ(std::tuple(c.node, c.target, c.attribute), std::tuple(named("a"), named("b"), std::optional<std::string>{"w"}));
  EXPECT_EQ(std::tuple(c.base, c.ours, c.theirs), std::tuple(std::optional<value>{int64_t{1}}, std::optional<value>{int64_t{2}}, std::optional<value>{int64_t{3}}));
  EXPECT_EQ((content_of(g).edges[{named("a"), named("b"), int64_t{0}}]), (model::row{{"w", int64_t{5}}, {"x", true}}));
}

TEST(merge, of_a_removed_node_with_an_edge_that_came_to_it_is_a_conflict_and_never_dangles) {
  triangle t;
  auto ours = edited(t.base, {node_edit(what::remove_node, named("b"))});
  auto theirs = edited(t.base, {edge_edit(what::add_edge, named("c"), named("b"))});
  std::vector<merge_conflict> found;
  auto gone = merged(t.base, ours, theirs, side::ours, found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(std::tuple(found[0].of, found[0].node, found[0].in_ours, found[0].in_theirs), std::tuple(merge_conflict::element::node, named("b"), false, true));
  EXPECT_FALSE(found[0].attribute);
  EXPECT_EQ(gone->nodes, 2u);
  EXPECT_EQ(gone->out.edges, 0u);
  EXPECT_EQ(content_of(merged(t.base, ours, theirs, side::theirs)), content_of(theirs));
}

TEST(merge, of_graphs_that_have_nothing_in_common_is_both) {
  auto ours = edited(graph{}, {node_edit(what::add_node, named("a"), {{"x", int64_t{1}}})});
  auto theirs = edited(graph{}, {node_edit(what::add_node, named("b")), node_edit(what::add_node, named("a"), {{"x", int64_t{1}}, {"y", int64_t{2}}})});
  std::vector<merge_conflict> found;
  auto g = merged(graph{}, ours, theirs, side::ours, found);
  EXPECT_TRUE(found.empty());
  EXPECT_EQ(content_of(g).nodes, (std::map<key, model::row>{{named("a"), {{"x", int64_t{1}}, {"y", int64_t{2}}}}, {named("b"), {}}}));
  EXPECT_THROW(merged(graph{}, ours, edited(graph{}, {node_edit(what::add_node, int64_t{1})}), side::ours), failure);
}

}  // namespace
}  // namespace gli
