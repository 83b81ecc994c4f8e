#pragma once
// Names of tables and how keys are laid out. Everything here is on disk: storage/FORMAT.md.

#include <array>
#include <cstdint>
#include <string_view>

#include "runtime/hash.h"
#include "storage/ordered_store.h"

namespace gli::storage {

/// The newest version that this program reads. An environment has version 1 until a compaction has packed something in it.
constexpr uint32_t format_version = 2, plain_version = 1, packing_version = 2;

namespace table {
constexpr std::string_view about = "gli";  // key "format" in every environment; "current" in the manifest
constexpr std::string_view commits = "commits";
constexpr std::string_view patches = "patches";
constexpr std::string_view branches = "branches";
constexpr std::string_view tags = "tags";
constexpr std::string_view results = "results";
constexpr std::string_view reflog = "reflog";
constexpr std::string_view pages = "pages";
constexpr std::string_view packed = "packed";  // pages too; none is in both
constexpr std::string_view pending = "pending";

/// All that an environment may hold, by its role; the first ones are made with it.
constexpr std::string_view of_manifest[] = {about, branches, commits, patches, tags, results, reflog};
constexpr std::string_view of_pages[] = {about, pages, packed, pending};
constexpr size_t always_in_manifest = 2, always_in_pages = 1;
}  // namespace table

inline bytes_view as_bytes(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(bytes_view bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline void store_big_endian(uint64_t x, uint8_t* to) {
  for (int i = 0; i < 8; ++i) to[i] = uint8_t(x >> (56 - 8 * i));
}
inline uint64_t load_big_endian(const uint8_t* from) {
  uint64_t x = 0;
  for (int i = 0; i < 8; ++i) x = x << 8 | from[i];
  return x;
}

/// The 16 bytes of a hash: high half first, big endian, so that the order of keys is the order of hashes and of their hex digits.
using hash_key = std::array<uint8_t, 16>;
inline hash_key key_of(const hash128& h) {
  hash_key k;
  store_big_endian(h.high, k.data());
  store_big_endian(h.low, k.data() + 8);
  return k;
}
/// `key` has 16 bytes.
inline hash128 hash_of(bytes_view key) { return {load_big_endian(key.data() + 8), load_big_endian(key.data())}; }

/// A sequence number as a key: 8 bytes, big endian.
using sequence_key = std::array<uint8_t, 8>;
inline sequence_key key_of(uint64_t sequence) {
  sequence_key k;
  store_big_endian(sequence, k.data());
  return k;
}

}  // namespace gli::storage
