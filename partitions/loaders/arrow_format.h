#pragma once
// What an Arrow schema says about one column, as far as GLI takes it.

#include <cstdint>
#include <string>

#include "partitions/loaders/arrow_abi.h"
#include "runtime/value.h"

namespace gli {

/// How the values lie in their buffers.
enum class arrow_layout : uint8_t {
  nothing,  // no buffers: all null
  bits,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
  offsets32,
  offsets64,
  views,
  fixed_bytes,
};

struct arrow_format {
  arrow_layout layout = arrow_layout::nothing;
  column_type type = column_type::utf8;
  int64_t multiply = 1, divide = 1;  // times: to microseconds; at most one is not 1
  int64_t width = 0;                 // fixed_bytes

  bool is_integer() const { return layout >= arrow_layout::int8 && layout <= arrow_layout::uint64 && type == column_type::int64; }
};

/// Throws failure{type}: "arrow column 'x': format 'e' is not supported". A dictionary's own format is that of its indices.
arrow_format read_format(const ArrowSchema& schema);

std::string column_label(const ArrowSchema& schema);  // "arrow column 'x'"

constexpr const char* json_mark = "gli:json";      // key of the field metadata that tells json from text
constexpr const char* number_mark = "gli:number";  // likewise, a struct of "int" and "float", of which a value has one, from other structs
bool is_marked(const ArrowSchema& schema, const char* mark);

}  // namespace gli
