#pragma once
// What edits mean, on plain maps: the slow oracle of apply() and of versions; and random edits to try both.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "partitions/dictionary.h"
#include "partitions/graph.h"
#include "partitions/rows.h"
#include "runtime/edit.h"
#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {

using attributes = std::vector<std::pair<std::string, value>>;
using what = edit::what;

inline edit node_edit(what op, key k, attributes a = {}) { return {op, std::move(k), {}, {}, std::move(a), false}; }
inline edit edge_edit(what op, key s, key t, attributes a = {}, std::optional<key> k = {}, bool create = false) {
  return {op, std::move(s), std::move(t), std::move(k), std::move(a), create};
}
inline graph edited(const graph& g, std::vector<edit> edits) {
  edit_report report;
  return apply(g, edits, report);
}
inline key named(const char* text) { return std::string{text}; }

/// A graph as plain maps: what edits mean, one at a time.
struct model {
  using row = std::map<std::string, value>;
  bool directed = true, multi = false;
  std::map<key, std::pair<uint64_t, row>> nodes;  // place in the insertion order
  std::map<std::tuple<key, key, key>, row> edges;
  row own;  // the graph's
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
      case what::set_graph_attribute: set(own, e.attributes); return 0;
      case what::remove_graph_attribute:
        for (auto& a : e.attributes) own.erase(a.first);
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

inline model::row plain_row(const parameters& p) {
  model::row r;
  for (auto& [name, v] : p) r[name] = plain(v);
  return r;
}

/// Everything that a graph says of itself must agree with the model, both directions and every count.
inline void expect_same(const graph& g, const model& m) {
  ASSERT_EQ(g->nodes, m.nodes.size());
  ASSERT_EQ(g->out.edges, m.edges.size());
  ASSERT_EQ(g->total_edges, m.edges.size());
  ASSERT_EQ(plain_row(g->attributes), m.own);
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

/// Edits of a small world of keys, most of them possible in the model at hand.
class random_edits {
 public:
  random_edits(bool text, uint64_t seed, int keys) : random_{seed}, text_{text}, keys_{keys} {}

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
  edit any_edit(const model& m) {
    static constexpr what nodes[] = {what::add_node, what::add_node, what::upsert_node, what::update_node, what::remove_node, what::remove_node_attribute};
    static constexpr what edges[] = {what::add_edge, what::add_edge, what::add_edge, what::upsert_edge, what::update_edge, what::remove_edge, what::remove_edge_attribute};
    auto k = m.multi && below(2) ? std::optional{key{int64_t{below(4)}}} : std::nullopt;
    auto n = any_key(), t = any_key();
    if (below(20) == 0) return node_edit(below(3) ? what::set_graph_attribute : what::remove_graph_attribute, int64_t{0}, some());
    if (below(3) == 0) {
      auto op = nodes[below(6)];
      if (!m.nodes.contains(n) && below(30) && !m.nodes.empty()) n = one_of_the_nodes(m);
      return node_edit(op, n, some());
    }
    auto op = edges[below(7)];
    if (op >= what::update_edge && op != what::upsert_edge && below(30) && !m.edges.empty()) {
      auto at = m.edges.begin();
      std::advance(at, below(int(m.edges.size())));
      n = std::get<0>(at->first), t = std::get<1>(at->first);
      if (!m.directed && below(2)) std::swap(n, t);
      if (m.multi) k = std::get<2>(at->first);
    }
    return edge_edit(op, n, t, some(), k, below(30) != 0);
  }
  key one_of_the_nodes(const model& m) {
    auto at = m.nodes.begin();
    std::advance(at, below(int(m.nodes.size())));
    return at->first;
  }

 private:
  std::mt19937_64 random_;
  bool text_;
  int keys_;
};

}  // namespace gli
