#pragma once
// Text files to column batches, in pieces: neither file nor graph is ever held whole. gzip is read by its magic bytes.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/value.h"

namespace gli {

/// Where rows go: a graph_loader, or the workers of a cluster.
struct batch_sink {
  std::function<void(const column_batch&)> nodes, edges;
};

struct text_options {
  std::string path;
  char delimiter = 0;               // 0: runs of spaces and tabs
  char comment = '#';               // lines that begin with it are skipped; also '%'; 0: none
  bool header = false;              // the first line names the columns
  std::vector<std::string> names;   // columns; default for edges: source target weight; for nodes: "" value. Fewer fields than names, or more, is an error
  std::vector<column_type> types;   // of the attribute columns, by names; empty: int64 if the first piece's fields all are, else float64, else utf8
  key_type keys = key_type::none;   // none: int64 until an id is no canonical decimal
  int64_t rows_per_batch = 1 << 16;
};

/// Thrown when keys were guessed to be int64 and an id is not: the caller begins again with key_type::utf8.
struct keys_are_text {};

/// Streams an edge list or node list into `sink`. Rows carry "_seq" = line number (from 1). `progress(bytes done, bytes in all)` is called between
/// pieces and may throw to stop. Throws failure{not_found | io | value}: "FILE:LINE: expected 3 fields, found 2".
/// An empty file is failure{value} "FILE: empty file"; bytes that are no text, "FILE:LINE: not a text file".
void read_edge_text(const text_options& options, const batch_sink& sink, const std::function<void(uint64_t, uint64_t)>& progress);
void read_node_text(const text_options& options, const batch_sink& sink, const std::function<void(uint64_t, uint64_t)>& progress);

}  // namespace gli
