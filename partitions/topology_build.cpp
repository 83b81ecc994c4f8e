#include "partitions/topology_build.h"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "partitions/column_page.h"
#include "partitions/huge_array.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr size_t topology_header = offsetof(topology_page, neighbor);
constexpr int32_t within_page = vertices_per_page - 1;

size_t topology_bytes(uint64_t edges) { return std::max(sizeof(topology_page), (topology_header + edges * 4 + 7) & ~size_t{7}); }
uint32_t sortable(int32_t id) { return uint32_t(id) ^ 0x80000000u; }
int32_t signed_id(uint32_t x) { return int32_t(x ^ 0x80000000u); }

/// All targets, as sortable numbers: `bits` of them above the lowest.
struct target_range { uint32_t lowest = 0; int bits = 0; };

target_range range_of(std::span<const edge_span> edges) {
  auto ends = tbb::parallel_reduce(
      tbb::blocked_range<size_t>{0, edges.size()}, std::pair{INT32_MAX, INT32_MIN},
      [&](auto& r, auto seen) {
        for (auto i = r.begin(); i < r.end(); ++i)
          for (auto v : edges[i].to) seen = {std::min(seen.first, v), std::max(seen.second, v)};
        return seen;
      },
      [](auto a, auto b) { return std::pair{std::min(a.first, b.first), std::max(a.second, b.second)}; });
  if (ends.first > ends.second) return {};
  return {sortable(ends.first), std::bit_width(sortable(ends.second) - sortable(ends.first))};
}

/// A run of input spans that one task reads; its first row.
struct input_block { size_t begin = 0, end = 0; uint64_t first_row = 0; };

std::vector<input_block> cut_blocks(std::span<const edge_span> edges, uint64_t total) {
  auto wanted = uint64_t(tbb::this_task_arena::max_concurrency()) * 4;
  auto least = std::max<uint64_t>(total / wanted + 1, 1 << 14);
  std::vector<input_block> blocks;
  uint64_t row = 0, in_block = 0;
  for (size_t i = 0; i < edges.size(); ++i) {
    if (blocks.empty() || in_block >= least) {
      blocks.push_back({i, i, row});
      in_block = 0;
    }
    blocks.back().end = i + 1;
    in_block += edges[i].from.size();
    row += edges[i].from.size();
  }
  return blocks;
}

/// Edges by page of their source, in input order: (source within the page) << 32 | sortable target, and their rows where asked for.
struct scattered_edges {
  std::vector<uint64_t> begin;  // by page
  huge_array<uint64_t> ends;
  huge_array<uint32_t> rows;
};

/// first[block][page]: where a block's edges of a page go.
std::vector<std::vector<uint64_t>> place_blocks(std::span<const edge_span> edges, const std::vector<input_block>& blocks,
                                                std::vector<uint64_t>& begin) {
  auto pages = begin.size() - 1;
  std::vector<std::vector<uint64_t>> first(blocks.size());
  tbb::parallel_for(size_t{0}, blocks.size(), [&](size_t b) {
    first[b].resize(pages);
    for (auto i = blocks[b].begin; i < blocks[b].end; ++i)
      for (auto v : edges[i].from) ++first[b][size_t(v) >> vertices_per_page_bits];
  });
  uint64_t next = 0;
  for (size_t p = 0; p < pages; ++p) {
    begin[p] = next;
    for (auto& counts : first) next += std::exchange(counts[p], next);
  }
  begin[pages] = next;
  return first;
}

scattered_edges scatter_by_page(size_t pages, std::span<const edge_span> edges, uint64_t total, bool with_rows) {
  scattered_edges to{std::vector<uint64_t>(pages + 1), huge_array<uint64_t>{total}, huge_array<uint32_t>{with_rows ? total : 0}};
  auto blocks = cut_blocks(edges, total);
  auto cursors = place_blocks(edges, blocks, to.begin);
  tbb::parallel_for(size_t{0}, blocks.size(), [&](size_t b) {
    auto cursor = cursors[b].data();
    auto row = uint32_t(blocks[b].first_row);
    for (auto i = blocks[b].begin; i < blocks[b].end; ++i) {
      auto& span = edges[i];
      for (size_t k = 0; k < span.from.size(); ++k, ++row) {
        auto v = span.from[k];
        auto at = cursor[v >> vertices_per_page_bits]++;
        to.ends[at] = uint64_t(v & within_page) << 32 | sortable(span.to[k]);
        if (with_rows) to.rows[at] = row;
      }
    }
  });
  return to;
}

/// Where each vertex's edges begin in a page.
std::vector<uint32_t> count_vertices(std::span<const uint64_t> ends, uint32_t vertices) {
  std::vector<uint32_t> off(vertices + 1);
  for (auto e : ends) ++off[(e >> 32) + 1];
  for (uint32_t v = 0; v < vertices; ++v) off[v + 1] += off[v];
  return off;
}

struct built_page {
  page_ptr made;
  std::vector<uint32_t> rows;
  uint64_t dropped = 0;
};

/// What one thread builds pages in; kept from page to page, so that its memory is touched once.
struct page_scratch {
  std::vector<uint64_t> a, b;
  std::vector<int32_t> neighbors;
};

/// Stable sort by the low `bits` of what `digits_of` gives, digit by digit; the result is in `a`.
template <class DigitsOf>
void radix_sort(std::vector<uint64_t>& a, std::vector<uint64_t>& b, int bits, DigitsOf&& digits_of) {
  auto passes = (bits + 10) / 11;
  for (int pass = 0, shift = 0; pass < passes; ++pass) {
    auto width = (bits - shift + passes - pass - 1) / (passes - pass);
    std::array<uint32_t, 1 << 11> at{};
    auto mask = (uint32_t{1} << width) - 1;
    for (auto e : a) ++at[(digits_of(e) >> shift) & mask];
    for (uint32_t d = 0, next = 0; d <= mask; ++d) next += std::exchange(at[d], next);
    b.resize(a.size());
    for (auto e : a) b[at[(digits_of(e) >> shift) & mask]++] = e;
    std::swap(a, b);
    shift += width;
  }
}

/// Pages with fewer edges are sorted vertex by vertex, by comparing.
constexpr size_t least_for_radix = 4096;

/// Ends only: nobody asks which row a slot was.
built_page build_plain(std::span<const uint64_t> ends, uint32_t vertices, const edge_order& order, target_range targets, page_scratch& scratch) {
  bool merge = order.parallel == parallel_edges::merge;
  bool sorted = order.targets_ascend || ends.size() >= least_for_radix;
  auto from = ends;
  if (sorted && !order.targets_ascend) {
    scratch.a.assign(ends.begin(), ends.end());
    radix_sort(scratch.a, scratch.b, targets.bits, [&](uint64_t e) { return uint32_t(e) - targets.lowest; });
    from = scratch.a;
  }
  auto off = count_vertices(ends, vertices);
  std::vector<uint32_t> cursor(off.begin(), off.end() - 1);
  auto& neighbors = scratch.neighbors;
  neighbors.resize(ends.size());
  for (auto e : from) neighbors[cursor[e >> 32]++] = signed_id(uint32_t(e));
  if (sorted && !merge) return {make_topology_page(off, neighbors), {}, 0};
  uint32_t kept = 0;
  for (uint32_t v = 0; v < vertices; ++v) {
    auto first = neighbors.begin() + off[v], last = neighbors.begin() + off[v + 1];
    if (!sorted) std::sort(first, last);
    off[v] = kept;
    kept += uint32_t((merge ? std::unique_copy(first, last, neighbors.begin() + kept) : std::copy(first, last, neighbors.begin() + kept)) -
                     (neighbors.begin() + kept));
  }
  off[vertices] = kept;
  return {make_topology_page(off, {neighbors.data(), kept}), {}, ends.size() - kept};
}

/// The row that stays of equal edges.
uint32_t chosen(const edge_order& order, std::span<const uint32_t> equal) {
  return equal.size() == 1 || !order.choose ? equal.front() : order.choose(equal);
}

/// Orders parallel edges by key and leaves one row of each key.
void order_by_key(std::vector<uint32_t>& rows, const edge_order& order) {
  if (order.settle) order.settle(rows);
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) { return order.compare(a, b) < 0; });
  size_t kept = 0;
  for (size_t first = 0, last; first < rows.size(); first = last) {
    for (last = first + 1; last < rows.size() && order.compare(rows[first], rows[last]) == 0;) ++last;
    rows[kept++] = chosen(order, std::span{rows}.subspan(first, last - first));
  }
  rows.resize(kept);
}

/// Orders one set of parallel edges, whose entries are (target, row) in input order, and returns how many stay.
size_t order_parallel(std::span<uint64_t> entries, const edge_order& order, std::vector<uint32_t>& rows) {
  if (order.parallel == parallel_edges::keep) return entries.size();
  bool merge = order.parallel == parallel_edges::merge;
  if (merge && (entries.size() == 1 || !order.choose)) return 1;
  rows.assign(entries.size(), 0);
  std::transform(entries.begin(), entries.end(), rows.begin(), [](uint64_t e) { return uint32_t(e); });
  if (merge) rows.assign(1, uint32_t{chosen(order, rows)});
  else order_by_key(rows, order);
  for (size_t i = 0; i < rows.size(); ++i) entries[i] = (entries[i] & 0xffffffff00000000) | rows[i];
  return rows.size();
}

/// Moves the entries of one vertex that stay to the front: (target, row), sorted.
size_t order_vertex(std::span<uint64_t> entries, const edge_order& order, std::vector<uint32_t>& scratch) {
  size_t kept = 0;
  for (size_t first = 0; first < entries.size();) {
    auto last = first + 1;
    while (last < entries.size() && entries[last] >> 32 == entries[first] >> 32) ++last;
    auto stay = order_parallel(entries.subspan(first, last - first), order, scratch);
    std::copy_n(entries.begin() + ptrdiff_t(first), stay, entries.begin() + ptrdiff_t(kept));
    kept += stay;
    first = last;
  }
  return kept;
}

/// (target, row) by vertex, sorted: in scratch.b.
void sort_with_rows(std::span<const uint64_t> ends, const uint32_t* rows, std::span<const uint32_t> off, target_range targets,
                    page_scratch& scratch) {
  scratch.a.resize(ends.size());
  for (size_t i = 0; i < ends.size(); ++i) scratch.a[i] = ends[i] << 32 | i;
  bool radix = ends.size() >= least_for_radix;
  if (radix) radix_sort(scratch.a, scratch.b, targets.bits, [&](uint64_t e) { return uint32_t(e >> 32) - targets.lowest; });
  std::vector<uint32_t> cursor(off.begin(), off.end() - 1);
  scratch.b.resize(ends.size());
  for (auto e : scratch.a) {
    auto i = uint32_t(e);
    scratch.b[cursor[ends[i] >> 32]++] = (e & 0xffffffff00000000) | rows[i];
  }
  for (size_t v = 0; !radix && v + 1 < off.size(); ++v) std::sort(scratch.b.begin() + off[v], scratch.b.begin() + off[v + 1]);
}

built_page build_with_rows(std::span<const uint64_t> ends, const uint32_t* rows, uint32_t vertices, const edge_order& order,
                           target_range targets, page_scratch& scratch) {
  auto off = count_vertices(ends, vertices);
  sort_with_rows(ends, rows, off, targets, scratch);
  std::vector<uint32_t> parallel;
  std::vector<int32_t> neighbors(ends.size());
  built_page built;
  built.rows.resize(order.want_rows ? ends.size() : 0);
  uint32_t kept = 0;
  for (uint32_t v = 0; v < vertices; ++v) {
    auto mine = std::span{scratch.b}.subspan(off[v], off[v + 1] - off[v]);
    auto stay = order_vertex(mine, order, parallel);
    off[v] = kept;
    for (auto e : mine.first(stay)) {
      neighbors[kept] = signed_id(uint32_t(e >> 32));
      if (order.want_rows) built.rows[kept] = uint32_t(e);
      ++kept;
    }
  }
  off[vertices] = kept;
  if (order.want_rows) built.rows.resize(kept);
  built.made = make_topology_page(off, {neighbors.data(), kept});
  built.dropped = ends.size() - kept;
  return built;
}

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "topology page: " + what}; }

void check_neighbors(const topology_page& t, int32_t size, int32_t mirrors) {
  for (uint32_t v = 0; v < t.vertices; ++v) {
    auto all = t.of(int32_t(v));
    if (!std::is_sorted(all.begin(), all.end())) damaged("neighbors are not sorted");
    if (!all.empty() && (all.front() < -mirrors || all.back() >= size)) damaged("a neighbor that does not exist");
  }
}

}  // namespace

sorted_edges sort_edges(int32_t vertices, std::span<const edge_span> edges, const edge_order& order) {
  uint64_t total = 0;
  for (auto& span : edges) total += span.from.size();
  if (total > UINT32_MAX) throw failure{errc::memory, "a partition takes at most 4294967295 edges, not " + std::to_string(total)};
  auto targets = range_of(edges);
  tbb::enumerable_thread_specific<page_scratch> scratches;
  bool with_rows = order.want_rows || order.choose || order.parallel == parallel_edges::by_key;
  auto pages = page_count(vertices);
  auto scattered = scatter_by_page(pages, edges, total, with_rows);
  sorted_edges sorted;
  sorted.pages.pages.resize(pages);
  if (order.want_rows) sorted.rows.resize(pages);
  std::atomic<uint64_t> dropped{0};
  tbb::parallel_for(size_t{0}, pages, [&](size_t p) {
    std::span<const uint64_t> ends{scattered.ends.get() + scattered.begin[p], scattered.begin[p + 1] - scattered.begin[p]};
    if (ends.empty()) return;
    auto in_page = vertices_in_page(vertices, p);
    auto built = with_rows ? build_with_rows(ends, scattered.rows.get() + scattered.begin[p], in_page, order, targets, scratches.local())
                           : build_plain(ends, in_page, order, targets, scratches.local());
    sorted.pages.pages[p] = std::move(built.made);
    if (order.want_rows) sorted.rows[p] = std::move(built.rows);
    dropped += built.dropped;
  });
  sorted.dropped = dropped;
  index_topology(sorted.pages);
  return sorted;
}

paged_column align_column(const column& c, const std::vector<std::vector<uint32_t>>& rows) {
  paged_column aligned{c.name, c.type, std::vector<page_ptr>(rows.size())};
  tbb::parallel_for(size_t{0}, rows.size(), [&](size_t p) {
    if (std::any_of(rows[p].begin(), rows[p].end(), [&](uint32_t row) { return c.valid(row); }))
      aligned.pages[p] = make_column_page(c, std::span<const uint32_t>{rows[p]});
  });
  return aligned;
}

page_ptr make_topology_page(std::span<const uint32_t> off, std::span<const int32_t> neighbors) {
  auto made = std::make_shared<page>(topology_bytes(neighbors.size()));
  auto& t = *reinterpret_cast<topology_page*>(made->data());
  t.magic = topology_magic;
  t.vertices = uint32_t(off.size() - 1);
  t.edges = neighbors.size();
  std::copy(off.begin(), off.end(), t.off);
  std::fill(t.off + off.size(), t.off + vertices_per_page + 1, off.back());
  if (!neighbors.empty()) std::memcpy(made->data() + topology_header, neighbors.data(), neighbors.size_bytes());
  return made;
}

const topology_page& topology_of(const page& p) { return *reinterpret_cast<const topology_page*>(p.data()); }

const topology_page& empty_topology_page() {
  static const page_ptr empty = make_topology_page(std::vector<uint32_t>(vertices_per_page + 1), {});
  return topology_of(*empty);
}

void index_topology(topology& t) {
  t.edges = 0;
  t.directory.resize(t.pages.size());
  for (size_t p = 0; p < t.pages.size(); ++p) {
    t.directory[p] = t.pages[p] ? &topology_of(*t.pages[p]) : &empty_topology_page();
    t.edges += t.directory[p]->edges;
  }
}

size_t page_count(int32_t vertices) { return (size_t(vertices) + vertices_per_page - 1) >> vertices_per_page_bits; }

uint32_t vertices_in_page(int32_t vertices, size_t page) {
  return uint32_t(std::min<int64_t>(vertices_per_page, vertices - (int64_t(page) << vertices_per_page_bits)));
}

void check_topology_page(std::span<const uint8_t> bytes, uint32_t vertices, int32_t size, int32_t mirrors) {
  if (bytes.size() < sizeof(topology_page)) damaged("shorter than its header");
  auto& t = *reinterpret_cast<const topology_page*>(bytes.data());
  if (t.magic != topology_magic) damaged("wrong magic");
  if (t.vertices != vertices) damaged("it has " + std::to_string(t.vertices) + " vertices, not " + std::to_string(vertices));
  if (t.edges > bytes.size() / 4 || topology_bytes(t.edges) != bytes.size()) damaged("its size does not fit its edges");
  if (t.off[0] != 0 || t.off[vertices_per_page] != t.edges || !std::is_sorted(t.off, t.off + vertices_per_page + 1))
    damaged("its offsets do not fit its edges");
  if (t.off[vertices] != t.edges) damaged("edges of vertices that do not exist");
  check_neighbors(t, size, mirrors);
}

}  // namespace gli
