#include "storage/lmdb_snapshot.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <set>

#include "runtime/error.h"

namespace gli::storage::lmdb {
namespace {

constexpr uint64_t spare_map = uint64_t{1} << 24;  // bytes that a file may grow before it is mapped anew, beside as much again as it has

std::shared_ptr<const uint8_t> map_file(int fd, uint64_t bytes) {
  auto at = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return {};
  return {static_cast<const uint8_t*>(at), [bytes](const uint8_t* p) { ::munmap(const_cast<uint8_t*>(p), bytes); }};
}

/// The first row whose key is not before `key`.
unsigned lower_bound(const tree_page& page, bytes_view key, rows_of what) {
  unsigned first = 0, last = page.rows();
  while (first < last) {
    auto middle = (first + last) / 2;
    if (before(page.key(middle), key, what))
      first = middle + 1;
    else
      last = middle;
  }
  return first;
}

/// Of a branch, the child that may hold `key`.
unsigned child_for(const tree_page& page, bytes_view key, rows_of what) {
  unsigned first = 1, last = page.rows();
  while (first < last) {
    auto middle = (first + last) / 2;
    if (before(key, page.key(middle), what))
      last = middle;
    else
      first = middle + 1;
  }
  return first - 1;
}

}  // namespace

// --- the file -------------------------------------------------------------------------------------------------------------------

file_map::file_map(std::string file) : file_{std::move(file)}, fd_{::open(file_.c_str(), O_RDONLY | O_CLOEXEC)} {
  if (fd_ < 0) throw failure{errc::io, file_ + ": cannot open: " + std::strerror(errno)};
}

file_map::~file_map() { ::close(fd_); }

file_map::view file_map::now() {
  struct stat s {};
  if (::fstat(fd_, &s) != 0) throw failure{errc::io, file_ + ": cannot ask for its size: " + std::strerror(errno)};
  auto size = uint64_t(s.st_size);
  std::lock_guard lock{mutex_};
  if (!mapped_ || size > reach_) {
    reach_ = 2 * size + spare_map;
    mapped_ = map_file(fd_, reach_);
    if (!mapped_) mapped_ = map_file(fd_, reach_ = size);
    if (!mapped_) throw failure{errc::memory, file_ + ": no address space for a map of " + std::to_string(size) + " bytes"};
  }
  return {mapped_, size};
}

snapshot::page_bits::page_bits(uint64_t pages) : words_{static_cast<uint64_t*>(std::calloc(pages / 64 + 1, 8)), std::free} {
  if (!words_) throw std::bad_alloc{};
}
bool snapshot::page_bits::has(uint64_t page) const {
  return std::atomic_ref{words_.get()[page / 64]}.load(std::memory_order_relaxed) >> page % 64 & 1;
}
bool snapshot::page_bits::add(uint64_t page) const {
  auto bit = uint64_t{1} << page % 64;
  return !(std::atomic_ref{words_.get()[page / 64]}.fetch_or(bit, std::memory_order_relaxed) & bit);
}

// --- what is there --------------------------------------------------------------------------------------------------------------

snapshot::snapshot(std::string file, file_map::view map, const meta_page& meta)
    : file_{std::move(file)}, map_{std::move(map)}, meta_{meta}, free_{meta.last_page + 1}, checked_{meta.last_page + 1} {
  read_free_list();
  check_end();
  read_names();
}

/// The pages of the list itself are looked at again when all of it is known.
void snapshot::read_free_list() {
  uint64_t newest = 0;
  scan_tree(meta_.free, rows_of::free_list, {}, [&](uint64_t page, const row& r) {
    newest = load<uint64_t>(r.key.data());
    for_each_free_page(file_, page, value_of(r), meta_.last_page, [&](uint64_t free) {
      if (!free_.add(free)) fail_page(file_, page, "names free page " + std::to_string(free) + " twice");
      ++free_count_;
    });
    return true;
  });
  if (newest > meta_.transaction) fail(file_, "the list of free pages is of transaction " + std::to_string(newest) + ", the meta page of " + std::to_string(meta_.transaction));
  scan_tree(meta_.free, rows_of::free_list, {}, [&](uint64_t, const row& r) { return value_of(r), true; });
}

/// Only free pages may never have been written.
void snapshot::check_end() const {
  for (auto page = meta_.last_page; page >= map_.size / meta_.page_size; --page)
    if (!free_.has(page)) cut_off(file_, map_.size, (page + 1) * meta_.page_size);
}

void snapshot::read_names() {
  std::set<uint64_t> roots{meta_.free.root, meta_.names.root};
  scan_tree(meta_.names, rows_of::names, {}, [&](uint64_t page, const row& r) {
    auto t = table_in(file_, page, r);
    if (t.root != no_page && !roots.insert(t.root).second) fail_page(file_, page, "points to page " + std::to_string(t.root) + ", which has another owner");
    tables_.emplace(std::string{reinterpret_cast<const char*>(r.key.data()), r.key.size()}, t);
    return true;
  });
}

std::vector<std::string> snapshot::tables() const {
  std::vector<std::string> names;
  for (auto& [name, t] : tables_) names.push_back(name);
  return names;
}

const tree* snapshot::find(std::string_view table) const {
  auto found = tables_.find(table);
  return found == tables_.end() ? nullptr : &found->second;
}

// --- pages ----------------------------------------------------------------------------------------------------------------------

const uint8_t* snapshot::pages_at(uint64_t first, uint64_t count) const {
  if (first < first_page || first > meta_.last_page || count > meta_.last_page - first + 1) fail_page(file_, first, "is named, and there is none");
  for (auto page = first; page < first + count; ++page)
    if (free_.has(page)) fail_page(file_, page, "is named, and free");
  if ((first + count) * meta_.page_size > map_.size) cut_off(file_, map_.size, (first + count) * meta_.page_size);
  return map_.bytes.get() + first * meta_.page_size;
}

tree_page snapshot::page_at(uint64_t number, const tree& t, unsigned level, rows_of what, const span_of_keys& within) const {
  auto is_leaf = level == t.depth;
  tree_page page{file_, number, pages_at(number, 1), meta_.page_size, is_leaf};
  if (!checked_.has(number)) {
    page.check_rows(what);
    checked_.add(number);
  }
  auto first = page.key(is_leaf ? 0 : 1), last = page.key(page.rows() - 1);
  if ((!within.low.empty() && before(first, within.low, what)) || (!within.high.empty() && !before(last, within.high, what)))
    fail_page(file_, number, "has keys out of order");
  if (t.depth == 1 && page.rows() != t.entries)
    fail_page(file_, number, "has " + std::to_string(page.rows()) + " rows, and its table says " + std::to_string(t.entries));
  return page;
}

snapshot::span_of_keys snapshot::below(const tree_page& page, unsigned child, span_of_keys within) {
  if (child > 0) within.low = page.key(child);
  if (child + 1 < page.rows()) within.high = page.key(child + 1);
  return within;
}

bytes_view snapshot::value_of(const row& r) const {
  if (!r.is_large()) return {r.data, r.bytes};
  auto first = r.first_page(), count = r.pages(meta_.page_size);
  auto bytes = pages_at(first, count);
  check_large_value(file_, first, bytes, count);
  return {bytes + page_header, r.bytes};
}

// --- searching ------------------------------------------------------------------------------------------------------------------

std::optional<bytes_view> snapshot::get(std::string_view table, bytes_view key) const {
  constexpr auto what = rows_of::table;
  auto t = find(table);
  if (!t || t->root == no_page) return {};
  auto number = t->root;
  span_of_keys within;
  for (unsigned level = 1; level < t->depth; ++level) {
    auto page = page_at(number, *t, level, what, within);
    auto child = child_for(page, key, what);
    within = below(page, child, within);
    number = page.at(child, what).child;
  }
  auto page = page_at(number, *t, t->depth, what, within);
  auto i = lower_bound(page, key, what);
  if (i == page.rows()) return {};
  auto found = page.at(i, what);
  if (before(key, found.key, what)) return {};
  return value_of(found);
}

void snapshot::scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) const {
  if (auto t = find(table)) scan_tree(*t, rows_of::table, from, [&](uint64_t, const row& r) { return visit(r.key, value_of(r)); });
}

void snapshot::scan_tree(const tree& t, rows_of what, bytes_view from, const visitor& visit) const {
  if (t.root == no_page) return;
  walk w{t, what, visit};
  if (scan_page(t.root, 1, w, from, {}) && from.empty() && w.rows != t.entries)
    fail(file_, "a table has " + std::to_string(w.rows) + " rows and says " + std::to_string(t.entries));
}

/// False when the visitor had enough.
bool snapshot::scan_page(uint64_t number, unsigned level, walk& w, bytes_view from, const span_of_keys& within) const {
  auto page = page_at(number, w.of, level, w.what, within);
  if (level == w.of.depth) {
    for (auto i = from.empty() ? 0u : lower_bound(page, from, w.what); i < page.rows(); ++i, ++w.rows)
      if (!w.visit(number, page.at(i, w.what))) return false;
    return true;
  }
  for (auto child = from.empty() ? 0u : child_for(page, from, w.what); child < page.rows(); ++child, from = {})
    if (!scan_page(page.at(child, w.what).child, level + 1, w, from, below(page, child, within))) return false;
  return true;
}

}  // namespace gli::storage::lmdb
