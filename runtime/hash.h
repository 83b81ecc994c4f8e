#pragma once
// Content hashes. XXH3-128 finds equal content fast; it is not cryptographic, and sums of it can be forged by whoever wants to:
// nothing here is a proof against an adversary.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/value.h"

namespace gli {

/// 128 bits, added modulo 2^128; ordered as an unsigned number.
struct hash128 {
  uint64_t low = 0, high = 0;
  friend bool operator==(const hash128&, const hash128&) = default;
  friend auto operator<=>(const hash128& a, const hash128& b) { return a.high != b.high ? a.high <=> b.high : a.low <=> b.low; }
  hash128& operator+=(const hash128& other) {
    low += other.low;
    high += other.high + (low < other.low);
    return *this;
  }
  hash128& operator-=(const hash128& other) {
    high -= other.high + (low < other.low);
    low -= other.low;
    return *this;
  }
};

hash128 content_hash(std::span<const uint8_t> bytes);
std::string to_hex(const hash128& h);  // 32 lower-case digits, high half first
std::optional<hash128> hash_from_hex(std::string_view text);

hash128 key_hash(int64_t k);
hash128 key_hash(std::string_view k);
hash128 key_hash(const key& k);
inline hash128 key_hash(const std::string& k) { return key_hash(std::string_view{k}); }

/// Which of `partitions` owns a key: multiply-shift of the high half. The one rule for loaders, drivers and workers.
inline uint32_t owner_of(const hash128& key, uint32_t partitions) {
  return uint32_t(((key.high >> 32) * partitions + ((key.high & 0xffffffff) * partitions >> 32)) >> 32);
}

/// Canonical hash of a value: an integral double within int64 hashes as that integer, every NaN as one NaN, -0.0 as 0.
hash128 value_hash(const value& v);
hash128 value_hash(const column& c, int64_t row);  // the same, without making a value; row must be valid
hash128 name_hash(std::string_view attribute);

/// The facts whose sum is the graph_id (docs/graph-value.md). `edge` of an undirected graph orders s and t by hash first.
hash128 node_fact(const hash128& k);
hash128 edge_fact(const hash128& s, const hash128& t, const hash128& edge_key, bool directed);
hash128 attribute_fact(const hash128& element_fact, const hash128& name, const hash128& value);
hash128 graph_attribute_fact(const hash128& name, const hash128& value);
hash128 kind_fact(bool directed, bool multi);

struct hash128_hasher { size_t operator()(const hash128& h) const { return size_t(h.low); } };

}  // namespace gli
