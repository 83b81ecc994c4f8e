#include "partitions/loader_rows.h"

#include <algorithm>
#include <array>

namespace gli {

namespace {

using loader_state = graph_loader::state;

/// Edges between int64 keys, some rows at a time: what is known is looked up for all of them before the rest is interned, so that
/// no cache miss waits for another.
class int_edges {
 public:
  int_edges(loader_state& s, const int_keys& sources, const int_keys& targets, const row_numbers& rows, int64_t count, edge_slots to)
      : s_{s}, sources_{sources}, targets_{targets}, rows_{rows}, count_{count}, to_{to} {}

  void take(int64_t begin, int64_t end) {
    read_ends(begin, end);
    auto ends = size_t(end - begin) * 2;
    s_.met.find({ends_.data(), ends}, ids_.data());
    intern_unknown(begin, ends);
    if (!s_.edges_ascend) lower_places(begin, ends);
    for (auto i = begin; i < end; ++i) {
      to_.from[i] = ids_[size_t(i - begin) * 2];
      to_.to[i] = ids_[size_t(i - begin) * 2 + 1];
    }
    if (s_.options.partitions > 1) check_sources(ends);
  }

 private:
  static constexpr size_t ends_at_once = size_t(rows_at_once) * 2;

  uint64_t place(int64_t begin, size_t end) const { return source_place(rows_[begin + int64_t(end / 2)]) + end % 2; }

  void read_ends(int64_t begin, int64_t end) {
    for (auto i = begin; i < end; ++i) {
      auto at = size_t(i - begin) * 2;
      ends_[at] = sources_[i];
      ends_[at + 1] = targets_[i];
    }
    if (s_.options.kind.directed) return;
    for (size_t at = 0; at < size_t(end - begin) * 2; at += 2)
      if (is_turned(s_, ends_[at], ends_[at + 1])) std::swap(ends_[at], ends_[at + 1]);
  }

  void intern_unknown(int64_t begin, size_t ends) {
    size_t unknown = 0;
    for (size_t i = 0; i < ends; ++i) {
      unknown_[unknown] = uint32_t(i);
      unknown += ids_[i] == int_ids::unknown;
    }
    if (unknown == 0) return;
    if (!expected_) expect_keys();
    for (size_t u = 0; u < unknown; ++u) {
      hashes_[u] = key_hash(ends_[unknown_[u]]);
      (is_own(s_.options, hashes_[u]) ? s_.own : s_.remote)->keys->prefetch(hashes_[u]);
    }
    for (size_t u = 0; u < unknown; ++u) {
      auto i = unknown_[u];
      ids_[i] = s_.met.find(ends_[i]);  // it may have come twice
      if (ids_[i] != int_ids::unknown) continue;
      ids_[i] = note_target(s_, ends_[i], hashes_[u], place(begin, i));
      s_.met.add(ends_[i], ids_[i]);
    }
  }

  void expect_keys() {
    auto lowest = INT64_MAX, highest = INT64_MIN;
    for (int64_t i = 0; i < count_; ++i) {
      lowest = std::min({lowest, sources_[i], targets_[i]});
      highest = std::max({highest, sources_[i], targets_[i]});
    }
    s_.met.expect(lowest, highest);
    expected_ = true;
  }

  void lower_places(int64_t begin, size_t ends) {
    for (size_t i = 0; i < ends; ++i) {
      auto id = ids_[i];
      auto& book = id < 0 ? *s_.remote : *s_.own;
      if (auto p = place(begin, i); p < book.last_place) book.see(id < 0 ? ~id : id, p);
    }
  }

  void check_sources(size_t ends) const {
    for (size_t i = 0; i < ends; i += 2)
      if (ids_[i] < 0) check_owned(s_.options, key_hash(ends_[i]));
  }

  loader_state& s_;
  const int_keys &sources_, &targets_;
  const row_numbers& rows_;
  const int64_t count_;
  const edge_slots to_;
  bool expected_ = false;
  std::array<int64_t, ends_at_once> ends_;  // source, target, source, target, …
  std::array<int32_t, ends_at_once> ids_;
  std::array<uint32_t, ends_at_once + 1> unknown_;
  std::array<hash128, ends_at_once> hashes_;
};

}  // namespace

row_numbers::row_numbers(const column_batch& batch, uint64_t next) : seq_{batch.find("_seq")}, next_{next} {
  if (!seq_) return;
  if (seq_->type != column_type::int64) throw failure{errc::type, std::string{"column '_seq' is int64, not "} + type_name(seq_->type)};
  auto first = batch.rows ? uint64_t(seq_->int64(0)) : next;
  uint64_t all = 0, gaps = 0, falls = 0, repeats = 0, before = first;
  for (int64_t i = 0; i < batch.rows; ++i) {
    auto row = uint64_t(seq_->int64(i));
    all |= row;
    gaps |= row - first - uint64_t(i);
    falls += row < before;
    repeats += row == before;
    before = row;
  }
  for (int64_t i = 0; i < batch.rows && (all >= highest_row || !seq_->validity.empty()); ++i)
    if (!seq_->valid(i) || uint64_t(seq_->int64(i)) >= highest_row)
      throw failure{errc::value, "column '_seq': " + to_string(seq_->at(i)) + " is no row number"};
  in_order_ = falls == 0;
  ascend_ = in_order_ && repeats <= 1;  // the first row was compared with itself
  if (gaps) return;
  seq_ = nullptr;
  next_ = first;
}

void take_edges(loader_state& s, const int_keys& sources, const int_keys& targets, const row_numbers& rows, int64_t count, edge_slots to) {
  s.met.more(uint64_t(count) * 2);
  int_edges edges{s, sources, targets, rows, count, to};
  for (int64_t begin = 0; begin < count; begin += rows_at_once) edges.take(begin, std::min(begin + rows_at_once, count));
}

}  // namespace gli
