#include "runtime/list_text.h"

#include <algorithm>

#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

template <class T>
T fixed(std::string_view bytes) {
  T x;
  std::memcpy(&x, bytes.data(), sizeof x);
  return x;
}

value element(column_type list, std::string_view bytes) {
  switch (list) {
    case column_type::list_boolean: return bytes[0] != 0;
    case column_type::list_int64: return fixed<int64_t>(bytes);
    case column_type::list_float64: return fixed<double>(bytes);
    case column_type::list_timestamp: return timestamp{fixed<int64_t>(bytes)};
    default: return std::string{bytes};
  }
}

void put_value(std::string& row, column_type list, const value& v) {
  auto put = [&](const auto& x) { put_element(row, list, {reinterpret_cast<const char*>(&x), sizeof x}); };
  switch (list) {
    case column_type::list_boolean: return put(std::get<bool>(v));
    case column_type::list_int64: return put(std::get<int64_t>(v));
    case column_type::list_float64: return put(std::get<double>(v));
    case column_type::list_timestamp: return put(std::get<timestamp>(v).microseconds);
    default: return put_element(row, list, std::get<std::string>(v));
  }
}

/// Where the element that begins at `at` ends: before a comma or the last bracket. Of nested ones anywhere.
size_t end_of_element(std::string_view text, size_t at) {
  if (text[at] == '"') {
    for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
    ++at;
  }
  return std::min(text.find_first_of(",]", at), text.size());
}

struct typed_row { column_type type; std::string bytes; };

std::optional<typed_row> read_elements(std::string_view text) {
  std::optional<typed_row> made;
  for (size_t at = 1, end; at < text.size(); at = end + 1) {
    end = end_of_element(text, at);
    auto v = from_json(text.substr(at, end - at));
    auto type = type_of(v);
    auto list = type ? list_of(*type) : std::nullopt;
    if (!list || (made && made->type != *list)) return std::nullopt;
    if (!made) made = typed_row{*list, {}};
    put_value(made->bytes, *list, v);
  }
  return made;
}

std::optional<typed_row> read_list(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return std::nullopt;
  auto made = read_elements(text);
  return made && list_text(made->type, made->bytes) == text ? made : std::nullopt;
}

}  // namespace

std::optional<column_type> list_of(column_type element) {
  switch (element) {
    case column_type::boolean: return column_type::list_boolean;
    case column_type::int64: return column_type::list_int64;
    case column_type::float64: return column_type::list_float64;
    case column_type::timestamp: return column_type::list_timestamp;
    case column_type::utf8: return column_type::list_utf8;
    default: return std::nullopt;
  }
}

std::optional<column_type> list_type(std::string_view json) {
  auto made = read_list(json);
  return made ? std::optional{made->type} : std::nullopt;
}

std::string list_row(column_type list, std::string_view json) {
  if (json == "[]") return {};
  auto made = read_list(json);
  if (!made || made->type != list) throw failure{errc::type, std::string{"a column of type "} + type_name(list) + " cannot hold " + std::string{json}};
  return std::move(made->bytes);
}

std::string list_text(column_type list, std::string_view row) {
  std::string text = "[";
  each_element(list, row, [&](std::string_view bytes) {
    if (text.size() > 1) text += ',';
    text += json_text(element(list, bytes));
  });
  return text + ']';
}

bool is_list_row(column_type list, std::string_view row) {
  if (list == column_type::list_boolean) return row.find_first_not_of(std::string_view{"\0\1", 2}) == row.npos;
  if (list != column_type::list_utf8) return row.size() % 8 == 0;
  while (!row.empty()) {
    if (row.size() < sizeof(uint32_t)) return false;
    auto size = fixed<uint32_t>(row);
    row.remove_prefix(sizeof size);
    if (size > row.size()) return false;
    row.remove_prefix(size);
  }
  return true;
}

void put_element(std::string& row, column_type list, std::string_view bytes) {
  if (list == column_type::list_utf8) {
    if (bytes.size() > UINT32_MAX) throw failure{errc::memory, "a text of more than 4 GiB in a list"};
    auto size = uint32_t(bytes.size());
    row.append(reinterpret_cast<const char*>(&size), sizeof size);
  }
  row += bytes;
}

}  // namespace gli
