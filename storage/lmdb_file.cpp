#include "storage/lmdb_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "runtime/error.h"
#include "storage/lmdb_layout.h"

namespace gli::storage {
namespace {

using namespace lmdb;

class file_view {
 public:
  explicit file_view(const std::string& name) : name_{name}, fd_{::open(name.c_str(), O_RDONLY | O_CLOEXEC)} {
    if (fd_ < 0) throw failure{errc::io, name_ + ": cannot open: " + std::strerror(errno)};
  }
  ~file_view() { ::close(fd_); }
  file_view(const file_view&) = delete;
  file_view& operator=(const file_view&) = delete;

  const std::string& name() const { return name_; }
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
      if (got == 0) fail(name_, "cut off at byte " + std::to_string(at));
      at += uint64_t(got), to += got, bytes -= size_t(got);
    }
  }

 private:
  std::string name_;
  int fd_;
};

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
    auto a = decode_meta(file.name(), last.data(), 0), b = decode_meta(file.name(), last.data() + meta_bytes, 1);
    if (a.page_size != b.page_size) fail(file.name(), "the meta pages name different page sizes");
    auto apart = a.transaction > b.transaction ? a.transaction - b.transaction : b.transaction - a.transaction;
    if (apart > 1)
      fail(file.name(), "the meta pages are of transactions " + std::to_string(a.transaction) + " and " + std::to_string(b.transaction));
    return a.transaction > b.transaction ? a : b;
  }
}

/// The newest meta page, when the file can be what it says.
meta_page plausible_meta(const file_view& file) {
  auto meta = newest_meta(file);
  check_size(file.name(), meta, file.size());
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
  struct position {
    const tree& of;
    rows_of what;
    std::vector<uint8_t> last, floor;  // the key before, and what the next may not be below
    uint64_t entries = 0;
  };

  [[noreturn]] void fail_at(uint64_t page, const std::string& reason) const { fail_page(file_.name(), page, reason); }

  void own(uint64_t from, uint64_t first, uint64_t count) {
    if (first < first_page || first > meta_.last_page || count > meta_.last_page - first + 1)
      fail_at(from, "points to page " + std::to_string(first) + ", which is none");
    for (auto p = first; p < first + count; ++p) {
      if (owned_[p]) fail_at(from, "points to page " + std::to_string(p) + ", which has another owner");
      owned_[p] = true;
    }
  }
  void stored(uint64_t first, uint64_t count) const {
    if ((first + count) * page_size_ > size_) cut_off(file_.name(), size_, (first + count) * page_size_);
  }

  void walk_tree(const tree& t, rows_of what) {
    position at{t, what, {}, {}, 0};
    if (t.root != no_page) {
      own(0, t.root, 1);
      walk_page(t.root, 1, at);
    }
    if (at.entries != t.entries)
      fail(file_.name(), "a table has " + std::to_string(at.entries) + " rows and says " + std::to_string(t.entries));
  }

  void walk_page(uint64_t number, unsigned level, position& at) {
    std::vector<uint8_t> bytes(page_size_);
    stored(number, 1);
    file_.read(number * page_size_, bytes.data(), page_size_);
    auto is_leaf = level == at.of.depth;
    tree_page page{file_.name(), number, bytes.data(), page_size_, is_leaf};
    for (unsigned i = 0; i < page.rows(); ++i) {
      auto r = page.at(i, at.what);
      if (is_leaf)
        visit_leaf(number, r, at);
      else
        visit_branch(number, r, i == 0, level, at);
    }
  }

  void visit_branch(uint64_t number, const row& r, bool first, unsigned level, position& at) {
    if (!first) {
      if (at.entries > 0 && !before(at.last, r.key, at.what)) fail_at(number, "has keys out of order");
      at.floor.assign(r.key.begin(), r.key.end());
    }
    own(number, r.child, 1);
    walk_page(r.child, level + 1, at);
  }

  void visit_leaf(uint64_t number, const row& r, position& at) {
    if ((at.entries > 0 && !before(at.last, r.key, at.what)) || (!at.floor.empty() && before(r.key, at.floor, at.what)))
      fail_at(number, "has keys out of order");
    at.last.assign(r.key.begin(), r.key.end());
    ++at.entries;
    if (at.what == rows_of::names) return walk_tree(table_in(file_.name(), number, r), rows_of::table);
    if (r.is_large()) own_value(number, r);
    if (at.what == rows_of::free_list) own_free_pages(number, r);
  }

  void own_value(uint64_t number, const row& r) {
    auto first = r.first_page(), count = r.pages(page_size_);
    own(number, first, count);
    stored(first, count);
    if (depth_ == check_depth::trees) return;
    uint8_t header[page_header];
    file_.read(first * page_size_, header, sizeof header);
    auto kept = check_large_value(file_.name(), first, header, count);
    if (kept > count) own(number, first + count, kept - count);
  }

  void own_free_pages(uint64_t number, const row& r) {
    std::vector<uint8_t> list(r.data, r.data + (r.is_large() ? 0 : r.bytes));
    if (r.is_large()) {
      list.resize(r.bytes);
      file_.read(r.first_page() * page_size_ + page_header, list.data(), list.size());
    }
    for_each_free_page(file_.name(), number, list, meta_.last_page, [&](uint64_t page) { own(number, page, 1); });
  }

  const file_view& file_;
  const meta_page meta_;
  const uint64_t size_, page_size_;
  const check_depth depth_;
  std::vector<bool> owned_;
};

}  // namespace

std::string data_file(const std::string& directory) { return directory + "/data.mdb"; }

uint32_t check_meta_pages(const std::string& name) { return plausible_meta(file_view{name}).page_size; }

void check_structure(const std::string& name, check_depth depth) {
  file_view file{name};
  walker{file, depth}.walk();
}

}  // namespace gli::storage
