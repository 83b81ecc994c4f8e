#include "partitions/restrict.h"

#include <algorithm>
#include <atomic>
#include <bit>

#include "partitions/array_message.h"
#include "partitions/column_page.h"
#include "partitions/parallel.h"
#include "partitions/together.h"
#include "partitions/topology_build.h"
#include "partitions/transpose.h"

namespace gli {

namespace {

void set(std::vector<uint64_t>& bits, size_t i) { bits[i >> 6] |= uint64_t{1} << (i & 63); }
size_t words_for(uint64_t n) { return size_t(n + 63) / 64; }

/// Fills removed and nodes.
void drop_nodes(const graph& g, const std::vector<uint64_t>* kept, graph::body& b) {
  if (!kept) return;
  std::vector<uint64_t> removed(words_for(uint64_t(g->size)));
  auto dropped = [&](size_t w) { return ~(*kept)[w] | (g->removed.empty() ? 0 : g->removed[w]); };
  b.nodes = 0;
  for (size_t w = 0; w < removed.size(); ++w) {
    auto past_end = w + 1 == removed.size() && g->size % 64 ? ~uint64_t{0} << (g->size % 64) : 0;
    removed[w] = dropped(w) & ~past_end;
    b.nodes += uint64_t(std::popcount(~(removed[w] | past_end)));
  }
  if (b.nodes < g->nodes) b.removed = std::move(removed);
}

/// Each owner tells of its mirrored nodes that are not live, by exchange position.
std::vector<byte_buffer> exchange_dropped(const graph::body& b, communicator& all) {
  if (all.size() == 1) return {};
  std::vector<byte_buffer> outgoing(all.size());
  for (size_t q = 0; q < b.peers.size(); ++q) {
    std::vector<uint32_t> gone;
    auto& exported = b.peers[q].exported;
    for (uint32_t i = 0; i < exported.size(); ++i)
      if (!b.live(exported[i])) gone.push_back(i);
    if (!gone.empty()) put_array(outgoing[q], gone);
  }
  return all.all_to_all(std::move(outgoing));
}

/// Mirrors of nodes that their owners dropped.
void drop_mirrors(graph::body& b, const std::vector<byte_buffer>& incoming) {
  if (incoming.empty()) return;
  std::vector<uint64_t> removed;
  for (size_t q = 0; q < b.peers.size(); ++q) {
    if (incoming[q].empty()) continue;
    removed.resize(words_for(uint64_t(b.mirrors)));
    for (auto i : array_reader{incoming[q]}.get<uint32_t>()) {
      if (i >= b.peers[q].mirrors.size()) throw failure{errc::protocol, "a partition dropped a node that is not mirrored here"};
      set(removed, size_t(~b.peers[q].mirrors[i]));
    }
  }
  b.removed_mirrors = std::move(removed);
}

/// The rows of a page that stay. Buffers are used again from page to page.
struct page_rows {
  std::vector<uint32_t> off, rows;  // off: by vertex, in `rows`, which is filled for columns only
  std::vector<int32_t> neighbors;   // of `rows`
  uint32_t count = 0;               // of rows that stay; the vectors may be longer
  uint64_t chosen = 0;              // rows that were dropped though both ends stay
  std::span<const uint32_t> stay() const { return {rows.data(), count}; }
};

/// Whether nodes are live, without a branch on whether any was dropped. Mirrors: of graphs that have any.
template <bool Mirrors>
class liveness {
 public:
  explicit liveness(const graph::body& b)
      : none_(words_for(uint64_t(std::max(b.size, b.mirrors)))), own_{bits(b.removed)}, mirrors_{bits(b.removed_mirrors)} {}
  bool own(int32_t v) const { return !(own_[size_t(v) >> 6] >> (v & 63) & 1); }
  bool operator()(int32_t v) const {
    if constexpr (!Mirrors) return own(v);
    return v >= 0 ? own(v) : !(mirrors_[size_t(~v) >> 6] >> (~v & 63) & 1);
  }

 private:
  const uint64_t* bits(const std::vector<uint64_t>& removed) const { return removed.empty() ? none_.data() : removed.data(); }
  std::vector<uint64_t> none_;
  const uint64_t *own_, *mirrors_;
};

/// Edges that are chosen by themselves; all are without bits.
struct every_edge { static constexpr bool all = true; bool operator()(uint32_t) const { return true; } };
struct chosen_edges {
  static constexpr bool all = false;
  const uint64_t* bits;
  bool operator()(uint32_t row) const { return bits[row >> 6] >> (row & 63) & 1; }
};

/// Without branches on the data: every row is written, the cursor moves past those that stay.
template <bool Rows, class Live, class EdgeStays>
void choose_rows(const Live& live, size_t p, const topology_page& t, page_rows& kept, EdgeStays edge_stays) {
  kept.off.resize(t.vertices + size_t{1});
  if (Rows && kept.rows.size() < t.edges) kept.rows.resize(t.edges);
  if (kept.neighbors.size() < t.edges) kept.neighbors.resize(t.edges);
  uint32_t stay = 0;
  uint64_t chosen = 0;
  auto* __restrict rows = kept.rows.data();
  auto* __restrict neighbors = kept.neighbors.data();
  for (uint32_t i = 0; i < t.vertices; ++i) {
    kept.off[i] = stay;
    if (!live.own(int32_t(p << vertices_per_page_bits | i))) continue;
    for (auto row = t.off[i], end = t.off[i + 1]; row < end; ++row) {
      auto target = t.neighbor[row];
      bool ends_stay = live(target), stays = ends_stay & edge_stays(row);
      if constexpr (Rows) rows[stay] = row;
      neighbors[stay] = target;
      stay += stays;
      if constexpr (!EdgeStays::all) chosen += ends_stay & !stays;
    }
  }
  kept.off[t.vertices] = stay;
  kept.count = stay;
  kept.chosen = chosen;
}

/// A page's values at `rows`; null when there is none.
page_ptr thinned_values(const page& values, std::span<const uint32_t> rows) {
  auto made = make_column_page(values, rows);
  return column_page_view{*made}.nulls() == rows.size() ? nullptr : made;
}

page_ptr thinned(const page_rows& kept) {
  return kept.count ? make_topology_page(kept.off, {kept.neighbors.data(), kept.count}) : nullptr;
}

/// Calls f(page number, scratch rows) for the pages that have edges, on all cores where there are many.
template <class F>
void for_each_page(const topology& t, F&& f) {
  parallel_ranges(int64_t(t.pages.size()), 4, [&](int64_t p, int64_t end) {
    page_rows scratch;
    for (; p < end; ++p)
      if (t.pages[size_t(p)]) f(size_t(p), scratch);
  });
}

bool nothing_dropped(const graph::body& b) { return b.removed.empty() && b.removed_mirrors.empty(); }

std::vector<paged_column*> edge_columns_of(graph::body& b) {
  std::vector<paged_column*> columns;
  for (auto& c : b.edge_columns) columns.push_back(&c);
  if (b.edge_keys) columns.push_back(&*b.edge_keys);
  return columns;
}

/// One direction without what is dropped, and the columns that stand in its order. edges_of(page) chooses edges. Returns how many edges were
/// dropped though both ends stay.
template <bool Rows, bool Mirrors, class EdgesOf>
uint64_t thin(const graph::body& b, topology& t, const std::vector<paged_column*>& columns, EdgesOf&& edges_of) {
  std::atomic<uint64_t> chosen{0};
  liveness<Mirrors> live{b};
  for_each_page(t, [&](size_t p, page_rows& kept) {
    auto& old = *t.directory[p];
    choose_rows<Rows>(live, p, old, kept, edges_of(p));
    chosen += kept.chosen;
    if (kept.count == old.edges) return;
    t.pages[p] = thinned(kept);
    for (auto* c : columns)
      if (p < c->pages.size() && c->pages[p]) c->pages[p] = thinned_values(*c->pages[p], kept.stay());
  });
  index_topology(t);
  return chosen;
}

template <class EdgesOf>
uint64_t thin(const graph::body& b, topology& t, const std::vector<paged_column*>& columns, EdgesOf&& edges_of) {
  if (b.mirrors) return thin<true, true>(b, t, columns, edges_of);
  return columns.empty() ? thin<false, false>(b, t, columns, edges_of) : thin<true, false>(b, t, columns, edges_of);
}

/// Out-pages, edge columns and keys without what is dropped.
uint64_t thin_out(graph::body& b, const std::vector<std::vector<uint64_t>>* edges) {
  if (edges) return thin(b, b.out, edge_columns_of(b), [&](size_t p) { return chosen_edges{(*edges)[p].data()}; });
  return nothing_dropped(b) ? 0 : thin(b, b.out, edge_columns_of(b), [](size_t) { return every_edge{}; });
}

/// In-pages without the edges of nodes that are not live.
void thin_in(graph::body& b) {
  if (!nothing_dropped(b)) thin(b, b.in, {}, [](size_t) { return every_edge{}; });
}

std::vector<uint64_t> bits_of(const graph& g, const std::function<bool(int32_t)>& keep) {
  std::vector<uint64_t> bits(words_for(uint64_t(g->size)));
  for (int32_t v = 0; v < g->size; ++v)
    if (g->live(v) && keep(v)) set(bits, size_t(v));
  return bits;
}

/// keep_edge is asked only about edges whose own ends stay.
std::vector<std::vector<uint64_t>> bits_of(const graph& g, const std::function<bool(int32_t, uint32_t, int32_t)>& keep,
                                           const std::vector<uint64_t>* nodes) {
  std::vector<std::vector<uint64_t>> bits(g->out.directory.size());
  auto stays = [&](int32_t v) { return g->live(v) && (v < 0 || !nodes || ((*nodes)[size_t(v) >> 6] >> (v & 63) & 1)); };
  for (size_t p = 0; p < bits.size(); ++p) {
    auto& t = *g->out.directory[p];
    bits[p].resize(words_for(t.edges));
    for (uint32_t i = 0; i < t.vertices; ++i) {
      auto v = int32_t(p << vertices_per_page_bits | i);
      for (auto row = t.off[i]; row < t.off[i + 1] && stays(v); ++row)
        if (stays(t.neighbor[row]) && keep(v, row - t.off[i], t.neighbor[row])) set(bits[p], row);
    }
  }
  return bits;
}

}  // namespace

graph restrict_to(const graph& g, const kept_elements& kept, communicator& all) {
  auto made = copy_body(g);
  auto& b = *made;
  drop_nodes(g, kept.nodes, b);
  auto dropped = exchange_dropped(b, all);
  uint64_t dropped_by_edge = 0;
  together(all, [&] {
    drop_mirrors(b, dropped);
    dropped_by_edge = thin_out(b, kept.edges);
  });
  all.all_reduce({&dropped_by_edge, 1}, reduction::sum);
  if (dropped_by_edge) b.in = transpose_of(b, all);
  else thin_in(b);
  uint64_t totals[2] = {b.nodes, b.out.edges};
  all.all_reduce(totals, reduction::sum);
  b.total_nodes = totals[0];
  b.total_edges = totals[1];
  return graph{std::move(made)};
}

graph restrict_to(const graph& g, const std::function<bool(int32_t)>& keep_node,
                  const std::function<bool(int32_t, uint32_t, int32_t)>& keep_edge, communicator& all) {
  std::vector<uint64_t> nodes;
  std::vector<std::vector<uint64_t>> edges;
  kept_elements kept;
  together(all, [&] {
    if (keep_node) {
      nodes = bits_of(g, keep_node);
      kept.nodes = &nodes;
    }
    if (keep_edge) {
      edges = bits_of(g, keep_edge, kept.nodes);
      kept.edges = &edges;
    }
  });
  return restrict_to(g, kept, all);
}

}  // namespace gli
