#pragma once
// What a loader does with edges that come again. Inside of loader*.cpp only.

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "partitions/loader_state.h"

namespace gli {

/// Chooses among equal edges of one partition while they are sorted. The row numbers are those of sort_edges: through all chunks, in input order.
class repeated_edges {
 public:
  /// `columns`: the edges' attributes; sums are written into them. Throws failure{type | value} when they cannot be added.
  repeated_edges(const graph_loader::state& s, std::vector<column>& columns);
  /// Whether equal edges must be shown to choose().
  bool wanted() const { return policy_ != duplicate_policy::first || !columns_.empty(); }
  /// The row that stays, of two or more in input order. Any thread, each set of rows once.
  uint32_t choose(std::span<const uint32_t> rows);
  /// When all sets were shown. Throws the failure of the smallest row, if there was one: placed_failure{value}. Edge keys, null in simple graphs, by row.
  void finish(const settled_ids& ids, const graph::body& b, const column* edge_keys);
  uint64_t lost() const { return lost_; }

 private:
  void add(size_t column, std::span<const uint32_t> rows);
  void fail(uint32_t row, const std::string& column = {});

  const graph_loader::state& state_;
  const duplicate_policy policy_;
  std::vector<column>& columns_;
  std::vector<std::vector<uint8_t>> filled_;  // by column with nulls and row: 1 where a null became a sum
  std::vector<std::vector<uint8_t>> kinds_;   // by column of type number and row: of a sum, else 0
  enum : uint8_t { whole_sum = 1, real_sum = 2 };
  std::atomic<uint64_t> lost_{0};
  std::atomic<uint64_t> failed_{UINT64_MAX};  // the smallest row of a failure
  std::mutex failing_;
  std::string failed_column_;                 // of that failure, where it is a sum
};

/// Whether row b has an attribute that differs from that of row a.
bool loses(const std::vector<column>& columns, int64_t a, int64_t b);

}  // namespace gli
