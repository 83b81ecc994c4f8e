#pragma once
// Whole lines of text to column batches.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "partitions/loaders/text_layout.h"
#include "runtime/value.h"

namespace gli {

/// A column of the batch in hand. Its buffers are longer than what they hold until finish().
struct field_writer {
  const text_column* what = nullptr;
  column* to = nullptr;
  uint8_t* values = nullptr;                // = to->values.data()
  size_t bytes = 0;                         // used of `values` by text
  column_type needed = column_type::int64;  // the widest type that a field asked for
  size_t bytes_before = 0;                  // `bytes` and `needed` where the row in hand began; kept only when bad lines are skipped
  column_type needed_before = column_type::int64;
};

/// Parses runs of lines, one after the other; the memory of its batches is used again by the next run.
class text_parser {
 public:
  /// `lines` ends with '\n' and is followed by readable_past_end readable bytes; its first line has the number given. Stops at the first
  /// bad line, unless the layout says to skip them.
  void parse(const text_layout& layout, std::string_view lines, int64_t first_line);

  std::span<const column_batch> batches() const { return {batches_.data(), used_}; }
  const std::optional<bad_line>& error() const { return error_; }
  const text_report& report() const { return report_; }
  bool ids_are_text() const { return ids_are_text_; }
  /// For each column of the layout the type that holds all its fields; its own unless it was guessed.
  const std::vector<column_type>& needed_types() const { return needed_; }

 private:
  template <bool Delimited>
  void parse_lines(const char* p);
  template <bool Delimited>
  const char* parse_int_pairs(const char* p);
  template <bool Delimited>
  const char* parse_row(const char* line);
  template <bool Delimited>
  const char* read_field(const char* p, field_writer& w);
  template <bool Delimited>
  const char* read_number(const char* p, field_writer& w);
  template <bool Delimited>
  bool ends_field(const char* p) const;
  template <bool Delimited>
  const char* field_end(const char* p) const;

  void store(field_writer& w, std::string_view field);
  void store_id(field_writer& w, std::string_view field);
  void store_fixed(field_writer& w, int64_t bits);
  void store_text(field_writer& w, std::string_view field);
  void store_null(field_writer& w);
  bool store_parsed(field_writer& w, std::string_view field);
  void misfit(field_writer& w, std::string_view field);
  const char* end_of_line(const char* p) const;
  void fail(std::string what);
  const char* refuse_line(const char* line);
  void begin_row();
  void take_back_row();
  const char* fail_count(const char* line);

  void begin_batch();
  void finish_batch();
  void grow(int64_t rows);

  const text_layout* layout_ = nullptr;
  const char* end_ = nullptr;  // of the run
  char delimiter_ = 0;
  std::vector<field_writer> writers_;
  std::vector<column_batch> batches_;
  size_t used_ = 0;  // batches of this run
  int64_t row_ = 0, capacity_ = 0, line_ = 0;
  int64_t* sequence_ = nullptr;
  std::optional<bad_line> error_;
  text_report report_;
  bool ids_are_text_ = false, ids_were_text_ = false;
  bool check_each_line_ = false;  // that it is text
  bool int_pairs_ = false;        // rows are two int64 fields
  std::vector<column_type> needed_;
};

}  // namespace gli
