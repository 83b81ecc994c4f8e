#include "runtime/json_text.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace gli {

namespace {

constexpr std::string_view timestamp_head = "{\"$timestamp\":", binary_head = "{\"$binary\":\"";
constexpr char hex_digits[] = "0123456789abcdef";

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
  }
  if (c >= 0x20) {
    out += char(c);
    return;
  }
  out += "\\u00";
  out += hex_digits[c >> 4];
  out += hex_digits[c & 15];
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) append_escaped(out, static_cast<unsigned char>(c));
  return out + '"';
}

/// As Python's repr: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
std::string real_text(double x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x < 0 ? "-Infinity" : "Infinity";
  char text[32];
  auto size = std::abs(x);
  auto format = size != 0 && (size < 1e-4 || size >= 1e16) ? std::chars_format::scientific : std::chars_format::fixed;
  std::string out{text, std::to_chars(text, text + sizeof text, x, format).ptr};
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

std::string hex_text(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    out += hex_digits[c >> 4];
    out += hex_digits[c & 15];
  }
  return out;
}

struct text_of {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool x) const { return x ? "true" : "false"; }
  std::string operator()(int64_t x) const { return std::to_string(x); }
  std::string operator()(double x) const { return real_text(x); }
  std::string operator()(const std::string& x) const { return quoted(x); }
  std::string operator()(timestamp x) const { return std::string{timestamp_head} + std::to_string(x.microseconds) + "}"; }
  std::string operator()(const binary& x) const { return std::string{binary_head} + hex_text(x.bytes) + "\"}"; }
  std::string operator()(const json& x) const { return x.text; }
};

template <class T>
std::optional<T> number(std::string_view text) {
  T x{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return x;
}

std::optional<uint32_t> code_unit(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  uint32_t x = 0;
  auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 4, x, 16);
  if (error != std::errc{} || end != text.data() + at + 4) return std::nullopt;
  return x;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xc0 | c >> 6);
    out += char(0x80 | (c & 63));
  } else if (c < 0x10000) {
    out += char(0xe0 | c >> 12);
    out += char(0x80 | (c >> 6 & 63));
    out += char(0x80 | (c & 63));
  } else {
    out += char(0xf0 | c >> 18);
    out += char(0x80 | (c >> 12 & 63));
    out += char(0x80 | (c >> 6 & 63));
    out += char(0x80 | (c & 63));
  }
}

/// Reads the \uXXXX whose digits begin at `at`, and the second half of a pair; moves `at` past it.
bool append_unicode(std::string& out, std::string_view text, size_t& at) {
  auto high = code_unit(text, at);
  if (!high) return false;
  at += 4;
  auto c = *high;
  if (c >= 0xd800 && c < 0xdc00 && text.substr(at, 2) == "\\u") {
    auto low = code_unit(text, at + 2);
    if (low && *low >= 0xdc00 && *low < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10) + (*low - 0xdc00);
      at += 6;
    }
  }
  if (c >= 0xd800 && c < 0xe000) return false;  // half of a pair is no text
  append_utf8(out, c);
  return true;
}

bool append_simple(std::string& out, char escape) {
  constexpr std::string_view escapes = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
  auto found = escapes.find(escape);
  if (found == std::string_view::npos) return false;
  out += meant[found];
  return true;
}

std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') return std::nullopt;
    if (text[at] != '\\') {
      out += text[at++];
      continue;
    }
    if (++at == text.size()) return std::nullopt;
    char escape = text[at++];
    if (escape == 'u' ? !append_unicode(out, text, at) : !append_simple(out, escape)) return std::nullopt;
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < digits.size(); i += 2) {
    uint32_t byte = 0;
    auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    if (error != std::errc{} || end != digits.data() + i + 2) return std::nullopt;
    out += char(byte);
  }
  return out;
}

std::optional<value> wrapped(std::string_view text) {
  if (text.starts_with(timestamp_head) && text.ends_with("}")) {
    auto micros = number<int64_t>(text.substr(timestamp_head.size(), text.size() - timestamp_head.size() - 1));
    if (micros) return timestamp{*micros};
  }
  if (text.starts_with(binary_head) && text.ends_with("\"}") && text.size() >= binary_head.size() + 2) {
    auto bytes = from_hex(text.substr(binary_head.size(), text.size() - binary_head.size() - 2));
    if (bytes) return binary{std::move(*bytes)};
  }
  return std::nullopt;
}

std::optional<value> word(std::string_view text) {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  if (text == "null") return value{};
  if (text == "true") return true;
  if (text == "false") return false;
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return infinity;
  if (text == "-Infinity") return -infinity;
  return std::nullopt;
}

}  // namespace

std::string json_text(const value& v) { return std::visit(text_of{}, v); }

value from_json(std::string_view text) {
  if (text.empty() || text.front() == '[') return json{std::string{text}};
  if (text.front() == '{') {
    if (auto v = wrapped(text)) return *v;
    return json{std::string{text}};
  }
  if (text.front() == '"') {
    if (auto s = unquoted(text)) return *s;
    return json{std::string{text}};
  }
  if (auto v = word(text)) return *v;
  if (text.front() != '-' && (text.front() < '0' || text.front() > '9')) return json{std::string{text}};
  if (text.find_first_of(".eE") == std::string_view::npos) {
    if (auto x = number<int64_t>(text)) return *x;
    return json{std::string{text}};  // an integer beyond int64
  }
  if (auto x = number<double>(text)) return *x;
  return json{std::string{text}};
}

value plain(value v) {
  if (auto text = std::get_if<json>(&v)) return from_json(text->text);
  return v;
}

hash128 plain_hash(const column& c, int64_t row) {
  if (c.type != column_type::json) return value_hash(c, row);
  auto text = c.bytes(row);
  if (!text.empty() && (text.front() == '[' || (text.front() == '{' && !text.starts_with("{\"$")))) return value_hash(c, row);
  return value_hash(from_json(text));
}

}  // namespace gli
