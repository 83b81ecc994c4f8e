#pragma once
// From edge arrays to sorted topology pages, and edge columns aligned to them. Parallel; the result depends on the input only.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "partitions/graph.h"

namespace gli {

constexpr uint32_t topology_magic = 0x31505447;  // "GTP1"

/// Some edges: from[i] → to[i]. `from` are own ids, `to` signed ids.
struct edge_span { std::span<const int32_t> from, to; };

/// What to do with edges of equal ends.
enum class parallel_edges : uint8_t {
  merge,   // keep one
  keep,    // all, in input order
  by_key,  // in the order of their keys; keep one of those with equal keys
};

/// Orders parallel edges by key: negative, zero or positive for input rows a and b. Called from many threads.
using compare_rows = std::function<int(uint32_t a, uint32_t b)>;
/// Called once for each set of parallel edges, before they are ordered by key, with their rows in input order. Called from many threads.
using settle_keys = std::function<void(std::span<const uint32_t> rows)>;

/// Called for each set of two or more equal edges with their rows in input order; returns the one whose attributes stay. Called from many threads.
using choose_row = std::function<uint32_t(std::span<const uint32_t> rows)>;

struct edge_order {
  parallel_edges parallel = parallel_edges::merge;
  compare_rows compare = {};  // by_key
  settle_keys settle = {};    // by_key; may be empty
  bool want_rows = false;     // fill sorted_edges::rows
  choose_row choose = {};     // merge, by_key; empty: the first
};

struct sorted_edges {
  topology pages;
  std::vector<std::vector<uint32_t>> rows;  // by page: the input row of each slot; of a page without edges empty
  uint64_t dropped = 0;
};

/// Sorts edges by (from, to, edge key) into the pages of `vertices` vertices. Input rows are numbered through all spans; at most 2^32, else
/// failure{memory}.
sorted_edges sort_edges(int32_t vertices, std::span<const edge_span> edges, const edge_order& order);

/// Rows of `c` in the order of the slots. Pages without any value are null.
paged_column align_column(const column& c, const std::vector<std::vector<uint32_t>>& rows);

/// A page that is being made, its neighbors and the offsets of its vertices yet to be written: off[vertices] must be `edges`, which the rest says.
struct topology_draft {
  std::shared_ptr<page> made;
  std::span<uint32_t> off;
  std::span<int32_t> neighbors;
};
topology_draft new_topology_page(uint32_t vertices, uint64_t edges);

/// A page of off.size() - 1 vertices, at most 1,024. Offsets are relative to `neighbors` and begin at 0.
page_ptr make_topology_page(std::span<const uint32_t> off, std::span<const int32_t> neighbors);
const topology_page& topology_of(const page& p);
const topology_page& empty_topology_page();

/// Fills directory and edges from pages; `pages` may hold null.
void index_topology(topology& t);
size_t page_count(int32_t vertices);                              // topology pages of so many vertices
uint32_t vertices_in_page(int32_t vertices, size_t page);          // 1,024, or fewer in the last

/// Throws failure{corrupt} unless the bytes are a page of `vertices` vertices whose neighbors are all in [-mirrors, size) and sorted.
void check_topology_page(std::span<const uint8_t> bytes, uint32_t vertices, int32_t size, int32_t mirrors);

}  // namespace gli
