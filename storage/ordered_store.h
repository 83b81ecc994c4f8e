#pragma once
// An ordered key-value store with transactions: LMDB on disk, a map in memory (with faults to test with: storage/memory_store.h),
// one contract.
//
// Any number of readers at once, each seeing one state; one writer at a time (a second waits, in this process or another). A writer
// that is destroyed without commit() changed nothing; commit() returns when the changes would survive a crash (LMDB: synced).
//
// Threads: a store and a reader are for any number of threads at once; a writer for the thread that began it. A thread that has a writer
// and begins another on the same store would wait for itself: failure{conflict}. Transactions keep their store alive.
//
// Keys have 1 to 511 bytes (else failure{value}) and sort as unsigned bytes, shorter first. A value may be empty. A table that nobody
// wrote to is empty. Throws failure{io | corrupt | conflict | value | memory}.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/communicator.h"

namespace gli::storage {

using bytes_view = std::span<const uint8_t>;
constexpr size_t longest_key = 511;

class reader {
 public:
  virtual ~reader() = default;
  /// A view that is valid until the transaction ends (or, in a writer, until its next put or erase).
  virtual std::optional<bytes_view> get(std::string_view table, bytes_view key) = 0;
  /// In key order from `from` on (empty: all); `visit` returns false to stop, and must not write.
  virtual void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view key, bytes_view value)>& visit) = 0;
  /// The names of all tables that somebody wrote to, in order.
  virtual std::vector<std::string> tables() = 0;
};

class writer : public reader {
 public:
  virtual void put(std::string_view table, bytes_view key, bytes_view value) = 0;
  virtual void erase(std::string_view table, bytes_view key) = 0;  // of what is not there: nothing happens
  virtual void commit() = 0;                                       // once; whether or not it throws, the transaction has ended
};

/// Bytes on disk: all, and those of them that the next changes will use. Zeros in memory.
struct space_usage { uint64_t file = 0, free = 0; };

/// Takes the rows of a new file; each table's in the order of their keys, each key once.
using row_sink = std::function<void(std::string_view table, bytes_view key, bytes_view value)>;
using rewriting = std::function<void(reader& from, const row_sink& put)>;

class ordered_store {
 public:
  virtual ~ordered_store() = default;
  virtual const std::string& name() const = 0;  // its path, or "memory": for messages
  virtual std::unique_ptr<reader> read() = 0;
  virtual std::unique_ptr<writer> write() = 0;
  /// Throws failure{corrupt} naming file and place when the store's own structure does not hold, having followed none of its
  /// pointers blindly: a scan after a check meets no signal.
  virtual void check() const = 0;
  virtual space_usage space() const { return {}; }
  /// Rewrites the file without what is free in it, with the rows that `rewrite` puts in the place of its own. failure{conflict} when a transaction, or
  /// another store object or process, has it open; then nothing has changed. In memory there is nothing to rewrite.
  virtual void compact(const rewriting&) {}
};

/// Opens or creates the LMDB environment in directory `path`. One object per path and process is shared (LMDB forbids a second open).
/// Refuses network file systems and damaged or truncated files, naming path and reason; failure{not_found} when there is none and
/// `create` is false. Tables are created on first put. A store that was opened before fork() is of no use in the child, which opens it
/// anew.
std::shared_ptr<ordered_store> open_lmdb(const std::string& path, bool create);
std::shared_ptr<ordered_store> make_memory_store();

}  // namespace gli::storage
