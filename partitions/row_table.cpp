#include "partitions/row_table.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <bit>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/query.h"
#include "partitions/restrict.h"
#include "partitions/rows.h"

namespace gli {

namespace {

shared_column all_null(column_type type, int64_t rows) {
  column_builder out{"", type};
  out.append_nulls(rows);
  return share(out.finish());
}

/// A page with the offsets of its rows widened; the text of coded ones in full.
struct wide_text {
  page_ptr page;
  std::vector<int64_t> offsets;
  std::vector<char> text;
  std::shared_ptr<const void> lists;
};

std::shared_ptr<wide_text> widened(const page_ptr& p) {
  column_page_view view{*p};
  auto wide = std::make_shared<wide_text>(wide_text{p, std::vector<int64_t>(view.rows() + size_t{1}), {}, {}});
  auto& ends = wide->offsets;
  if (!view.raw_codes()) {
    for (uint32_t i = 0; i < view.rows(); ++i) ends[i + 1] = ends[i] + int64_t(view.word(i).size());
    return wide;
  }
  for (uint32_t i = 0; i < view.rows(); ++i) {
    auto text = view.valid(i) ? view.bytes(i) : std::string_view{};
    wide->text.insert(wide->text.end(), text.begin(), text.end());
    ends[i + 1] = int64_t(wide->text.size());
  }
  return wide;
}

/// Rows [first, first + rows) of a page where they lie; of text the offsets are widened.
shared_column share_page(const page_ptr& p, int64_t first, int64_t rows) {
  column_page_view view{*p};
  shared_column to;
  std::shared_ptr<const void> owner = p;
  if (is_variable(view.type())) {
    auto wide = widened(p);
    to.offsets = wide->offsets.data();
    to.values = view.raw_codes() ? reinterpret_cast<const uint8_t*>(wide->text.data()) : view.raw_values();
    if (is_list(view.type())) {
      to = share_lists(view.type(), view.rows(), to.offsets, view.raw_values(), wide);
      wide->lists = std::move(to.owner);
    }
    owner = std::move(wide);
  } else {
    to.values = view.raw_values();
    to.ints = view.raw_ints();
  }
  to.length = rows;
  to.offset = first;
  to.nulls = view.nulls() == 0 || rows == view.rows() ? int64_t{view.nulls()} : -1;
  to.validity = view.raw_validity();
  to.owner = std::move(owner);
  return to;
}

bool stand_together(const std::vector<uint32_t>& rows) {
  if (rows.empty() || rows.back() - rows.front() + 1 != rows.size()) return false;
  return std::is_sorted(rows.begin(), rows.end());
}

/// A page's values at `rows`.
shared_column page_column(const page_ptr& p, column_type type, const std::vector<uint32_t>& rows, bool together) {
  if (!p) return all_null(type, int64_t(rows.size()));
  column_page_view view{*p};
  bool inside = view.type() == type && std::all_of(rows.begin(), rows.end(), [&](uint32_t r) { return r < view.rows(); });
  if (inside && together) return share_page(p, rows.front(), int64_t(rows.size()));
  if (inside) return share_page(make_column_page(*p, rows), 0, int64_t(rows.size()));
  column_builder out{"", type};
  for (auto r : rows) append_row(out, type, p.get(), r);
  return share(out.finish());
}

/// at(i): the own id whose key stands in row i.
template <class At>
shared_column key_column(const graph& g, size_t rows, At&& at) {
  column_builder out{"", column_of(g->kind.keys)};
  out.reserve(int64_t(rows));
  if (g->kind.keys == key_type::utf8)
    for (size_t i = 0; i < rows; ++i) out.append_bytes(g->keys->text_key(at(i)));
  else
    for (size_t i = 0; i < rows; ++i) out.append_int64(g->keys->int_key(at(i)));
  return share(out.finish());
}

/// The part of a window that falls on each of many pieces with so many rows.
struct piece { size_t page; uint64_t skip, take; };

std::vector<piece> cut(const std::vector<uint64_t>& counts, row_window w) {
  std::vector<piece> pieces;
  auto skip = uint64_t(w.offset), left = uint64_t(w.limit);
  for (size_t p = 0; p < counts.size() && left > 0; ++p) {
    auto skipped = std::min(skip, counts[p]);
    skip -= skipped;
    auto take = std::min(left, counts[p] - skipped);
    left -= take;
    if (take > 0) pieces.push_back({p, skipped, take});
  }
  return pieces;
}

void clip(std::vector<uint32_t>& rows, const piece& of) {
  rows.erase(rows.begin(), rows.begin() + ptrdiff_t(of.skip));
  rows.resize(size_t(of.take));
}

uint64_t count_bits(const std::vector<uint64_t>& bits, size_t first, size_t last) {
  uint64_t set = 0;
  for (auto w = first; w < std::min(last, bits.size()); ++w) set += uint64_t(std::popcount(bits[w]));
  return set;
}

bool is_wanted(const wanted_rows& w, const std::string& name) { return !w.names || w.names->contains(name); }

/// What the query answers, of the graph without the rest. For graphs whose ids are not in order.
shared_table answered(const graph& g, const char* name, const kept_elements& kept, const wanted_rows& wanted) {
  solo alone;
  query q{};
  q.name = name;
  q.arguments = {{"offset", wanted.window.offset}, {"limit", wanted.window.limit}};
  auto narrowed = restrict_to(g, kept, alone);
  auto batch = answer(q, &narrowed, nullptr, nullptr);
  shared_table table;
  shared_batch rows{batch.rows, {}};
  for (auto& c : batch.columns) {
    if (c.name == "_seq" || !is_wanted(wanted, c.name)) continue;
    table.fields.push_back({c.name, c.type});
    rows.columns.push_back(share(std::move(c)));
  }
  table.batches.push_back(std::move(rows));
  return table;
}

std::vector<const paged_column*> choose(const std::vector<paged_column>& columns, const wanted_rows& wanted) {
  std::vector<const paged_column*> chosen;
  for (auto& c : columns)
    if (is_wanted(wanted, c.name)) chosen.push_back(&c);
  return chosen;
}

const page_ptr& page_at(const paged_column& c, size_t p) {
  static const page_ptr none;
  return p < c.pages.size() ? c.pages[p] : none;
}

/// The rows of column page p that are kept.
std::vector<uint32_t> node_rows_of(const graph& g, const std::vector<uint64_t>* kept, size_t p) {
  std::vector<uint32_t> rows;
  auto first = int64_t(p) << rows_per_page_bits, last = std::min<int64_t>(g->size, first + rows_per_page);
  rows.reserve(size_t(last - first));
  for (auto v = first; v < last; ++v)
    if (kept ? (*kept)[size_t(v) >> 6] >> (v & 63) & 1 : g->live(int32_t(v))) rows.push_back(uint32_t(v - first));
  return rows;
}

std::vector<uint64_t> nodes_by_page(const graph& g, const std::vector<uint64_t>* kept) {
  constexpr size_t words = rows_per_page / 64;
  std::vector<uint64_t> counts((size_t(g->size) + rows_per_page - 1) >> rows_per_page_bits);
  for (size_t p = 0; p < counts.size(); ++p) {
    auto rows = std::min<uint64_t>(uint64_t(g->size) - p * rows_per_page, rows_per_page);
    counts[p] = kept ? count_bits(*kept, p * words, (p + 1) * words) : rows - count_bits(g->removed, p * words, (p + 1) * words);
  }
  return counts;
}

/// The rows of out-page p in the order of their targets' keys; parallel edges stand in the order of their own already.
std::vector<uint32_t> edge_rows_of(const graph& g, const std::vector<std::vector<uint64_t>>* kept, size_t p) {
  auto& t = *g->out.directory[p];
  std::vector<uint32_t> rows;
  rows.reserve(t.edges);
  auto precedes = [&](uint32_t a, uint32_t b) { return t.neighbor[a] != t.neighbor[b] && key_precedes(g, t.neighbor[a], t.neighbor[b]); };
  for (uint32_t i = 0; i < t.vertices; ++i) {
    auto first = rows.size();
    for (auto row = t.off[i]; row < t.off[i + 1]; ++row)
      if (!kept || ((*kept)[p][row >> 6] >> (row & 63) & 1)) rows.push_back(row);
    auto begin = rows.begin() + ptrdiff_t(first);
    if (!std::is_sorted(begin, rows.end(), precedes)) std::stable_sort(begin, rows.end(), precedes);
  }
  return rows;
}

int32_t source_of(const topology_page& t, size_t p, uint32_t row) {
  auto i = std::upper_bound(t.off, t.off + t.vertices + 1, row) - t.off - 1;
  return int32_t(p << vertices_per_page_bits | size_t(i));
}

}  // namespace

shared_table node_table(const graph& g, const std::vector<uint64_t>* kept, const wanted_rows& wanted) {
  if (!ids_are_in_order(g)) return answered(g, "nodes", {kept, nullptr}, wanted);
  shared_table table;
  bool with_id = is_wanted(wanted, "id");
  auto columns = choose(g->node_columns, wanted);
  if (with_id) table.fields.push_back({"id", column_of(g->kind.keys)});
  for (auto* c : columns) table.fields.push_back({c->name, c->type});
  auto pieces = cut(nodes_by_page(g, kept), wanted.window);
  table.batches.resize(pieces.size());
  tbb::parallel_for(size_t{0}, pieces.size(), [&](size_t i) {
    auto p = pieces[i].page;
    auto rows = node_rows_of(g, kept, p);
    clip(rows, pieces[i]);
    bool together = stand_together(rows);
    auto& batch = table.batches[i];
    batch.rows = int64_t(rows.size());
    auto first = int32_t(p << rows_per_page_bits);
    if (with_id) batch.columns.push_back(key_column(g, rows.size(), [&](size_t r) { return first + int32_t(rows[r]); }));
    for (auto* c : columns) batch.columns.push_back(page_column(page_at(*c, p), c->type, rows, together));
  });
  return table;
}

shared_table edge_table(const graph& g, const std::vector<std::vector<uint64_t>>* kept, const wanted_rows& wanted) {
  if (!ids_are_in_order(g)) return answered(g, "edges", {nullptr, kept}, wanted);
  shared_table table;
  std::vector<uint64_t> counts(g->out.directory.size());
  for (size_t p = 0; p < counts.size(); ++p) counts[p] = kept ? count_bits((*kept)[p], 0, SIZE_MAX) : g->out.directory[p]->edges;
  auto columns = choose(g->edge_columns, wanted);
  if (g->edge_keys && is_wanted(wanted, "key")) columns.insert(columns.begin(), &*g->edge_keys);
  bool source = is_wanted(wanted, "source"), target = is_wanted(wanted, "target");
  if (source) table.fields.push_back({"source", column_of(g->kind.keys)});
  if (target) table.fields.push_back({"target", column_of(g->kind.keys)});
  for (auto* c : columns) table.fields.push_back({c->name, c->type});
  auto pieces = cut(counts, wanted.window);
  table.batches.resize(pieces.size());
  tbb::parallel_for(size_t{0}, pieces.size(), [&](size_t i) {
    auto p = pieces[i].page;
    auto& t = *g->out.directory[p];
    auto rows = edge_rows_of(g, kept, p);
    clip(rows, pieces[i]);
    bool together = stand_together(rows);
    auto& batch = table.batches[i];
    batch.rows = int64_t(rows.size());
    if (source) batch.columns.push_back(key_column(g, rows.size(), [&](size_t r) { return source_of(t, p, rows[r]); }));
    if (target) batch.columns.push_back(key_column(g, rows.size(), [&](size_t r) { return t.neighbor[rows[r]]; }));
    for (auto* c : columns) batch.columns.push_back(page_column(page_at(*c, p), c->type, rows, together));
  });
  return table;
}

}  // namespace gli
