#pragma once
// Which columns a text file has: from the options and its first line.

#include <string>
#include <string_view>
#include <vector>

#include "partitions/loaders/text.h"

namespace gli {

struct text_column {
  std::string name;
  column_type type = column_type::int64;
  bool is_id = false;    // a canonical decimal, or text that is not empty
  bool guessed = false;  // a field that does not fit widens the type
  int64_t lowest = INT64_MIN, highest = INT64_MAX;  // of an int64 column
  const known_ids* known = nullptr;                 // if given, the only ids
  size_t place = 0;      // in the batch
};

struct text_layout {
  std::vector<text_column> columns;  // as the file has them
  char delimiter = 0, comment = '#';
  int64_t rows_per_batch = 1;
  bool skip_bad_lines = false;
};

enum class text_rows : uint8_t { nodes, edges };

/// A line without its end; skipped when it is blank or a comment.
bool is_skipped(std::string_view line, const text_options& options);
std::vector<std::string_view> split_fields(std::string_view line, char delimiter);

/// The layout that `first_line` (the header, or the first row) and the options ask for. `where` is "FILE:LINE".
text_layout make_layout(const text_options& options, text_rows rows, std::string_view first_line, const std::string& where);

/// "expected 2 or 3 fields, found 1"
std::string count_mismatch(const std::string& expected, size_t found);

}  // namespace gli
