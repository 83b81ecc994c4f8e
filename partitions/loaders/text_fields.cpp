#include "partitions/loaders/text_fields.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace gli {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  return text;
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number x{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return x;
}

bool same_word(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) { return (a | 0x20) == b; });
}

/// Takes exactly n digits off the front.
std::optional<int> take_digits(std::string_view& text, size_t n) {
  if (text.size() < n || !std::all_of(text.begin(), text.begin() + ptrdiff_t(n), is_digit)) return {};
  auto x = whole<int>(text.substr(0, n));
  text.remove_prefix(n);
  return x;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> take_fraction(std::string_view& text) {
  int64_t microseconds = 0;
  size_t n = 0;
  for (; n < text.size() && is_digit(text[n]); ++n)
    if (n < 6) microseconds = microseconds * 10 + (text[n] - '0');
  if (n == 0) return {};
  for (auto k = n; k < 6; ++k) microseconds *= 10;
  text.remove_prefix(n);
  return microseconds;
}

/// HH:MM[:SS[.f…]][Z], all of `text`.
std::optional<int64_t> time_of_day(std::string_view text) {
  auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return {};
  auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return {};
  std::optional<int> second = 0;
  std::optional<int64_t> fraction = 0;
  if (take(text, ':')) {
    second = take_digits(text, 2);
    if (!second || *second > 59) return {};
    if (take(text, '.')) fraction = take_fraction(text);
    if (!fraction) return {};
  }
  take(text, 'Z');
  if (!text.empty()) return {};
  return ((*hour * 60 + *minute) * int64_t{60} + *second) * 1000000 + *fraction;
}

/// The length of the UTF-8 sequence at the front of `text`, 0 if it is none. After the Unicode standard, table 3-7.
size_t sequence_length(const uint8_t* p, size_t left) {
  auto continues = [&](size_t i, uint8_t low = 0x80, uint8_t high = 0xbf) { return i < left && p[i] >= low && p[i] <= high; };
  auto c = p[0];
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return continues(1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) return continues(1, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf) && continues(2) ? 3 : 0;
  if (c >= 0xf0 && c <= 0xf4) return continues(1, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf) && continues(2) && continues(3) ? 4 : 0;
  return 0;
}

bool is_ascii_block(const char* p) {  // 64 bytes
  uint64_t words[8], all = 0;
  std::memcpy(words, p, sizeof words);
  for (auto word : words) all |= word;
  return (all & 0x8080808080808080) == 0;
}

}  // namespace

std::optional<int64_t> canonical_int64(std::string_view text) {
  auto unsigned_part = text.substr(!text.empty() && text[0] == '-');
  if (unsigned_part.empty() || !is_digit(unsigned_part[0])) return {};
  if (unsigned_part[0] == '0' && text.size() > 1) return {};
  return whole<int64_t>(text);
}

std::optional<int64_t> parse_int64(std::string_view text) { return whole<int64_t>(without_plus(text)); }

std::optional<double> parse_float64(std::string_view text) {
  text = without_plus(text);
  double x = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return {};
  if (error == std::errc{}) return x;
  auto exponent = text.find_first_of("eE");
  bool tiny = exponent != text.npos ? text.find('-', exponent) != text.npos : text.find_first_of("123456789") > text.find('.');
  if (!tiny) return {};
  return text[0] == '-' ? -0.0 : 0.0;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "1" || same_word(text, "true")) return true;
  if (text == "0" || same_word(text, "false")) return false;
  return {};
}

std::optional<int64_t> parse_timestamp(std::string_view text) {
  auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return {};
  auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return {};
  auto day = take_digits(text, 2);
  if (!day) return {};
  auto date = std::chrono::year{*year} / *month / *day;
  if (!date.ok()) return {};
  auto midnight = std::chrono::sys_days{date}.time_since_epoch().count() * int64_t{86400} * 1000000;
  if (text.empty()) return midnight;
  if (!take(text, 'T') && !take(text, ' ')) return {};
  auto time = time_of_day(text);
  if (!time) return {};
  return midnight + *time;
}

size_t valid_text_prefix(std::string_view text) {
  auto nul = text.find('\0');
  return valid_utf8_prefix(text.substr(0, nul));
}

size_t valid_utf8_prefix(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= 64 && is_ascii_block(text.data() + i)) {
      i += 64;
      continue;
    }
    for (auto stop = std::min(text.size(), i + 64); i < stop;) {
      auto n = sequence_length(reinterpret_cast<const uint8_t*>(text.data()) + i, text.size() - i);
      if (n == 0) return i;
      i += n;
    }
  }
  return text.size();
}

std::string quoted_field(std::string_view text) {
  constexpr size_t shown = 60;
  auto cut = std::min(text.size(), shown);
  while (cut > 0 && cut < text.size() && (uint8_t(text[cut]) & 0xc0) == 0x80) --cut;
  std::string quoted{'\''};
  quoted.append(text.substr(0, cut)).append(cut < text.size() ? "…'" : "'");
  return quoted;
}

}  // namespace gli
