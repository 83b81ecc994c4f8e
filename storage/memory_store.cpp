#include "storage/memory_store.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "runtime/error.h"

namespace gli::storage {
namespace {

using key_bytes = std::string;                            // compares as unsigned bytes
using stored_value = std::shared_ptr<const byte_buffer>;  // shared by versions
using table_rows = std::map<key_bytes, stored_value, std::less<>>;
using tables = std::map<std::string, table_rows, std::less<>>;
using table_changes = table_rows;  // null: erased
using changes = std::map<std::string, table_changes, std::less<>>;

std::string_view text_of(bytes_view b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
bytes_view bytes_of(std::string_view t) { return {reinterpret_cast<const uint8_t*>(t.data()), t.size()}; }

std::string_view checked_key(bytes_view key) {
  if (key.empty() || key.size() > longest_key)
    throw failure{errc::value, "a key has 1 to " + std::to_string(longest_key) + " bytes, not " + std::to_string(key.size())};
  return text_of(key);
}

/// One committed state. It changes in place while nobody reads it, else the next one is a copy.
struct version {
  tables content;
  uint64_t readers = 0;  // under memory_store::mutex_
};

void apply(tables& content, changes& pending) {
  for (auto& [name, rows] : pending) {
    auto& to = content[name];
    for (auto& [key, value] : rows)
      if (value)
        to.insert_or_assign(key, std::move(value));
      else
        to.erase(key);
  }
}

class memory_store final : public ordered_store, public std::enable_shared_from_this<memory_store> {
 public:
  explicit memory_store(std::shared_ptr<fault_plan> faults) : faults_{std::move(faults)} {}
  const std::string& name() const override { return name_; }
  std::unique_ptr<reader> read() override;
  std::unique_ptr<writer> write() override;
  void check() const override {}

  std::shared_ptr<version> pin() {
    std::lock_guard lock{mutex_};
    ++newest_->readers;
    return newest_;
  }
  void unpin(version& v) {
    std::lock_guard lock{mutex_};
    --v.readers;
  }
  /// The writer's own pin does not count as a reader.
  void commit(changes& pending) {
    std::lock_guard lock{mutex_};
    if (newest_->readers > 1) {
      auto next = std::make_shared<version>(version{newest_->content, 1});
      --newest_->readers;
      newest_ = std::move(next);
    }
    apply(newest_->content, pending);
    --newest_->readers;
  }

  void begin_writing() {
    std::unique_lock lock{writing_mutex_};
    if (writing_ == std::this_thread::get_id()) throw failure{errc::conflict, "this thread is writing to the store already"};
    writing_ended_.wait(lock, [&] { return writing_ == std::thread::id{}; });
    writing_ = std::this_thread::get_id();
  }
  void end_writing() {
    {
      std::lock_guard lock{writing_mutex_};
      writing_ = {};
    }
    writing_ended_.notify_one();
  }

  void maybe_fail(std::atomic<uint64_t> fault_plan::*which, const char* what) {
    if (!faults_) return;
    auto& left = (*faults_).*which;
    for (auto n = left.load(); n > 0;)
      if (left.compare_exchange_weak(n, n - 1)) {
        if (n == 1) throw failure{errc::io, std::string{what} + ": injected fault"};
        return;
      }
  }

 private:
  const std::string name_ = "memory";
  std::shared_ptr<fault_plan> faults_;
  std::mutex mutex_;
  std::shared_ptr<version> newest_ = std::make_shared<version>();
  std::mutex writing_mutex_;
  std::condition_variable writing_ended_;
  std::thread::id writing_;
};

const table_rows* rows_of(const tables& content, std::string_view name) {
  auto found = content.find(name);
  return found == content.end() ? nullptr : &found->second;
}

class memory_reader final : public reader {
 public:
  explicit memory_reader(std::shared_ptr<memory_store> store) : store_{std::move(store)}, version_{store_->pin()} {}
  ~memory_reader() override { store_->unpin(*version_); }

  std::optional<bytes_view> get(std::string_view table, bytes_view key) override {
    auto k = checked_key(key);
    auto rows = rows_of(version_->content, table);
    if (!rows) return {};
    auto found = rows->find(k);
    if (found == rows->end()) return {};
    return bytes_view{*found->second};
  }
  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) override {
    auto rows = rows_of(version_->content, table);
    if (!rows) return;
    for (auto row = rows->lower_bound(text_of(from)); row != rows->end(); ++row)
      if (!visit(bytes_of(row->first), *row->second)) return;
  }
  std::vector<std::string> tables() override {
    std::vector<std::string> names;
    for (auto& [name, rows] : version_->content) names.push_back(name);
    return names;
  }

 private:
  std::shared_ptr<memory_store> store_;
  std::shared_ptr<version> version_;
};

class memory_writer final : public writer {
 public:
  explicit memory_writer(std::shared_ptr<memory_store> store) : store_{std::move(store)} {
    store_->begin_writing();
    base_ = store_->pin();
  }
  ~memory_writer() override { end(); }

  std::optional<bytes_view> get(std::string_view table, bytes_view key) override {
    auto k = checked_key(key);
    if (auto changed = pending_.find(table); changed != pending_.end())
      if (auto row = changed->second.find(k); row != changed->second.end())
        return row->second ? std::optional{bytes_view{*row->second}} : std::nullopt;
    auto rows = rows_of(base().content, table);
    if (!rows) return {};
    auto found = rows->find(k);
    if (found == rows->end()) return {};
    return bytes_view{*found->second};
  }

  /// Merges the changes of this transaction into the rows before it.
  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) override {
    static const table_rows no_rows;
    static const table_changes no_changes;
    auto rows = rows_of(base().content, table);
    if (!rows) rows = &no_rows;
    auto changed = pending_.find(table);
    auto& over = changed == pending_.end() ? no_changes : changed->second;
    auto old = rows->lower_bound(text_of(from));
    auto fresh = over.lower_bound(text_of(from));
    while (old != rows->end() || fresh != over.end()) {
      if (fresh == over.end() || (old != rows->end() && old->first < fresh->first)) {
        if (!visit(bytes_of(old->first), *old->second)) return;
        ++old;
        continue;
      }
      if (old != rows->end() && old->first == fresh->first) ++old;
      if (fresh->second && !visit(bytes_of(fresh->first), *fresh->second)) return;
      ++fresh;
    }
  }

  std::vector<std::string> tables() override {
    std::set<std::string> names;
    for (auto& [name, rows] : base().content) names.insert(name);
    for (auto& [name, rows] : pending_) names.insert(name);
    return {names.begin(), names.end()};
  }

  void put(std::string_view table, bytes_view key, bytes_view value) override {
    base();
    auto k = checked_key(key);
    store_->maybe_fail(&fault_plan::fail_put, "put");
    pending_[std::string{table}].insert_or_assign(std::string{k}, std::make_shared<const byte_buffer>(value.begin(), value.end()));
  }
  void erase(std::string_view table, bytes_view key) override {
    base();
    pending_[std::string{table}].insert_or_assign(std::string{checked_key(key)}, nullptr);
  }
  void commit() override {
    base();
    try {
      store_->maybe_fail(&fault_plan::fail_commit, "commit");
      store_->commit(pending_);
    } catch (...) {
      end();
      throw;
    }
    base_.reset();
    store_->end_writing();
  }

 private:
  version& base() {
    if (!base_) throw failure{errc::internal, "the transaction has ended"};
    return *base_;
  }
  void end() {
    if (!base_) return;
    store_->unpin(*base_);
    base_.reset();
    store_->end_writing();
  }

  std::shared_ptr<memory_store> store_;
  std::shared_ptr<version> base_;  // nothing: ended
  changes pending_;
};

std::unique_ptr<reader> memory_store::read() { return std::make_unique<memory_reader>(shared_from_this()); }
std::unique_ptr<writer> memory_store::write() { return std::make_unique<memory_writer>(shared_from_this()); }

}  // namespace

std::shared_ptr<ordered_store> make_memory_store(std::shared_ptr<fault_plan> faults) {
  return std::make_shared<memory_store>(std::move(faults));
}
std::shared_ptr<ordered_store> make_memory_store() { return make_memory_store(nullptr); }

}  // namespace gli::storage
