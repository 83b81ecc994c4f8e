#include "storage/ordered_store.h"

#include <lmdb.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "runtime/error.h"
#include "storage/file_checks.h"
#include "storage/lmdb_file.h"
#include "storage/lmdb_space.h"

namespace gli::storage {
namespace {

constexpr size_t full_map = size_t{1} << 40, smallest_map = size_t{1} << 25;  // address space, not memory
constexpr unsigned most_tables = 32, most_readers = 1022;
constexpr mode_t file_mode = 0644;  // less the umask

errc code_of(int rc) {
  for (auto damage : {MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_INCOMPATIBLE})
    if (rc == damage) return errc::corrupt;
  if (rc == MDB_MAP_FULL || rc == MDB_MAP_RESIZED || rc == ENOMEM) return errc::memory;
  return rc == MDB_BAD_VALSIZE ? errc::value : errc::io;
}

std::string reason_of(int rc) {
  if (rc == EIO) return "the disk is full or failing (input/output error)";
  if (rc == MDB_MAP_FULL || rc == MDB_MAP_RESIZED) return "the store outgrew this process's address space (ulimit -v)";
  if (rc == MDB_BAD_TXN) return "an earlier write of this transaction failed";
  if (rc == MDB_PANIC) return "an earlier sync failed: open the store anew";
  return mdb_strerror(rc);
}

void check(int rc, const std::string& path, const char* doing) {
  if (rc != MDB_SUCCESS) throw failure{code_of(rc), path + ": cannot " + doing + ": " + reason_of(rc)};
}

MDB_val val_of(bytes_view b) { return {b.size(), const_cast<uint8_t*>(b.data())}; }
bytes_view view_of(const MDB_val& v) { return {static_cast<const uint8_t*>(v.mv_data), v.mv_size}; }

using table_map = std::map<std::string, MDB_dbi, std::less<>>;

/// One environment. Handles of tables are opened by one transaction at a time (LMDB's rule) and known to those that begin later:
/// `tables_` is the set of all tables that were committed when somebody last looked; a transaction that sees more begins anew.
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

  struct begun {
    MDB_txn* transaction;
    std::shared_ptr<const table_map> tables;
  };
  begun begin(unsigned flags);
  begun begin_writing();
  /// Ends a transaction that opened the handles `made` (maybe none): they are kept if it committed.
  int end_writing(MDB_txn* transaction, std::shared_ptr<const table_map> made, bool commit);
  bool own_process() const { return pid_ == getpid(); }

 private:
  void open();
  void make_data_file() const;
  bool try_open(size_t map_size);
  MDB_txn* start(unsigned flags);
  void learn_tables();
  std::shared_ptr<const table_map> tables() const {
    std::lock_guard lock{tables_mutex_};
    return tables_;
  }

  const std::string path_;
  const pid_t pid_ = getpid();
  MDB_env* env_ = nullptr;
  MDB_dbi names_ = 0;  // the unnamed table that lists the tables
  mutable std::mutex tables_mutex_;
  std::shared_ptr<const table_map> tables_ = std::make_shared<table_map>();
  std::atomic<std::thread::id> writing_{};
};

/// What reader and writer share.
class lmdb_transaction {
 public:
  lmdb_transaction(std::shared_ptr<lmdb_store> store, lmdb_store::begun begun)
      : store_{std::move(store)}, transaction_{begun.transaction}, tables_{std::move(begun.tables)} {}

  MDB_txn* live() const {
    if (!transaction_) throw failure{errc::internal, store_->name() + ": the transaction has ended"};
    if (!store_->own_process()) throw failure{errc::internal, store_->name() + ": the transaction began before fork()"};
    return transaction_;
  }
  std::optional<MDB_dbi> find(std::string_view table) const {
    auto found = tables_->find(table);
    return found == tables_->end() ? std::nullopt : std::optional{found->second};
  }
  void check_key(bytes_view key) const {
    if (key.empty() || key.size() > longest_key)
      throw failure{errc::value,
                    store_->name() + ": a key has 1 to " + std::to_string(longest_key) + " bytes, not " + std::to_string(key.size())};
  }

  std::optional<bytes_view> get(std::string_view table, bytes_view key) const {
    check_key(key);
    auto transaction = live();
    auto dbi = find(table);
    if (!dbi) return {};
    auto k = val_of(key);
    MDB_val v;
    auto rc = mdb_get(transaction, *dbi, &k, &v);
    if (rc == MDB_NOTFOUND) return {};
    storage::check(rc, store_->name(), "read");
    return view_of(v);
  }

  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) const {
    auto transaction = live();
    auto dbi = find(table);
    if (!dbi) return;
    MDB_cursor* opened = nullptr;
    storage::check(mdb_cursor_open(transaction, *dbi, &opened), store_->name(), "read");
    std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor{opened, mdb_cursor_close};
    auto k = val_of(from);
    MDB_val v;
    auto rc = mdb_cursor_get(opened, &k, &v, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (rc == MDB_SUCCESS && visit(view_of(k), view_of(v))) rc = mdb_cursor_get(opened, &k, &v, MDB_NEXT);
    if (rc != MDB_NOTFOUND) storage::check(rc, store_->name(), "read");
  }

 protected:
  std::shared_ptr<lmdb_store> store_;
  MDB_txn* transaction_;
  std::shared_ptr<const table_map> tables_;
};

class lmdb_reader final : public reader, lmdb_transaction {
 public:
  explicit lmdb_reader(std::shared_ptr<lmdb_store> store) : lmdb_transaction{store, store->begin(MDB_RDONLY)} {}
  ~lmdb_reader() override {
    if (store_->own_process()) mdb_txn_abort(transaction_);
  }
  std::optional<bytes_view> get(std::string_view table, bytes_view key) override { return lmdb_transaction::get(table, key); }
  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) override {
    lmdb_transaction::scan(table, from, visit);
  }
};

class lmdb_writer final : public writer, lmdb_transaction {
 public:
  explicit lmdb_writer(std::shared_ptr<lmdb_store> store) : lmdb_transaction{store, store->begin_writing()} {}
  ~lmdb_writer() override {
    if (transaction_ && store_->own_process()) store_->end_writing(transaction_, made_, false);
  }
  std::optional<bytes_view> get(std::string_view table, bytes_view key) override { return lmdb_transaction::get(table, key); }
  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) override {
    lmdb_transaction::scan(table, from, visit);
  }

  void put(std::string_view table, bytes_view key, bytes_view value) override {
    check_key(key);
    auto transaction = live();
    auto known = find(table);
    auto dbi = known ? *known : make(table);
    auto k = val_of(key), v = val_of(value);
    storage::check(mdb_put(transaction, dbi, &k, &v, 0), store_->name(), "write");
  }
  void erase(std::string_view table, bytes_view key) override {
    check_key(key);
    auto transaction = live();
    auto dbi = find(table);
    if (!dbi) return;
    auto k = val_of(key);
    auto rc = mdb_del(transaction, *dbi, &k, nullptr);
    if (rc != MDB_NOTFOUND) storage::check(rc, store_->name(), "write");
  }
  void commit() override {
    auto transaction = live();
    transaction_ = nullptr;
    storage::check(store_->end_writing(transaction, made_, true), store_->name(), "commit");
  }

 private:
  MDB_dbi make(std::string_view table) {
    auto next = std::make_shared<table_map>(*tables_);
    MDB_dbi dbi = 0;
    storage::check(mdb_dbi_open(transaction_, std::string{table}.c_str(), MDB_CREATE, &dbi), store_->name(), "make a table");
    next->emplace(table, dbi);
    tables_ = made_ = std::move(next);
    return dbi;
  }
  std::shared_ptr<const table_map> made_;  // all tables, when this transaction made some
};

/// LMDB must not be opened twice in a process. Objects of a process that forked are left alone: closing them would drop the child's own
/// locks.
class registry {
 public:
  /// The registry of this process: a forked child begins with an empty one.
  static registry& current() {
    static std::atomic<registry*> instance{nullptr};
    auto found = instance.load();
    while (!found || found->pid_ != getpid()) {
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

 private:
  void close(lmdb_store* store) {
    if (pid_ != getpid()) return;
    std::lock_guard lock{mutex_};
    std::erase_if(opened_, [&](auto& e) { return e.second.address == store; });
    delete store;
    closed_.notify_all();
  }

  struct entry {
    std::weak_ptr<lmdb_store> store;
    lmdb_store* address;
  };
  const pid_t pid_ = getpid();
  std::mutex mutex_;
  std::condition_variable closed_;
  std::map<std::pair<uint64_t, uint64_t>, entry> opened_;  // by device and inode of the data file
};

/// A first map that leaves room for the rest of the process under a limit on its address space.
size_t first_map_size() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return full_map;
  auto size = full_map;
  while (size > limit.rlim_cur / 4 && size > smallest_map) size /= 2;
  return size;
}

lmdb_store::lmdb_store(std::string path) : path_{std::move(path)} {
  open();
  try {
    mdb_reader_check(env_, nullptr);
    std::unique_ptr<MDB_txn, decltype(&mdb_txn_abort)> pinned{start(MDB_RDONLY), mdb_txn_abort};
    check_structure(data_file(path_), check_depth::trees);
    storage::check(mdb_dbi_open(pinned.get(), nullptr, 0, &names_), path_, "open");
    learn_tables();
  } catch (...) {
    mdb_env_close(env_);
    throw;
  }
}

/// Processes open one after the other, so that two do not make the same file.
void lmdb_store::open() {
  directory_lock lock{path_};
  refuse_network_file_system(path_);
  if (!file_id(data_file(path_))) {
    make_data_file();
    lock.sync();
  }
  check_meta_pages(data_file(path_));
  for (auto size = first_map_size();; size /= 2) {
    if (try_open(size)) break;
    if (size <= smallest_map)
      throw failure{errc::memory, path_ + ": cannot open: no address space for a map of " + std::to_string(size) + " bytes"};
  }
}

/// The file gets its place when it is whole and synced: a data file that is no store was damaged, and never half made.
void lmdb_store::make_data_file() const {
  auto place = path_ + "/new";
  remove_all(place);
  make_directories(place);
  MDB_env* made = nullptr;
  storage::check(mdb_env_create(&made), path_, "make a store");
  auto rc = mdb_env_open(made, place.c_str(), 0, file_mode);
  if (rc == MDB_SUCCESS) rc = mdb_env_sync(made, 1);
  mdb_env_close(made);
  storage::check(rc, path_, "make a store");
  rename_file(data_file(place), data_file(path_));
  remove_all(place);
}

/// Says false when there was no room for the map.
bool lmdb_store::try_open(size_t map_size) {
  storage::check(mdb_env_create(&env_), path_, "open");
  mdb_env_set_mapsize(env_, map_size);
  mdb_env_set_maxdbs(env_, most_tables);
  mdb_env_set_maxreaders(env_, most_readers);
  auto rc = mdb_env_open(env_, path_.c_str(), MDB_NOTLS, file_mode);
  if (rc == MDB_SUCCESS) return true;
  mdb_env_close(env_);
  env_ = nullptr;
  if (rc != ENOMEM) storage::check(rc, path_, "open");
  return false;
}

MDB_txn* lmdb_store::start(unsigned flags) {
  if (!own_process()) throw failure{errc::internal, path_ + ": the store was opened before fork(): open it again in this process"};
  MDB_txn* transaction = nullptr;
  auto rc = mdb_txn_begin(env_, nullptr, flags, &transaction);
  if (rc == MDB_READERS_FULL && mdb_reader_check(env_, nullptr) == MDB_SUCCESS) rc = mdb_txn_begin(env_, nullptr, flags, &transaction);
  storage::check(rc, path_, "begin a transaction");
  return transaction;
}

lmdb_store::begun lmdb_store::begin(unsigned flags) {
  for (;;) {
    auto known = tables();
    auto transaction = start(flags);
    MDB_stat names{};
    auto rc = mdb_stat(transaction, names_, &names);
    if (rc == MDB_SUCCESS && names.ms_entries <= known->size()) return {transaction, std::move(known)};
    mdb_txn_abort(transaction);
    storage::check(rc, path_, "read");
    learn_tables();
  }
}

lmdb_store::begun lmdb_store::begin_writing() {
  if (writing_ == std::this_thread::get_id()) throw failure{errc::conflict, path_ + ": this thread is writing to the store already"};
  if (own_process()) mdb_reader_check(env_, nullptr);
  auto b = begin(0);
  writing_ = std::this_thread::get_id();
  return b;
}

/// The lock keeps readers from opening handles while this transaction's own become valid or go.
int lmdb_store::end_writing(MDB_txn* transaction, std::shared_ptr<const table_map> made, bool commit) {
  std::unique_lock lock{tables_mutex_, std::defer_lock};
  if (made) lock.lock();
  writing_ = std::thread::id{};
  auto rc = MDB_SUCCESS;
  if (commit)
    rc = mdb_txn_commit(transaction);
  else
    mdb_txn_abort(transaction);
  if (made && commit && rc == MDB_SUCCESS) tables_ = std::move(made);
  return rc;
}

/// Opens the tables that other processes made.
void lmdb_store::learn_tables() {
  std::lock_guard lock{tables_mutex_};
  auto transaction = start(MDB_RDONLY);
  auto next = std::make_shared<table_map>(*tables_);
  try {
    MDB_cursor* opened = nullptr;
    storage::check(mdb_cursor_open(transaction, names_, &opened), path_, "read");
    std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor{opened, mdb_cursor_close};
    MDB_val k, v;
    int rc;
    while ((rc = mdb_cursor_get(opened, &k, &v, MDB_NEXT)) == MDB_SUCCESS) {
      std::string name{static_cast<const char*>(k.mv_data), k.mv_size};
      if (next->contains(name)) continue;
      storage::check(mdb_dbi_open(transaction, name.c_str(), 0, &(*next)[name]), path_, "open a table");
    }
    if (rc != MDB_NOTFOUND) storage::check(rc, path_, "read");
  } catch (...) {
    mdb_txn_abort(transaction);
    throw;
  }
  storage::check(mdb_txn_commit(transaction), path_, "open a table");
  tables_ = std::move(next);
}

std::unique_ptr<reader> lmdb_store::read() { return std::make_unique<lmdb_reader>(shared_from_this()); }
std::unique_ptr<writer> lmdb_store::write() { return std::make_unique<lmdb_writer>(shared_from_this()); }

space_usage lmdb_store::space() const {
  std::unique_ptr<MDB_txn, decltype(&mdb_txn_abort)> pinned{const_cast<lmdb_store*>(this)->start(MDB_RDONLY), mdb_txn_abort};
  space_usage usage;
  storage::check(lmdb_space(env_, pinned.get(), usage), path_, "read");
  return usage;
}

/// A reader of its own keeps the pages of the state that is walked from being reused.
void lmdb_store::check() const {
  auto pinned = const_cast<lmdb_store*>(this)->read();
  check_structure(data_file(path_), check_depth::value_headers);
}

}  // namespace

std::shared_ptr<ordered_store> open_lmdb(const std::string& path, bool create) {
  if (!create && !file_id(data_file(path))) throw failure{errc::not_found, path + ": no store here"};
  if (create) make_directories(path);
  return registry::current().open(path);
}

}  // namespace gli::storage
