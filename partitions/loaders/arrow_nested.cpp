#include <charconv>
#include <optional>

#include "partitions/loaders/arrow_format.h"
#include "partitions/loaders/arrow_import.h"
#include "partitions/loaders/text_fields.h"
#include "runtime/error.h"
#include "runtime/json_text.h"
#include "runtime/list_text.h"

namespace gli {

namespace {

std::string_view format_of(const ArrowSchema& schema) { return schema.format ? schema.format : ""; }

[[noreturn]] void unsupported(const ArrowSchema& schema) {
  throw failure{errc::type, column_label(schema) + ": format " + quoted_field(format_of(schema)) + " is not supported"};
}

void check_children(const ArrowSchema& schema, int64_t count) {
  bool fits = schema.n_children == count && schema.children;
  for (int64_t i = 0; fits && i < count; ++i) fits = schema.children[i];
  if (!fits) refuse_arrow(schema, "its schema has " + std::to_string(schema.n_children) + " children");
}

void check_array(const ArrowArray& array, const ArrowSchema& schema, int64_t buffers) {
  if (array.n_buffers != buffers || !array.buffers) refuse_arrow(schema, "has " + std::to_string(array.n_buffers) + " buffers");
  bool fits = array.n_children == schema.n_children && array.children;
  for (int64_t i = 0; fits && i < array.n_children; ++i) fits = array.children[i];
  if (!fits) refuse_arrow(schema, "has " + std::to_string(array.n_children) + " children");
}

std::optional<int64_t> fixed_size(const ArrowSchema& schema) {
  auto format = format_of(schema);
  if (!format.starts_with("+w:")) return std::nullopt;
  auto size = parse_int64(format.substr(3));
  if (!size || *size < 0 || *size > INT32_MAX) unsupported(schema);
  return size;
}

bool is_number(const ArrowSchema& schema) { return format_of(schema) == "+s" && is_marked(schema, number_mark); }
bool is_listing(const ArrowSchema& schema) { return format_of(schema) == "+l" || format_of(schema) == "+L" || fixed_size(schema); }

// --- numbers ---------------------------------------------------------------------------------------------------------------

void check_number(const ArrowSchema& schema) {
  check_children(schema, 2);
  for (int64_t i = 0; i < 2; ++i) {
    auto& field = *schema.children[i];
    bool fits = std::string_view{field.name ? field.name : ""} == (i ? "float" : "int") && format_of(field) == (i ? "g" : "l");
    if (!fits) refuse_arrow(schema, std::string{"a number has the fields int (int64) and float (float64), not "} + column_label(field));
  }
}

column import_numbers(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length) {
  check_number(schema);
  check_array(array, schema, 1);
  auto rows = import_validity(array, schema, begin, length);
  auto ints = import_column(*array.children[0], *schema.children[0], begin, length);
  auto floats = import_column(*array.children[1], *schema.children[1], begin, length);
  column_builder out{rows.name, column_type::number};
  out.reserve(length);
  for (int64_t i = 0; i < length; ++i) {
    bool has_int = rows.valid(i) && ints.valid(i), has_float = rows.valid(i) && floats.valid(i);
    if (has_int && has_float) refuse_arrow(schema, "row " + std::to_string(i) + " is an int and a float");
    if (has_int) out.append_int64(ints.int64(i));
    else if (has_float) out.append_float64(floats.float64(i));
    else out.append_null();
  }
  return out.finish();
}

// --- lists -----------------------------------------------------------------------------------------------------------------

/// Where the elements of rows 0 … length are in the child, `begin` rows from the start of the buffers; rows without a value may have some.
template <class Offset>
std::vector<int64_t> read_ends(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length) {
  if (length == 0) return {0};
  if (!array.buffers[1]) refuse_arrow(schema, "has no offsets");
  auto* ends = static_cast<const Offset*>(array.buffers[1]) + begin;
  if (ends[0] < 0) refuse_arrow(schema, "negative offset");
  for (int64_t i = 0; i < length; ++i)
    if (ends[i + 1] < ends[i]) refuse_arrow(schema, "offsets decrease");
  return {ends, ends + length + 1};
}

std::vector<int64_t> fixed_ends(const ArrowSchema& schema, int64_t size, int64_t begin, int64_t length) {
  if (size && begin + length > INT64_MAX / size) refuse_arrow(schema, "has length " + std::to_string(length));
  std::vector<int64_t> ends;
  for (int64_t i = 0; i <= length; ++i) ends.push_back((begin + i) * size);
  return ends;
}

/// Rows of a child column, from ends[0] on.
class list_rows {
 public:
  list_rows(column rows, std::vector<int64_t> ends, column elements) : rows_{std::move(rows)}, ends_{std::move(ends)}, elements_{std::move(elements)} {}

  column run() {
    auto type = list_of(elements_.type);
    bool holds = type && (elements_.validity.empty() || !any_null());
    column_builder out{rows_.name, holds ? *type : column_type::json};
    out.reserve(rows_.length, holds ? int64_t(elements_.values.size()) : 0);
    for (int64_t i = 0; i < rows_.length; ++i) {
      if (rows_.valid(i)) out.append_bytes(holds ? row(*type, i) : text(i));
      else out.append_null();
    }
    return out.finish();
  }

 private:
  template <class F>
  void each(int64_t i, F&& f) const {
    for (auto j = ends_[size_t(i)] - ends_[0]; j < ends_[size_t(i) + 1] - ends_[0]; ++j) f(j);
  }
  bool any_null() const {
    bool any = false;
    for (int64_t i = 0; i < rows_.length; ++i)
      if (rows_.valid(i)) each(i, [&](int64_t j) { any = any || !elements_.valid(j); });
    return any;
  }
  std::string row(column_type type, int64_t i) const {
    std::string bytes;
    each(i, [&](int64_t j) {
      if (type == column_type::list_boolean) put_element(bytes, type, {elements_.boolean(j) ? "\1" : "\0", 1});
      else if (type == column_type::list_utf8) put_element(bytes, type, elements_.bytes(j));
      else put_element(bytes, type, {reinterpret_cast<const char*>(elements_.values.data()) + j * 8, 8});
    });
    return bytes;
  }
  std::string text(int64_t i) const {
    std::string text = "[";
    each(i, [&](int64_t j) {
      if (text.size() > 1) text += ',';
      text += json_text(elements_.at(j));
    });
    return text + ']';
  }

  column rows_;
  std::vector<int64_t> ends_;
  column elements_;
};

column import_lists(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length) {
  check_children(schema, 1);
  auto size = fixed_size(schema);
  check_array(array, schema, size ? 1 : 2);
  auto ends = size                          ? fixed_ends(schema, *size, begin, length)
              : format_of(schema) == "+l" ? read_ends<int32_t>(array, schema, begin, length)
                                            : read_ends<int64_t>(array, schema, begin, length);
  auto elements = import_column(*array.children[0], *schema.children[0], ends.front(), ends.back() - ends.front());
  return list_rows{import_validity(array, schema, begin, length), std::move(ends), std::move(elements)}.run();
}

}  // namespace

bool is_nested(const ArrowSchema& schema) { return format_of(schema).starts_with('+'); }

column import_nested(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length) {
  if (is_number(schema)) return import_numbers(array, schema, begin, length);
  if (is_listing(schema)) return import_lists(array, schema, begin, length);
  unsupported(schema);
}

column_type nested_type(const ArrowSchema& schema) {
  if (is_number(schema)) return column_type::number;
  if (!is_listing(schema)) unsupported(schema);
  check_children(schema, 1);
  return list_of(type_without_rows(*schema.children[0])).value_or(column_type::json);
}

}  // namespace gli
