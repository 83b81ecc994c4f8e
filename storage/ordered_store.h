#pragma once
// An ordered key-value store with transactions: LMDB on disk (storage/lmdb_store.h), a map in memory (storage/memory_store.h), one contract.
//
// Any number of readers at once, each seeing one state; one writer at a time (a second waits). A writer that is destroyed without commit() changed
// nothing; commit() returns when the changes would survive a crash (LMDB: synced). Throws failure{io | corrupt | conflict}.

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

class reader {
 public:
  virtual ~reader() = default;
  /// A view that is valid until the transaction ends (or, in a writer, until its next put).
  virtual std::optional<bytes_view> get(std::string_view table, bytes_view key) = 0;
  /// In key order from `from` on; `visit` returns false to stop.
  virtual void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view key, bytes_view value)>& visit) = 0;
};

class writer : public reader {
 public:
  virtual void put(std::string_view table, bytes_view key, bytes_view value) = 0;
  virtual void erase(std::string_view table, bytes_view key) = 0;
  virtual void commit() = 0;
};

class ordered_store {
 public:
  virtual ~ordered_store() = default;
  virtual std::unique_ptr<reader> read() = 0;
  virtual std::unique_ptr<writer> write() = 0;
};

/// Opens or creates the LMDB environment in directory `path`. One object per path and process is shared (LMDB forbids a second open).
/// Refuses network file systems and damaged or truncated files, naming path and reason. Tables are created on first put.
std::shared_ptr<ordered_store> open_lmdb(const std::string& path, bool create);
std::shared_ptr<ordered_store> make_memory_store();

}  // namespace gli::storage
