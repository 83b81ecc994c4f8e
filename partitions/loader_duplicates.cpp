#include "partitions/loader_duplicates.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "partitions/dictionary.h"
#include "partitions/together.h"
#include "runtime/error.h"

namespace gli {

namespace {

bool same_value(const column& c, int64_t a, int64_t b) {
  switch (c.type) {
    case column_type::boolean: return c.boolean(a) == c.boolean(b);
    case column_type::float64: return c.float64(a) == c.float64(b) || (std::isnan(c.float64(a)) && std::isnan(c.float64(b)));
    case column_type::int64:
    case column_type::timestamp: return c.int64(a) == c.int64(b);
    case column_type::number: return value_hash(c, a) == value_hash(c, b);
    default: return c.bytes(a) == c.bytes(b);
  }
}

/// Adds the values of `rows` that are not null, in order; nothing when all are.
template <class Sum, class At>
std::optional<Sum> sum_of(const column& c, std::span<const uint32_t> rows, At&& at) {
  std::optional<Sum> sum;
  for (auto row : rows)
    if (c.valid(row)) sum = sum ? *sum + Sum(at(row)) : Sum(at(row));
  return sum;
}

template <class T>
void write(column& c, uint32_t row, T x) { std::memcpy(c.values.data() + size_t(row) * 8, &x, sizeof x); }

/// Where a row of sort_edges is.
std::pair<const edge_chunk*, size_t> located(const std::vector<edge_chunk>& chunks, uint64_t row) {
  auto chunk = chunks.data();
  for (; row >= chunk->from.size(); ++chunk) row -= chunk->from.size();
  return {chunk, row};
}

/// An end of an edge, by its final id.
std::string shown_end(const graph_loader::state& s, const settled_ids& ids, const graph::body& b, int32_t v) {
  if (v >= 0) return to_string(b.keys->key_of(v));
  auto remote = std::find(ids.mirror_of.begin(), ids.mirror_of.end(), v) - ids.mirror_of.begin();
  return to_string(s.remote->keys->key_of(int32_t(remote)));
}

void check_summable(const std::vector<column>& columns, bool any_edges) {
  for (auto& c : columns)
    if (!is_number(c.type))
      throw failure{errc::type, "duplicates='sum' adds numbers, but the edges' column '" + c.name + "' is " + type_name(c.type)};
  if (columns.empty() && any_edges) throw failure{errc::value, "duplicates='sum' adds numeric attributes, but these edges have none"};
}

}  // namespace

bool loses(const std::vector<column>& columns, int64_t a, int64_t b) {
  return std::any_of(columns.begin(), columns.end(), [&](auto& c) { return c.valid(b) && !(c.valid(a) && same_value(c, a, b)); });
}

repeated_edges::repeated_edges(const graph_loader::state& s, std::vector<column>& columns)
    : state_{s}, policy_{s.options.duplicates}, columns_{columns} {
  if (policy_ != duplicate_policy::sum) return;
  check_summable(columns, s.any_edges);
  for (auto& c : columns) {
    filled_.emplace_back(c.validity.empty() ? 0 : size_t(c.length));
    kinds_.emplace_back(c.type == column_type::number ? size_t(c.length) : 0);
  }
}

uint32_t repeated_edges::choose(std::span<const uint32_t> rows) {
  switch (policy_) {
    case duplicate_policy::last: return rows.back();
    case duplicate_policy::error: fail(rows[1]); break;
    case duplicate_policy::sum:
      for (size_t c = 0; c < columns_.size(); ++c) add(c, rows);
      break;
    case duplicate_policy::first:
      for (auto row : rows.subspan(1))
        if (loses(columns_, rows[0], row)) lost_.fetch_add(1, std::memory_order_relaxed);
  }
  return rows.front();
}

void repeated_edges::add(size_t which, std::span<const uint32_t> rows) {
  auto& c = columns_[which];
  bool whole = c.type != column_type::float64 && std::all_of(rows.begin(), rows.end(), [&](uint32_t row) { return !c.valid(row) || c.is_int(row); });
  if (!whole) {
    auto sum = sum_of<double>(c, rows, [&](uint32_t row) { return c.is_int(row) ? double(c.int64(row)) : c.float64(row); });
    if (!sum) return;
    write(c, rows[0], *sum);
  } else {
    auto sum = sum_of<__int128>(c, rows, [&](uint32_t row) { return c.int64(row); });
    if (!sum) return;
    if (*sum != int64_t(*sum)) return fail(rows[0], c.name);
    write(c, rows[0], int64_t(*sum));
  }
  if (!filled_[which].empty()) filled_[which][rows[0]] = 1;
  if (!kinds_[which].empty()) kinds_[which][rows[0]] = whole ? whole_sum : real_sum;
}

void repeated_edges::fail(uint32_t row, const std::string& column) {
  if (row >= failed_.load(std::memory_order_relaxed)) return;
  std::lock_guard lock{failing_};
  if (row >= failed_) return;
  failed_ = row;
  failed_column_ = column;
}

void repeated_edges::finish(const settled_ids& ids, const graph::body& b, const column* edge_keys) {
  for (size_t c = 0; c < filled_.size(); ++c)
    for (size_t row = 0; row < filled_[c].size(); ++row) columns_[c].validity[row >> 3] |= uint8_t(filled_[c][row] << (row & 7));
  for (size_t c = 0; c < kinds_.size(); ++c)
    for (size_t row = 0; row < kinds_[c].size(); ++row) {
      auto bit = uint8_t(1u << (row & 7));
      if (kinds_[c][row] == whole_sum) columns_[c].ints[row >> 3] |= bit;
      if (kinds_[c][row] == real_sum) columns_[c].ints[row >> 3] &= uint8_t(~bit);
    }
  if (failed_ == UINT64_MAX) return;
  auto [chunk, at] = located(state_.edges, failed_);
  auto name = "edge " + shown_end(state_, ids, b, chunk->from[at]) + " -> " + shown_end(state_, ids, b, chunk->to[at]);
  if (edge_keys) name += " with key " + to_string(edge_keys->at(int64_t(failed_)));
  auto why = policy_ == duplicate_policy::sum ? "the sum of '" + failed_column_ + "' of " + name + " exceeds int64" : name + " is there already";
  throw placed_failure{errc::value, state_.at_row(chunk->row(at)) + why, source_place(chunk->row(at))};
}

void settle_repeated_nodes(graph_loader::state& s, const settled_ids& ids, const std::vector<column>& columns) {
  s.duplicate_nodes = s.repeated_nodes.size();
  std::unordered_map<int32_t, uint64_t> latest;
  const repeated_node* earliest = nullptr;
  for (auto& r : s.repeated_nodes) {
    if (!earliest || r.place < earliest->place) earliest = &r;
    if (s.options.duplicates == duplicate_policy::last) {
      auto& place = latest.try_emplace(r.id, 0).first->second;
      if (r.place < place) continue;
      place = r.place;
      s.row_of[size_t(r.id)] = r.row;
    } else if (loses(columns, s.row_of[size_t(r.id)], r.row)) {
      ++s.lost_nodes;
    }
  }
  if (earliest && s.options.duplicates == duplicate_policy::error)
    throw placed_failure{errc::value, s.at_row(earliest->place) + "node " + to_string(s.own->keys->key_of(ids.settled(earliest->id))) + " is there already",
                         earliest->place};
  s.repeated_nodes.clear();
}

}  // namespace gli
