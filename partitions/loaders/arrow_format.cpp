#include "partitions/loaders/arrow_format.h"

#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "partitions/loaders/text_fields.h"
#include "runtime/error.h"

namespace gli {

namespace {

/// Formats of one letter.
std::optional<arrow_format> simple_format(char letter) {
  using enum arrow_layout;
  switch (letter) {
    case 'n':
      return arrow_format{nothing, column_type::utf8};
    case 'b':
      return arrow_format{bits, column_type::boolean};
    case 'c':
      return arrow_format{int8, column_type::int64};
    case 'C':
      return arrow_format{uint8, column_type::int64};
    case 's':
      return arrow_format{int16, column_type::int64};
    case 'S':
      return arrow_format{uint16, column_type::int64};
    case 'i':
      return arrow_format{int32, column_type::int64};
    case 'I':
      return arrow_format{uint32, column_type::int64};
    case 'l':
      return arrow_format{int64, column_type::int64};
    case 'L':
      return arrow_format{uint64, column_type::int64};
    case 'f':
      return arrow_format{float32, column_type::float64};
    case 'g':
      return arrow_format{float64, column_type::float64};
    case 'u':
      return arrow_format{offsets32, column_type::utf8};
    case 'U':
      return arrow_format{offsets64, column_type::utf8};
    case 'z':
      return arrow_format{offsets32, column_type::binary};
    case 'Z':
      return arrow_format{offsets64, column_type::binary};
    default:
      return {};
  }
}

std::optional<arrow_format> time_format(std::string_view format) {
  if (format == "tdD") return arrow_format{arrow_layout::int32, column_type::timestamp, int64_t{86400} * 1000000};
  if (format == "tdm") return arrow_format{arrow_layout::int64, column_type::timestamp, 1000};
  if (format.size() < 4 || !format.starts_with("ts") || format[3] != ':') return {};
  switch (format[2]) {
    case 's':
      return arrow_format{arrow_layout::int64, column_type::timestamp, 1000000};
    case 'm':
      return arrow_format{arrow_layout::int64, column_type::timestamp, 1000};
    case 'u':
      return arrow_format{arrow_layout::int64, column_type::timestamp};
    case 'n':
      return arrow_format{arrow_layout::int64, column_type::timestamp, 1, 1000};
    default:
      return {};
  }
}

std::optional<arrow_format> bytes_format(std::string_view format) {
  if (format == "vu") return arrow_format{arrow_layout::views, column_type::utf8};
  if (format == "vz") return arrow_format{arrow_layout::views, column_type::binary};
  if (!format.starts_with("w:")) return {};
  auto width = parse_int64(format.substr(2));
  if (!width || *width < 0 || *width > INT32_MAX) return {};
  return arrow_format{arrow_layout::fixed_bytes, column_type::binary, 1, 1, *width};
}

/// Metadata: the number of pairs, then key and value of each, all after their lengths; numbers are int32 in native order.
bool has_metadata(const char* metadata, std::string_view key) {
  if (!metadata) return false;
  auto next = [&] {
    int32_t n;
    std::memcpy(&n, metadata, sizeof n);
    metadata += sizeof n;
    return n;
  };
  for (auto pairs = next(); pairs > 0; --pairs) {
    auto n = next();
    if (n < 0) return false;
    if (std::string_view{metadata, size_t(n)} == key) return true;
    metadata += n;
    n = next();
    if (n < 0) return false;
    metadata += n;
  }
  return false;
}

}  // namespace

bool is_marked(const ArrowSchema& schema, const char* mark) { return has_metadata(schema.metadata, mark); }

std::string column_label(const ArrowSchema& schema) { return "arrow column " + quoted_field(schema.name ? schema.name : ""); }

arrow_format read_format(const ArrowSchema& schema) {
  std::string_view format{schema.format ? schema.format : ""};
  auto found = format.size() == 1 ? simple_format(format[0]) : time_format(format);
  if (!found) found = bytes_format(format);
  if (!found) throw failure{errc::type, column_label(schema) + ": format " + quoted_field(format) + " is not supported"};
  if (found->type == column_type::utf8 && is_marked(schema, json_mark)) found->type = column_type::json;
  return *found;
}

}  // namespace gli
