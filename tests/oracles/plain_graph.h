#pragma once
// Graphs as lists, for oracles: slow and obvious. Loaded into partitions through the loader, and answers collected back by key.

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "partitions/catalog.h"
#include "partitions/graph.h"
#include "partitions/loader.h"
#include "partitions/repartition.h"
#include "partitions/values.h"
#include "tests/in_process.h"

namespace gli::testing {

struct plain_graph {
  graph_kind kind;
  std::vector<key> nodes;
  std::vector<std::pair<size_t, size_t>> edges;    // places in nodes; kept ones: the first of equal pairs unless multi
  std::vector<column> node_columns, edge_columns;  // attributes, one row per node or edge

  /// Neighbors along edges; with both, in either direction. A self-loop once.
  std::vector<std::vector<size_t>> lists(bool forward, bool backward) const {
    std::vector<std::vector<size_t>> to(nodes.size());
    for (auto [u, v] : edges) {
      if (forward) to[u].push_back(v);
      if (backward && (!forward || u != v)) to[v].push_back(u);
    }
    return to;
  }
  std::vector<std::vector<size_t>> successors() const { return lists(true, !kind.directed); }
};

inline key nth_key(key_type type, size_t i) {
  auto scrambled = int64_t(i * 7919 % 100'003) - 500;
  if (type == key_type::int64) return scrambled;
  return "n" + std::to_string(scrambled);
}

/// Self-loops, parallel edges where multi, isolated and dangling nodes.
inline plain_graph random_graph(size_t nodes, size_t edges, bool directed, bool multi, key_type keys, uint64_t seed) {
  plain_graph made;
  made.kind = {directed, multi, keys, multi ? key_type::int64 : key_type::none};
  for (size_t i = 0; i < nodes; ++i) made.nodes.push_back(nth_key(keys, i));
  std::mt19937_64 random{seed};
  std::set<std::pair<size_t, size_t>> seen;
  for (size_t i = 0; nodes > 0 && i < edges; ++i) {
    size_t u = random() % nodes, v = random() % (nodes * 2 / 3 + 1);
    if (random() % 16 == 0) v = u;
    auto pair = directed ? std::pair{u, v} : std::minmax({u, v});
    if (seen.insert(pair).second || multi) made.edges.emplace_back(u, v);
  }
  return made;
}

inline column_type column_of_keys(key_type t) { return t == key_type::utf8 ? column_type::utf8 : column_type::int64; }

/// The rows of a column in the order given, under the name it has.
inline column taken(const column& c, const std::vector<size_t>& rows) {
  column_builder to{c.name, c.type};
  for (auto r : rows) to.append_from(c, int64_t(r));
  return to.finish();
}

inline column key_rows(const std::string& name, const plain_graph& g, const std::vector<size_t>& nodes) {
  column_builder to{name, column_of_keys(g.kind.keys)};
  for (auto i : nodes) to.append(to_value(g.nodes[i]));
  return to.finish();
}

inline column numbers(const std::string& name, const std::vector<size_t>& rows) {
  column_builder to{name, column_type::int64};
  for (auto r : rows) to.append_int64(int64_t(r) + 1);
  return to.finish();
}

inline column_batch node_batch(const plain_graph& g, uint32_t partition, uint32_t partitions) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < g.nodes.size(); ++i)
    if (owner_of(key_hash(g.nodes[i]), partitions) == partition) rows.push_back(i);
  column_batch batch{int64_t(rows.size()), {key_rows("", g, rows), numbers("_seq", rows)}};
  for (auto& c : g.node_columns) batch.columns.push_back(taken(c, rows));
  return batch;
}

inline column_batch edge_batch(const plain_graph& g, uint32_t partition, uint32_t partitions) {
  std::vector<size_t> rows, sources, targets;
  for (size_t i = 0; i < g.edges.size(); ++i) {
    auto [u, v] = g.edges[i];
    if (!g.kind.directed && g.nodes[v] < g.nodes[u]) std::swap(u, v);
    if (owner_of(key_hash(g.nodes[u]), partitions) != partition) continue;
    rows.push_back(i), sources.push_back(u), targets.push_back(v);
  }
  column_batch batch{int64_t(rows.size()), {key_rows("source", g, sources), key_rows("target", g, targets), numbers("_seq", rows)}};
  if (g.kind.multi) batch.columns.push_back(numbers("key", rows));
  for (auto& c : g.edge_columns) batch.columns.push_back(taken(c, rows));
  return batch;
}

/// The partition of this rank. Collective.
inline graph load(const plain_graph& from, communicator& all) {
  graph_loader loader{{from.kind, all.rank(), all.size(), false, ""}};
  loader.add_nodes(node_batch(from, all.rank(), all.size()));
  loader.add_edges(edge_batch(from, all.rank(), all.size()));
  load_report report;
  return loader.finish(all, report);
}

/// Runs body(graph, communicator) on every partition.
inline void on_partitions(const plain_graph& from, uint32_t partitions, const std::function<void(const graph&, communicator&)>& body) {
  in_process_hub hub{partitions};
  hub.run([&](communicator& all) { body(load(from, all), all); });
}

struct answers {
  std::map<key, value> values;
  parameters summary;
  friend bool operator==(const answers&, const answers&) = default;
};

/// What run() on so many partitions answers, by key; nodes are where the partitioner puts them.
inline answers run_on(const plain_graph& from, uint32_t partitions, const run_algorithm& what, const std::string& partitioner = "hash") {
  answers all_of_them;
  std::mutex guard;
  on_partitions(from, partitions, [&](const graph& loaded, communicator& all) {
    auto g = partitioner == "hash" ? loaded : repartition(loaded, partitioner, all);
    auto result = run(g, what, all);
    std::lock_guard lock{guard};
    for (int32_t v = 0; v < g->size; ++v)
      if (g->live(v)) all_of_them.values[node_key(g, v)] = result.data.at(v);
    all_of_them.summary = result.summary;
  });
  return all_of_them;
}

}  // namespace gli::testing
