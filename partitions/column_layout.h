#pragma once
// Where the parts of a column page lie, and the words of coded text. Inside of column_page*.cpp only.

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "partitions/column_page.h"

namespace gli {

constexpr uint32_t column_magic = 0x31504347;  // "GCP1"
constexpr uint8_t has_validity = 1, is_coded = 2;
constexpr uint32_t most_words = 256;

struct column_header {
  uint32_t magic = column_magic;
  uint8_t type = 0, flags = 0;
  uint16_t zero = 0;
  uint32_t rows = 0, nulls = 0;
  uint64_t value_bytes = 0;
  uint32_t words = 0, reserved = 0;
};
static_assert(sizeof(column_header) == 32);

inline size_t padded(size_t bytes) { return (bytes + 7) & ~size_t{7}; }
inline size_t bitmap_bytes(uint32_t rows) { return (size_t(rows) + 7) / 8; }
inline void set_bit(uint8_t* bits, uint32_t i) { bits[i >> 3] |= uint8_t(1u << (i & 7)); }

struct column_layout {
  size_t validity, ints, codes, offsets, values, end;
  explicit column_layout(const column_header& h) {
    bool coded = h.flags & is_coded, variable = is_variable(column_type(h.type));
    validity = sizeof(column_header);
    ints = validity + (h.flags & has_validity ? padded(bitmap_bytes(h.rows)) : 0);
    codes = ints + (column_type(h.type) == column_type::number ? padded(bitmap_bytes(h.rows)) : 0);
    offsets = codes + (coded ? padded(h.rows) : 0);
    values = offsets + (variable ? padded((size_t(coded ? h.words : h.rows) + 1) * 4) : 0);
    end = values + padded(h.value_bytes);
  }
};

/// A page's text as words and their numbers.
class word_codes {
 public:
  /// text_of(i): the text of row i, or nothing. False as soon as there are too many words.
  template <class TextOf>
  bool collect(uint32_t rows, TextOf&& text_of) {
    codes_.resize(rows);
    for (uint32_t i = 0; i < rows; ++i)
      if (std::optional<std::string_view> text = text_of(i)) {
        auto w = words_.empty() || words_[last_] != *text ? number(*text) : last_;
        if (w == most_words) return false;
        codes_[i] = uint8_t(last_ = w);
      }
    return !words_.empty();
  }
  /// Makes `plain`, the header of the same page without codes, the coded one, where that is smaller.
  bool shrink(column_header& plain) const {
    auto coded = plain;
    coded.flags |= is_coded;
    coded.words = uint32_t(words_.size());
    coded.value_bytes = bytes_;
    bool smaller = column_layout{coded}.end < column_layout{plain}.end;
    if (smaller) plain = coded;
    return smaller;
  }
  void write(uint8_t* page, const column_layout& to) const {
    std::memcpy(page + to.codes, codes_.data(), codes_.size());
    auto off = reinterpret_cast<uint32_t*>(page + to.offsets);
    for (auto& word : words_) {
      if (!word.empty()) std::memcpy(page + to.values + *off, word.data(), word.size());
      off[1] = *off + uint32_t(word.size());
      ++off;
    }
  }

 private:
  /// The word's number, given now if it is new; most_words: there are that many others.
  uint32_t number(std::string_view word) {
    for (auto at = std::hash<std::string_view>{}(word) % slots_.size();; at = (at + 1) % slots_.size()) {
      if (slots_[at] && words_[slots_[at] - 1u] == word) return slots_[at] - 1u;
      if (slots_[at]) continue;
      if (words_.size() == most_words) return most_words;
      words_.push_back(word);
      bytes_ += word.size();
      slots_[at] = uint16_t(words_.size());
      return uint32_t(words_.size() - 1);
    }
  }

  std::array<uint16_t, 4 * most_words> slots_{};  // number + 1, or 0; by hash
  std::vector<std::string_view> words_;
  std::vector<uint8_t> codes_;
  uint32_t last_ = 0;
  size_t bytes_ = 0;
};

}  // namespace gli
