#include "partitions/loaders/text_layout.h"

#include <algorithm>
#include <utility>

#include "partitions/loaders/text_fields.h"
#include "runtime/error.h"

namespace gli {

namespace {

std::string_view trimmed(std::string_view field, const char* spaces) {
  auto begin = field.find_first_not_of(spaces);
  if (begin == field.npos) return {};
  return field.substr(begin, field.find_last_not_of(spaces) + 1 - begin);
}

std::vector<std::string> default_names(text_rows rows) {
  if (rows == text_rows::edges) return {"source", "target", "weight"};
  return {"", "value"};
}

/// Names that were given must fit exactly; of the default names the last may be missing.
std::vector<std::string> names_of(const text_options& o, text_rows rows, const std::vector<std::string_view>& fields,
                                  const std::string& where) {
  if (o.header && o.names.empty()) return {fields.begin(), fields.end()};
  auto names = o.names.empty() ? default_names(rows) : o.names;
  auto n = names.size(), found = fields.size();
  if (found == n) return names;
  if (!o.names.empty()) throw failure{errc::value, where + ": " + count_mismatch(std::to_string(n), found)};
  if (found + 1 != n) throw failure{errc::value, where + ": " + count_mismatch(std::to_string(n - 1) + " or " + std::to_string(n), found)};
  names.pop_back();
  return names;
}

size_t index_of(const std::vector<std::string>& names, const std::string& name) {
  return size_t(std::find(names.begin(), names.end(), name) - names.begin());
}

/// Where the ids are: one column for nodes, two for edges.
std::vector<size_t> id_columns(const std::vector<std::string>& names, text_rows rows) {
  if (rows == text_rows::nodes) {
    auto unnamed = index_of(names, "");
    return {unnamed < names.size() ? unnamed : 0};
  }
  auto source = index_of(names, "source"), target = index_of(names, "target");
  if (source < names.size() && target < names.size()) return {source, target};
  return {0, 1};
}

void check_names(const std::vector<text_column>& columns, const std::string& where) {
  for (auto c = columns.begin(); c != columns.end(); ++c) {
    if (!c->is_id && (c->name.empty() || c->name == "_seq"))
      throw failure{errc::value, where + ": " + quoted_field(c->name) + " cannot name an attribute column"};
    if (std::any_of(columns.begin(), c, [&](auto& before) { return before.name == c->name; }))
      throw failure{errc::value, where + ": two columns are named " + quoted_field(c->name)};
  }
}

bool is_readable(column_type t) { return t <= column_type::timestamp; }

void set_types(std::vector<text_column>& columns, const text_options& o, const std::string& where) {
  size_t attributes = 0;
  for (auto& c : columns) {
    if (c.is_id) continue;
    auto i = attributes++;
    c.guessed = o.types.empty() || o.types_may_widen;
    if (o.types.empty()) continue;
    if (i >= o.types.size()) break;
    c.type = o.types[i];
    if (!is_readable(c.type)) throw failure{errc::type, where + ": " + c.name + ": text files hold no " + type_name(c.type)};
  }
  if (!o.types.empty() && (attributes > o.types.size() || (attributes < o.types.size() && !o.names.empty())))
    throw failure{errc::value,
                  where + ": " + std::to_string(o.types.size()) + " types for " + std::to_string(attributes) + " attribute columns"};
}

}  // namespace

bool is_skipped(std::string_view line, const text_options& o) {
  if (!o.delimiter) line = trimmed(line, " \t");
  return line.empty() || (o.comment && (line[0] == o.comment || line[0] == '%'));
}

std::vector<std::string_view> split_fields(std::string_view line, char delimiter) {
  std::vector<std::string_view> fields;
  const char* ends = " \t";
  if (delimiter) {
    for (;;) {
      auto end = line.find(delimiter);
      fields.push_back(trimmed(line.substr(0, end), " "));
      if (end == line.npos) return fields;
      line.remove_prefix(end + 1);
    }
  }
  for (auto begin = line.find_first_not_of(ends); begin != line.npos; begin = line.find_first_not_of(ends)) {
    line.remove_prefix(begin);
    auto end = std::min(line.find_first_of(ends), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return fields;
}

std::string count_mismatch(const std::string& expected, size_t found) {
  return "expected " + expected + (expected == "1" ? " field" : " fields") + ", found " + std::to_string(found);
}

text_layout make_layout(const text_options& o, text_rows rows, std::string_view first_line, const std::string& where) {
  if (o.header && valid_text_prefix(first_line) != first_line.size()) throw failure{errc::value, where + ": not a text file"};
  auto fields = split_fields(first_line, o.delimiter);
  auto names = names_of(o, rows, fields, where);
  auto ids = id_columns(names, rows);
  if (names.size() < ids.size()) throw failure{errc::value, where + ": " + count_mismatch("2", names.size())};
  text_layout layout{{}, o.delimiter, o.comment, std::max<int64_t>(1, o.rows_per_batch), o.skip_bad_lines};
  auto place = ids.size();
  for (size_t i = 0; i < names.size(); ++i) {
    text_column c;
    auto id = size_t(std::find(ids.begin(), ids.end(), i) - ids.begin());
    c.is_id = id < ids.size();
    c.place = c.is_id ? id : place++;
    c.name = !c.is_id ? names[i] : rows == text_rows::nodes ? "" : id == 0 ? "source" : "target";
    if (c.is_id) c.type = o.keys == key_type::utf8 ? column_type::utf8 : column_type::int64;
    if (c.is_id) c.guessed = o.keys == key_type::none;
    if (c.is_id) c.lowest = o.lowest_id, c.highest = o.highest_id, c.known = o.known.get();
    layout.columns.push_back(std::move(c));
  }
  set_types(layout.columns, o, where);
  check_names(layout.columns, where);
  return layout;
}

}  // namespace gli
