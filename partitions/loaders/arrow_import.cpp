#include <bit>
#include <cerrno>
#include <cstring>
#include <span>

#include "partitions/loaders/arrow.h"
#include "partitions/loaders/arrow_format.h"
#include "partitions/loaders/arrow_import.h"
#include "partitions/loaders/text_fields.h"
#include "runtime/error.h"

namespace gli {

namespace {

[[noreturn]] void refuse(const ArrowSchema& schema, const std::string& why) { refuse_arrow(schema, why); }

int64_t expected_buffers(arrow_layout layout) {
  if (layout == arrow_layout::nothing) return 0;
  return layout == arrow_layout::offsets32 || layout == arrow_layout::offsets64 ? 3 : 2;
}

/// Rows [begin, begin + length) of one array, counted from the start of its buffers.
class column_import {
 public:
  column_import(const ArrowArray& array, const ArrowSchema& schema, arrow_format format, int64_t begin, int64_t length)
      : array_{array}, schema_{schema}, format_{format}, begin_{begin} {
    column_.name = schema.name ? schema.name : "";
    column_.type = format.type;
    column_.length = length;
  }

  column validity() {
    copy_validity();
    return std::move(column_);
  }

  column run() {
    check_buffers();
    copy_validity();
    copy_values();
    if (format_.type == column_type::utf8 || format_.type == column_type::json) check_text();
    return std::move(column_);
  }

 private:
  template <class T>
  const T* buffer(int64_t i) const {
    return static_cast<const T*>(array_.buffers[i]);
  }

  void check_buffers() const {
    auto expected = expected_buffers(format_.layout);
    bool fits = format_.layout == arrow_layout::views ? array_.n_buffers >= 3 : array_.n_buffers == expected;
    if (!fits) refuse(schema_, "has " + std::to_string(array_.n_buffers) + " buffers");
    if (expected > 0 && !array_.buffers) refuse(schema_, "has no buffers");
    bool needs_values = column_.length > 0 && expected > 0 && !(format_.layout == arrow_layout::fixed_bytes && format_.width == 0);
    if (needs_values && !array_.buffers[1]) refuse(schema_, "has no values");
  }

  /// Leaves `validity` empty when no row is null, and no bit set past the last row.
  void copy_validity() {
    if (format_.layout == arrow_layout::nothing) {
      column_.validity.assign(size_t(column_.length + 7) / 8, 0);
      return;
    }
    if (array_.null_count == 0 || column_.length == 0) return;
    if (!array_.buffers[0]) {
      if (array_.null_count > 0) refuse(schema_, "has nulls but no validity bitmap");
      return;
    }
    column_.validity = copy_bits(buffer<uint8_t>(0));
    int64_t valid = 0;
    for (auto byte : column_.validity) valid += std::popcount(byte);
    if (valid == column_.length) column_.validity.clear();
  }

  std::vector<uint8_t> copy_bits(const uint8_t* from) const {
    std::vector<uint8_t> bits(size_t(column_.length + 7) / 8);
    auto* first = from + (begin_ >> 3);
    auto* last = from + ((begin_ + column_.length - 1) >> 3);
    auto shift = begin_ & 7;
    for (size_t i = 0; i < bits.size(); ++i) {
      auto low = first[i] >> shift;
      bits[i] = uint8_t(shift && first + i < last ? low | first[i + 1] << (8 - shift) : low);
    }
    if (!bits.empty() && column_.length % 8) bits.back() = uint8_t(bits.back() & ((1 << (column_.length % 8)) - 1));
    return bits;
  }

  void copy_values() {
    switch (format_.layout) {
      case arrow_layout::nothing:
        column_.offsets.assign(size_t(column_.length) + 1, 0);
        break;
      case arrow_layout::bits:
        copy_booleans();
        break;
      case arrow_layout::int8:
        copy_numbers<int8_t>();
        break;
      case arrow_layout::uint8:
        copy_numbers<uint8_t>();
        break;
      case arrow_layout::int16:
        copy_numbers<int16_t>();
        break;
      case arrow_layout::uint16:
        copy_numbers<uint16_t>();
        break;
      case arrow_layout::int32:
        copy_numbers<int32_t>();
        break;
      case arrow_layout::uint32:
        copy_numbers<uint32_t>();
        break;
      case arrow_layout::int64:
        copy_numbers<int64_t>();
        break;
      case arrow_layout::uint64:
        copy_numbers<uint64_t>();
        break;
      case arrow_layout::float32:
        copy_numbers<float>();
        break;
      case arrow_layout::float64:
        copy_numbers<double>();
        break;
      case arrow_layout::offsets32:
        copy_bytes<int32_t>();
        break;
      case arrow_layout::offsets64:
        copy_bytes<int64_t>();
        break;
      case arrow_layout::views:
        copy_views();
        break;
      case arrow_layout::fixed_bytes:
        copy_fixed_bytes();
        break;
    }
  }

  /// Rows without a value hold 0, whatever the sender left there.
  void copy_booleans() {
    if (column_.length == 0) return;
    column_.values = copy_bits(buffer<uint8_t>(1));
    for (size_t i = 0; i < column_.validity.size(); ++i) column_.values[i] &= column_.validity[i];
  }

  template <class T>
  void copy_numbers() {
    column_.values.resize(size_t(column_.length) * 8);
    auto* from = buffer<T>(1);
    if (from) from += begin_;
    auto* to = column_.values.data();
    for (int64_t i = 0; i < column_.length; ++i, to += 8) {
      if (!column_.valid(i)) continue;
      auto x = widened(from[i]);
      std::memcpy(to, &x, 8);
    }
  }

  static double widened(float x) { return double(x); }
  static double widened(double x) { return x; }

  template <class T>
  int64_t widened(T x) const {
    if constexpr (std::is_same_v<T, uint64_t>)
      if (x > uint64_t{INT64_MAX}) refuse(schema_, std::to_string(x) + " is beyond int64");
    auto y = int64_t(x);
    if (format_.divide != 1) return y / format_.divide - (y % format_.divide < 0);
    if (__builtin_mul_overflow(y, format_.multiply, &y)) refuse(schema_, std::to_string(x) + " is beyond int64 microseconds");
    return y;
  }

  template <class Offset>
  void copy_bytes() {
    column_.offsets.assign(size_t(column_.length) + 1, 0);
    if (column_.length == 0) return;
    auto* ends = buffer<Offset>(1) + begin_;
    auto* bytes = buffer<uint8_t>(2);
    if (ends[0] < 0) refuse(schema_, "negative offset");
    for (int64_t i = 0; i < column_.length; ++i)
      if (ends[i + 1] < ends[i]) refuse(schema_, "offsets decrease");
    if (!bytes && ends[column_.length] > ends[0]) refuse(schema_, "has offsets but no bytes");
    if (!column_.validity.empty()) {
      append_rows([&](int64_t i) { return std::span{bytes + ends[i], size_t(ends[i + 1] - ends[i])}; });
      return;
    }
    for (int64_t i = 1; i <= column_.length; ++i) column_.offsets[size_t(i)] = int64_t(ends[i]) - int64_t(ends[0]);
    if (bytes) column_.values.assign(bytes + ends[0], bytes + ends[column_.length]);
  }

  void copy_fixed_bytes() {
    column_.offsets.assign(size_t(column_.length) + 1, 0);
    auto* bytes = buffer<uint8_t>(1);
    append_rows([&](int64_t i) { return std::span{bytes + (begin_ + i) * format_.width, size_t(format_.width)}; });
  }

  /// A view: int32 length, then up to 12 bytes, or 4 bytes of prefix, int32 buffer, int32 offset. The last buffer has the lengths of those
  /// between.
  void copy_views() {
    column_.offsets.assign(size_t(column_.length) + 1, 0);
    append_rows([&](int64_t i) { return view(buffer<uint8_t>(1) + (begin_ + i) * 16); });
  }

  std::span<const uint8_t> view(const uint8_t* at) const {
    int32_t part[4];  // length, prefix, buffer, offset
    std::memcpy(part, at, sizeof part);
    if (part[0] < 0) refuse(schema_, "negative length");
    if (part[0] <= 12) return {at + 4, size_t(part[0])};
    auto* lengths = buffer<int64_t>(array_.n_buffers - 1);
    bool fits = part[2] >= 0 && part[2] < array_.n_buffers - 3 && part[3] >= 0 && lengths && array_.buffers[part[2] + 2] &&
                int64_t{part[3]} + part[0] <= lengths[part[2]];
    if (!fits) refuse(schema_, "a view points outside its buffers");
    return {buffer<uint8_t>(part[2] + 2) + part[3], size_t(part[0])};
  }

  template <class Bytes>
  void append_rows(const Bytes& bytes_of) {
    for (int64_t i = 0; i < column_.length; ++i) {
      if (column_.valid(i)) {
        auto bytes = bytes_of(i);
        column_.values.insert(column_.values.end(), bytes.begin(), bytes.end());
      }
      column_.offsets[size_t(i) + 1] = int64_t(column_.values.size());
    }
  }

  /// Every row is UTF-8 when all bytes together are and no row begins inside a sequence.
  void check_text() const {
    std::string_view all{reinterpret_cast<const char*>(column_.values.data()), column_.values.size()};
    bool valid = valid_utf8_prefix(all) == all.size();
    for (auto offset : column_.offsets) valid = valid && (size_t(offset) == all.size() || (uint8_t(all[size_t(offset)]) & 0xc0) != 0x80);
    if (!valid) refuse(schema_, "text is not UTF-8");
  }

  const ArrowArray& array_;
  const ArrowSchema& schema_;
  const arrow_format format_;
  const int64_t begin_;
  column column_;
};

column import_dictionary(const ArrowArray& array, const ArrowSchema& schema, arrow_format format, int64_t begin, int64_t length) {
  if (!format.is_integer()) refuse(schema, "dictionary indices are no integers");
  if (!array.dictionary) refuse(schema, "has no dictionary");
  auto indices = column_import{array, schema, format, begin, length}.run();
  auto words = import_column(*array.dictionary, *schema.dictionary, 0, array.dictionary->length);
  column_builder rows{indices.name, words.type};
  rows.reserve(length);
  for (int64_t i = 0; i < length; ++i) {
    if (!indices.valid(i)) {
      rows.append_null();
      continue;
    }
    auto word = indices.int64(i);
    if (word < 0 || word >= words.length) refuse(schema, "index " + std::to_string(word) + " is not in the dictionary");
    if (words.valid(word))
      rows.append_from(words, word);
    else
      rows.append_null();
  }
  return rows.finish();
}

void check_struct(const ArrowSchema& schema) {
  if (!schema.release) throw failure{errc::value, "arrow: the schema was released already"};
  std::string format = schema.format ? schema.format : "";
  if (format != "+s") throw failure{errc::type, "arrow: expected a table (a struct), not format " + quoted_field(format)};
  if (schema.n_children < 0 || (schema.n_children > 0 && !schema.children)) throw failure{errc::value, "arrow: the schema has no children"};
  for (int64_t i = 0; i < schema.n_children; ++i)
    if (!schema.children[i]) throw failure{errc::value, "arrow: the schema's column " + std::to_string(i) + " is missing"};
}

bool has_null_rows(const ArrowArray& array) {
  if (array.null_count == 0 || array.n_buffers < 1 || !array.buffers || !array.buffers[0]) return false;
  auto* valid = static_cast<const uint8_t*>(array.buffers[0]);
  for (auto i = array.offset; i < array.offset + array.length; ++i)
    if (!(valid[i >> 3] >> (i & 7) & 1)) return true;
  return false;
}

void check_struct(const ArrowArray& array, const ArrowSchema& schema) {
  check_struct(schema);
  if (!array.release) throw failure{errc::value, "arrow: the batch was released already"};
  if (array.length < 0 || array.offset < 0 || array.offset > INT64_MAX - array.length)
    throw failure{errc::value, "arrow: the batch has a negative length"};
  if (array.n_children != schema.n_children || (array.n_children > 0 && !array.children))
    throw failure{errc::value,
                  "arrow: the batch has " + std::to_string(array.n_children) + " columns, its schema " + std::to_string(schema.n_children)};
  for (int64_t i = 0; i < array.n_children; ++i)
    if (!array.children[i]) refuse(*schema.children[i], "is missing");
  if (has_null_rows(array)) throw failure{errc::value, "arrow: the batch has rows that are null as a whole"};
}

template <class Struct>
struct released {
  Struct* what;
  ~released() {
    if (what && what->release) what->release(what);
  }
};

column_batch without_rows(const ArrowSchema& schema) {
  column_batch batch;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    auto& child = *schema.children[i];
    batch.columns.push_back(column_builder{child.name ? child.name : "", type_without_rows(child)}.finish());
  }
  return batch;
}

void check_call(int error, ArrowArrayStream* stream) {
  if (error == 0) return;
  auto* said = stream->get_last_error ? stream->get_last_error(stream) : nullptr;
  auto code = error == ENOMEM ? errc::memory : error == EINVAL ? errc::value : error == ENOSYS ? errc::not_implemented : errc::io;
  throw failure{code, std::string{"arrow stream: "} + (said ? said : std::strerror(error))};
}

}  // namespace

[[noreturn]] void refuse_arrow(const ArrowSchema& schema, const std::string& why) { throw failure{errc::value, column_label(schema) + ": " + why}; }

column import_validity(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length) {
  arrow_format any{arrow_layout::offsets64, column_type::utf8};
  return column_import{array, schema, any, begin, length}.validity();
}

column import_column(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length) {
  constexpr int64_t most = INT64_MAX >> 8;  // so that no position in bytes overflows
  if (!array.release || !schema.release) refuse(schema, "was released already");
  bool fits = begin >= 0 && length >= 0 && array.length >= 0 && array.length <= most && array.offset >= 0 && array.offset <= most &&
              begin <= array.length && length <= array.length - begin;
  if (!fits) refuse(schema, "has length " + std::to_string(array.length) + " and offset " + std::to_string(array.offset));
  begin += array.offset;
  if (is_nested(schema)) return import_nested(array, schema, begin, length);
  auto format = read_format(schema);
  if (schema.dictionary) return import_dictionary(array, schema, format, begin, length);
  if (format.layout == arrow_layout::fixed_bytes && format.width > 0 && begin + length > INT64_MAX / format.width)
    refuse(schema, "has length " + std::to_string(array.length));
  return column_import{array, schema, format, begin, length}.run();
}

column_type type_without_rows(const ArrowSchema& schema) {
  if (is_nested(schema)) return nested_type(schema);
  auto own = read_format(schema);
  return schema.dictionary ? type_without_rows(*schema.dictionary) : own.type;
}

column_batch import_batch(ArrowArray* array, ArrowSchema* schema) {
  released<ArrowArray> release{array};
  if (!array || !schema) throw failure{errc::value, "arrow: no batch or no schema"};
  check_struct(*array, *schema);
  column_batch batch;
  batch.rows = array->length;
  for (int64_t i = 0; i < schema->n_children; ++i)
    batch.columns.push_back(import_column(*array->children[i], *schema->children[i], array->offset, array->length));
  batch.check();
  return batch;
}

void import_stream(ArrowArrayStream* stream, const std::function<void(const column_batch&)>& batch) {
  released<ArrowArrayStream> release{stream};
  if (!stream || !stream->release || !stream->get_schema || !stream->get_next)
    throw failure{errc::value, "arrow: the stream was released already"};
  ArrowSchema schema{};
  check_call(stream->get_schema(stream, &schema), stream);
  released<ArrowSchema> release_schema{&schema};
  check_struct(schema);
  bool any = false;
  for (;;) {
    ArrowArray array{};
    check_call(stream->get_next(stream, &array), stream);
    if (!array.release) break;
    batch(import_batch(&array, &schema));
    any = true;
  }
  if (!any) batch(without_rows(schema));
}

}  // namespace gli
