#include "storage/lmdb_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

#include "runtime/error.h"
#include "storage/ordered_store.h"

// The layout below is that of LMDB 0.9 on a 64-bit little-endian machine (storage/FORMAT.md, "Inside data.mdb").

namespace gli::storage {
namespace {

constexpr uint32_t lmdb_magic = 0xBEEFC0DE, lmdb_version = 1;
constexpr size_t page_header = 16, node_header = 8, tree_bytes = 48, meta_bytes = page_header + 136, deepest = 32;
constexpr uint64_t no_page = UINT64_MAX;
enum page_flag : uint16_t { branch = 1, leaf = 2, overflow = 4, meta = 8, dirty = 16 };
enum node_flag : uint16_t { big_value = 1, subtree = 2 };
constexpr uint16_t integer_keys = 8;  // flag of the free list's tree

template <class T>
T load(const uint8_t* p) {
  T x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

struct tree {
  uint32_t pad;
  uint16_t flags, depth;
  uint64_t entries, root;
};
tree load_tree(const uint8_t* p) {
  return {load<uint32_t>(p), load<uint16_t>(p + 4), load<uint16_t>(p + 6), load<uint64_t>(p + 32), load<uint64_t>(p + 40)};
}

struct meta_page {
  uint32_t page_size = 0;
  tree free, names;
  uint64_t last_page = 0, transaction = 0;
};

class file_view {
 public:
  explicit file_view(const std::string& name) : name_{name}, fd_{::open(name.c_str(), O_RDONLY | O_CLOEXEC)} {
    if (fd_ < 0) throw failure{errc::io, name_ + ": cannot open: " + std::strerror(errno)};
  }
  ~file_view() { ::close(fd_); }
  file_view(const file_view&) = delete;
  file_view& operator=(const file_view&) = delete;

  uint64_t size() const {
    struct stat s {};
    if (::fstat(fd_, &s) != 0) throw failure{errc::io, name_ + ": cannot ask for its size: " + std::strerror(errno)};
    return uint64_t(s.st_size);
  }
  void read(uint64_t at, uint8_t* to, size_t bytes) const {
    while (bytes > 0) {
      auto got = ::pread(fd_, to, bytes, off_t(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw failure{errc::io, name_ + ": cannot read: " + std::strerror(errno)};
      if (got == 0) fail("cut off at byte " + std::to_string(at));
      at += uint64_t(got), to += got, bytes -= size_t(got);
    }
  }
  [[noreturn]] void fail(const std::string& reason) const { throw failure{errc::corrupt, name_ + ": " + reason}; }

 private:
  std::string name_;
  int fd_;
};

meta_page decode_meta(const file_view& file, const uint8_t* p, unsigned index) {
  auto name = "meta page " + std::to_string(index);
  if (load<uint32_t>(p + 16) != lmdb_magic) file.fail("not a store: " + name + " lacks LMDB's mark");
  if (load<uint32_t>(p + 20) != lmdb_version)
    file.fail(name + " has LMDB format " + std::to_string(load<uint32_t>(p + 20)) + "; this program reads format " +
              std::to_string(lmdb_version));
  meta_page m{load<uint32_t>(p + 40), load_tree(p + 40), load_tree(p + 88), load<uint64_t>(p + 136), load<uint64_t>(p + 144)};
  auto sound = load<uint64_t>(p) == index && (load<uint16_t>(p + 10) & ~dirty) == meta && m.page_size >= 512 && m.page_size <= 65536 &&
               (m.page_size & (m.page_size - 1)) == 0 && m.free.flags == integer_keys && m.names.flags == 0 && m.last_page >= 1 &&
               m.last_page < (uint64_t{1} << 40) && (m.transaction == 0 || (m.transaction & 1) == index);
  if (!sound) file.fail(name + " is damaged");
  return m;
}

/// The newer of the two. Another process may commit meanwhile: what counts is a pair that was read twice alike.
meta_page newest_meta(const file_view& file) {
  for (std::vector<uint8_t> last;;) {
    std::vector<uint8_t> bytes(2 * meta_bytes);
    file.read(0, bytes.data(), meta_bytes);
    auto page_size = load<uint32_t>(bytes.data() + 40);
    file.read(page_size, bytes.data() + meta_bytes, meta_bytes);
    if (bytes != last) {
      last = std::move(bytes);
      continue;
    }
    auto a = decode_meta(file, last.data(), 0), b = decode_meta(file, last.data() + meta_bytes, 1);
    if (a.page_size != b.page_size) file.fail("the meta pages name different page sizes");
    auto apart = a.transaction > b.transaction ? a.transaction - b.transaction : b.transaction - a.transaction;
    if (apart > 1)
      file.fail("the meta pages are of transactions " + std::to_string(a.transaction) + " and " + std::to_string(b.transaction));
    return a.transaction > b.transaction ? a : b;
  }
}

[[noreturn]] void cut_off(const file_view& file, uint64_t bytes, uint64_t needed) {
  file.fail("cut off: it has " + std::to_string(bytes) + " bytes and needs " + std::to_string(needed));
}

/// The newest meta page, when the file can be what it says: free pages at the end may be missing, but not most of the file.
meta_page plausible_meta(const file_view& file) {
  auto meta = newest_meta(file);
  auto size = file.size();
  if (meta.last_page / 2 > size / meta.page_size + (1 << 14)) cut_off(file, size, (meta.last_page + 1) * meta.page_size);
  return meta;
}

/// Walks all trees in key order. Every page has one owner, every pointer stays within pages and file, keys ascend.
class walker {
 public:
  walker(const file_view& file, check_depth depth)
      : file_{file}, meta_{plausible_meta(file)}, size_{file.size()}, page_size_{meta_.page_size}, depth_{depth} {
    owned_.resize(meta_.last_page + 1);
  }

  void walk() {
    walk_tree(meta_.free, rows_of::free_list);
    walk_tree(meta_.names, rows_of::names);
  }

 private:
  enum class rows_of { free_list, names, table };
  struct position {
    const tree& of;
    rows_of what;
    std::vector<uint8_t> last, floor;  // the key before, and what the next may not be below
    uint64_t entries = 0;
  };
  struct node {
    bytes_view key;
    const uint8_t* data;
    uint64_t child;  // of a branch
    uint32_t bytes;  // of a leaf's value
    uint16_t flags;
  };

  [[noreturn]] void fail(uint64_t page, const std::string& reason) const { file_.fail("page " + std::to_string(page) + " " + reason); }

  void own(uint64_t from, uint64_t first, uint64_t count) {
    if (first < 2 || first > meta_.last_page || count > meta_.last_page - first + 1)
      fail(from, "points to page " + std::to_string(first) + ", which is none");
    for (auto p = first; p < first + count; ++p) {
      if (owned_[p]) fail(from, "points to page " + std::to_string(p) + ", which has another owner");
      owned_[p] = true;
    }
  }
  void stored(uint64_t first, uint64_t count) const {
    if ((first + count) * page_size_ > size_) cut_off(file_, size_, (first + count) * page_size_);
  }

  void walk_tree(const tree& t, rows_of what) {
    position at{t, what, {}, {}, 0};
    if (t.root != no_page) {
      own(0, t.root, 1);
      walk_page(t.root, 1, at);
    }
    if (at.entries != t.entries) file_.fail("a table has " + std::to_string(at.entries) + " rows and says " + std::to_string(t.entries));
  }

  void walk_page(uint64_t number, unsigned level, position& at) {
    std::vector<uint8_t> page(page_size_);
    stored(number, 1);
    file_.read(number * page_size_, page.data(), page_size_);
    auto is_leaf = level == at.of.depth;
    auto lower = load<uint16_t>(&page[12]), upper = load<uint16_t>(&page[14]);
    auto count = lower < page_header ? 0u : (lower - page_header) / 2;
    auto sound = load<uint64_t>(&page[0]) == number && (load<uint16_t>(&page[10]) & ~dirty) == (is_leaf ? leaf : branch) &&
                 level <= deepest && lower % 2 == 0 && lower <= upper && upper <= page_size_ && count >= (is_leaf ? 1u : 2u);
    if (!sound) fail(number, "is damaged");
    for (unsigned i = 0; i < count; ++i) {
      auto n = node_at(number, page, upper, load<uint16_t>(&page[page_header + 2 * i]), is_leaf);
      if (is_leaf)
        visit_leaf(number, n, at);
      else
        visit_branch(number, n, i == 0, level, at);
    }
  }

  node node_at(uint64_t number, const std::vector<uint8_t>& page, size_t upper, size_t offset, bool is_leaf) const {
    if (offset < upper || offset % 2 != 0 || offset + node_header > page_size_) fail(number, "has a row outside of it");
    auto p = page.data() + offset;
    auto low = load<uint16_t>(p), high = load<uint16_t>(p + 2), flags = load<uint16_t>(p + 4), key_bytes = load<uint16_t>(p + 6);
    node n{{p + node_header, key_bytes}, p + node_header + key_bytes, 0, low | uint32_t(high) << 16, flags};
    n.child = n.bytes | uint64_t(flags) << 32;
    auto inside = !is_leaf ? 0 : flags & big_value ? sizeof(uint64_t) : size_t{n.bytes};
    if (offset + node_header + key_bytes + inside > page_size_) fail(number, "has a row that does not fit");
    return n;
  }

  void visit_branch(uint64_t number, const node& n, bool first, unsigned level, position& at) {
    if (!first) {
      if (at.entries > 0 && !before(at.last, n.key, at.what)) fail(number, "has keys out of order");
      at.floor.assign(n.key.begin(), n.key.end());
    }
    own(number, n.child, 1);
    walk_page(n.child, level + 1, at);
  }

  void visit_leaf(uint64_t number, const node& n, position& at) {
    auto integer = at.what == rows_of::free_list;
    if (n.key.empty() || n.key.size() > longest_key || (integer && n.key.size() != 8))
      fail(number, "has a key of " + std::to_string(n.key.size()) + " bytes");
    if ((at.entries > 0 && !before(at.last, n.key, at.what)) || (!at.floor.empty() && before(n.key, at.floor, at.what)))
      fail(number, "has keys out of order");
    at.last.assign(n.key.begin(), n.key.end());
    ++at.entries;
    if (n.flags & big_value) own_value(number, n);
    if (at.what == rows_of::free_list)
      own_free_pages(number, n);
    else if (at.what == rows_of::names)
      visit_table(number, n);
    else if (n.flags & ~big_value)
      fail(number, "has a row of unknown kind");
  }

  void visit_table(uint64_t number, const node& n) {
    if (n.flags != subtree || n.bytes != tree_bytes) fail(number, "has a row that is no table");
    auto t = load_tree(n.data);
    if (t.flags != 0 || t.pad != 0) fail(number, "has a table of unknown kind");
    walk_tree(t, rows_of::table);
  }

  uint64_t value_pages(const node& n) const { return (page_header - 1 + n.bytes) / page_size_ + 1; }

  void own_value(uint64_t number, const node& n) {
    auto first = load<uint64_t>(n.data), count = value_pages(n);
    own(number, first, count);
    stored(first, count);
    if (depth_ == check_depth::trees) return;
    uint8_t header[page_header];
    file_.read(first * page_size_, header, sizeof header);
    auto kept = load<uint32_t>(header + 12);  // more than it needs when a longer value was overwritten
    if (load<uint64_t>(header) != first || (load<uint16_t>(header + 10) & ~dirty) != overflow || kept < count) fail(first, "is damaged");
    if (kept > count) own(number, first + count, kept - count);
  }

  /// A count and that many page numbers, descending. Free pages at the end of the file may never have been written.
  void own_free_pages(uint64_t number, const node& n) {
    std::vector<uint8_t> list(n.bytes);
    if (n.flags & big_value)
      file_.read(load<uint64_t>(n.data) * page_size_ + page_header, list.data(), list.size());
    else
      std::memcpy(list.data(), n.data, list.size());
    if (list.size() < 8 || (list.size() - 8) / 8 < load<uint64_t>(list.data())) fail(number, "has a damaged list of free pages");
    auto count = load<uint64_t>(list.data()), last = no_page;
    for (uint64_t i = 1; i <= count; ++i) {
      auto page = load<uint64_t>(&list[8 * i]);
      if (page >= last) fail(number, "has a list of free pages out of order");
      own(number, last = page, 1);
    }
  }

  bool before(bytes_view a, bytes_view b, rows_of what) const {
    if (what == rows_of::free_list) return a.size() == 8 && b.size() == 8 && load<uint64_t>(a.data()) < load<uint64_t>(b.data());
    auto common = std::min(a.size(), b.size());
    auto order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
    return order != 0 ? order < 0 : a.size() < b.size();
  }

  const file_view& file_;
  const meta_page meta_;
  const uint64_t size_, page_size_;
  const check_depth depth_;
  std::vector<bool> owned_;
};

}  // namespace

std::string data_file(const std::string& directory) { return directory + "/data.mdb"; }

void check_meta_pages(const std::string& name) { plausible_meta(file_view{name}); }

void check_structure(const std::string& name, check_depth depth) {
  file_view file{name};
  walker{file, depth}.walk();
}

}  // namespace gli::storage
