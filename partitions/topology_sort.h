#pragma once
// Edges to the topology pages of their ends, in two steps: scattered by page, then sorted within a page while that fits a cache.
// Inside of topology_build.cpp and transpose.cpp only.

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "partitions/huge_array.h"
#include "partitions/page.h"

namespace gli {

/// An edge of a page as one unsigned number, which orders edges by vertex, other end and row: the vertex within the page, above `end_bits` bits for
/// how far the other end is above the lowest one, above `row_bits` bits of the row in the input.
struct edge_code {
  int32_t lowest = 0;
  int end_bits = 0, row_bits = 0;

  /// Other ends from lowest to highest.
  static edge_code of_ends(int32_t lowest, int32_t highest, bool with_rows) {
    return {lowest, int(std::bit_width(uint32_t(highest) - uint32_t(lowest))), with_rows ? 32 : 0};
  }
  int key_bits() const { return vertices_per_page_bits + end_bits; }
  int bits() const { return key_bits() + row_bits; }
  template <class Entry>
  Entry encode(int32_t vertex, int32_t end, uint32_t row) const {
    auto key = Entry(uint32_t(vertex) & (vertices_per_page - 1)) << end_bits | (uint32_t(end) - uint32_t(lowest));
    return row_bits ? key << row_bits | row : key;
  }
  template <class Entry>
  Entry key_of(Entry e) const { return e >> row_bits; }
  /// Of a key.
  template <class Entry>
  uint32_t vertex_of(Entry key) const { return uint32_t(key >> end_bits); }
  template <class Entry>
  int32_t end_of(Entry key) const { return int32_t((uint32_t(key) & uint32_t((uint64_t{1} << end_bits) - 1)) + uint32_t(lowest)); }
};

/// Calls f(Entry{}) with the smallest number that holds so many bits.
template <class F>
auto with_entries_of(int bits, F&& f) {
  __extension__ using wide = unsigned __int128;
  if (bits <= 32) return f(uint32_t{});
  if (bits <= 64) return f(uint64_t{});
  return f(wide{});
}

/// Entries by page: those of page p are [begin[p], begin[p + 1]), in the order in which they came.
template <class Entry>
struct scattered_edges {
  std::vector<uint64_t> begin;
  huge_array<Entry> entries;
  std::span<Entry> of(size_t page) const { return {entries.get() + begin[page], begin[page + 1] - begin[page]}; }
};

/// A run of pieces that one task reads.
struct piece_run { size_t begin = 0, end = 0; };

/// Source: size() pieces; weight(piece), about its edges; each(piece, f) calls f(vertex, other end, row) for each of its edges.
template <class Source>
std::vector<piece_run> cut_pieces(const Source& source) {
  uint64_t total = 0, in_run = 0;
  for (size_t i = 0; i < source.size(); ++i) total += source.weight(i);
  auto least = std::max<uint64_t>(total / (uint64_t(tbb::this_task_arena::max_concurrency()) * 4) + 1, 1 << 14);
  std::vector<piece_run> runs;
  for (size_t i = 0; i < source.size(); ++i) {
    if (runs.empty() || in_run >= least) {
      runs.push_back({i, i});
      in_run = 0;
    }
    runs.back().end = i + 1;
    in_run += source.weight(i);
  }
  return runs;
}

/// first[run][page]: where a run's edges of a page go.
template <class Source>
std::vector<std::vector<uint64_t>> place_runs(const Source& source, const std::vector<piece_run>& runs, std::vector<uint64_t>& begin) {
  auto pages = begin.size() - 1;
  std::vector<std::vector<uint64_t>> first(runs.size());
  tbb::parallel_for(size_t{0}, runs.size(), [&](size_t r) {
    first[r].resize(pages);
    auto* counts = first[r].data();
    for (auto i = runs[r].begin; i < runs[r].end; ++i)
      source.each(i, [&](int32_t vertex, int32_t, uint32_t) { ++counts[vertex >> vertices_per_page_bits]; });
  });
  uint64_t next = 0;
  for (size_t p = 0; p < pages; ++p) {
    begin[p] = next;
    for (auto& counts : first) next += std::exchange(counts[p], next);
  }
  begin[pages] = next;
  return first;
}

template <class Entry, class Source>
scattered_edges<Entry> scatter_by_page(size_t pages, const Source& source, const edge_code& code) {
  std::vector<uint64_t> begin(pages + 1);
  auto runs = cut_pieces(source);
  auto cursors = place_runs(source, runs, begin);
  huge_array<Entry> entries{begin[pages]};
  tbb::parallel_for(size_t{0}, runs.size(), [&](size_t r) {
    auto* cursor = cursors[r].data();
    auto* to = entries.get();
    auto local = code;
    for (auto i = runs[r].begin; i < runs[r].end; ++i)
      source.each(i, [=](int32_t vertex, int32_t end, uint32_t row) {
        to[cursor[vertex >> vertices_per_page_bits]++] = local.encode<Entry>(vertex, end, row);
      });
  });
  return {std::move(begin), std::move(entries)};
}

/// Sorts by the `bits` bits above `shift`, stably, digit by digit. `spare` is as long as `entries`; returns which of the two holds the result.
template <class Entry>
std::span<Entry> radix_sort(std::span<Entry> entries, std::span<Entry> spare, int shift, int bits) {
  constexpr int widest = 11;
  for (auto passes = (bits + widest - 1) / widest; passes > 0; --passes) {
    auto width = (bits + passes - 1) / passes;
    std::array<uint32_t, 1 << widest> at{};
    auto mask = (uint32_t{1} << width) - 1;
    for (auto e : entries) ++at[uint32_t(e >> shift) & mask];
    for (uint32_t d = 0, next = 0; d <= mask; ++d) next += std::exchange(at[d], next);
    for (auto e : entries) spare[at[uint32_t(e >> shift) & mask]++] = e;
    std::swap(entries, spare);
    shift += width;
    bits -= width;
  }
  return entries;
}

/// The same order for what came in the order of its rows, by whichever way is quicker.
template <class Entry>
std::span<Entry> sort_entries(std::span<Entry> entries, std::vector<Entry>& spare, const edge_code& code) {
  constexpr size_t least_for_radix = 1024;
  if (entries.size() < least_for_radix) {
    std::sort(entries.begin(), entries.end());
    return entries;
  }
  if (spare.size() < entries.size()) spare.resize(entries.size());
  return radix_sort(entries, std::span{spare}.first(entries.size()), code.row_bits, code.key_bits());
}

}  // namespace gli
