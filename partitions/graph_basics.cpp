#include <algorithm>
#include <mutex>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/graph.h"
#include "partitions/topology_build.h"
#include "runtime/error.h"

namespace gli {

namespace {

std::mutex memo_lock;  // guards graph::body::facts of all graphs

std::shared_ptr<const graph::body> empty_body(graph_kind kind) {
  auto made = std::make_shared<graph::body>();
  made->kind = kind;
  made->keys = std::make_shared<dictionary>(kind.keys);
  return made;
}

/// The row of an edge in the column pages of its source's out-page.
uint32_t row_of_edge(const graph& g, int32_t source, uint32_t slot) {
  return g->out.directory[size_t(source) >> vertices_per_page_bits]->off[source & (vertices_per_page - 1)] + slot;
}

/// A page's value of `row`; null where the page is missing or ends before it.
value value_in(const page_ptr& p, uint32_t row) {
  if (!p) return {};
  column_page_view view{*p};
  return row < view.rows() ? view.at(row) : value{};
}

/// The value in column `c` of every row that has one.
template <class ValueIn>
parameters attributes_of(const std::vector<paged_column>& columns, ValueIn&& value_of) {
  parameters found;
  for (auto& c : columns) {
    auto x = value_of(c);
    if (!std::holds_alternative<std::monostate>(x)) found.emplace(c.name, std::move(x));
  }
  return found;
}

}  // namespace

graph::graph(graph_kind kind) : body_{empty_body(kind)} {}
graph::graph(std::shared_ptr<const body> b) : body_{std::move(b)} {}

std::shared_ptr<graph::body> copy_body(const graph& g) {
  auto& from = *g;
  auto made = std::make_shared<graph::body>();
  auto& to = *made;
  to.kind = from.kind;
  to.partition = from.partition;
  to.partitions = from.partitions;
  to.owners = from.owners;
  to.keys = from.keys;
  to.size = from.size;
  to.removed = from.removed;
  to.removed_mirrors = from.removed_mirrors;
  to.nodes = from.nodes;
  to.sequence = from.sequence;
  to.mirrors = from.mirrors;
  to.mirror_hashes = from.mirror_hashes;
  to.peers = from.peers;
  to.mirror_keys = from.mirror_keys;
  to.out = from.out;
  to.in = from.in;
  to.node_columns = from.node_columns;
  to.edge_columns = from.edge_columns;
  to.edge_keys = from.edge_keys;
  to.attributes = from.attributes;
  to.total_nodes = from.total_nodes;
  to.total_edges = from.total_edges;
  return made;
}

std::optional<hash128> known_facts(const graph& g) {
  std::lock_guard lock{memo_lock};
  return g->facts;
}

void note_facts(const graph& g, const hash128& facts) {
  std::lock_guard lock{memo_lock};
  g->facts = facts;
}

std::optional<int32_t> find_node(const graph& g, const key& k) {
  check_key_type(g->keys->type(), k);
  auto number = std::get_if<int64_t>(&k);
  auto id = number ? g->keys->find(*number) : g->keys->find(std::string_view{std::get<std::string>(k)});
  if (!id || *id >= g->size || !g->live(*id)) return std::nullopt;
  return id;
}

key node_key(const graph& g, int32_t own) { return g->keys->key_of(own); }

hash128 node_hash(const graph& g, int32_t v) { return v >= 0 ? g->keys->hash_of(v) : g->mirror_hashes[size_t(~v)]; }

key endpoint_key(const graph& g, int32_t v) {
  if (v >= 0) return node_key(g, v);
  if (!g->mirror_keys) throw failure{errc::internal, "the keys of mirrors have not been fetched"};
  return g->mirror_keys->key_of(~v);
}

parameters node_attributes(const graph& g, int32_t own) {
  return attributes_of(g->node_columns, [&](const paged_column& c) { return node_value(g, c, own); });
}

std::optional<std::pair<uint32_t, uint32_t>> find_edges(const graph& g, int32_t source, int32_t target) {
  auto all = g->out_of(source);
  auto [first, last] = std::equal_range(all.begin(), all.end(), target);
  if (first == last) return std::nullopt;
  return std::pair{uint32_t(first - all.begin()), uint32_t(last - all.begin())};
}

parameters edge_attributes(const graph& g, int32_t source, uint32_t slot) {
  return attributes_of(g->edge_columns, [&](const paged_column& c) { return edge_value(g, c, source, slot); });
}

std::optional<key> edge_key(const graph& g, int32_t source, uint32_t slot) {
  if (!g->edge_keys) return std::nullopt;
  return to_key(edge_value(g, *g->edge_keys, source, slot));
}

value node_value(const graph&, const paged_column& c, int32_t own) {
  auto p = size_t(own) >> rows_per_page_bits;
  return p < c.pages.size() ? value_in(c.pages[p], uint32_t(own & (rows_per_page - 1))) : value{};
}

value edge_value(const graph& g, const paged_column& c, int32_t source, uint32_t slot) {
  auto p = size_t(source) >> vertices_per_page_bits;
  return p < c.pages.size() ? value_in(c.pages[p], row_of_edge(g, source, slot)) : value{};
}

}  // namespace gli
