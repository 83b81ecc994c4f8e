#pragma once
// One committed state of an LMDB data file, read without LMDB: from a map of our own, each page checked where a search meets it, so that reading costs
// what it reads and damage is failure{corrupt}. storage/FORMAT.md, "Reading". For storage/ alone.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/lmdb_layout.h"

namespace gli::storage::lmdb {

/// A data file in memory. Threads: any.
class file_map {
 public:
  explicit file_map(std::string file);
  ~file_map();
  file_map(const file_map&) = delete;
  file_map& operator=(const file_map&) = delete;

  /// The first `size` bytes may be read: all that the file has now. They stay mapped while `bytes` lives.
  struct view { std::shared_ptr<const uint8_t> bytes; uint64_t size = 0; };
  view now();
  const std::string& name() const { return file_; }

 private:
  const std::string file_;
  int fd_;
  std::mutex mutex_;
  std::shared_ptr<const uint8_t> mapped_;
  uint64_t reach_ = 0;  // of the map, which may go beyond the file's end
};

/// Lives no longer than a transaction of LMDB that keeps its pages from being written anew. Threads: any.
///
/// What is found is what the state holds, or an error: a page on the way to a key has its own number, its level's kind, rows in it in ascending order and
/// between the keys that lead to it, and is not in the list of free pages, where those of older states are. Rows that a scan of a whole table meets are
/// as many as the table says.
class snapshot {
 public:
  /// Reads the list of free pages and the names of tables.
  snapshot(std::string file, file_map::view map, const meta_page& meta);

  uint64_t transaction() const { return meta_.transaction; }
  std::optional<bytes_view> get(std::string_view table, bytes_view key) const;
  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view key, bytes_view value)>& visit) const;
  std::vector<std::string> tables() const;
  space_usage space() const { return {(meta_.last_page + 1) * meta_.page_size, free_count_ * meta_.page_size}; }

 private:
  struct span_of_keys { bytes_view low, high; };  // from `low` on and below `high`; empty: no limit
  using visitor = std::function<bool(uint64_t page, const row& r)>;
  struct walk { const tree& of; rows_of what; const visitor& visit; uint64_t rows = 0; };
  /// One bit a page; the room is not touched before a bit is.
  class page_bits {
   public:
    explicit page_bits(uint64_t pages);
    bool has(uint64_t page) const;
    bool add(uint64_t page) const;  // says whether it is new
   private:
    std::shared_ptr<uint64_t> words_;
  };

  const uint8_t* pages_at(uint64_t first, uint64_t count) const;
  tree_page page_at(uint64_t number, const tree& t, unsigned level, rows_of what, const span_of_keys& within) const;
  static span_of_keys below(const tree_page& page, unsigned child, span_of_keys within);
  bool scan_page(uint64_t number, unsigned level, walk& w, bytes_view from, const span_of_keys& within) const;
  void scan_tree(const tree& t, rows_of what, bytes_view from, const visitor& visit) const;
  bytes_view value_of(const row& r) const;
  const tree* find(std::string_view table) const;

  void read_free_list();
  void check_end() const;
  void read_names();

  const std::string file_;
  const file_map::view map_;
  const meta_page meta_;
  page_bits free_, checked_;
  uint64_t free_count_ = 0;
  std::map<std::string, tree, std::less<>> tables_;
};

}  // namespace gli::storage::lmdb
