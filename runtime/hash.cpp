#include "runtime/hash.h"

#include "runtime/list_text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cmath>

namespace gli {

namespace {

// Seeds keep the domains apart: the int 1 is not the text of the same bytes, a node's fact not an edge's. They are stored in every
// graph_id and page: never change one.
enum class domain : uint64_t {
  content = 0,
  int_key = 0x676c690000000001,
  text_key,
  attribute_name,
  boolean,
  number_int,
  number_real,
  text,
  time,
  bytes,
  json_text,
  node,
  edge,
  attribute,
  graph_attribute,
  kind,
};

hash128 hashed(domain d, const void* bytes, size_t size) {
  auto h = XXH3_128bits_withSeed(bytes, size, static_cast<uint64_t>(d));
  return {h.low64, h.high64};
}

hash128 hashed(domain d, std::string_view text) { return hashed(d, text.data(), text.size()); }
hash128 hashed(domain d, int64_t x) { return hashed(d, &x, sizeof x); }

hash128 real_hash(double x) {
  if (x == std::trunc(x) && x >= -0x1p63 && x < 0x1p63) return hashed(domain::number_int, int64_t(x));
  if (std::isnan(x)) return hashed(domain::number_real, int64_t{0x7ff8000000000000});
  return hashed(domain::number_real, &x, sizeof x);
}

hash128 bool_hash(bool x) { return hashed(domain::boolean, int64_t{x}); }

struct hash_of_value {
  hash128 operator()(std::monostate) const { return {}; }
  hash128 operator()(bool x) const { return bool_hash(x); }
  hash128 operator()(int64_t x) const { return hashed(domain::number_int, x); }
  hash128 operator()(double x) const { return real_hash(x); }
  hash128 operator()(const std::string& x) const { return hashed(domain::text, x); }
  hash128 operator()(timestamp x) const { return hashed(domain::time, x.microseconds); }
  hash128 operator()(const binary& x) const { return hashed(domain::bytes, x.bytes); }
  hash128 operator()(const json& x) const { return hashed(domain::json_text, x.text); }
};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

hash128 content_hash(std::span<const uint8_t> bytes) { return hashed(domain::content, bytes.data(), bytes.size()); }

std::string to_hex(const hash128& h) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (size_t i = 0; i < 16; ++i) {
    text[i] = digits[h.high >> (60 - 4 * i) & 15];
    text[16 + i] = digits[h.low >> (60 - 4 * i) & 15];
  }
  return text;
}

std::optional<hash128> hash_from_hex(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  hash128 h;
  for (size_t i = 0; i < 32; ++i) {
    auto d = digit(text[i]);
    if (d < 0) return std::nullopt;
    auto& half = i < 16 ? h.high : h.low;
    half = half << 4 | uint64_t(d);
  }
  return h;
}

hash128 key_hash(int64_t k) { return hashed(domain::int_key, k); }
hash128 key_hash(std::string_view k) { return hashed(domain::text_key, k); }
hash128 key_hash(const key& k) {
  if (auto number = std::get_if<int64_t>(&k)) return key_hash(*number);
  return key_hash(std::string_view{std::get<std::string>(k)});
}

hash128 value_hash(const value& v) { return std::visit(hash_of_value{}, v); }

hash128 value_hash(const column& c, int64_t row) {
  switch (c.type) {
    case column_type::boolean: return bool_hash(c.boolean(row));
    case column_type::int64: return hashed(domain::number_int, c.int64(row));
    case column_type::float64: return real_hash(c.float64(row));
    case column_type::utf8: return hashed(domain::text, c.bytes(row));
    case column_type::timestamp: return hashed(domain::time, c.int64(row));
    case column_type::binary: return hashed(domain::bytes, c.bytes(row));
    case column_type::json: return hashed(domain::json_text, c.bytes(row));
    case column_type::number: return c.is_int(row) ? hashed(domain::number_int, c.int64(row)) : real_hash(c.float64(row));
    default: return hashed(domain::json_text, list_text(c.type, c.bytes(row)));
  }
}

hash128 name_hash(std::string_view attribute) { return hashed(domain::attribute_name, attribute); }

hash128 node_fact(const hash128& k) { return hashed(domain::node, &k, sizeof k); }

hash128 edge_fact(const hash128& s, const hash128& t, const hash128& edge_key, bool directed) {
  bool swap = !directed && t < s;
  hash128 ends[3] = {swap ? t : s, swap ? s : t, edge_key};
  return hashed(domain::edge, ends, sizeof ends);
}

hash128 attribute_fact(const hash128& element_fact, const hash128& name, const hash128& value) {
  hash128 parts[3] = {element_fact, name, value};
  return hashed(domain::attribute, parts, sizeof parts);
}

hash128 graph_attribute_fact(const hash128& name, const hash128& value) {
  hash128 parts[2] = {name, value};
  return hashed(domain::graph_attribute, parts, sizeof parts);
}

hash128 kind_fact(bool directed, bool multi) { return hashed(domain::kind, int64_t{directed} | int64_t{multi} << 1); }

}  // namespace gli
