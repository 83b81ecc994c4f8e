#include <tbb/parallel_for.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_set>

#include "partitions/column_page.h"
#include "partitions/loader_duplicates.h"
#include "partitions/topology_build.h"
#include "runtime/batches.h"
#include "runtime/error.h"

namespace gli {

namespace {

using loader_state = graph_loader::state;

/// int64 keys of parallel edges by input row; absent ones are chosen as NetworkX does: as many as there are edges between the two before, or the
/// next number that is free.
class int_edge_keys {
 public:
  explicit int_edge_keys(const column& given) : given_{given}, keys_(size_t(given.length)) {
    if (!keys_.empty()) std::memcpy(keys_.data(), given.values.data(), keys_.size() * sizeof(int64_t));
  }
  void settle(std::span<const uint32_t> rows) {
    if (given_.validity.empty()) return;
    std::unordered_set<int64_t> taken;
    for (auto row : rows) {
      if (!given_.valid(row)) {
        keys_[row] = int64_t(taken.size());
        while (taken.contains(keys_[row])) ++keys_[row];
      }
      taken.insert(keys_[row]);
    }
  }
  int compare(uint32_t a, uint32_t b) const { return keys_[a] < keys_[b] ? -1 : keys_[a] > keys_[b]; }
  column finish() const {
    column all{given_.name, column_type::int64, given_.length, {}, std::vector<uint8_t>(keys_.size() * sizeof(int64_t)), {}};
    if (!keys_.empty()) std::memcpy(all.values.data(), keys_.data(), all.values.size());
    return all;
  }

 private:
  const column& given_;
  std::vector<int64_t> keys_;
};

column edge_key_column(loader_state& s) {
  auto rows = s.edge_keys.rows();
  auto columns = s.edge_keys.finish();
  if (!columns.empty()) return std::move(columns.front());
  column_builder none{"key", s.options.kind.edge_keys == key_type::utf8 ? column_type::utf8 : column_type::int64};
  none.append_nulls(rows);
  return none.finish();
}

void check_key_type(const graph_kind& kind, const column& keys) {
  if (kind.edge_keys == key_type::none || (kind.edge_keys == key_type::utf8) == (keys.type == column_type::utf8)) return;
  throw failure{errc::type, std::string{"this graph's edge keys are "} + type_name(kind.edge_keys) + ", not " +
                                type_name(keys.type)};
}

void check_text_keys(const column& keys) {
  for (int64_t i = 0; i < keys.length; ++i)
    if (!keys.valid(i)) throw failure{errc::type, "this graph's edge keys are str, but an edge comes without one"};
}

/// A multi graph without edges: the first one to come says what its keys are.
sorted_edges no_edges(graph::body& b) {
  b.edge_keys = paged_column{"key", b.kind.edge_keys == key_type::utf8 ? column_type::utf8 : column_type::int64, std::vector<page_ptr>(page_count(b.size))};
  return sort_edges(b.size, {}, {});
}

/// Edges with keys of their own, of a multi graph.
sorted_edges sort_multi(const settled_ids& ids, graph::body& b, std::span<const edge_span> spans, const column& given, repeated_edges& repeated) {
  check_key_type(b.kind, given);
  edge_order order{.parallel = parallel_edges::by_key, .want_rows = true};
  order.choose = [&](std::span<const uint32_t> equal) { return repeated.choose(equal); };
  if (given.type == column_type::utf8) {
    check_text_keys(given);
    order.compare = [&](uint32_t x, uint32_t y) { return given.bytes(x).compare(given.bytes(y)); };
    auto sorted = sort_edges(b.size, spans, order);
    repeated.finish(ids, b, &given);
    b.edge_keys = align_column(given, sorted.rows);
    b.kind.edge_keys = key_type::utf8;
    return sorted;
  }
  int_edge_keys keys{given};
  order.compare = [&](uint32_t x, uint32_t y) { return keys.compare(x, y); };
  order.settle = [&](std::span<const uint32_t> between) { keys.settle(between); };
  auto sorted = sort_edges(b.size, spans, order);
  auto chosen = keys.finish();
  repeated.finish(ids, b, &chosen);
  b.edge_keys = align_column(chosen, sorted.rows);
  b.kind.edge_keys = key_type::int64;
  return sorted;
}

sorted_edges sort_simple(const settled_ids& ids, graph::body& b, std::span<const edge_span> spans, bool want_rows, repeated_edges& repeated) {
  edge_order order{.want_rows = want_rows};
  if (repeated.wanted()) order.choose = [&](std::span<const uint32_t> equal) { return repeated.choose(equal); };
  auto sorted = sort_edges(b.size, spans, order);
  repeated.finish(ids, b, nullptr);
  return sorted;
}

/// Edges with their columns in the order of the input, where they came in another one.
void restore_input_order(loader_state& s, std::vector<column>& columns, std::optional<column>& keys) {
  if (s.edges_in_order) return;
  edge_chunk all;
  for (auto& chunk : s.edges)
    for (size_t i = 0; i < chunk.from.size(); ++i) {
      all.from.push_back(chunk.from[i]);
      all.to.push_back(chunk.to[i]);
      all.rows.push_back(chunk.row(i));
    }
  std::vector<uint32_t> order(all.rows.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return all.rows[a] < all.rows[b]; });
  edge_chunk sorted;
  for (auto i : order) {
    sorted.from.push_back(all.from[i]);
    sorted.to.push_back(all.to[i]);
    sorted.rows.push_back(all.rows[i]);
  }
  s.edges.clear();
  s.edges.push_back(std::move(sorted));
  for (auto& c : columns) c = gather(c, order);
  if (keys) keys = gather(*keys, order);
}

/// The page of node rows [begin, end) by final id; null when none has a value.
page_ptr node_page(const loader_state& s, const settled_ids& ids, const column& c, int32_t begin, int32_t end) {
  std::vector<int64_t> rows;
  rows.reserve(size_t(end - begin));
  bool any = false;
  for (auto v = begin; v < end; ++v) {
    rows.push_back(s.attribute_row(ids.arrival(v)));
    any = any || (rows.back() >= 0 && c.valid(rows.back()));
  }
  return any ? make_column_page(c, std::span<const int64_t>{rows}) : nullptr;
}

/// By one look each, own ids and those of the remote book alike: a branch on which it is would be guessed wrong half of the time.
void settle_ends(loader_state& s, const settled_ids& ids) {
  if (ids.as_they_came()) return;
  auto remote = s.remote->keys->size(), own = s.own->keys->size();
  std::vector<int32_t> settled(size_t(remote) + size_t(own));
  auto* at = settled.data() + remote;
  for (auto id = -remote; id < own; ++id) at[id] = ids.settled(id);
  tbb::parallel_for(size_t{0}, s.edges.size(), [&](size_t i) {
    for (auto& v : s.edges[i].from) v = at[v];
    for (auto& v : s.edges[i].to) v = at[v];
  });
}

}  // namespace

void build_node_columns(loader_state& s, const settled_ids& ids, graph::body& b) {
  auto pages = (size_t(b.size) + rows_per_page - 1) >> rows_per_page_bits;
  auto columns = s.node_columns.finish();
  settle_repeated_nodes(s, ids, columns);
  for (auto& c : columns) {
    paged_column paged{c.name, c.type, std::vector<page_ptr>(pages)};
    tbb::parallel_for(size_t{0}, pages, [&](size_t p) {
      auto begin = int32_t(p << rows_per_page_bits);
      paged.pages[p] = node_page(s, ids, c, begin, int32_t(std::min<int64_t>(b.size, begin + rows_per_page)));
    });
    b.node_columns.push_back(std::move(paged));
  }
}

void build_edges(loader_state& s, const settled_ids& ids, graph::body& b) {
  settle_ends(s, ids);
  auto columns = s.edge_columns.finish();
  std::optional<column> keys;
  if (s.options.kind.multi && s.any_edges) keys = edge_key_column(s);
  restore_input_order(s, columns, keys);
  std::vector<edge_span> spans;
  for (auto& chunk : s.edges) spans.push_back({chunk.from, chunk.to});
  b.kind = s.options.kind;
  repeated_edges repeated{s, columns};
  auto sorted = keys           ? sort_multi(ids, b, spans, *keys, repeated)
                : b.kind.multi ? no_edges(b)
                               : sort_simple(ids, b, spans, !columns.empty(), repeated);
  s.edges.clear();
  for (auto& c : columns) b.edge_columns.push_back(align_column(c, sorted.rows));
  s.duplicate_edges = sorted.dropped;
  s.lost_edges = repeated.lost();
  b.out = std::move(sorted.pages);
}

}  // namespace gli
