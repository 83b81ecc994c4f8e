#include "partitions/loaders/text_parser.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "partitions/loaders/input.h"
#include "partitions/loaders/text_fields.h"

namespace gli {

namespace {

inline bool ends_line(const char* p) { return *p == '\n' || (*p == '\r' && p[1] == '\n'); }

template <bool Delimited>
inline const char* skip_spaces(const char* p) {
  while (*p == ' ' || (!Delimited && *p == '\t')) ++p;
  return p;
}

/// Digits with at most one point and 15 digits in all are exact: both parts of the quotient are, so its rounding is right. [Clinger 1990]
struct short_decimal {
  double number = 0;
  const char* end = nullptr;  // null: not short
};

inline short_decimal scan_short_decimal(const char* p) {
  constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  constexpr uint64_t int_powers[] = {1,           10,           100,           1000,           10000,
                                     100000,      1000000,      10000000,      100000000,      1000000000,
                                     10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000};
  auto integral = scan_digits(p);
  if (integral.count == 0 || integral.count > 15) return {};
  p += integral.count;
  if (*p != '.') return {double(integral.number), p};
  auto fraction = scan_digits(++p);
  if (fraction.count == 0 || integral.count + fraction.count > 15) return {};
  return {double(integral.number * int_powers[fraction.count] + fraction.number) / powers[fraction.count], p + fraction.count};
}

const char* expectation(column_type t) {
  switch (t) {
    case column_type::int64:
      return "an integer";
    case column_type::boolean:
      return "true or false";
    case column_type::timestamp:
      return "a timestamp";
    default:
      return "a number";
  }
}

inline bool is_unknown(const text_column& c, int64_t id) { return c.known && !c.known->contains(id); }

std::string shown_name(const text_column& c) { return c.is_id && c.name.empty() ? "node" : c.name; }

}  // namespace

// --- fields ----------------------------------------------------------------------------------------------------------------

template <bool Delimited>
inline bool text_parser::ends_field(const char* p) const {
  return (Delimited ? *p == delimiter_ : *p == ' ' || *p == '\t') || ends_line(p);
}

template <bool Delimited>
inline const char* text_parser::field_end(const char* p) const {
  while (!ends_field<Delimited>(p)) ++p;
  return p;
}

template <bool Delimited>
inline const char* text_parser::read_number(const char* p, field_writer& w) {
  if (w.what->type == column_type::int64) {
    auto found = scan_int64(p);
    if (!found.end || !ends_field<Delimited>(found.end)) return nullptr;
    if (found.number < w.what->lowest || found.number > w.what->highest || is_unknown(*w.what, found.number)) return nullptr;
    store_fixed(w, found.number);
    return found.end;
  }
  bool negative = *p == '-';
  auto found = scan_short_decimal(p + negative);
  if (!found.end || !ends_field<Delimited>(found.end)) return nullptr;
  store_fixed(w, std::bit_cast<int64_t>(negative ? -found.number : found.number));
  return found.end;
}

/// Stores the field that begins at `p` and returns its end.
template <bool Delimited>
inline const char* text_parser::read_field(const char* p, field_writer& w) {
  if (w.what->type == column_type::int64 || w.what->type == column_type::float64)
    if (auto* end = read_number<Delimited>(p, w)) return end;
  auto* end = field_end<Delimited>(p);
  auto* last = end;
  if (Delimited)
    while (last != p && last[-1] == ' ') --last;
  store(w, {p, size_t(last - p)});
  return end;
}

void text_parser::store(field_writer& w, std::string_view field) {
  if (w.what->is_id)
    store_id(w, field);
  else if (field.empty())
    store_null(w);
  else if (!store_parsed(w, field))
    misfit(w, field);
}

void text_parser::store_id(field_writer& w, std::string_view field) {
  if (field.empty()) {
    fail(shown_name(*w.what) + " is empty");
  } else if (w.what->type == column_type::utf8) {
    store_text(w, field);
  } else if (auto id = canonical_int64(field)) {
    if (*id < w.what->lowest || *id > w.what->highest)
      fail(shown_name(*w.what) + " " + std::to_string(*id) + " is not within " + std::to_string(w.what->lowest) + " and " +
           std::to_string(w.what->highest));
    else if (is_unknown(*w.what, *id))
      fail("edge to node " + std::to_string(*id) + ", which is not in the node file");
    store_fixed(w, *id);
  } else if (w.what->guessed) {
    ids_are_text_ = true;
    store_null(w);
  } else {
    fail(shown_name(*w.what) + " " + quoted_field(field) + " is not an int64 id");
  }
}

bool text_parser::store_parsed(field_writer& w, std::string_view field) {
  switch (w.what->type) {
    case column_type::int64:
      if (auto x = parse_int64(field)) return store_fixed(w, *x), true;
      return false;
    case column_type::float64:
      if (auto x = parse_float64(field)) return store_fixed(w, std::bit_cast<int64_t>(*x)), true;
      return false;
    case column_type::timestamp:
      if (auto x = parse_timestamp(field)) return store_fixed(w, *x), true;
      return false;
    case column_type::boolean:
      if (auto x = parse_boolean(field)) return w.values[row_ >> 3] = uint8_t(w.values[row_ >> 3] | *x << (row_ & 7)), true;
      return false;
    default:
      store_text(w, field);
      return true;
  }
}

void text_parser::misfit(field_writer& w, std::string_view field) {
  if (!w.what->guessed) return fail(w.what->name + " " + quoted_field(field) + " is not " + expectation(w.what->type));
  if (w.needed != column_type::utf8)
    w.needed = w.what->type == column_type::int64 && parse_float64(field) ? column_type::float64 : column_type::utf8;
  store_null(w);
}

inline void text_parser::store_fixed(field_writer& w, int64_t bits) { std::memcpy(w.values + row_ * 8, &bits, 8); }

void text_parser::store_text(field_writer& w, std::string_view field) {
  auto& values = w.to->values;
  if (w.bytes + field.size() > values.size()) {
    values.resize(std::max({values.size() * 2, w.bytes + field.size(), size_t{4096}}));
    w.values = values.data();
  }
  std::memcpy(w.values + w.bytes, field.data(), field.size());
  w.bytes += field.size();
  w.to->offsets[size_t(row_) + 1] = int64_t(w.bytes);
}

void text_parser::store_null(field_writer& w) {
  auto& validity = w.to->validity;
  if (validity.empty()) validity.assign(size_t(capacity_ + 7) / 8, 0xff);
  validity[size_t(row_) >> 3] = uint8_t(validity[size_t(row_) >> 3] & ~(1u << (row_ & 7)));
  if (is_variable(w.what->type)) w.to->offsets[size_t(row_) + 1] = int64_t(w.bytes);
}

// --- lines -----------------------------------------------------------------------------------------------------------------

void text_parser::fail(std::string what) {
  if (!error_) error_ = {line_, std::move(what)};
}

const char* text_parser::end_of_line(const char* p) const { return static_cast<const char*>(std::memchr(p, '\n', size_t(end_ - p))); }

const char* text_parser::fail_count(const char* line) {
  std::string_view whole{line, size_t(end_of_line(line) - line)};
  if (whole.ends_with('\r')) whole.remove_suffix(1);
  auto found = split_fields(whole, delimiter_).size();
  error_ = {line_, count_mismatch(std::to_string(layout_->columns.size()), found)};  // tells more than what was wrong with a field
  return nullptr;
}

void text_parser::begin_row() {
  for (auto& w : writers_) {
    w.bytes_before = w.bytes;
    w.needed_before = w.needed;
  }
  ids_were_text_ = ids_are_text_;
}

/// Leaves the batch and the guesses as begin_row() found them.
void text_parser::take_back_row() {
  auto bit = uint8_t(1u << (row_ & 7));
  for (auto& w : writers_) {
    w.bytes = w.bytes_before;
    w.needed = w.needed_before;
    if (!w.to->validity.empty()) w.to->validity[size_t(row_) >> 3] = uint8_t(w.to->validity[size_t(row_) >> 3] | bit);
    if (w.what->type == column_type::boolean) w.values[row_ >> 3] = uint8_t(w.values[row_ >> 3] & ~bit);
    if (!is_variable(w.what->type) && w.what->type != column_type::boolean) store_fixed(w, 0);
  }
  ids_are_text_ = ids_were_text_;
}

/// The end of a line that is left out; null when it is an error.
const char* text_parser::refuse_line(const char* line) {
  if (!layout_->skip_bad_lines) return nullptr;
  take_back_row();
  report_.skip(std::move(*error_));
  error_.reset();
  return end_of_line(line);
}

/// Returns the line's end, or null when it is bad.
template <bool Delimited>
inline const char* text_parser::parse_row(const char* line) {
  auto* p = line;
  for (auto& w : writers_) {
    if (Delimited && &w != writers_.data() && *p++ != delimiter_) return fail_count(line);
    p = skip_spaces<Delimited>(p);
    if (!Delimited && ends_line(p)) return fail_count(line);
    p = read_field<Delimited>(p, w);
  }
  p = skip_spaces<Delimited>(p);
  if (!ends_line(p)) return fail_count(line);
  return error_ ? nullptr : p;
}

/// Takes lines that are two canonical ints with one separator, while the batch has room, and returns where the first other one begins.
template <bool Delimited>
inline const char* text_parser::parse_int_pairs(const char* p) {
  auto &first = writers_[0], &second = writers_[1];
  auto within = [](const field_writer& w, int64_t x) { return x >= w.what->lowest && x <= w.what->highest && !is_unknown(*w.what, x); };
  while (p != end_ && row_ < capacity_) {
    auto one = scan_int64(p);
    if (!one.end || !(Delimited ? *one.end == delimiter_ : *one.end == ' ' || *one.end == '\t')) return p;
    auto two = scan_int64(one.end + 1);
    if (!two.end || !ends_line(two.end) || !within(first, one.number) || !within(second, two.number)) return p;
    store_fixed(first, one.number);
    store_fixed(second, two.number);
    sequence_[row_++] = line_++;
    p = two.end + (*two.end == '\r') + 1;
  }
  return p;
}

template <bool Delimited>
void text_parser::parse_lines(const char* p) {
  bool has_long_lines = size_t(end_ - p) > longest_line;
  for (; p != end_; ++p, ++line_) {
    if (int_pairs_ && (p = parse_int_pairs<Delimited>(p)) == end_) return;
    if (has_long_lines && size_t(end_of_line(p) - p) > longest_line) return fail("line over 1 MiB");
    if (check_each_line_ && valid_text_prefix({p, size_t(end_of_line(p) - p)}) != size_t(end_of_line(p) - p)) {
      report_.skip({line_, "not a text file"});
      p = end_of_line(p);
      continue;
    }
    auto* first = Delimited ? p : skip_spaces<false>(p);
    if (ends_line(first) || (layout_->comment && (*first == layout_->comment || *first == '%'))) {
      p = end_of_line(first);
      continue;
    }
    if (row_ == layout_->rows_per_batch) finish_batch(), begin_batch();
    if (row_ == capacity_) grow(std::min(layout_->rows_per_batch, std::max<int64_t>(1024, capacity_ * 2)));
    if (layout_->skip_bad_lines) begin_row();
    auto* end = parse_row<Delimited>(p);
    if (!end) {
      p = refuse_line(p);
      if (!p) return;
      continue;
    }
    sequence_[row_++] = line_;
    p = end + (*end == '\r');
  }
}

void text_parser::parse(const text_layout& layout, std::string_view lines, int64_t first_line) {
  layout_ = &layout;
  delimiter_ = layout.delimiter;
  line_ = first_line;
  used_ = 0;
  error_.reset();
  auto valid = valid_text_prefix(lines);
  bool is_text = valid == lines.size();
  check_each_line_ = !is_text && layout.skip_bad_lines;
  if (!is_text && !check_each_line_) lines = lines.substr(0, lines.rfind('\n', valid) + 1);  // those before the first that is no text
  end_ = lines.data() + lines.size();
  report_ = {};
  ids_are_text_ = false;
  writers_.clear();
  needed_.clear();
  for (auto& c : layout.columns) writers_.push_back({&c, nullptr, nullptr, 0, c.type});
  auto is_int = [](const field_writer& w) { return w.what->type == column_type::int64; };
  auto c = layout.comment;
  int_pairs_ = writers_.size() == 2 && is_int(writers_[0]) && is_int(writers_[1]) && !layout.skip_bad_lines && c != '-' && !(c >= '0' && c <= '9');
  begin_batch();
  if (delimiter_)
    parse_lines<true>(lines.data());
  else
    parse_lines<false>(lines.data());
  if (!is_text && !check_each_line_) fail("not a text file");
  finish_batch();
  for (auto& batch : batches()) report_.rows += uint64_t(batch.rows);
  for (auto& w : writers_) needed_.push_back(w.needed);
}

// --- batches ---------------------------------------------------------------------------------------------------------------

void text_parser::begin_batch() {
  if (used_ == batches_.size()) batches_.emplace_back();
  auto& batch = batches_[used_++];
  batch.columns.resize(writers_.size() + 1);
  for (auto& w : writers_) {
    w.to = &batch.columns[w.what->place];
    w.to->name = w.what->name;
    w.to->type = w.what->type;
    w.to->validity.clear();
    w.to->values.clear();
    w.to->offsets.clear();
    w.bytes = 0;
  }
  batch.columns.back().name = "_seq";
  batch.columns.back().values.clear();
  auto likely = std::max<int64_t>(1024, row_ + row_ / 16);  // as the batch before
  row_ = capacity_ = 0;
  grow(std::min(layout_->rows_per_batch, likely));
}

void text_parser::grow(int64_t rows) {
  for (auto& w : writers_) {
    auto& c = *w.to;
    if (!c.validity.empty()) c.validity.resize(size_t(rows + 7) / 8, 0xff);
    if (is_variable(c.type))
      c.offsets.resize(size_t(rows) + 1);
    else
      c.values.resize(c.type == column_type::boolean ? size_t(rows + 7) / 8 : size_t(rows) * 8);
    w.values = c.values.data();
  }
  auto& sequence = batches_[used_ - 1].columns.back().values;
  sequence.resize(size_t(rows) * 8);
  sequence_ = reinterpret_cast<int64_t*>(sequence.data());
  capacity_ = rows;
}

void text_parser::finish_batch() {
  auto& batch = batches_[used_ - 1];
  batch.rows = row_;
  for (auto& c : batch.columns) {
    c.length = row_;
    if (!c.validity.empty()) c.validity.resize(size_t(row_ + 7) / 8);
    if (!c.validity.empty() && row_ % 8) c.validity.back() = uint8_t(c.validity.back() & ((1u << (row_ % 8)) - 1));
    if (is_variable(c.type))
      c.offsets.resize(size_t(row_) + 1);
    else
      c.values.resize(c.type == column_type::boolean ? size_t(row_ + 7) / 8 : size_t(row_) * 8);
  }
  for (auto& w : writers_)
    if (is_variable(w.what->type)) w.to->values.resize(w.bytes);
  if (row_ == 0) --used_;
}

}  // namespace gli
