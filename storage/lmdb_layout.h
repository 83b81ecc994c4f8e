#pragma once
// The pages of an LMDB 0.9 data file on a 64-bit little-endian machine (storage/FORMAT.md, "Inside data.mdb"), read without trusting them:
// whatever is followed was checked, and what does not hold is failure{corrupt} that names file and page. For storage/ alone.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "storage/keys.h"
#include "storage/ordered_store.h"

namespace gli::storage::lmdb {

constexpr size_t page_header = 16, row_header = 8, meta_bytes = page_header + 136;
constexpr unsigned deepest = 32;  // levels of a tree
constexpr uint64_t no_page = UINT64_MAX, first_page = 2;  // behind the two meta pages

/// What a tree's rows are, and so the order of its keys: numbers in the free list, else bytes.
enum class rows_of { free_list, names, table };

template <class T>
T load(const uint8_t* p) {
  T x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

struct tree {
  uint32_t pad = 0;
  uint16_t flags = 0, depth = 0;
  uint64_t entries = 0, root = no_page;
};

struct meta_page {
  uint32_t page_size = 0;
  tree free, names;
  uint64_t last_page = 0, transaction = 0;
};

[[noreturn]] void fail(const std::string& file, const std::string& reason);
[[noreturn]] void fail_page(const std::string& file, uint64_t page, const std::string& reason);
[[noreturn]] void cut_off(const std::string& file, uint64_t bytes, uint64_t needed);

/// `bytes`: meta_bytes of meta page 0 or 1.
meta_page decode_meta(const std::string& file, const uint8_t* bytes, unsigned index);
/// Of free pages at the end of a file that were never written, not so many can be missing.
void check_size(const std::string& file, const meta_page& meta, uint64_t bytes);

/// Whether a key comes before another.
inline bool before(bytes_view a, bytes_view b, rows_of what) {
  if (what == rows_of::free_list) return a.size() == 8 && b.size() == 8 && load<uint64_t>(a.data()) < load<uint64_t>(b.data());
  if (a.size() == 16 && b.size() == 16) {  // hashes, mostly
    auto x = load_big_endian(a.data()), y = load_big_endian(b.data());
    return x != y ? x < y : load_big_endian(a.data() + 8) < load_big_endian(b.data() + 8);
  }
  auto common = std::min(a.size(), b.size());
  auto order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  return order != 0 ? order < 0 : a.size() < b.size();
}

struct row {
  bytes_view key;
  const uint8_t* data = nullptr;  // of a leaf's row: its value, or the number of the page where that begins
  uint64_t child = 0;             // of a branch's row
  uint32_t bytes = 0;             // of a leaf's value
  uint16_t flags = 0;

  bool is_large() const { return flags & 1; }
  uint64_t first_page() const { return load<uint64_t>(data); }  // of a large value
  uint64_t pages(size_t page_size) const { return (page_header - 1 + bytes) / page_size + 1; }
};

/// A branch or leaf page. Views its bytes.
class tree_page {
 public:
  /// Checks the header: the page's own number, that it is a leaf or else a branch, room for its rows.
  tree_page(const std::string& file, uint64_t number, const uint8_t* bytes, size_t page_size, bool is_leaf);
  unsigned rows() const { return rows_; }
  /// Checks that it lies in the page and that its key has a key's length; the first one of a branch means nothing.
  row at(unsigned i, rows_of what) const;
  /// Of a row of which at() was asked before: that it still lies in the page is looked at again, and no more.
  bytes_view key(unsigned i) const {
    size_t row = load<uint16_t>(bytes_ + page_header + 2 * i);
    if (row + row_header <= page_size_)
      if (size_t bytes = load<uint16_t>(bytes_ + row + 6); row + row_header + bytes <= page_size_) return {bytes_ + row + row_header, bytes};
    fail_page(file_, number_, "has a row outside of it");
  }
  /// Checks all rows, and that their keys ascend.
  void check_rows(rows_of what) const;

 private:
  const std::string& file_;
  uint64_t number_;
  const uint8_t* bytes_;
  size_t page_size_;
  bool is_leaf_;
  unsigned rows_ = 0;
};

/// Of a large value's first page: that it is page `number`, and room for the value. Returns how many pages are its own, which may be more than it needs
/// when a longer value was overwritten.
uint64_t check_large_value(const std::string& file, uint64_t number, const uint8_t* header, uint64_t needed);
/// The tree of a table, in a row of the tree of names.
tree table_in(const std::string& file, uint64_t number, const row& r);
/// The numbers in a row of the free list, descending. Checks that they are in order and pages of the file.
template <class Visit>
void for_each_free_page(const std::string& file, uint64_t number, bytes_view list, uint64_t last_page, Visit&& visit) {
  if (list.size() < 8 || (list.size() - 8) / 8 < load<uint64_t>(list.data())) fail_page(file, number, "has a damaged list of free pages");
  auto last = last_page + 1;
  for (uint64_t i = 1, count = load<uint64_t>(list.data()); i <= count; ++i) {
    auto page = load<uint64_t>(&list[8 * i]);
    if (page >= last || page < first_page) fail_page(file, number, "has a list of free pages out of order");
    visit(last = page);
  }
}

}  // namespace gli::storage::lmdb
