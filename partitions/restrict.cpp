#include <tbb/parallel_for.h>

#include <algorithm>

#include "partitions/array_message.h"
#include "partitions/column_page.h"
#include "partitions/graph.h"
#include "partitions/together.h"
#include "partitions/topology_build.h"
#include "partitions/transpose.h"

namespace gli {

namespace {

using keep_node_function = std::function<bool(int32_t)>;
using keep_edge_function = std::function<bool(int32_t, uint32_t, int32_t)>;

void set(std::vector<uint64_t>& bits, size_t i) { bits[i >> 6] |= uint64_t{1} << (i & 63); }
size_t words_for(int32_t n) { return (size_t(n) + 63) / 64; }

/// Fills removed and nodes.
void drop_nodes(const graph& g, const keep_node_function& keep_node, graph::body& b) {
  if (!keep_node) return;
  std::vector<uint64_t> removed(words_for(g->size));
  b.nodes = 0;
  for (int32_t v = 0; v < g->size; ++v)
    if (g->live(v) && keep_node(v)) ++b.nodes;
    else set(removed, size_t(v));
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
    removed.resize(words_for(b.mirrors));
    for (auto i : array_reader{incoming[q]}.get<uint32_t>()) {
      if (i >= b.peers[q].mirrors.size()) throw failure{errc::protocol, "a partition dropped a node that is not mirrored here"};
      set(removed, size_t(~b.peers[q].mirrors[i]));
    }
  }
  b.removed_mirrors = std::move(removed);
}

/// The rows of an out-page that stay; `chosen` counts those that keep_edge dropped though both ends stay.
struct page_rows {
  bool changed = false;
  std::vector<uint32_t> off{0}, rows;  // off: by vertex, in `rows`
};

page_rows choose_rows(const graph::body& b, size_t p, const keep_edge_function& keep_edge, uint64_t& chosen) {
  page_rows kept;
  if (!b.out.pages[p]) return kept;
  auto& t = *b.out.directory[p];
  kept.rows.reserve(t.edges);
  for (uint32_t i = 0; i < t.vertices; ++i) {
    auto source = int32_t(p << vertices_per_page_bits | i);
    auto targets = t.of(int32_t(i));
    bool source_stays = b.live(source);
    for (uint32_t slot = 0; source_stays && slot < targets.size(); ++slot) {
      if (!b.live(targets[slot])) continue;
      if (keep_edge && !keep_edge(source, slot, targets[slot])) ++chosen;
      else kept.rows.push_back(t.off[i] + slot);
    }
    kept.off.push_back(uint32_t(kept.rows.size()));
  }
  kept.changed = kept.rows.size() < t.edges;
  return kept;
}

/// A page's neighbors at `rows`; null when none is left.
page_ptr thinned(const topology_page& t, const page_rows& kept) {
  if (kept.rows.empty()) return nullptr;
  std::vector<int32_t> neighbors;
  neighbors.reserve(kept.rows.size());
  for (auto row : kept.rows) neighbors.push_back(t.neighbor[row]);
  return make_topology_page(kept.off, neighbors);
}

/// A page's values at `rows`; null when there is none.
page_ptr thinned_values(const page& values, const std::vector<uint32_t>& rows) {
  auto made = make_column_page(values, rows);
  return column_page_view{*made}.nulls() == rows.size() ? nullptr : made;
}

void thin_column(paged_column& c, const std::vector<page_rows>& kept) {
  for (size_t p = 0; p < c.pages.size(); ++p) {
    if (!c.pages[p] || !kept[p].changed) continue;
    c.pages[p] = thinned_values(*c.pages[p], kept[p].rows);
  }
}

/// Out-pages, edge columns and keys without what is dropped. Returns how many edges keep_edge dropped here.
uint64_t thin_out(graph::body& b, const keep_edge_function& keep_edge) {
  std::vector<page_rows> kept(b.out.pages.size());
  uint64_t chosen = 0;
  if (keep_edge) {
    for (size_t p = 0; p < kept.size(); ++p) kept[p] = choose_rows(b, p, keep_edge, chosen);
  } else {
    tbb::parallel_for(size_t{0}, kept.size(), [&](size_t p) {
      uint64_t none = 0;
      kept[p] = choose_rows(b, p, {}, none);
    });
  }
  tbb::parallel_for(size_t{0}, kept.size(), [&](size_t p) {
    if (kept[p].changed) b.out.pages[p] = thinned(*b.out.directory[p], kept[p]);
  });
  std::vector<paged_column*> columns;
  for (auto& c : b.edge_columns) columns.push_back(&c);
  if (b.edge_keys) columns.push_back(&*b.edge_keys);
  tbb::parallel_for(size_t{0}, columns.size(), [&](size_t i) { thin_column(*columns[i], kept); });
  return chosen;
}

/// In-pages without the edges of nodes that are not live.
void thin_in(graph::body& b) {
  tbb::parallel_for(size_t{0}, b.in.pages.size(), [&](size_t p) {
    if (!b.in.pages[p]) return;
    auto& t = *b.in.directory[p];
    page_rows kept;
    for (uint32_t i = 0; i < t.vertices; ++i) {
      bool stays = b.live(int32_t(p << vertices_per_page_bits | i));
      for (auto row = t.off[i]; stays && row < t.off[i + 1]; ++row)
        if (b.live(t.neighbor[row])) kept.rows.push_back(row);
      kept.off.push_back(uint32_t(kept.rows.size()));
    }
    if (kept.rows.size() < t.edges) b.in.pages[p] = thinned(t, kept);
  });
  index_topology(b.in);
}

}  // namespace

graph restrict_to(const graph& g, const keep_node_function& keep_node, const keep_edge_function& keep_edge, communicator& all) {
  auto made = copy_body(g);
  auto& b = *made;
  drop_nodes(g, keep_node, b);
  auto dropped = exchange_dropped(b, all);
  uint64_t dropped_by_edge = 0;
  together(all, [&] {
    drop_mirrors(b, dropped);
    dropped_by_edge = thin_out(b, keep_edge);
    index_topology(b.out);
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

}  // namespace gli
