#pragma once
// A plan over a block of rows: column at a time, in typed loops.

#include <atomic>

#include "partitions/evaluate_bits.h"
#include "partitions/evaluate_plan.h"

namespace gli {

constexpr int64_t rows_per_block = 1 << 11;  // divides rows_per_page; a block's lanes stay in the second-level cache

/// Rows of one column page (nodes) or of one out-page (edges).
struct row_block {
  const graph* g;
  element of;
  int64_t page;                      // nodes: column page; edges: out-page
  int64_t first, rows;               // first row in the page
  const int32_t* sources = nullptr;  // edges: own ids, by row of the block
  const int32_t* targets = nullptr;  // edges: signed ids
  const double* state = nullptr;     // nodes, by own id, where the plan reads it; likewise gathered
  const double* gathered = nullptr;

  /// Own id of the row's node, or of the edge's source.
  int32_t node(int64_t i) const { return of == element::edge ? sources[i] : int32_t(page * rows_per_page + first + i); }
};

/// The values of one subexpression: one per row, or one for all.
struct lane {
  value_kind type = value_kind::null;
  bool constant = false;
  row_bits valid;                 // empty: all valid
  row_bits truth;                 // boolean; 0 where not valid
  const int64_t* ints = nullptr;  // integer, time, number; points into ints_kept or a column page
  const double* reals = nullptr;  // real, number; likewise
  row_bits whole;                 // number: whether ints[row] counts, else reals[row]
  std::vector<int64_t> ints_kept;
  std::vector<double> reals_kept;
  std::vector<std::string_view> texts;  // text, bytes
  const uint8_t* codes = nullptr;       // text: the number in `texts` of each row's word; null: there is one text a row
  std::vector<value> scalars;           // dynamic: plain values

  lane() = default;
  lane(lane&&) = default;
  lane& operator=(lane&&) = default;
  size_t at(int64_t i) const { return constant ? 0 : codes ? codes[i] : size_t(i); }
  bool is_valid(int64_t i) const { return type != value_kind::null && (valid.empty() || bit_at(valid.data(), constant ? 0 : i)); }
  value scalar(int64_t i) const;  // null where not valid
};

/// Loads what a leaf of the plan names.
lane load_leaf(const plan& p, const row_block& rows);

/// Truth per row: false where null. What a row did wrong is noted in `fault`: the largest number wins.
row_bits filter_block(const plan& p, const row_block& rows, std::atomic<uint32_t>& fault);

/// The number of each row, to to[0], to[1], …; the first row that has none, or -1.
int64_t number_block(const plan& p, const row_block& rows, std::atomic<uint32_t>& fault, double* to);

}  // namespace gli
