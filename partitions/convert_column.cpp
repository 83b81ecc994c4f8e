#include "partitions/convert_column.h"

#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

/// Lists, and what holds them where they differ.
bool is_listing(column_type t) { return is_list(t) || t == column_type::json; }

double as_float64(const column& c, int64_t i) { return c.is_int(i) ? double(c.int64(i)) : c.float64(i); }

/// A value of a json column as one of a column of lists or of scalars.
value from_text(std::string_view text, column_type to) { return is_list(to) ? value{json{std::string{text}}} : from_json(text); }

}  // namespace

column converted(const column& c, column_type to) {
  column_builder out{c.name, to};
  out.reserve(c.length);
  for (int64_t i = 0; i < c.length; ++i) {
    if (!c.valid(i)) out.append_null();
    else if (c.type == column_type::json && to != column_type::json) out.append(c.bytes(i) == "null" ? value{} : from_text(c.bytes(i), to));
    else if (c.type == to || to == column_type::number) out.append_from(c, i);
    else if (to == column_type::json) out.append(json{json_text(c.at(i))});
    else if (to == column_type::float64 && is_number(c.type)) out.append_float64(as_float64(c, i));
    else throw failure{errc::internal, std::string{"a column of type "} + type_name(c.type) + " as " + type_name(to)};
  }
  return out.finish();
}

uint32_t value_type_bits(const column& c) {
  uint32_t bits = 0;
  if (c.type != column_type::json) return type_bit(c.type);
  for (int64_t i = 0; i < c.length; ++i)
    if (c.valid(i)) bits |= type_bits_of(from_json(c.bytes(i)));
  return bits;
}

std::optional<column_type> loaded_type(column_type a, column_type b) {
  if (a == b) return a;
  if (is_number(a) && is_number(b)) return a == column_type::number || b == column_type::number ? column_type::number : column_type::float64;
  if (is_listing(a) && is_listing(b)) return column_type::json;
  return std::nullopt;
}

}  // namespace gli
