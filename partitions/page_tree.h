#pragma once
// Trees of content-addressed pages: how a graph of any number of pages hangs from one hash. docs/graph-format.md, "Trees".

#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include "partitions/page.h"
#include "runtime/communicator.h"
#include "runtime/hash.h"
#include "runtime/value.h"

namespace gli {

/// A tree as its owner's root page names it. Without leaves the hash is zero, as is that of a subtree or leaf that is missing.
struct tree_ref { uint64_t leaves = 0; hash128 root; };

constexpr size_t blob_bytes = 1 << 16;  // of plain bytes, in one leaf

class tree_writer {
 public:
  tree_writer(const page_has& has, const page_put& put) : has_{has}, put_{put} {}

  hash128 put_page(std::span<const uint8_t> bytes);
  tree_ref put_pages(std::span<const page_ptr> pages);  // may hold null; hashes them in parallel
  tree_ref put_blob(std::span<const uint8_t> bytes);
  template <class T> tree_ref put_array(const std::vector<T>& v) {
    return put_blob({reinterpret_cast<const uint8_t*>(v.data()), v.size() * sizeof(T)});
  }

 private:
  using levels = std::vector<std::vector<hash128>>;  // leaves first, one root last
  tree_ref put_tree(std::vector<hash128> leaves, const std::function<std::span<const uint8_t>(size_t)>& leaf);
  void put_subtree(const levels& all, size_t level, size_t index, const std::function<std::span<const uint8_t>(size_t)>& leaf);

  const page_has& has_;
  const page_put& put_;
};

/// Trusts nothing but the hashes: throws failure{corrupt} when a tree or page is not of the shape or size expected.
class tree_reader {
 public:
  explicit tree_reader(const page_get& get) : get_{get} {}

  byte_buffer get(const hash128& h) const;
  /// Null where missing. Each that is there was handed to check(page, index), which throws when it does not hold. On all cores, check too.
  using page_check = std::function<void(const page&, size_t index)>;
  std::vector<page_ptr> pages(const tree_ref& tree, uint64_t expected, const page_check& check) const;
  byte_buffer blob(const tree_ref& tree, uint64_t bytes) const;
  template <class T> std::vector<T> array(const tree_ref& tree, uint64_t count) const {
    auto bytes = blob(tree, count * sizeof(T));
    std::vector<T> v(count);
    if (count) std::memcpy(static_cast<void*>(v.data()), bytes.data(), bytes.size());
    return v;
  }

 private:
  void collect(const hash128& h, uint64_t leaves, uint64_t span, std::vector<hash128>& to) const;
  std::vector<hash128> leaves(const tree_ref& tree, uint64_t expected) const;
  const page_get& get_;
};

}  // namespace gli
