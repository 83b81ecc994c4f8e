#include <bit>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/graph.h"
#include "partitions/parallel.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

/// Flat copies of the edge columns of one out-page; a missing page is an empty column.
column flat(const page_ptr& p) {
  if (!p) return {};
  column_builder rows{"", column_page_view{*p}.type()};
  rows.reserve(column_page_view{*p}.rows());
  append_page(rows, *p);
  return rows.finish();
}

const page_ptr& page_at(const paged_column& c, size_t p) {
  static const page_ptr none;
  return p < c.pages.size() ? c.pages[p] : none;
}

/// Null is absence, also where a column of mixed types spells it.
bool has_fact(const column& c, int64_t row) { return c.valid(row) && !(c.type == column_type::json && c.bytes(row) == "null"); }

/// Facts of one node column, of the rows of page p.
hash128 node_values_of_page(const graph& g, const paged_column& c, size_t p) {
  auto rows = flat(page_at(c, p));
  auto name = name_hash(c.name);
  hash128 sum;
  for (int64_t i = 0; i < rows.length; ++i) {
    auto v = int32_t(int64_t(p) * rows_per_page + i);
    if (v >= g->size || !g->live(v) || !has_fact(rows, i)) continue;
    sum += attribute_fact(node_fact(g->keys->hash_of(v)), name, plain_hash(rows, i));
  }
  return sum;
}

hash128 key_fact(const column& keys, uint32_t row) {
  return keys.type == column_type::int64 ? key_hash(keys.int64(row)) : key_hash(keys.bytes(row));
}

hash128 values_of_edges(const graph& g, size_t p, const std::vector<hash128>& facts) {
  hash128 sum;
  for (auto& c : g->edge_columns) {
    auto rows = flat(page_at(c, p));
    auto name = name_hash(c.name);
    for (int64_t i = 0; i < rows.length; ++i)
      if (has_fact(rows, i)) sum += attribute_fact(facts[size_t(i)], name, plain_hash(rows, i));
  }
  return sum;
}

/// Facts of the nodes of one out-page, of the edges that leave them, and of those edges' attributes.
hash128 topology_facts(const graph& g, size_t p) {
  auto& topology = *g->out.directory[p];
  page_vertices vertices{int64_t(p), g->size};
  auto keys = g->edge_keys ? flat(page_at(*g->edge_keys, p)) : column{};
  std::vector<hash128> facts(g->edge_columns.empty() ? 0 : topology.edges);
  hash128 sum;
  for (auto v = vertices.first; v < vertices.last; ++v) {
    if (!g->live(v)) continue;
    auto& source = g->keys->hash_of(v);
    sum += node_fact(source);
    auto row = topology.off[v - vertices.first], end = topology.off[v - vertices.first + 1];
    for (; row < end; ++row) {
      if (row + 8 < topology.edges && topology.neighbor[row + 8] >= 0) __builtin_prefetch(&g->keys->hash_of(topology.neighbor[row + 8]));
      auto fact = edge_fact(source, node_hash(g, topology.neighbor[row]), keys.length ? key_fact(keys, row) : hash128{}, g->kind.directed);
      if (!facts.empty()) facts[row] = fact;
      sum += fact;
    }
  }
  return facts.empty() ? sum : sum += values_of_edges(g, p, facts);
}

hash128 graph_facts(const graph& g) {
  auto sum = kind_fact(g->kind.directed, g->kind.multi);
  for (auto& [name, given] : g->attributes)
    if (auto v = plain(given); !std::holds_alternative<std::monostate>(v)) sum += graph_attribute_fact(name_hash(name), value_hash(v));
  return sum;
}

hash128 count_facts(const graph& g) {
  auto sum = g->partition == 0 ? graph_facts(g) : hash128{};
  sum += parallel_sum<hash128>(pages_of(g->size), 1, [&](int64_t begin, int64_t end) {
    hash128 part;
    for (; begin < end; ++begin) part += topology_facts(g, size_t(begin));
    return part;
  });
  for (auto& c : g->node_columns)
    sum += parallel_sum<hash128>(int64_t(c.pages.size()), 1, [&](int64_t begin, int64_t end) {
      hash128 part;
      for (; begin < end; ++begin) part += node_values_of_page(g, c, size_t(begin));
      return part;
    });
  return sum;
}

}  // namespace

hash128 partition_facts(const graph& g) {
  if (auto known = known_facts(g)) return *known;
  auto sum = count_facts(g);
  note_facts(g, sum);
  return sum;
}

hash128 identity_of(const graph& g, communicator& all) {
  auto own = partition_facts(g);
  uint64_t limbs[4] = {own.low & UINT32_MAX, own.low >> 32, own.high & UINT32_MAX, own.high >> 32};
  all.all_reduce(limbs, reduction::sum);  // no sum of fewer than 2^32 limbs overflows
  for (int i = 0; i < 3; ++i) limbs[i + 1] += limbs[i] >> 32;
  for (auto& limb : limbs) limb &= UINT32_MAX;
  return {limbs[0] | limbs[1] << 32, limbs[2] | limbs[3] << 32};
}

}  // namespace gli
