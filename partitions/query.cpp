#include "partitions/query.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/ownership.h"
#include "partitions/parallel.h"
#include "partitions/query_values.h"
#include "partitions/rows.h"
#include "runtime/error.h"

namespace gli {

row_window window_of(const parameters& p) {
  row_window w;
  w.offset = int_parameter(p, "offset", 0);
  w.limit = int_parameter(p, "limit", INT64_MAX);
  if (w.offset < 0) throw failure{errc::value, "offset " + std::to_string(w.offset) + " is negative"};
  if (w.limit < 0) throw failure{errc::value, "limit " + std::to_string(w.limit) + " is negative"};
  return w;
}

std::vector<int32_t> nodes_in(const graph& g, row_window w) {
  if (uint64_t(w.offset) >= g->nodes) return {};
  auto count = size_t(std::min<uint64_t>(uint64_t(w.limit), g->nodes - uint64_t(w.offset)));
  if (!ids_are_in_order(g)) {
    auto all = insertion_order(g);
    return {all.begin() + w.offset, all.begin() + w.offset + ptrdiff_t(count)};
  }
  std::vector<int32_t> found;
  found.reserve(count);
  auto v = g->removed.empty() ? int32_t(w.offset) : 0;
  for (int64_t skip = g->removed.empty() ? 0 : w.offset; found.size() < count && v < g->size; ++v)
    if (g->live(v) && skip-- <= 0) found.push_back(v);
  return found;
}

uint64_t cut_edges(const graph& g) {
  uint64_t cut = 0;
  if (!g->mirrors) return cut;
  for (int32_t v = 0; v < g->size; ++v) {
    auto out = g->out_of(v);  // mirrors come first
    cut += uint64_t(std::lower_bound(out.begin(), out.end(), 0) - out.begin());
  }
  return cut;
}

namespace {

struct edge_place { int32_t source; uint32_t slot; };

/// A node's out-slots by the targets' keys, parallel edges by their own: an order that does not depend on partitions.
std::vector<uint32_t> slots_by_key(const graph& g, int32_t v) {
  auto out = g->out_of(v);
  std::vector<uint32_t> slots(out.size());
  std::iota(slots.begin(), slots.end(), 0u);
  std::stable_sort(slots.begin(), slots.end(), [&](uint32_t a, uint32_t b) { return key_precedes(g, out[a], out[b]); });
  return slots;
}

/// Walks sources in insertion order and skips whole lists that lie before the window.
std::vector<edge_place> edges_in(const graph& g, row_window w) {
  std::vector<edge_place> found;
  if (uint64_t(w.offset) >= g->out.edges) return found;
  found.reserve(size_t(std::min<uint64_t>(uint64_t(w.limit), g->out.edges - uint64_t(w.offset))));
  auto skip = uint64_t(w.offset), left = uint64_t(w.limit);
  auto take = [&](int32_t v) {
    auto degree = g->out_of(v).size();
    auto slot = std::min<uint64_t>(skip, degree);
    skip -= slot;
    if (slot == degree || left == 0) return;
    auto slots = slots_by_key(g, v);
    for (; slot < degree && left > 0; ++slot, --left) found.push_back({v, slots[slot]});
  };
  if (!ids_are_in_order(g)) {
    for (auto v : insertion_order(g)) if (left > 0) take(v);
    return found;
  }
  for (int32_t v = 0; v < g->size && left > 0; ++v) {
    auto& page = *g->out.directory[size_t(v) >> vertices_per_page_bits];
    if (!(v & (vertices_per_page - 1)) && skip >= page.edges) {
      skip -= page.edges;
      v += vertices_per_page - 1;
    } else {
      take(v);
    }
  }
  return found;
}

column_batch node_rows(const graph& g, const std::vector<int32_t>& nodes) {
  column_batch batch{int64_t(nodes.size()), {}};
  batch.columns.push_back(id_column(g, nodes));
  for (auto& c : g->node_columns) {
    column_builder out{c.name, c.type};
    for (auto v : nodes) append_row(out, c.type, page_of_row(c, v), uint32_t(v & (rows_per_page - 1)));
    batch.columns.push_back(out.finish());
  }
  batch.columns.push_back(sequence_column(g, nodes));
  return batch;
}

column endpoint_column(const graph& g, const char* name, const std::vector<edge_place>& edges, bool target) {
  column_builder out{name, column_of(g->kind.keys)};
  for (auto& e : edges) append_endpoint(out, g, target ? g->out_of(e.source)[e.slot] : e.source);
  return out.finish();
}

column edge_column(const graph& g, const paged_column& c, const std::string& name, const std::vector<edge_place>& edges) {
  column_builder out{name, c.type};
  for (auto& e : edges) {
    auto p = size_t(e.source) >> vertices_per_page_bits;
    append_row(out, c.type, p < c.pages.size() ? c.pages[p].get() : nullptr, edge_row(g, e.source, e.slot));
  }
  return out.finish();
}

column_batch edge_rows(const graph& g, const std::vector<edge_place>& edges) {
  column_batch batch{int64_t(edges.size()), {}};
  batch.columns.push_back(endpoint_column(g, "source", edges, false));
  batch.columns.push_back(endpoint_column(g, "target", edges, true));
  if (g->edge_keys) batch.columns.push_back(edge_column(g, *g->edge_keys, "key", edges));
  for (auto& c : g->edge_columns) batch.columns.push_back(edge_column(g, c, c.name, edges));
  std::vector<int32_t> sources;
  for (auto& e : edges) sources.push_back(e.source);
  batch.columns.push_back(sequence_column(g, sources));
  return batch;
}

column_batch counts(const graph& g) {
  uint64_t bytes = 0;
  for (auto& [name, size] : memory_usage(g)) bytes += size;
  auto mirrors = uint64_t(g->mirrors);
  for (auto word : g->removed_mirrors) mirrors -= uint64_t(std::popcount(word));
  column_batch batch{1, {}};
  const std::pair<const char*, uint64_t> all[] = {{"nodes", g->nodes}, {"edges", g->out.edges}, {"cut_edges", cut_edges(g)}, {"mirrors", mirrors}, {"bytes", bytes}};
  for (auto& [name, count] : all) {
    column_builder out{name, column_type::int64};
    out.append_int64(int64_t(count));
    batch.columns.push_back(out.finish());
  }
  return batch;
}

column_batch one_node(const graph& g, const key& k) {
  auto v = find_node(g, k);
  return node_rows(g, v ? std::vector{*v} : std::vector<int32_t>{});
}

column_batch neighbors(const graph& g, const parameters& p) {
  auto k = key_parameter(p, "key");
  auto direction = text_parameter(p, "direction", "out");
  if (direction != "out" && direction != "in" && direction != "all")
    throw failure{errc::value, "direction " + to_string(value{direction}) + ": expected 'out', 'in' or 'all'"};
  auto v = find_node(g, k);
  if (!v) throw failure{errc::key, "Node " + to_string(k) + " not found"};
  std::vector<int32_t> ids;
  auto out = g->out_of(*v), in = g->in_of(*v);
  if (direction != "in" || !g->kind.directed) ids.insert(ids.end(), out.begin(), out.end());
  if (direction != "out" || !g->kind.directed) ids.insert(ids.end(), in.begin(), in.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<key> keys;
  for (auto u : ids) keys.push_back(endpoint_key(g, u));
  std::sort(keys.begin(), keys.end());
  column_builder found{"id", column_of(g->kind.keys)};
  for (auto& u : keys) append_key(found, u);
  return {int64_t(keys.size()), {found.finish()}};
}

/// Slots of the edges to a node that may be a mirror.
std::vector<edge_place> edges_between(const graph& g, int32_t source, const key& target) {
  std::vector<edge_place> found;
  auto own = find_node(g, target);
  auto out = g->out_of(source);
  auto hash = key_hash(target);
  for (uint32_t slot = 0; !own && slot < out.size() && out[slot] < 0; ++slot)
    if (node_hash(g, out[slot]) == hash) found.push_back({source, slot});
  if (!own) return found;
  auto slots = find_edges(g, source, *own).value_or(std::pair<uint32_t, uint32_t>{0, 0});
  for (auto slot = slots.first; slot < slots.second; ++slot) found.push_back({source, slot});
  return found;
}

column_batch one_edge(const graph& g, const parameters& p) {
  auto s = key_parameter(p, "source"), t = key_parameter(p, "target");
  if (!g->kind.directed && t < s) std::swap(s, t);
  std::vector<edge_place> found;
  if (auto v = find_node(g, s)) found = edges_between(g, *v, t);
  auto given = p.find("key");
  if (given != p.end() && type_of(given->second)) {
    auto k = key_parameter(p, "key");
    std::erase_if(found, [&](auto& e) { return edge_key(g, e.source, e.slot) != k; });
  }
  return edge_rows(g, found);
}

column_batch owner(const graph& g, const key& k) {
  column_builder found{"partition", column_type::int64};
  found.append_int64(int64_t(owner_at_home(*g, key_hash(k))));
  return {1, {found.finish()}};
}

struct question {
  const char* name;
  std::set<std::string> arguments;
  bool graph, values, other;
};

const question& known_question(const query& q) {
  static const question all[] = {
      {"counts", {}, true, false, false},
      {"nodes", {"offset", "limit"}, true, false, false},
      {"edges", {"offset", "limit"}, true, false, false},
      {"owner", {"key"}, true, false, false},
      {"node", {"key"}, true, false, false},
      {"neighbors", {"key", "direction"}, true, false, false},
      {"edge", {"source", "target", "key"}, true, false, false},
      {"values", {"offset", "limit"}, false, true, false},
      {"value", {"key"}, false, true, false},
      {"top", {"n", "ascending"}, false, true, false},
      {"sizes", {"n"}, false, true, false},
      {"histogram", {}, false, true, false},
      {"compare", {"n"}, false, true, true},
  };
  auto at = std::find_if(std::begin(all), std::end(all), [&](auto& known) { return q.name == known.name; });
  if (at == std::end(all)) throw failure{errc::value, "unknown query '" + q.name + "'"};
  for (auto& [name, v] : q.arguments)
    if (!at->arguments.contains(name)) throw failure{errc::value, "query '" + q.name + "' has no argument '" + name + "'"};
  return *at;
}

column_batch answer_graph(const query& q, const graph& g) {
  if (q.name == "counts") return counts(g);
  if (q.name == "nodes") return node_rows(g, nodes_in(g, window_of(q.arguments)));
  if (q.name == "edges") return edge_rows(g, edges_in(g, window_of(q.arguments)));
  if (q.name == "owner") return owner(g, key_parameter(q.arguments, "key"));
  if (q.name == "node") return one_node(g, key_parameter(q.arguments, "key"));
  if (q.name == "neighbors") return neighbors(g, q.arguments);
  return one_edge(g, q.arguments);
}

}  // namespace

namespace {

/// Without nulls: of(v) for each.
template <class F>
column whole_numbers(const char* name, std::span<const int32_t> nodes, F&& of) {
  column c{name, column_type::int64, int64_t(nodes.size()), {}, std::vector<uint8_t>(nodes.size() * 8), {}};
  parallel_ranges(c.length, vertices_per_page, [&](int64_t i, int64_t end) {
    for (; i < end; ++i)
      if (int64_t x = of(nodes[size_t(i)]); true) std::memcpy(c.values.data() + i * 8, &x, 8);
  });
  return c;
}

}  // namespace

column id_column(const graph& g, std::span<const int32_t> nodes) {
  if (g->kind.keys == key_type::int64) return whole_numbers("id", nodes, [&](int32_t v) { return g->keys->int_key(v); });
  column_builder out{"id", column_of(g->kind.keys)};
  out.reserve(int64_t(nodes.size()));
  for (auto v : nodes) append_endpoint(out, g, v);
  return out.finish();
}

column sequence_column(const graph& g, std::span<const int32_t> nodes) {
  return whole_numbers("_seq", nodes, [&](int32_t v) { return int64_t(place_of(g, v)); });
}

column_batch answer(const query& q, const graph* g, const node_values* values, const node_values* other) {
  auto& known = known_question(q);
  if (known.graph && !g) throw failure{errc::value, "query '" + q.name + "' needs a graph"};
  if (known.values && !values) throw failure{errc::value, "query '" + q.name + "' needs a result"};
  if (known.other && !other) throw failure{errc::value, "query '" + q.name + "' needs a second result"};
  return known.graph ? answer_graph(q, *g) : answer_values(q, *values, other);
}

}  // namespace gli
