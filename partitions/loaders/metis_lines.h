#pragma once
// The lines of a METIS file as batches: partitions/loaders/metis.h. Inside of loaders/metis*.cpp only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "partitions/loaders/text.h"

namespace gli {

constexpr size_t longest_metis_line = size_t{256} << 20;

struct metis_header {
  int64_t nodes = 0, edges = 0, weights = 0;  // weights of a node
  bool has_sizes = false, has_edge_weights = false;
};

/// What the lines of smaller and of larger ends say of edges: how many there are, and sums that differ when the edges do, up to chance. They add up over
/// parts of a file.
struct metis_totals {
  uint64_t from_smaller = 0, from_larger = 0, mark_smaller = 0, mark_larger = 0;
};

/// Whether a line is no header and none of a node: a comment, or blank where the header is still to come.
bool is_metis_comment(std::string_view line);
bool is_blank(std::string_view line);
/// Throws failure{value}, "FILE:LINE: what".
metis_header parse_metis_header(std::string_view line, const std::string& file, int64_t line_number);

/// What no line is to blame for, failure{value} naming the file.
void check_metis_nodes(const metis_header& header, int64_t nodes, const std::string& file);
void check_metis_edges(const metis_header& header, const metis_totals& totals, const std::string& file);

/// Lines behind the header. Bad ones are failures, or with `skip_bad_lines` are told in `report`, which counts edges.
class metis_lines {
 public:
  metis_lines(std::string file, const metis_header& header, bool skip_bad_lines, batch_sink sink, text_report& report);
  metis_lines(const metis_lines&) = delete;

  /// The next line is number `line` of the file, and stands behind those of so many nodes.
  void begin(int64_t line, int64_t nodes_before);
  /// Without its '\n'.
  void take(std::string_view line);
  void flush_nodes();
  void flush_edges();

  int64_t nodes() const { return node_; }  // up to the last line
  const metis_totals& totals() const { return totals_; }

 private:
  [[noreturn]] void fail_line(const std::string& what) const;
  void bad(const std::string& what);
  void take_node(std::string_view line);
  void parse_node(std::string_view line);
  void keep_node();
  void keep_edge(int64_t neighbor, int64_t weight);
  std::string node_column(size_t i) const;

  struct neighbor { int64_t node, weight; };

  const std::string file_;
  const metis_header header_;
  const bool skip_;
  const batch_sink sink_;
  text_report& report_;
  int64_t line_ = 1, node_ = 0;
  std::vector<std::optional<int64_t>> values_;  // of the node in hand
  std::vector<neighbor> neighbors_;
  std::vector<std::vector<int64_t>> nodes_, edges_;  // columns to come
  std::vector<bool> missing_;                        // nodes whose line was left out: their values are null
  metis_totals totals_;
};

}  // namespace gli
