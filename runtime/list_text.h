#pragma once
// Lists whose elements are all of one type, as rows of list columns. A row is its elements, one after the other, little endian: int64, float64 and
// timestamp 8 bytes each, bool one byte of 0 or 1, text u32 length and its bytes.
//
// The value of such a row is json, with the text that Python's json module writes, so that no graph_id depends on a column's type. What has another
// text (blanks, 1e2 for 100.0), and lists of unlike, nested or null elements, stay json in columns too.

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/value.h"

namespace gli {

/// The type of a list's elements.
constexpr column_type element_type(column_type list) {
  switch (list) {
    case column_type::list_boolean: return column_type::boolean;
    case column_type::list_int64: return column_type::int64;
    case column_type::list_float64: return column_type::float64;
    case column_type::list_timestamp: return column_type::timestamp;
    default: return column_type::utf8;
  }
}
std::optional<column_type> list_of(column_type element);  // the inverse; nothing for other types

/// The list column that holds this text as it is. Nothing for other values, and for the empty list, which every one holds.
std::optional<column_type> list_type(std::string_view json);
/// The row of a text whose list_type is `list`, or of the empty list; else failure{type}.
std::string list_row(column_type list, std::string_view json);
std::string list_text(column_type list, std::string_view row);
bool is_list_row(column_type list, std::string_view row);  // whether the bytes are one

/// Appends an element, which is 1 or 8 bytes or text, to a row.
void put_element(std::string& row, column_type list, std::string_view bytes);

/// Calls f(bytes) for each element of a row.
template <class F>
void each_element(column_type list, std::string_view row, F&& f) {
  while (!row.empty()) {
    uint32_t size = list == column_type::list_boolean ? 1 : 8;
    if (list == column_type::list_utf8) {
      std::memcpy(&size, row.data(), sizeof size);
      row.remove_prefix(sizeof size);
    }
    f(row.substr(0, size));
    row.remove_prefix(size);
  }
}

}  // namespace gli
