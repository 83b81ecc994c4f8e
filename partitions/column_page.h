#pragma once
// Column pages: Arrow layout in one blob. 32 bytes of header {u32 magic "GCP1", u8 type, u8 flags (1: has validity, 2: coded), u16 0, u32 rows,
// u32 nulls, u64 value bytes, u32 words, u32 0}, then, each padded to 8 bytes: the validity bitmap (if flagged); of numbers the bitmap of ints; of
// coded text a u8 word for each row; of variable types u32 off[rows + 1], or coded off[words + 1]; the values (boolean: a bitmap; other fixed-width
// types 8 bytes each; else the bytes). A page's value bytes stay below 2^32: else failure{memory}.
//
// Text is coded when a page has at most 256 different words and is smaller so. Words stand in the order in which they first come.

#include <cstring>
#include <string_view>

#include "partitions/page.h"
#include "runtime/value.h"

namespace gli {

/// Reads one page; trusts it (check_column_page looks at pages from outside).
class column_page_view {
 public:
  explicit column_page_view(const page& p) : column_page_view{p.data()} {}
  explicit column_page_view(const uint8_t* bytes);
  column_type type() const { return type_; }
  uint32_t rows() const { return rows_; }
  uint32_t nulls() const { return nulls_; }
  bool valid(uint32_t i) const { return !validity_ || (validity_[i >> 3] >> (i & 7) & 1); }
  bool boolean(uint32_t i) const { return values_[i >> 3] >> (i & 7) & 1; }
  int64_t int64(uint32_t i) const { int64_t x; std::memcpy(&x, values_ + i * 8ull, 8); return x; }
  double float64(uint32_t i) const { double x; std::memcpy(&x, values_ + i * 8ull, 8); return x; }
  bool is_int(uint32_t i) const { return ints_ ? ints_[i >> 3] >> (i & 7) & 1 : type_ == column_type::int64; }
  std::string_view bytes(uint32_t i) const { return word(codes_ ? codes_[i] : i); }
  value at(uint32_t i) const;
  const uint8_t* raw_values() const { return values_; }
  const uint8_t* raw_validity() const { return validity_; }
  const uint8_t* raw_ints() const { return ints_; }    // null: not of type number
  /// Of coded text: the word of each row (0 where null), and the words.
  const uint8_t* raw_codes() const { return codes_; }  // null: not coded
  uint32_t words() const { return words_; }
  std::string_view word(uint32_t w) const { return {reinterpret_cast<const char*>(values_) + off_[w], off_[w + 1] - off_[w]}; }

 private:
  const uint8_t* validity_ = nullptr;
  const uint8_t* ints_ = nullptr;
  const uint8_t* codes_ = nullptr;
  const uint8_t* values_ = nullptr;
  const uint32_t* off_ = nullptr;
  column_type type_;
  uint32_t rows_, nulls_, words_;
};

/// Rows [begin, end) of `c` as a page.
page_ptr make_column_page(const column& c, int64_t begin, int64_t end);
/// Rows of `c` in the order given; -1: null.
page_ptr make_column_page(const column& c, std::span<const int64_t> rows);
page_ptr make_column_page(const column& c, std::span<const uint32_t> rows);
/// Rows of another page in the order given.
page_ptr make_column_page(const page& from, std::span<const uint32_t> rows);

/// Writes one page run by run, for pages that keep most rows of another. One thread.
class column_page_writer {
 public:
  column_page_writer(column_type type, uint32_t rows);  // so many rows will come
  /// Rows [first, first + count) of a page of the same type; null where it ends before, or is missing.
  void rows(const page* from, uint32_t first, uint32_t count);
  /// A value that the column holds as it is, null, or anything where that is json.
  void put(const value& v);
  page_ptr finish();  // null when every row is null

 private:
  void plain_rows(const column_page_view& from, uint32_t first, uint32_t count);
  void note_valid(uint32_t count);
  void put_text(std::string_view text);
  void append_text(std::string_view text);

  column_type type_;
  uint32_t row_ = 0, nulls_ = 0;  // rows and nulls so far
  std::vector<uint8_t> valid_;    // bitmaps of all rows
  std::vector<uint8_t> ints_;     // number
  std::vector<uint8_t> bits_;     // boolean
  std::vector<uint64_t> numbers_; // other fixed widths
  std::vector<uint32_t> off_;     // text
  std::vector<char> text_;
};

/// Throws failure{corrupt} saying what does not hold: sizes, offsets, type, counts, words, lists.
void check_column_page(std::span<const uint8_t> bytes);
/// Appends a page's rows to a builder of the same type.
void append_page(column_builder& to, const page& from);

}  // namespace gli
