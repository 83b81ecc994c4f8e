#pragma once
// A page: one immutable aligned blob, shared by every version that has the same content, and written to the store as it is.
// Byte layouts are in docs/graph-value.md.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/hash.h"

namespace gli {

constexpr int vertices_per_page_bits = 10;
constexpr int32_t vertices_per_page = 1 << vertices_per_page_bits;
constexpr int rows_per_page_bits = 13;  // node columns and keys; edge columns align to the out-pages instead
constexpr int64_t rows_per_page = 1 << rows_per_page_bits;

/// Owns 64-byte aligned bytes. The hash is computed on first use and kept; any thread may ask.
class page {
 public:
  struct unwritten {};
  explicit page(size_t bytes);     // zero-filled; write through data() before sharing
  page(size_t bytes, unwritten);   // not filled: write all of it through data() before sharing
  uint8_t* data() { return reinterpret_cast<uint8_t*>(words_.get()); }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(words_.get()); }
  size_t size() const { return size_; }
  std::span<const uint8_t> bytes() const { return {data(), size_}; }
  const hash128& hash() const;

 private:
  struct free_aligned { void operator()(std::byte* p) const; };
  std::unique_ptr<std::byte, free_aligned> words_;
  size_t size_ = 0;
  mutable std::atomic<int> hashed_{0};
  mutable hash128 hash_;
};
using page_ptr = std::shared_ptr<const page>;

/// Where pages are kept by their hashes. page_get calls room(bytes) once, writes the page there and has checked its hash then, or throws; any number of
/// threads may call it at once. The others are for one thread.
using page_has = std::function<bool(const hash128&)>;
using page_put = std::function<void(const hash128&, std::span<const uint8_t>)>;
using page_room = std::function<uint8_t*(size_t bytes)>;
using page_get = std::function<void(const hash128&, const page_room&)>;

/// Topology page: 1,024 vertices in one direction. 16 bytes of header, then u32 off[1025], then i32 neighbor[], sorted per vertex
/// (by signed id; parallel edges adjacent, in edge-key order).
struct topology_page {
  uint32_t magic;     // "GTP1"
  uint32_t vertices;  // 1,024, or fewer in the last page
  uint64_t edges;
  uint32_t off[vertices_per_page + 1];
  int32_t neighbor[1];  // `edges` of them

  std::span<const int32_t> of(int32_t index_in_page) const {
    return {neighbor + off[index_in_page], size_t(off[index_in_page + 1] - off[index_in_page])};
  }
};

}  // namespace gli
