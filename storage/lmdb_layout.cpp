#include "storage/lmdb_layout.h"

#include <algorithm>

#include "runtime/error.h"

namespace gli::storage::lmdb {
namespace {

constexpr uint32_t magic = 0xBEEFC0DE, version = 1;
constexpr size_t tree_bytes = 48;
enum page_flag : uint16_t { branch = 1, leaf = 2, overflow = 4, meta = 8 };
constexpr uint16_t large_value = 1, subtree = 2;  // flags of rows
constexpr uint16_t integer_keys = 8;              // flag of the free list's tree

tree load_tree(const uint8_t* p) {
  return {load<uint32_t>(p), load<uint16_t>(p + 4), load<uint16_t>(p + 6), load<uint64_t>(p + 32), load<uint64_t>(p + 40)};
}

/// An empty tree has no pages, and only an empty one.
bool is_sound(const tree& t) { return (t.root == no_page) == (t.depth == 0) && (t.root == no_page) == (t.entries == 0) && t.depth <= deepest; }

/// LMDB's mark of a page that its transaction may change where it lies (16) is never on disk: there it would be followed into a map that is read-only.
uint16_t kind_of(const uint8_t* page) { return load<uint16_t>(page + 10); }

}  // namespace

void fail(const std::string& file, const std::string& reason) { throw failure{errc::corrupt, file + ": " + reason}; }
void fail_page(const std::string& file, uint64_t page, const std::string& reason) { fail(file, "page " + std::to_string(page) + " " + reason); }
void cut_off(const std::string& file, uint64_t bytes, uint64_t needed) {
  fail(file, "cut off: it has " + std::to_string(bytes) + " bytes and needs " + std::to_string(needed));
}

meta_page decode_meta(const std::string& file, const uint8_t* p, unsigned index) {
  auto name = "meta page " + std::to_string(index);
  if (load<uint32_t>(p + 16) != magic) fail(file, "not a store: " + name + " lacks LMDB's mark");
  if (load<uint32_t>(p + 20) != version)
    fail(file, name + " has LMDB format " + std::to_string(load<uint32_t>(p + 20)) + "; this program reads format " + std::to_string(version));
  meta_page m{load<uint32_t>(p + 40), load_tree(p + 40), load_tree(p + 88), load<uint64_t>(p + 136), load<uint64_t>(p + 144)};
  auto sound = load<uint64_t>(p) == index && kind_of(p) == meta && m.page_size >= 512 && m.page_size <= 65536 && (m.page_size & (m.page_size - 1)) == 0 &&
               m.free.flags == integer_keys && m.names.flags == 0 && is_sound(m.free) && is_sound(m.names) && m.last_page >= 1 && m.last_page < (uint64_t{1} << 40) &&
               (m.transaction == 0 || (m.transaction & 1) == index);
  if (!sound) fail(file, name + " is damaged");
  return m;
}

void check_size(const std::string& file, const meta_page& meta, uint64_t bytes) {
  if (meta.last_page / 2 > bytes / meta.page_size + (1 << 14)) cut_off(file, bytes, (meta.last_page + 1) * meta.page_size);
}

tree_page::tree_page(const std::string& file, uint64_t number, const uint8_t* bytes, size_t page_size, bool is_leaf)
    : file_{file}, number_{number}, bytes_{bytes}, page_size_{page_size}, is_leaf_{is_leaf} {
  auto lower = load<uint16_t>(bytes + 12), upper = load<uint16_t>(bytes + 14);
  rows_ = lower < page_header ? 0u : unsigned(lower - page_header) / 2;
  auto sound = load<uint64_t>(bytes) == number && kind_of(bytes) == (is_leaf ? leaf : branch) && lower % 2 == 0 && lower <= upper && upper <= page_size &&
               rows_ >= (is_leaf ? 1u : 2u);
  if (!sound) fail_page(file, number, "is damaged");
}

row tree_page::at(unsigned i, rows_of what) const {
  auto upper = load<uint16_t>(bytes_ + 14);
  size_t offset = load<uint16_t>(bytes_ + page_header + 2 * i);
  if (offset < upper || offset % 2 != 0 || offset + row_header > page_size_) fail_page(file_, number_, "has a row outside of it");
  auto p = bytes_ + offset;
  auto low = load<uint16_t>(p), high = load<uint16_t>(p + 2), flags = load<uint16_t>(p + 4), key_bytes = load<uint16_t>(p + 6);
  row r{{p + row_header, key_bytes}, p + row_header + key_bytes, 0, low | uint32_t(high) << 16, flags};
  r.child = r.bytes | uint64_t(flags) << 32;
  auto inside = !is_leaf_ ? 0 : r.is_large() ? sizeof(uint64_t) : size_t{r.bytes};
  if (offset + row_header + key_bytes + inside > page_size_) fail_page(file_, number_, "has a row that does not fit");
  auto is_key = (what == rows_of::free_list ? key_bytes == 8 : key_bytes > 0) && key_bytes <= longest_key;
  if (!is_key && (is_leaf_ || i > 0)) fail_page(file_, number_, "has a key of " + std::to_string(key_bytes) + " bytes");
  auto allowed = what == rows_of::names ? subtree : large_value;
  if (is_leaf_ && (flags & ~allowed)) fail_page(file_, number_, "has a row of unknown kind");
  return r;
}

/// The first key of a branch means nothing.
void tree_page::check_rows(rows_of what) const {
  bytes_view last;
  for (unsigned i = 0; i < rows_; ++i) {
    auto key = at(i, what).key;
    if (i > (is_leaf_ ? 0u : 1u) && !before(last, key, what)) fail_page(file_, number_, "has keys out of order");
    last = key;
  }
}

uint64_t check_large_value(const std::string& file, uint64_t number, const uint8_t* header, uint64_t needed) {
  uint64_t kept = load<uint32_t>(header + 12);
  if (load<uint64_t>(header) != number || kind_of(header) != overflow || kept < needed) fail_page(file, number, "is damaged");
  return kept;
}

tree table_in(const std::string& file, uint64_t number, const row& r) {
  if (r.flags != subtree || r.bytes != tree_bytes) fail_page(file, number, "has a row that is no table");
  auto t = load_tree(r.data);
  if (t.flags != 0 || t.pad != 0 || !is_sound(t)) fail_page(file, number, "has a table of unknown kind");
  return t;
}

}  // namespace gli::storage::lmdb
