#pragma once
// Lines parsed on all threads, in runs that parse apart. The memory is used again by the next lines.

#include <optional>
#include <string_view>
#include <vector>

#include "partitions/loaders/text_parser.h"

namespace gli {

class text_runs {
 public:
  /// Parses [begin, end), whole lines with readable_past_end readable bytes behind, which must stay as they are until the next call. The
  /// first line has the number given.
  void parse(const text_layout& layout, const char* begin, const char* end, int64_t first_line);
  /// The same lines once more.
  void parse_again(const text_layout& layout);

  int64_t lines() const { return lines_; }
  std::optional<bad_line> error() const;  // the first bad line
  bool ids_are_text() const;              // where they were guessed to be numbers
  /// Widens guessed types of `columns` so that they hold all fields; whether one changed.
  bool widen(std::vector<text_column>& columns) const;
  void add_report(text_report& to) const;

  template <class F>
  void for_each_batch(F&& f) const {
    for (size_t i = 0; i < runs_.size(); ++i)
      for (auto& batch : parsers_[i].batches()) f(batch);
  }

 private:
  std::vector<std::string_view> runs_;
  std::vector<int64_t> first_lines_;
  std::vector<text_parser> parsers_;  // at least as many as runs
  int64_t lines_ = 0;
};

/// Those of the columns that are no ids.
std::vector<column_type> attribute_types(const std::vector<text_column>& columns);

}  // namespace gli
