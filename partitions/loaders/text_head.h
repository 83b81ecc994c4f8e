#pragma once
// Where the rows of a text file begin and how they are laid out: told by its first line that is neither blank nor a comment.

#include <optional>

#include "partitions/loaders/input.h"
#include "partitions/loaders/text_layout.h"

namespace gli {

class text_head {
 public:
  /// Both outlive the object.
  text_head(const text_options& options, text_rows rows) : options_{options}, rows_{rows} {}

  /// Looks at the next lines of the file; answers where rows begin among them, their end when the first that counts is not there. Throws
  /// failure{value} when it is bad; with skip_bad_lines a bad row is passed over, a bad header is an error all the same.
  const char* find(const text_piece& lines);

  std::optional<text_layout>& layout() { return layout_; }
  int64_t next_line() const { return next_line_; }               // behind what was looked at, or that of the first row
  const text_report& passed_over() const { return passed_over_; }

 private:
  std::string where() const { return shown_name(options_) + ":" + std::to_string(next_line_); }
  bool takes(std::string_view line);

  const text_options& options_;
  const text_rows rows_;
  std::optional<text_layout> layout_;
  int64_t next_line_ = 1;
  text_report passed_over_;
};

}  // namespace gli
