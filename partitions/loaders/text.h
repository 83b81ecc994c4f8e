#pragma once
// Text files to column batches, in pieces: neither file nor graph is ever held whole. gzip and zstd are read by their magic bytes.
//
// Lines end with LF or CRLF; blank lines and comments are skipped, but counted. Spaces around a field do not belong to it. An empty field
// (between two delimiters) is null; an id must not be empty. There is no quoting.

#include <cstdint>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "partitions/loaders/known_ids.h"
#include "runtime/value.h"

namespace gli {

/// Where rows go: a graph_loader, or the workers of a cluster.
struct batch_sink {
  std::function<void(const column_batch&)> nodes, edges;
};

struct text_options {
  std::string path;
  std::string name;     // what messages call the file; empty: its path
  char delimiter = 0;   // 0: runs of spaces and tabs
  char comment = '#';   // lines that begin with it are skipped; also '%'; 0: none
  bool header = false;  // the first line names the columns, unless `names` does
  std::vector<std::string>
      names;  // columns; default for edges: source target weight; for nodes: "" value. Fewer fields than names, or more, is an error
              // (of the defaults, the last is there when the first line has it). Edges run between the columns named source and
              // target, else between the first two; a node's id is the column named "", else the first.
  std::vector<column_type>
      types;  // of the attribute columns, by names; empty: int64 if the first piece's fields all are, else float64, else utf8
  key_type keys = key_type::none;    // none: int64 until an id is no canonical decimal
  int64_t rows_per_batch = 1 << 16;  // at most
  bool types_may_widen = false;      // `types` are guesses (of columns_changed): a field that does not fit is no error
  bool skip_bad_lines = false;       // a line that is an error is left out, counted and named in the report
  int64_t skip_lines = 0;            // so many lines at the front are neither rows nor header; they count as lines
  int64_t lowest_id = INT64_MIN, highest_id = INT64_MAX;  // int64 ids outside are errors
  std::shared_ptr<const known_ids> known;  // if given, int64 ids that are not in it are errors
};

struct bad_line {
  int64_t line = 0;
  std::string what;
};

constexpr size_t bad_lines_named = 10;

inline const std::string& shown_name(const text_options& o) { return o.name.empty() ? o.path : o.name; }

/// What became of a file's lines, in its order.
struct text_report {
  uint64_t rows = 0, skipped = 0;
  std::vector<bad_line> first_skipped;  // at most bad_lines_named

  void skip(bad_line bad) {
    ++skipped;
    if (first_skipped.size() < bad_lines_named) first_skipped.push_back(std::move(bad));
  }
  void add(const text_report& later) {
    rows += later.rows;
    skipped += later.skipped;
    for (auto& bad : later.first_skipped)
      if (first_skipped.size() < bad_lines_named) first_skipped.push_back(bad);
  }
};

/// Thrown when keys were guessed to be int64 and an id is not: the caller begins again with key_type::utf8.
struct keys_are_text {};

/// Thrown when a column's type was guessed and a later field does not fit: the caller begins again with these, and types_may_widen.
struct columns_changed {
  std::vector<column_type> types;
};

/// Calls attempt(options) with options that were changed as keys_are_text and columns_changed ask until it throws neither. Each attempt
/// must begin with a new sink.
void read_with_guesses(text_options options, const std::function<void(const text_options&)>& attempt);

/// Streams an edge list or node list into `sink`. Rows carry "_seq" = line number (from 1). `progress(bytes done, bytes in all)` is called
/// between pieces and may throw to stop. Throws failure{not_found | io | value}: "FILE:LINE: expected 3 fields, found 2", "FILE:LINE:
/// weight 'abc' is not a number". An empty file is failure{value} "FILE: empty file"; bytes that are no text, "FILE:LINE: not a text file".
/// Calls sink and progress on the calling thread, in the file's order; meanwhile other threads read and parse the next piece. With
/// skip_bad_lines a line over 1 MiB stays an error, for what follows it is not read. `report` is complete when the call returns.
void read_edge_text(const text_options& options, const batch_sink& sink, const std::function<void(uint64_t, uint64_t)>& progress,
                    text_report* report = nullptr);
void read_node_text(const text_options& options, const batch_sink& sink, const std::function<void(uint64_t, uint64_t)>& progress,
                    text_report* report = nullptr);

/// A batch of edges against their direction, its numbers negated: the other half of a skew-symmetric matrix. Throws failure{value} when
/// the negative of a number is beyond int64.
column_batch negated_mirror(column_batch edges);

/// How LDBC Graphalytics writes its .v and .e files: int64 ids, a float64 value or weight where there is one, no comments.
text_options ldbc_nodes(std::string path);
text_options ldbc_edges(std::string path);

}  // namespace gli
