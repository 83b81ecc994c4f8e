#include "partitions/topology_build.h"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "partitions/column_page.h"
#include "partitions/topology_sort.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr size_t topology_header = offsetof(topology_page, neighbor);

size_t topology_bytes(uint64_t edges) { return std::max(sizeof(topology_page), (topology_header + edges * 4 + 7) & ~size_t{7}); }

/// Edges as they came, each span a piece.
class span_source {
 public:
  explicit span_source(std::span<const edge_span> spans) : spans_{spans} {
    for (auto& s : spans) first_rows_.push_back(first_rows_.back() + s.from.size());
    if (first_rows_.back() > UINT32_MAX)
      throw failure{errc::memory, "a partition takes at most 4294967295 edges, not " + std::to_string(first_rows_.back())};
  }
  size_t size() const { return spans_.size(); }
  uint64_t weight(size_t piece) const { return spans_[piece].from.size(); }
  template <class F>
  void each(size_t piece, F&& f) const {
    auto from = spans_[piece].from, to = spans_[piece].to;
    auto row = uint32_t(first_rows_[piece]);
    for (size_t i = 0; i < from.size(); ++i) f(from[i], to[i], row + uint32_t(i));
  }

 private:
  std::span<const edge_span> spans_;
  std::vector<uint64_t> first_rows_{0};
};

edge_code code_of(std::span<const edge_span> edges, bool with_rows) {
  auto ends = tbb::parallel_reduce(
      tbb::blocked_range<size_t>{0, edges.size()}, std::pair{INT32_MAX, INT32_MIN},
      [&](auto& r, auto seen) {
        for (auto i = r.begin(); i < r.end(); ++i)
          for (auto v : edges[i].to) seen = {std::min(seen.first, v), std::max(seen.second, v)};
        return seen;
      },
      [](auto a, auto b) { return std::pair{std::min(a.first, b.first), std::max(a.second, b.second)}; });
  if (ends.first > ends.second) ends = {0, 0};
  return edge_code::of_ends(ends.first, ends.second, with_rows);
}

struct built_page {
  page_ptr made;
  std::vector<uint32_t> rows;
  uint64_t dropped = 0;
};

/// What one thread builds pages in; kept from page to page, so that its memory is touched once.
template <class Entry>
struct page_scratch {
  std::vector<Entry> entries;
  std::vector<int32_t> neighbors;
  std::vector<uint32_t> rows, parallel;
};

/// Offsets of a page whose edges come by vertex: end_at(v, i) says that those of v end at i so far.
class page_offsets {
 public:
  explicit page_offsets(uint32_t vertices) : vertices_{vertices} {}
  void end_at(uint32_t v, uint32_t i) { off_[v + 1] = i; }
  std::span<const uint32_t> finish() {
    for (uint32_t v = 0; v < vertices_; ++v) off_[v + 1] = std::max(off_[v + 1], off_[v]);
    return std::span{off_}.first(vertices_ + 1);
  }

 private:
  uint32_t vertices_;
  std::array<uint32_t, vertices_per_page + 1> off_{};
};

/// Ends only: nobody asks which row a slot was.
template <class Entry>
built_page build_plain(std::span<const Entry> sorted, uint32_t vertices, const edge_code& code, bool merge, page_scratch<Entry>& scratch) {
  page_offsets off{vertices};
  if (scratch.neighbors.size() < sorted.size()) scratch.neighbors.resize(sorted.size());
  auto* neighbors = scratch.neighbors.data();
  uint32_t kept = 0;
  auto before = Entry(~sorted[0]);
  for (auto e : sorted) {
    neighbors[kept] = code.end_of(e);
    kept += !merge || e != before;
    off.end_at(code.vertex_of(e), kept);
    before = e;
  }
  return {make_topology_page(off.finish(), {neighbors, kept}), {}, sorted.size() - kept};
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

/// The rows that stay of one set of parallel edges, given in input order: moved to the front. Returns how many.
size_t order_parallel(std::vector<uint32_t>& rows, const edge_order& order) {
  if (order.parallel == parallel_edges::merge) {
    rows[0] = chosen(order, rows);
    return 1;
  }
  if (order.parallel == parallel_edges::by_key) order_by_key(rows, order);
  return rows.size();
}

template <class Entry>
built_page build_with_rows(std::span<const Entry> sorted, uint32_t vertices, const edge_code& code, const edge_order& order,
                           page_scratch<Entry>& scratch) {
  page_offsets off{vertices};
  scratch.neighbors.clear();
  scratch.rows.clear();
  for (size_t first = 0, last; first < sorted.size(); first = last) {
    auto key = code.key_of(sorted[first]);
    scratch.parallel.clear();
    for (last = first; last < sorted.size() && code.key_of(sorted[last]) == key; ++last) scratch.parallel.push_back(uint32_t(sorted[last]));
    auto stay = order_parallel(scratch.parallel, order);
    scratch.neighbors.insert(scratch.neighbors.end(), stay, code.end_of(key));
    scratch.rows.insert(scratch.rows.end(), scratch.parallel.begin(), scratch.parallel.begin() + ptrdiff_t(stay));
    off.end_at(code.vertex_of(key), uint32_t(scratch.rows.size()));
  }
  built_page built{make_topology_page(off.finish(), scratch.neighbors), {}, sorted.size() - scratch.rows.size()};
  if (order.want_rows) built.rows = scratch.rows;
  return built;
}

template <class Entry>
sorted_edges sort_as(int32_t vertices, const span_source& edges, const edge_code& code, const edge_order& order) {
  auto pages = page_count(vertices);
  auto scattered = scatter_by_page<Entry>(pages, edges, code);
  sorted_edges sorted;
  sorted.pages.pages.resize(pages);
  if (order.want_rows) sorted.rows.resize(pages);
  std::atomic<uint64_t> dropped{0};
  tbb::enumerable_thread_specific<page_scratch<Entry>> scratches;
  tbb::parallel_for(size_t{0}, pages, [&](size_t p) {
    auto entries = scattered.of(p);
    if (entries.empty()) return;
    auto& scratch = scratches.local();
    std::span<const Entry> in_order = sort_entries(entries, scratch.entries, code);
    auto in_page = vertices_in_page(vertices, p);
    auto built = code.row_bits ? build_with_rows(in_order, in_page, code, order, scratch)
                               : build_plain(in_order, in_page, code, order.parallel == parallel_edges::merge, scratch);
    sorted.pages.pages[p] = std::move(built.made);
    if (order.want_rows) sorted.rows[p] = std::move(built.rows);
    dropped += built.dropped;
  });
  sorted.dropped = dropped;
  index_topology(sorted.pages);
  return sorted;
}

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "topology page: " + what}; }

/// A smaller neighbor behind a larger one is no disorder where the list of another vertex begins. Of a list in order, the ends say whether all exist.
/// No branch depends on what is in the page.
void check_neighbors(const topology_page& t, int32_t size, int32_t mirrors) {
  auto all = t.neighbor;
  auto edges = uint32_t(t.edges);
  if (edges == 0) return;
  uint32_t falls = 0, strangers = 0;
  for (uint32_t i = 1; i < edges; ++i) falls += all[i] < all[i - 1];
  for (uint32_t v = 0; v < t.vertices; ++v) {
    auto begin = t.off[v], end = t.off[v + 1];
    bool any = begin < end;
    auto first = std::min(begin, edges - 1), before = first - (first > 0), last = end - (end > 0);
    falls -= any & (all[first] < all[before]);
    strangers += any & ((all[first] < -mirrors) | (all[last] >= size));
  }
  if (falls) damaged("neighbors are not sorted");
  if (strangers) damaged("a neighbor that does not exist");
}

bool ascends(std::span<const uint32_t> offsets) {
  uint32_t falls = 0;
  for (size_t i = 1; i < offsets.size(); ++i) falls += offsets[i] < offsets[i - 1];
  return falls == 0;
}

}  // namespace

sorted_edges sort_edges(int32_t vertices, std::span<const edge_span> edges, const edge_order& order) {
  span_source source{edges};
  auto code = code_of(edges, order.want_rows || order.choose || order.parallel == parallel_edges::by_key);
  return with_entries_of(code.bits(), [&](auto entry) { return sort_as<decltype(entry)>(vertices, source, code, order); });
}

paged_column align_column(const column& c, const std::vector<std::vector<uint32_t>>& rows) {
  paged_column aligned{c.name, c.type, std::vector<page_ptr>(rows.size())};
  tbb::parallel_for(size_t{0}, rows.size(), [&](size_t p) {
    if (std::any_of(rows[p].begin(), rows[p].end(), [&](uint32_t row) { return c.valid(row); }))
      aligned.pages[p] = make_column_page(c, std::span<const uint32_t>{rows[p]});
  });
  return aligned;
}

topology_draft new_topology_page(uint32_t vertices, uint64_t edges) {
  auto made = std::make_shared<page>(topology_bytes(edges));
  auto& t = *reinterpret_cast<topology_page*>(made->data());
  t.magic = topology_magic;
  t.vertices = vertices;
  t.edges = edges;
  std::fill(t.off + vertices + 1, t.off + vertices_per_page + 1, uint32_t(edges));
  auto* neighbors = reinterpret_cast<int32_t*>(made->data() + topology_header);
  return {std::move(made), {t.off, vertices + 1}, {neighbors, edges}};
}

page_ptr make_topology_page(std::span<const uint32_t> off, std::span<const int32_t> neighbors) {
  auto made = new_topology_page(uint32_t(off.size() - 1), neighbors.size());
  std::copy(off.begin(), off.end(), made.off.begin());
  if (!neighbors.empty()) std::memcpy(made.neighbors.data(), neighbors.data(), neighbors.size_bytes());
  return made.made;
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
  if (t.off[0] != 0 || t.off[vertices_per_page] != t.edges || !ascends(t.off))
    damaged("its offsets do not fit its edges");
  if (t.off[vertices] != t.edges) damaged("edges of vertices that do not exist");
  check_neighbors(t, size, mirrors);
}

}  // namespace gli
