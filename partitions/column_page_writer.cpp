#include <algorithm>

#include "partitions/column_layout.h"
#include "partitions/column_page.h"
#include "runtime/error.h"
#include "runtime/json_text.h"
#include "runtime/list_text.h"

namespace gli {

column_page_writer::column_page_writer(column_type type, uint32_t rows) : type_{type}, valid_(bitmap_bytes(rows)) {
  if (type == column_type::boolean) bits_.resize(bitmap_bytes(rows));
  else if (!is_variable(type)) numbers_.resize(rows);
  if (type == column_type::number) ints_.resize(bitmap_bytes(rows));
  if (!is_variable(type)) return;
  off_.reserve(size_t(rows) + 1);
  off_.push_back(0);
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

void column_page_writer::append_text(std::string_view text) {
  text_.insert(text_.end(), text.begin(), text.end());
  if (text_.size() > UINT32_MAX) throw failure{errc::memory, "more than 4 GiB of text in one page of a column"};
}

void column_page_writer::put_text(std::string_view text) {
  append_text(text);
  off_.push_back(uint32_t(text_.size()));
  note_valid(1);
}

void column_page_writer::put(const value& v) {
  auto type = type_of(v);
  if (!type) return rows(nullptr, 0, 1);
  if (type_ == column_type::json) return put_text(*type == column_type::json ? std::get<json>(v).text : json_text(v));
  if (is_list(type_) && *type == column_type::json) return put_text(list_row(type_, std::get<json>(v).text));
  bool number = type_ == column_type::number && is_number(*type);
  if (*type != type_ && !number) throw failure{errc::internal, std::string{"a value of type "} + type_name(*type) + " in a page of " + type_name(type_)};
  switch (*type) {
    case column_type::utf8: return put_text(std::get<std::string>(v));
    case column_type::binary: return put_text(std::get<binary>(v).bytes);
    case column_type::boolean:
      if (std::get<bool>(v)) set_bit(bits_.data(), row_);
      break;
    case column_type::float64: std::memcpy(&numbers_[row_], &std::get<double>(v), 8); break;
    case column_type::timestamp: numbers_[row_] = uint64_t(std::get<timestamp>(v).microseconds); break;
    default:
      numbers_[row_] = uint64_t(std::get<int64_t>(v));
      if (number) set_bit(ints_.data(), row_);
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
    for (uint32_t i = 0; i < count && !ints_.empty(); ++i)
      if (from.is_int(first + i)) set_bit(ints_.data(), row_ + i);
  } else if (from.raw_codes()) {
    for (uint32_t i = 0; i < count; ++i) {
      append_text(from.bytes(first + i));
      off_.push_back(uint32_t(text_.size()));
    }
  } else {
    auto begin = from.bytes(first).data(), end = from.bytes(first + count - 1).data() + from.bytes(first + count - 1).size();
    auto shift = uint32_t(text_.size()) - uint32_t(begin - reinterpret_cast<const char*>(from.raw_values()));
    append_text({begin, size_t(end - begin)});
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
  column_header h;
  h.type = static_cast<uint8_t>(type_);
  h.flags = nulls_ ? has_validity : 0;
  h.rows = row_;
  h.nulls = nulls_;
  h.value_bytes = is_variable(type_) ? text_.size() : type_ == column_type::boolean ? bits_.size() : numbers_.size() * 8;
  word_codes words;
  bool coded = type_ == column_type::utf8 && words.collect(row_, [&](uint32_t i) -> std::optional<std::string_view> {
    if (nulls_ && !(valid_[i >> 3] >> (i & 7) & 1)) return std::nullopt;
    return std::string_view{text_.data() + off_[i], off_[i + 1] - off_[i]};
  });
  coded = coded && words.shrink(h);
  column_layout layout{h};
  auto made = std::make_shared<page>(layout.end);
  auto put = [&](size_t at, const auto& all) {
    if (!all.empty()) std::memcpy(made->data() + at, all.data(), all.size() * sizeof(all[0]));
  };
  std::memcpy(made->data(), &h, sizeof h);
  if (nulls_) put(layout.validity, valid_);
  if (coded) {
    words.write(made->data(), layout);
    return made;
  }
  put(layout.ints, ints_);
  put(layout.offsets, off_);
  put(layout.values, bits_);
  put(layout.values, numbers_);
  put(layout.values, text_);
  return made;
}

}  // namespace gli
