#include "partitions/column_page.h"

#include <algorithm>

#include "partitions/column_layout.h"
#include "runtime/error.h"
#include "runtime/list_text.h"

namespace gli {

namespace {

/// Rows come from a column or another page, which have the same accessors. `at(i)`: the row of `from` that becomes row i, or -1 for null.
template <class Source, class At>
column_header measure(column_type type, const Source& from, uint32_t rows, At&& at) {
  column_header h;
  h.type = static_cast<uint8_t>(type);
  h.rows = rows;
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
void put_value(uint8_t* page, const column_layout& to, uint32_t i, column_type type, const Source& from, int64_t row) {
  if (type != column_type::boolean) {
    auto x = from.int64(row);
    std::memcpy(page + to.values + size_t(i) * 8, &x, 8);
    if (type == column_type::number && from.is_int(row)) set_bit(page + to.ints, i);
  } else if (from.boolean(row)) {
    set_bit(page + to.values, i);
  }
}

template <class Source, class At>
page_ptr build(column_type type, const Source& from, uint32_t rows, At&& at) {
  auto header = measure(type, from, rows, at);
  word_codes words;
  bool coded = type == column_type::utf8 && words.collect(rows, [&](uint32_t i) {
    auto row = at(i);
    return row >= 0 && from.valid(row) ? std::optional{from.bytes(row)} : std::nullopt;
  });
  coded = coded && words.shrink(header);
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
    if (!variable && valid) put_value(data, layout, i, type, from, row);
    if (!variable || coded) continue;
    if (valid) {
      auto bytes = from.bytes(row);
      std::copy(bytes.begin(), bytes.end(), data + layout.values + used);
      used += uint32_t(bytes.size());
    }
    off[i + 1] = used;
  }
  if (coded) words.write(data, layout);
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
  if (h.type < 1 || h.type > uint8_t(last_column_type)) damaged("unknown type " + std::to_string(h.type));
  bool coded = h.flags & is_coded;
  if (h.flags & ~(has_validity | is_coded) || h.zero || h.reserved) damaged("reserved bits are set");
  if (coded ? column_type(h.type) != column_type::utf8 || h.words < 1 || h.words > most_words : h.words != 0) damaged("words that do not fit its flags");
  if ((h.nulls != 0) != bool(h.flags & has_validity) || h.nulls > h.rows) damaged("its count of nulls does not fit its flags");
  auto type = column_type(h.type);
  if (is_variable(type) ? h.value_bytes > UINT32_MAX
                        : h.value_bytes != (type == column_type::boolean ? bitmap_bytes(h.rows) : size_t(h.rows) * 8))
    damaged("its count of bytes does not fit its rows");
}

void check_page_offsets(const uint8_t* at, const column_header& h) {
  uint32_t last = 0;
  for (size_t i = 0; i <= (h.flags & is_coded ? h.words : h.rows); ++i) {
    uint32_t next;
    std::memcpy(&next, at + i * 4, 4);
    if (next < last || (i == 0 && next)) damaged("offsets decrease");
    last = next;
  }
  if (last != h.value_bytes) damaged("offsets do not end where its bytes end");
}

void check_codes(const uint8_t* codes, const column_header& h) {
  for (uint32_t i = 0; i < h.rows; ++i)
    if (codes[i] >= h.words) damaged("a word of number " + std::to_string(codes[i]) + " of " + std::to_string(h.words));
}

void check_lists(const column_page_view& lists) {
  for (uint32_t i = 0; i < lists.rows(); ++i)
    if (!is_list_row(lists.type(), lists.bytes(i))) damaged("a list that does not fit its bytes");
}

}  // namespace

column_page_view::column_page_view(const uint8_t* bytes) {
  column_header h;
  std::memcpy(&h, bytes, sizeof h);
  column_layout layout{h};
  type_ = column_type(h.type);
  rows_ = h.rows;
  nulls_ = h.nulls;
  words_ = h.words;
  if (h.flags & has_validity) validity_ = bytes + layout.validity;
  if (type_ == column_type::number) ints_ = bytes + layout.ints;
  if (h.flags & is_coded) codes_ = bytes + layout.codes;
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
    case column_type::number: return is_int(i) ? value{int64(i)} : value{float64(i)};
    default: return json{list_text(type_, bytes(i))};
  }
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
    bool is_int(int64_t i) const { return view.is_int(uint32_t(i)); }
    std::string_view bytes(int64_t i) const { return view.bytes(uint32_t(i)); }
  } source{column_page_view{from}};
  return build(source.view.type(), source, uint32_t(rows.size()), [rows](uint32_t i) { return int64_t{rows[i]}; });
}

void check_column_page(std::span<const uint8_t> bytes) {
  column_header h;
  if (bytes.size() < sizeof h) damaged("shorter than its header");
  std::memcpy(&h, bytes.data(), sizeof h);
  check_header(h);
  column_layout layout{h};
  if (layout.end != bytes.size()) damaged("its size is " + std::to_string(bytes.size()) + ", not " + std::to_string(layout.end));
  if (h.flags & is_coded) check_codes(bytes.data() + layout.codes, h);
  if (is_variable(column_type(h.type))) check_page_offsets(bytes.data() + layout.offsets, h);
  if (is_list(column_type(h.type))) check_lists(column_page_view{bytes.data()});
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
    } else if (view.type() == column_type::number && !view.is_int(i)) {
      to.append_float64(view.float64(i));
    } else {
      to.append_int64(view.int64(i));
    }
  }
}

}  // namespace gli
