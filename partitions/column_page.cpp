#include "partitions/column_page.h"

#include <algorithm>

#include "partitions/json_text.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr uint32_t column_magic = 0x31504347;  // "GCP1"
constexpr uint8_t has_validity = 1;

struct column_header {
  uint32_t magic;
  uint8_t type, flags;
  uint16_t zero;
  uint32_t rows, nulls;
  uint64_t value_bytes, reserved;
};
static_assert(sizeof(column_header) == 32);

size_t padded(size_t bytes) { return (bytes + 7) & ~size_t{7}; }
size_t bitmap_bytes(uint32_t rows) { return (size_t(rows) + 7) / 8; }

/// Where the parts of a page lie.
struct column_layout {
  size_t validity, offsets, values, end;
  column_layout(const column_header& h) {
    validity = sizeof(column_header);
    offsets = validity + (h.flags & has_validity ? padded(bitmap_bytes(h.rows)) : 0);
    values = offsets + (is_variable(column_type(h.type)) ? padded((size_t(h.rows) + 1) * 4) : 0);
    end = values + padded(h.value_bytes);
  }
};

void set_bit(uint8_t* bits, uint32_t i) { bits[i >> 3] |= uint8_t(1u << (i & 7)); }

/// Rows come from a column or another page, which have the same accessors. `at(i)`: the row of `from` that becomes row i, or -1 for null.
template <class Source, class At>
column_header measure(column_type type, const Source& from, uint32_t rows, At&& at) {
  column_header h{column_magic, static_cast<uint8_t>(type), 0, 0, rows, 0, 0, 0};
  bool variable = is_variable(type);
  for (uint32_t i = 0; i < rows; ++i) {
    auto row = at(i);
    if (row < 0 || !from.valid(row)) {
      ++h.nulls;
    } else if (variable) {
      h.value_bytes += from.bytes(row).size();
    }
  }
  if (!variable) h.value_bytes = type == column_type::boolean ? bitmap_bytes(rows) : size_t(rows) * 8;
  if (variable && h.value_bytes > UINT32_MAX) throw failure{errc::memory, "more than 4 GiB of text in one page of a column"};
  if (h.nulls) h.flags |= has_validity;
  return h;
}

template <class Source>
void put_value(uint8_t* values, uint32_t i, column_type type, const Source& from, int64_t row) {
  if (type != column_type::boolean) {
    auto x = from.int64(row);
    std::memcpy(values + size_t(i) * 8, &x, 8);
  } else if (from.boolean(row)) {
    set_bit(values, i);
  }
}

template <class Source, class At>
page_ptr build(column_type type, const Source& from, uint32_t rows, At&& at) {
  auto header = measure(type, from, rows, at);
  column_layout layout{header};
  auto made = std::make_shared<page>(layout.end);
  auto data = made->data();
  std::memcpy(data, &header, sizeof header);
  auto off = reinterpret_cast<uint32_t*>(data + layout.offsets);
  uint32_t used = 0;
  bool variable = is_variable(type);
  for (uint32_t i = 0; i < rows; ++i) {
    auto row = at(i);
    bool valid = row >= 0 && from.valid(row);
    if (valid && header.nulls) set_bit(data + layout.validity, i);
    if (!variable) {
      if (valid) put_value(data + layout.values, i, type, from, row);
      continue;
    }
    if (valid) {
      auto bytes = from.bytes(row);
      std::copy(bytes.begin(), bytes.end(), data + layout.values + used);
      used += uint32_t(bytes.size());
    }
    off[i + 1] = used;
  }
  return made;
}

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "column page: " + what}; }

uint32_t count_bits(const uint8_t* bits, uint32_t rows) {
  uint32_t set = 0;
  for (uint32_t i = 0; i < rows; ++i) set += bits[i >> 3] >> (i & 7) & 1;
  return set;
}

void check_header(const column_header& h) {
  if (h.magic != column_magic) damaged("wrong magic");
  if (h.type < 1 || h.type > 7) damaged("unknown type " + std::to_string(h.type));
  if (h.flags & ~has_validity || h.zero || h.reserved) damaged("reserved bits are set");
  if ((h.nulls != 0) != bool(h.flags & has_validity) || h.nulls > h.rows) damaged("its count of nulls does not fit its flags");
  auto type = column_type(h.type);
  if (is_variable(type) ? h.value_bytes > UINT32_MAX
                        : h.value_bytes != (type == column_type::boolean ? bitmap_bytes(h.rows) : size_t(h.rows) * 8))
    damaged("its count of bytes does not fit its rows");
}

void check_page_offsets(const uint8_t* at, const column_header& h) {
  uint32_t last = 0;
  for (size_t i = 0; i <= h.rows; ++i) {
    uint32_t next;
    std::memcpy(&next, at + i * 4, 4);
    if (next < last || (i == 0 && next)) damaged("offsets decrease");
    last = next;
  }
  if (last != h.value_bytes) damaged("offsets do not end where its bytes end");
}

}  // namespace

column_page_view::column_page_view(const uint8_t* bytes) {
  column_header h;
  std::memcpy(&h, bytes, sizeof h);
  column_layout layout{h};
  type_ = column_type(h.type);
  rows_ = h.rows;
  nulls_ = h.nulls;
  if (h.flags & has_validity) validity_ = bytes + layout.validity;
  if (is_variable(type_)) off_ = reinterpret_cast<const uint32_t*>(bytes + layout.offsets);
  values_ = bytes + layout.values;
}

value column_page_view::at(uint32_t i) const {
  if (!valid(i)) return {};
  switch (type_) {
    case column_type::boolean: return boolean(i);
    case column_type::int64: return int64(i);
    case column_type::float64: return float64(i);
    case column_type::utf8: return std::string{bytes(i)};
    case column_type::timestamp: return timestamp{int64(i)};
    case column_type::binary: return binary{std::string{bytes(i)}};
    case column_type::json: return json{std::string{bytes(i)}};
  }
  return {};
}

page_ptr make_column_page(const column& c, int64_t begin, int64_t end) {
  return build(c.type, c, uint32_t(end - begin), [begin](uint32_t i) { return begin + i; });
}

page_ptr make_column_page(const column& c, std::span<const int64_t> rows) {
  return build(c.type, c, uint32_t(rows.size()), [rows](uint32_t i) { return rows[i]; });
}

page_ptr make_column_page(const column& c, std::span<const uint32_t> rows) {
  return build(c.type, c, uint32_t(rows.size()), [rows](uint32_t i) { return int64_t{rows[i]}; });
}

page_ptr make_column_page(const page& from, std::span<const uint32_t> rows) {
  struct rows_of_page {
    column_page_view view;
    bool valid(int64_t i) const { return view.valid(uint32_t(i)); }
    bool boolean(int64_t i) const { return view.boolean(uint32_t(i)); }
    int64_t int64(int64_t i) const { return view.int64(uint32_t(i)); }
    std::string_view bytes(int64_t i) const { return view.bytes(uint32_t(i)); }
  } source{column_page_view{from}};
  return build(source.view.type(), source, uint32_t(rows.size()), [rows](uint32_t i) { return int64_t{rows[i]}; });
}

column_page_writer::column_page_writer(column_type type, uint32_t rows) : type_{type}, valid_(bitmap_bytes(rows)) {
  if (type == column_type::boolean) bits_.resize(bitmap_bytes(rows));
  else if (!is_variable(type)) numbers_.resize(rows);
  else off_.reserve(size_t(rows) + 1), off_.push_back(0);
}

void column_page_writer::note_valid(uint32_t count) {
  auto i = row_, end = row_ += count;
  for (; i < end && i & 7; ++i) set_bit(valid_.data(), i);
  if (auto whole = (end - i) >> 3) {
    std::memset(valid_.data() + (i >> 3), 0xff, whole);
    i += whole * 8;
  }
  for (; i < end; ++i) set_bit(valid_.data(), i);
}

void column_page_writer::put_text(std::string_view text) {
  text_.insert(text_.end(), text.begin(), text.end());
  if (text_.size() > UINT32_MAX) throw failure{errc::memory, "more than 4 GiB of text in one page of a column"};
  off_.push_back(uint32_t(text_.size()));
  note_valid(1);
}

void column_page_writer::put(const value& v) {
  auto type = type_of(v);
  if (!type) return rows(nullptr, 0, 1);
  if (type_ == column_type::json) return put_text(*type == column_type::json ? std::get<json>(v).text : json_text(v));
  if (*type != type_) throw failure{errc::internal, std::string{"a value of type "} + type_name(*type) + " in a page of " + type_name(type_)};
  switch (type_) {
    case column_type::utf8: return put_text(std::get<std::string>(v));
    case column_type::binary: return put_text(std::get<binary>(v).bytes);
    case column_type::boolean:
      if (std::get<bool>(v)) set_bit(bits_.data(), row_);
      break;
    case column_type::float64: std::memcpy(&numbers_[row_], &std::get<double>(v), 8); break;
    case column_type::timestamp: numbers_[row_] = uint64_t(std::get<timestamp>(v).microseconds); break;
    default: numbers_[row_] = uint64_t(std::get<int64_t>(v));
  }
  note_valid(1);
}

/// Rows without nulls.
void column_page_writer::plain_rows(const column_page_view& from, uint32_t first, uint32_t count) {
  if (type_ == column_type::boolean) {
    for (uint32_t i = 0; i < count; ++i)
      if (from.boolean(first + i)) set_bit(bits_.data(), row_ + i);
  } else if (!is_variable(type_)) {
    std::memcpy(&numbers_[row_], from.raw_values() + first * size_t{8}, count * size_t{8});
  } else {
    auto begin = from.bytes(first).data(), end = from.bytes(first + count - 1).data() + from.bytes(first + count - 1).size();
    auto shift = uint32_t(text_.size()) - uint32_t(begin - reinterpret_cast<const char*>(from.raw_values()));
    text_.insert(text_.end(), begin, end);
    if (text_.size() > UINT32_MAX) throw failure{errc::memory, "more than 4 GiB of text in one page of a column"};
    for (uint32_t i = 0; i < count; ++i) {
      auto text = from.bytes(first + i);
      off_.push_back(uint32_t(text.data() + text.size() - reinterpret_cast<const char*>(from.raw_values())) + shift);
    }
  }
  note_valid(count);
}

void column_page_writer::rows(const page* from, uint32_t first, uint32_t count) {
  if (from) {
    column_page_view old{*from};
    auto there = std::min(count, old.rows() - std::min(first, old.rows()));
    count -= there;
    for (uint32_t end = first + there, next; first < end; first = next) {
      bool valid = old.valid(first);
      next = old.nulls() ? first + 1 : end;
      while (next < end && old.valid(next) == valid) ++next;
      if (valid) plain_rows(old, first, next - first);
      else rows(nullptr, 0, next - first);
    }
  }
  row_ += count;
  nulls_ += count;
  if (is_variable(type_)) off_.insert(off_.end(), count, off_.back());
}

page_ptr column_page_writer::finish() {
  if (nulls_ == row_) return nullptr;
  column_header h{column_magic, static_cast<uint8_t>(type_), nulls_ ? has_validity : uint8_t{0}, 0, row_, nulls_, 0, 0};
  h.value_bytes = is_variable(type_) ? text_.size() : type_ == column_type::boolean ? bits_.size() : numbers_.size() * 8;
  column_layout layout{h};
  auto made = std::make_shared<page>(layout.end);
  auto put = [&](size_t at, const auto& all) {
    if (!all.empty()) std::memcpy(made->data() + at, all.data(), all.size() * sizeof(all[0]));
  };
  std::memcpy(made->data(), &h, sizeof h);
  if (nulls_) put(layout.validity, valid_);
  put(layout.offsets, off_);
  put(layout.values, bits_);
  put(layout.values, numbers_);
  put(layout.values, text_);
  return made;
}

void check_column_page(std::span<const uint8_t> bytes) {
  column_header h;
  if (bytes.size() < sizeof h) damaged("shorter than its header");
  std::memcpy(&h, bytes.data(), sizeof h);
  check_header(h);
  column_layout layout{h};
  if (layout.end != bytes.size()) damaged("its size is " + std::to_string(bytes.size()) + ", not " + std::to_string(layout.end));
  if (is_variable(column_type(h.type))) check_page_offsets(bytes.data() + layout.offsets, h);
  if (h.flags & has_validity && h.rows - count_bits(bytes.data() + layout.validity, h.rows) != h.nulls) damaged("nulls miscounted");
}

void append_page(column_builder& to, const page& from) {
  column_page_view view{from};
  for (uint32_t i = 0; i < view.rows(); ++i) {
    if (!view.valid(i)) {
      to.append_null();
    } else if (is_variable(view.type())) {
      to.append_bytes(view.bytes(i));
    } else if (view.type() == column_type::boolean) {
      to.append_bool(view.boolean(i));
    } else {
      to.append_int64(view.int64(i));
    }
  }
}

}  // namespace gli
