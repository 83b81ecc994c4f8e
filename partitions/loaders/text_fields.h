#pragma once
// One field of a text file as a value. Every function looks at exactly the bytes given.

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace gli {

/// The digits at the front of `p` as a number (modulo 2^64), and how many there are. Reads up to 8 bytes past the last digit.
struct digits {
  uint64_t number = 0;
  int count = 0;
};

inline digits scan_digits(const char* p) {
  digits found;
  for (;;) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    auto decimal = word ^ 0x3030303030303030;
    auto others = ((decimal + 0x7676767676767676) | decimal) & 0x8080808080808080;  // the high bit of each byte that is no digit
    auto n = others ? std::countr_zero(others) >> 3 : 8;
    if (n == 0) return found;
    decimal <<= (8 - n) * 8;  // zeros in front
    decimal = decimal * 10 + (decimal >> 8);
    decimal = ((decimal & 0x000000ff000000ff) * (100 + (uint64_t{1000000} << 32)) +
               ((decimal >> 16) & 0x000000ff000000ff) * (1 + (uint64_t{10000} << 32))) >>
              32;
    constexpr uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    found.number = found.number * powers[n] + uint32_t(decimal);
    found.count += n;
    if (n < 8) return found;
    p += 8;
  }
}

/// The canonical decimal within int64 at the front of a text, and where it ends; null: there is none. What follows it is not looked at. Reads as scan_digits does.
struct leading_int64 {
  int64_t number = 0;
  const char* end = nullptr;
};

inline leading_int64 scan_int64(const char* p) {
  bool negative = *p == '-';
  auto* first = p + negative;
  auto found = scan_digits(first);
  bool canonical = found.count > 0 && (*first != '0' || (found.count == 1 && !negative));
  if (!canonical || found.count > 19 || found.number > uint64_t(INT64_MAX) + negative) return {};
  return {int64_t(negative ? 0 - found.number : found.number), first + found.count};
}

/// A canonical decimal within int64, the one spelling of an int key: "-5" and "0", not "007", "+1", "-0", "" or " 1".
std::optional<int64_t> canonical_int64(std::string_view text);

/// An attribute's number: as the key, but leading zeros and one '+' are accepted.
std::optional<int64_t> parse_int64(std::string_view text);

/// Decimal or scientific, one '+' accepted; nan, inf and infinity in any case. What is too large for a float64 is no number; too small is
/// 0.
std::optional<double> parse_float64(std::string_view text);

/// "true" or "false", in any case, or "1" or "0".
std::optional<bool> parse_boolean(std::string_view text);

/// YYYY-MM-DD, or that with 'T' or a space and HH:MM[:SS[.f…]], then an optional 'Z': microseconds since 1970 UTC. Digits beyond are cut
/// off.
std::optional<int64_t> parse_timestamp(std::string_view text);

/// Where valid UTF-8 without NUL ends in `text`: its size when all of it is.
size_t valid_text_prefix(std::string_view text);

/// The same with NUL allowed: it is UTF-8.
size_t valid_utf8_prefix(std::string_view text);

/// A field as messages show it: quoted, cut after 60 bytes.
std::string quoted_field(std::string_view text);

}  // namespace gli
