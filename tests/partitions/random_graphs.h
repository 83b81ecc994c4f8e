#pragma once
// Random graphs as column batches, loaded over any number of partitions in one process.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "partitions/graph.h"
#include "partitions/loader.h"
#include "runtime/hash.h"
#include "tests/in_process.h"

namespace gli::testing {

struct node_row_data { key id; value age, name; };
struct edge_row_data { key source, target; int64_t edge_key = 0; value weight, label; };

struct graph_rows {
  graph_kind kind;
  std::vector<node_row_data> nodes;
  std::vector<edge_row_data> edges;
};

struct graph_shape { bool directed = true, multi = false, text = false; int nodes = 200, edges = 600; };

/// Keys k·7 − 300, or "n" with them; a third of the edges' ends come into being by their edges.
inline graph_rows random_rows(const graph_shape& shape, uint64_t seed) {
  std::mt19937_64 random{seed};
  auto below = [&](int n) { return int(random() % uint64_t(n)); };
  auto name = [&](int i) { return shape.text ? key{"n" + std::to_string(i * 7 - 300)} : key{int64_t{i * 7 - 300}}; };
  graph_rows rows;
  rows.kind = {shape.directed, shape.multi, shape.text ? key_type::utf8 : key_type::int64, shape.multi ? key_type::int64 : key_type::none};
  for (int i = 0; i < shape.nodes * 2 / 3; ++i)
    rows.nodes.push_back({name(i), below(4) ? value{int64_t{below(90)}} : value{}, below(3) ? value{"name" + std::to_string(below(50))} : value{}});
  std::shuffle(rows.nodes.begin(), rows.nodes.end(), random);
  std::vector<std::tuple<key, key, int64_t>> seen;
  for (int i = 0; i < shape.edges; ++i) {
    auto s = name(below(shape.nodes)), t = below(40) ? name(below(shape.nodes)) : s;
    if (!shape.directed && t < s) std::swap(s, t);
    int64_t k = shape.multi ? below(3) : 0;
    if (std::find(seen.begin(), seen.end(), std::tuple{s, t, k}) != seen.end()) continue;
    seen.emplace_back(s, t, k);
    rows.edges.push_back({s, t, k, below(5) ? value{below(64) / 8.0} : value{}, below(6) ? value{} : value{std::string{"x\0y", 3}}});
  }
  return rows;
}

inline void append_to(column_builder& out, const key& k) {
  if (k.index() == 0) out.append_int64(std::get<0>(k));
  else out.append_bytes(std::get<1>(k));
}

inline column_batch node_batch(const graph_rows& rows, uint32_t partition, uint32_t partitions) {
  column_builder id{"", rows.kind.keys == key_type::utf8 ? column_type::utf8 : column_type::int64}, age{"age", column_type::int64},
      name{"name", column_type::utf8}, seq{"_seq", column_type::int64};
  for (size_t i = 0; i < rows.nodes.size(); ++i) {
    auto& n = rows.nodes[i];
    if (owner_of(key_hash(n.id), partitions) != partition) continue;
    append_to(id, n.id);
    age.append(n.age);
    name.append(n.name);
    seq.append_int64(int64_t(i));
  }
  auto count = id.length();
  return {count, {id.finish(), age.finish(), name.finish(), seq.finish()}};
}

inline column_batch edge_batch(const graph_rows& rows, uint32_t partition, uint32_t partitions) {
  auto keys = rows.kind.keys == key_type::utf8 ? column_type::utf8 : column_type::int64;
  column_builder s{"source", keys}, t{"target", keys}, k{"key", column_type::int64}, weight{"weight", column_type::float64},
      label{"label", column_type::utf8}, seq{"_seq", column_type::int64};
  for (size_t i = 0; i < rows.edges.size(); ++i) {
    auto& e = rows.edges[i];
    if (owner_of(key_hash(e.source), partitions) != partition) continue;
    append_to(s, e.source);
    append_to(t, e.target);
    k.append_int64(e.edge_key);
    weight.append(e.weight);
    label.append(e.label);
    seq.append_int64(int64_t(i));
  }
  auto count = s.length();
  column_batch batch{count, {s.finish(), t.finish()}};
  if (rows.kind.multi) batch.columns.push_back(k.finish());
  for (auto c : {&weight, &label, &seq}) batch.columns.push_back(c->finish());
  return batch;
}

/// The partitions of the graph, each with the keys of its mirrors.
inline std::vector<graph> load(const graph_rows& rows, uint32_t partitions) {
  std::vector<graph> parts(partitions);
  in_process_hub{partitions}.run([&](communicator& all) {
    graph_loader loader{load_options{rows.kind, all.rank(), partitions, false, "test"}};
    loader.add_nodes(node_batch(rows, all.rank(), partitions));
    loader.add_edges(edge_batch(rows, all.rank(), partitions));
    load_report report;
    auto g = loader.finish(all, report);
    parts[all.rank()] = partitions > 1 ? with_mirror_keys(g, all) : g;
  });
  return parts;
}

}  // namespace gli::testing
