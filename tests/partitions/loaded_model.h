#pragma once
// A graph as plain lists and maps, loaded row by row, and the comparison of loaded partitions with it.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "partitions/dictionary.h"
#include "partitions/graph.h"
#include "partitions/loader.h"
#include "tests/in_process.h"

namespace gli::testing {

struct node_row { key id; parameters attributes; };
struct edge_row { key source, target; std::optional<key> edge_key; parameters attributes; };
struct table { std::vector<node_row> nodes; std::vector<edge_row> edges; };

using edge_name = std::tuple<key, key, key>;  // the key of edges of simple graphs is 0

struct model {
  graph_kind kind;
  std::vector<key> order;
  std::map<key, parameters> nodes;
  std::map<edge_name, parameters> edges;
  uint64_t duplicate_nodes = 0, duplicate_edges = 0;

  bool see(const key& k, const parameters& attributes = {}) {
    if (!nodes.emplace(k, attributes).second) return false;
    order.push_back(k);
    return true;
  }
  key free_key(const key& s, const key& t) const {
    int64_t k = 0;
    for (auto& [name, _] : edges) k += std::get<0>(name) == s && std::get<1>(name) == t;
    while (edges.contains({s, t, k})) ++k;
    return k;
  }
};

inline model plainly(const graph_kind& kind, const table& rows) {
  model m{kind, {}, {}, {}};
  for (auto& n : rows.nodes) m.duplicate_nodes += !m.see(n.id, n.attributes);
  for (auto& e : rows.edges) {
    auto s = e.source, t = e.target;
    if (!kind.directed && t < s) std::swap(s, t);
    m.see(s);
    m.see(t);
    auto k = !kind.multi ? key{int64_t{0}} : e.edge_key ? *e.edge_key : m.free_key(s, t);
    m.duplicate_edges += !m.edges.emplace(edge_name{s, t, k}, e.attributes).second;
  }
  return m;
}

/// Rows of names to values as a batch; a name's type is that of its first value, or float64 when there are integers and reals.
inline column_batch batch_of(const std::vector<parameters>& rows, const std::vector<std::string>& first_names) {
  std::vector<std::string> names = first_names;
  std::map<std::string, column_type> types;
  for (auto& row : rows)
    for (auto& [name, v] : row) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      auto type = type_of(v).value_or(column_type::json);
      if (type == column_type::float64) types[name] = type;
      else types.emplace(name, type);
    }
  column_batch batch{int64_t(rows.size()), {}};
  for (auto& name : names) {
    types.emplace(name, column_type::int64);
    column_builder built{name, types[name]};
    for (auto& row : rows) {
      auto v = row.contains(name) ? row.at(name) : value{};
      auto number = std::get_if<int64_t>(&v);
      built.append(number && types[name] == column_type::float64 ? value{double(*number)} : v);
    }
    batch.columns.push_back(built.finish());
  }
  batch.check();
  return batch;
}

/// Feeds the rows of `rows` that partition `o.partition` owns, a few at a time, from the first or from the last.
inline void feed(graph_loader& loader, const load_options& o, const table& rows, size_t per_batch = 7, bool reversed = false) {
  std::vector<parameters> batch;
  auto mine = [&](const key& k) { return owner_of(key_hash(k), o.partitions) == o.partition; };
  auto flush = [&](bool last, bool nodes) {
    if (batch.empty() || (!last && batch.size() < per_batch)) return;
    if (nodes) loader.add_nodes(batch_of(batch, {""}));
    else loader.add_edges(batch_of(batch, {"source", "target"}));
    batch.clear();
  };
  for (size_t n = 0; n < rows.nodes.size(); ++n) {
    auto i = reversed ? rows.nodes.size() - 1 - n : n;
    if (!mine(rows.nodes[i].id)) continue;
    auto row = rows.nodes[i].attributes;
    row[""] = to_value(rows.nodes[i].id);
    row["_seq"] = int64_t(i + 1);
    batch.push_back(row);
    flush(false, true);
  }
  flush(true, true);
  for (size_t n = 0; n < rows.edges.size(); ++n) {
    auto i = reversed ? rows.edges.size() - 1 - n : n;
    auto e = rows.edges[i];
    if (!o.kind.directed && o.partitions > 1 && e.target < e.source) std::swap(e.source, e.target);
    if (!mine(e.source)) continue;
    auto row = e.attributes;
    row["source"] = to_value(e.source);
    row["target"] = to_value(e.target);
    if (e.edge_key) row["key"] = to_value(*e.edge_key);
    row["_seq"] = int64_t(i + 1);
    batch.push_back(row);
    flush(false, false);
  }
  flush(true, false);
}

/// Loads `rows` on `partitions` partitions; with the keys of mirrors.
inline std::vector<graph> load(const graph_kind& kind, const table& rows, uint32_t partitions, load_report* report = nullptr,
                               bool endpoints_must_exist = false) {
  std::vector<graph> loaded(partitions);
  in_process_hub hub{partitions};
  hub.run([&](communicator& all) {
    load_options o{kind, all.rank(), partitions, endpoints_must_exist, "input.txt"};
    graph_loader loader{o};
    feed(loader, o, rows);
    load_report mine;
    loaded[all.rank()] = with_mirror_keys(loader.finish(all, mine), all);
    if (report && all.rank() == 0) *report = mine;
  });
  return loaded;
}

/// Live nodes in the order of the whole graph.
inline std::vector<key> merged_order(const std::vector<graph>& parts) {
  std::vector<std::pair<uint64_t, key>> by_place;
  for (auto& g : parts)
    for (int32_t v = 0; v < g->size; ++v)
      if (g->live(v)) by_place.emplace_back(g->sequence.empty() ? uint64_t(v) : g->sequence[size_t(v)], node_key(g, v));
  std::sort(by_place.begin(), by_place.end());
  std::vector<key> order;
  for (auto& [place, k] : by_place) order.push_back(k);
  return order;
}

/// As loads and restrictions leave them: a run for each peer; edits bring others.
enum class mirrors_are { runs, anywhere };

inline void expect_mirrors_agree(const std::vector<graph>& parts, mirrors_are order = mirrors_are::runs) {
  for (uint32_t p = 0; p < parts.size(); ++p) {
    if (parts.size() == 1) {
      EXPECT_TRUE(parts[p]->peers.empty());
      EXPECT_EQ(parts[p]->mirrors, 0);
      continue;
    }
    size_t mirrors = 0;
    ASSERT_EQ(parts[p]->peers.size(), parts.size());
    for (uint32_t q = 0; q < parts.size(); ++q) {
      auto& here = parts[p]->peers[q].mirrors;
      auto& there = parts[q]->peers[p].exported;
      ASSERT_EQ(here.size(), there.size());
      mirrors += here.size();
      if (order == mirrors_are::runs) { EXPECT_TRUE(std::is_sorted(there.begin(), there.end())); }
      for (size_t i = 0; i < here.size(); ++i) {
        if (order == mirrors_are::runs) { EXPECT_EQ(here[i], here[0] + int32_t(i)); }
        EXPECT_EQ(endpoint_key(parts[p], here[i]), node_key(parts[q], there[i]));
        EXPECT_EQ(node_hash(parts[p], here[i]), node_hash(parts[q], there[i]));
        EXPECT_EQ(parts[p]->live(here[i]), parts[q]->live(there[i]));
      }
    }
    EXPECT_EQ(mirrors, size_t(parts[p]->mirrors));
  }
}

inline std::map<edge_name, parameters> edges_of(const std::vector<graph>& parts) {
  std::map<edge_name, parameters> found;
  for (auto& g : parts)
    for (int32_t v = 0; v < g->size; ++v) {
      auto out = g->out_of(v);
      EXPECT_TRUE(std::is_sorted(out.begin(), out.end()));
      for (uint32_t slot = 0; slot < out.size(); ++slot) {
        EXPECT_TRUE(g->live(v) && g->live(out[slot]));
        auto k = g->kind.multi ? edge_key(g, v, slot).value() : key{int64_t{0}};
        EXPECT_TRUE(found.emplace(edge_name{node_key(g, v), endpoint_key(g, out[slot]), k}, edge_attributes(g, v, slot)).second);
      }
    }
  return found;
}

inline std::multiset<std::pair<key, key>> arcs_of(const std::vector<graph>& parts, bool incoming) {
  std::multiset<std::pair<key, key>> arcs;
  for (auto& g : parts)
    for (int32_t v = 0; v < g->size; ++v) {
      auto all = incoming ? g->in_of(v) : g->out_of(v);
      EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
      for (auto u : all) {
        bool loop = u == v && !g->kind.directed;
        EXPECT_FALSE(incoming && loop);
        if (!loop) arcs.insert(incoming ? std::pair{endpoint_key(g, u), node_key(g, v)} : std::pair{node_key(g, v), endpoint_key(g, u)});
      }
    }
  return arcs;
}

inline void expect_equal(const std::vector<graph>& parts, const model& m) {
  EXPECT_EQ(merged_order(parts), m.order);
  EXPECT_EQ(edges_of(parts), m.edges);
  EXPECT_EQ(arcs_of(parts, true), arcs_of(parts, false));
  expect_mirrors_agree(parts);
  for (auto& g : parts) {
    EXPECT_EQ(g->total_nodes, m.nodes.size());
    EXPECT_EQ(g->total_edges, m.edges.size());
    for (int32_t v = 0; v < g->size; ++v)
      if (g->live(v)) {
        EXPECT_EQ(find_node(g, node_key(g, v)), v);
        EXPECT_EQ(node_attributes(g, v), m.nodes.at(node_key(g, v)));
      }
  }
}

/// Whatever the loader must cope with: duplicates, self-loops, isolated nodes, missing attributes, parallel edges with and without keys.
inline table random_table(uint64_t seed, const graph_kind& kind, bool text, int nodes, int edges) {
  std::mt19937_64 random{seed};
  auto below = [&](int n) { return int(random() % uint64_t(n)); };
  auto any_key = [&] {
    auto k = below(nodes) * 7 - nodes;
    return text ? key{"node " + std::to_string(k)} : key{int64_t{k}};
  };
  table rows;
  for (int i = 0; i < nodes / 2; ++i) {
    node_row n{any_key(), {}};
    if (below(3)) n.attributes["age"] = int64_t{below(90)};
    if (below(2)) n.attributes["name"] = "n" + std::to_string(below(1000));
    if (i > nodes / 4 && below(2)) n.attributes["member"] = below(2) == 1;
    rows.nodes.push_back(n);
  }
  for (int i = 0; i < edges; ++i) {
    edge_row e{any_key(), any_key(), {}, {}};
    if (below(10) == 0) e.target = e.source;
    if (kind.multi && below(2)) e.edge_key = int64_t{below(4)};
    if (below(4)) e.attributes["weight"] = below(100) / 4.0;
    if (below(4) == 0) e.attributes["label"] = std::string(size_t(below(20)), 'x');
    rows.edges.push_back(e);
  }
  return rows;
}

/// A communicator whose all_to_all number `breaks_at` brings messages that hold nothing sensible.
class broken_message final : public communicator {
 public:
  broken_message(communicator& all, int breaks_at) : all_{all}, left_{breaks_at} {}
  uint32_t rank() const override { return all_.rank(); }
  uint32_t size() const override { return all_.size(); }
  std::vector<byte_buffer> all_to_all(std::vector<byte_buffer> outgoing) override {
    auto incoming = all_.all_to_all(std::move(outgoing));
    if (left_-- == 0)
      for (auto& bytes : incoming) bytes.assign(3, 0xff);
    return incoming;
  }
  void all_to_all(const std::function<byte_buffer(uint32_t)>& make, const std::function<void(uint32_t, byte_buffer)>& take) override {
    bool breaks = left_-- == 0;
    all_.all_to_all(make, [&](uint32_t q, byte_buffer bytes) { take(q, breaks ? byte_buffer(3, 0xff) : std::move(bytes)); });
  }
  void all_reduce(std::span<uint64_t> values, reduction how) override { all_.all_reduce(values, how); }
  void progress(std::string_view, uint64_t, uint64_t, std::string_view) override {}

 private:
  communicator& all_;
  int left_;  // below zero: none breaks any more
};

}  // namespace gli::testing
