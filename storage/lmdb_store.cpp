#include "storage/ordered_store.h"

#include <lmdb.h>

#include <atomic>
#include <cstring>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "runtime/error.h"
#include "storage/file_checks.h"
#include "storage/lmdb_compaction.h"
#include "storage/lmdb_environment.h"
#include "storage/lmdb_file.h"
#include "storage/lmdb_snapshot.h"
#include "storage/process_id.h"

namespace gli::storage {
namespace {

MDB_val val_of(bytes_view b) { return {b.size(), const_cast<uint8_t*>(b.data())}; }
bytes_view view_of(const MDB_val& v) { return {static_cast<const uint8_t*>(v.mv_data), v.mv_size}; }

using table_map = std::map<std::string, MDB_dbi, std::less<>>;

/// One environment. Readers pin a state with LMDB's transaction and read it themselves (lmdb_snapshot.h). Writers are LMDB's: before the first one
/// changes anything, all that LMDB follows is checked. Handles of tables are the writers' alone.
class lmdb_store final : public ordered_store, public std::enable_shared_from_this<lmdb_store> {
 public:
  explicit lmdb_store(std::string path);
  ~lmdb_store() override {
    if (own_process()) mdb_env_close(env_);
  }

  const std::string& name() const override { return path_; }
  std::unique_ptr<reader> read() override;
  std::unique_ptr<writer> write() override;
  void check() const override;
  space_usage space() const override;

  struct pinned {
    MDB_txn* transaction;
    std::shared_ptr<const lmdb::snapshot> state;
  };
  pinned pin();
  MDB_txn* begin_writing();
  /// The handle of a table, which `opened` is told of when it is new; nothing when there is no such table and `flags` do not make it.
  std::optional<MDB_dbi> handle(MDB_txn* transaction, std::string_view table, unsigned flags, std::vector<std::string>& opened);
  /// Handles that a transaction opened go with it when it does not commit.
  int end_writing(MDB_txn* transaction, const std::vector<std::string>& opened, bool commit);
  bool own_process() const { return pid_ == process_id(); }

 private:
  MDB_txn* start(unsigned flags);
  std::shared_ptr<const lmdb::snapshot> known(uint64_t transaction) const;
  std::shared_ptr<const lmdb::snapshot> look(uint64_t transaction);
  void check_before_writing(MDB_txn* transaction);

  const std::string path_;
  const pid_t pid_ = process_id();
  const opened_environment file_;
  MDB_env* const env_;
  mutable std::mutex newest_mutex_;
  std::shared_ptr<const lmdb::snapshot> newest_;  // that somebody read here
  std::atomic<std::thread::id> writing_{};
  bool checked_ = false;  // whoever writes
  std::mutex handles_mutex_;  // a transaction has ended before the next one knows its handles
  table_map handles_;
};

void check_key(bytes_view key, const std::string& where) {
  if (key.empty() || key.size() > longest_key)
    throw failure{errc::value, where + ": a key has 1 to " + std::to_string(longest_key) + " bytes, not " + std::to_string(key.size())};
}

class lmdb_reader final : public reader {
 public:
  explicit lmdb_reader(std::shared_ptr<lmdb_store> store) : store_{std::move(store)}, pinned_{store_->pin()} {}
  ~lmdb_reader() override {
    if (store_->own_process()) mdb_txn_abort(pinned_.transaction);
  }
  std::optional<bytes_view> get(std::string_view table, bytes_view key) override {
    check_key(key, store_->name());
    return state().get(table, key);
  }
  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) override {
    state().scan(table, from, visit);
  }
  std::vector<std::string> tables() override { return state().tables(); }

 private:
  const lmdb::snapshot& state() const {
    if (!store_->own_process()) throw failure{errc::internal, store_->name() + ": the transaction began before fork()"};
    return *pinned_.state;
  }

  std::shared_ptr<lmdb_store> store_;
  lmdb_store::pinned pinned_;
};

class lmdb_writer final : public writer {
 public:
  explicit lmdb_writer(std::shared_ptr<lmdb_store> store) : store_{std::move(store)}, transaction_{store_->begin_writing()} {}
  ~lmdb_writer() override {
    if (transaction_ && store_->own_process()) store_->end_writing(transaction_, opened_, false);
  }

  std::optional<bytes_view> get(std::string_view table, bytes_view key) override {
    check_key(key, store_->name());
    auto transaction = live();
    auto dbi = find(table, 0);
    if (!dbi) return {};
    auto k = val_of(key);
    MDB_val v;
    auto rc = mdb_get(transaction, *dbi, &k, &v);
    if (rc == MDB_NOTFOUND) return {};
    check_lmdb(rc, store_->name(), "read");
    return view_of(v);
  }
  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) override {
    live();
    if (auto dbi = find(table, 0)) scan(*dbi, from, visit);
  }
  std::vector<std::string> tables() override {
    MDB_dbi names = 0;
    check_lmdb(mdb_dbi_open(live(), nullptr, 0, &names), store_->name(), "read");
    std::vector<std::string> all;
    scan(names, {}, [&](bytes_view name, bytes_view) { return all.emplace_back(name.begin(), name.end()), true; });
    return all;
  }

  void put(std::string_view table, bytes_view key, bytes_view value) override {
    check_key(key, store_->name());
    auto transaction = live();
    auto dbi = find(table, MDB_CREATE);
    auto k = val_of(key), v = val_of(value);
    check_lmdb(mdb_put(transaction, *dbi, &k, &v, 0), store_->name(), "write");
  }
  void erase(std::string_view table, bytes_view key) override {
    check_key(key, store_->name());
    auto transaction = live();
    auto dbi = find(table, 0);
    if (!dbi) return;
    auto k = val_of(key);
    auto rc = mdb_del(transaction, *dbi, &k, nullptr);
    if (rc != MDB_NOTFOUND) check_lmdb(rc, store_->name(), "write");
  }
  void commit() override {
    auto transaction = live();
    transaction_ = nullptr;
    check_lmdb(store_->end_writing(transaction, opened_, true), store_->name(), "commit");
  }

 private:
  MDB_txn* live() const {
    if (!transaction_) throw failure{errc::internal, store_->name() + ": the transaction has ended"};
    if (!store_->own_process()) throw failure{errc::internal, store_->name() + ": the transaction began before fork()"};
    return transaction_;
  }

  std::optional<MDB_dbi> find(std::string_view table, unsigned flags) { return store_->handle(transaction_, table, flags, opened_); }

  void scan(MDB_dbi table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) {
    MDB_cursor* opened = nullptr;
    check_lmdb(mdb_cursor_open(transaction_, table, &opened), store_->name(), "read");
    std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor{opened, mdb_cursor_close};
    auto k = val_of(from);
    MDB_val v;
    auto rc = mdb_cursor_get(opened, &k, &v, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (rc == MDB_SUCCESS && visit(view_of(k), view_of(v))) rc = mdb_cursor_get(opened, &k, &v, MDB_NEXT);
    if (rc != MDB_NOTFOUND) check_lmdb(rc, store_->name(), "read");
  }

  std::shared_ptr<lmdb_store> store_;
  MDB_txn* transaction_;
  std::vector<std::string> opened_;  // tables that had no handle before
};

/// LMDB must not be opened twice in a process. Objects of a process that forked are left alone: closing them would drop the child's own
/// locks.
class registry {
 public:
  /// The registry of this process: a forked child begins with an empty one.
  static registry& current() {
    static std::atomic<registry*> instance{nullptr};
    auto found = instance.load();
    while (!found || found->pid_ != process_id()) {
      auto fresh = std::make_unique<registry>();
      if (instance.compare_exchange_strong(found, fresh.get())) found = fresh.release();
    }
    return *found;
  }

  std::shared_ptr<lmdb_store> open(const std::string& path) {
    std::shared_ptr<lmdb_store> store;  // outlives the lock, which its deleter takes
    std::unique_lock lock{mutex_};
    while (auto id = file_id(data_file(path))) {
      auto found = opened_.find(*id);
      if (found == opened_.end()) break;
      if ((store = found->second.store.lock())) return store;
      closed_.wait(lock);
    }
    store = {new lmdb_store{path}, [this](lmdb_store* s) { close(s); }};
    if (auto id = file_id(data_file(path))) opened_.insert_or_assign(*id, entry{store, store.get()});
    return store;
  }

  void with_closed(const std::string& path, const std::function<void()>& body) {
    std::unique_lock lock{mutex_};
    auto id = file_id(data_file(path));
    if (!id) throw failure{errc::not_found, path + ": no store here"};
    for (auto found = opened_.find(*id); found != opened_.end(); found = opened_.find(*id)) {
      if (!found->second.store.expired())
        throw failure{errc::conflict, path + ": this process has the store open elsewhere, so its files cannot be rewritten: close what reads or writes it"};
      closed_.wait(lock);
    }
    body();
  }

 private:
  void close(lmdb_store* store) {
    if (pid_ != process_id()) return;
    std::lock_guard lock{mutex_};
    std::erase_if(opened_, [&](auto& e) { return e.second.address == store; });
    delete store;
    closed_.notify_all();
  }

  struct entry {
    std::weak_ptr<lmdb_store> store;
    lmdb_store* address;
  };
  const pid_t pid_ = process_id();
  std::mutex mutex_;
  std::condition_variable closed_;
  std::map<std::pair<uint64_t, uint64_t>, entry> opened_;  // by device and inode of the data file
};

/// What is read here costs the same however much history there is: the meta pages, the list of free pages, the names of tables.
lmdb_store::lmdb_store(std::string path) : path_{std::move(path)}, file_{open_environment_in(path_)}, env_{file_.environment} {
  try {
    mdb_reader_check(env_, nullptr);
    mdb_txn_abort(pin().transaction);
  } catch (...) {
    mdb_env_close(env_);
    throw;
  }
}

MDB_txn* lmdb_store::start(unsigned flags) {
  if (!own_process()) throw failure{errc::internal, path_ + ": the store was opened before fork(): open it again in this process"};
  MDB_txn* transaction = nullptr;
  auto rc = mdb_txn_begin(env_, nullptr, flags, &transaction);
  if (rc == MDB_READERS_FULL && mdb_reader_check(env_, nullptr) == MDB_SUCCESS) rc = mdb_txn_begin(env_, nullptr, flags, &transaction);
  check_lmdb(rc, path_, "begin a transaction");
  return transaction;
}

std::shared_ptr<const lmdb::snapshot> lmdb_store::known(uint64_t transaction) const {
  std::lock_guard lock{newest_mutex_};
  return newest_ && newest_->transaction() == transaction ? newest_ : nullptr;
}

/// The state of a transaction that a reader pins. Nothing when its meta page may have been written anew meanwhile: that is so only once there is a
/// newer transaction.
std::shared_ptr<const lmdb::snapshot> lmdb_store::look(uint64_t transaction) {
  auto file = file_.map->now();
  auto index = unsigned(transaction & 1);
  uint8_t bytes[lmdb::meta_bytes];
  std::memcpy(bytes, file.bytes.get() + index * file_.page_size, sizeof bytes);
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  if (info.me_last_txnid != transaction) return {};
  auto meta = lmdb::decode_meta(file_.map->name(), bytes, index);
  if (meta.transaction != transaction || meta.page_size != file_.page_size) lmdb::fail(file_.map->name(), "meta page " + std::to_string(index) + " is damaged");
  lmdb::check_size(file_.map->name(), meta, file.size);
  auto state = std::make_shared<const lmdb::snapshot>(file_.map->name(), std::move(file), meta);
  std::lock_guard lock{newest_mutex_};
  if (!newest_ || newest_->transaction() < transaction) newest_ = state;
  return state;
}

lmdb_store::pinned lmdb_store::pin() {
  for (;;) {
    std::unique_ptr<MDB_txn, decltype(&mdb_txn_abort)> transaction{start(MDB_RDONLY), mdb_txn_abort};
    auto id = mdb_txn_id(transaction.get());
    auto state = known(id);
    if (!state) state = look(id);
    if (state) return {transaction.release(), std::move(state)};
  }
}

/// LMDB trusts what it follows, and writes over pages that it takes for free.
void lmdb_store::check_before_writing(MDB_txn* transaction) {
  if (checked_) return;
  try {
    check_structure(data_file(path_), check_depth::trees);
  } catch (...) {
    mdb_txn_abort(transaction);
    throw;
  }
  checked_ = true;
}

MDB_txn* lmdb_store::begin_writing() {
  if (writing_ == std::this_thread::get_id()) throw failure{errc::conflict, path_ + ": this thread is writing to the store already"};
  if (own_process()) mdb_reader_check(env_, nullptr);
  auto transaction = start(0);
  check_before_writing(transaction);
  writing_ = std::this_thread::get_id();
  return transaction;
}

std::optional<MDB_dbi> lmdb_store::handle(MDB_txn* transaction, std::string_view table, unsigned flags, std::vector<std::string>& opened) {
  std::lock_guard lock{handles_mutex_};
  if (auto found = handles_.find(table); found != handles_.end()) return found->second;
  std::string name{table};
  MDB_dbi dbi = 0;
  auto rc = mdb_dbi_open(transaction, name.c_str(), flags, &dbi);
  if (rc == MDB_NOTFOUND) return {};
  check_lmdb(rc, path_, "open a table");
  opened.push_back(name);
  handles_.emplace(std::move(name), dbi);
  return dbi;
}

int lmdb_store::end_writing(MDB_txn* transaction, const std::vector<std::string>& opened, bool commit) {
  std::unique_lock lock{handles_mutex_, std::defer_lock};
  if (!opened.empty()) lock.lock();
  writing_ = std::thread::id{};
  auto rc = MDB_SUCCESS;
  if (commit)
    rc = mdb_txn_commit(transaction);
  else
    mdb_txn_abort(transaction);
  if (!commit || rc != MDB_SUCCESS)
    for (auto& name : opened) handles_.erase(name);
  return rc;
}

std::unique_ptr<reader> lmdb_store::read() { return std::make_unique<lmdb_reader>(shared_from_this()); }
std::unique_ptr<writer> lmdb_store::write() { return std::make_unique<lmdb_writer>(shared_from_this()); }

space_usage lmdb_store::space() const {
  auto pinned = const_cast<lmdb_store*>(this)->pin();
  mdb_txn_abort(pinned.transaction);
  return pinned.state->space();
}

/// A reader of its own keeps the pages of the state that is walked from being reused.
void lmdb_store::check() const {
  auto pinned = const_cast<lmdb_store*>(this)->read();
  check_structure(data_file(path_), check_depth::value_headers);
}

}  // namespace

void with_lmdb_closed(const std::string& path, const std::function<void()>& body) { registry::current().with_closed(path, body); }

std::shared_ptr<ordered_store> open_lmdb(const std::string& path, bool create) {
  if (!create && !file_id(data_file(path))) throw failure{errc::not_found, path + ": no store here"};
  if (create) make_directories(path);
  return registry::current().open(path);
}

}  // namespace gli::storage
