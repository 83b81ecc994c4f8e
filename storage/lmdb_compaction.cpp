#include "storage/lmdb_compaction.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "runtime/error.h"
#include "storage/file_checks.h"
#include "storage/lmdb_file.h"
#include "storage/lmdb_snapshot.h"

namespace gli::storage {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why) { throw failure{errc::io, path + ": cannot be rewritten: " + why}; }

void check(int rc, const std::string& path) {
  if (rc != MDB_SUCCESS) fail(path, mdb_strerror(rc));
}

class open_file {
 public:
  open_file(const std::string& path, int flags) : path_{path}, fd_{::open(path.c_str(), flags | O_CLOEXEC)} {
    if (fd_ < 0 && errno != ENOENT) fail(path, std::strerror(errno));
  }
  ~open_file() {
    if (fd_ >= 0) ::close(fd_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;

  bool there() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  uint64_t size() const {
    struct stat s {};
    if (::fstat(fd_, &s) != 0) fail(path_, std::strerror(errno));
    return uint64_t(s.st_size);
  }
  void sync() const {
    if (fd_ < 0 || ::fsync(fd_) != 0) fail(path_, std::strerror(errno));
  }

 private:
  const std::string path_;
  const int fd_;
};

/// Whoever has the environment open shares a lock of its lock file's first byte (LMDB's mdb_env_share_locks); here it is locked alone. For a process
/// that has not: closing the file would give up its share.
class alone {
 public:
  explicit alone(const std::string& path) : file_{path + "/lock.mdb", O_RDWR} {
    if (!file_.there()) return;  // nobody has opened it since it was copied here
    struct flock all {};
    all.l_type = F_WRLCK;
    all.l_whence = SEEK_SET;
    all.l_len = 1;
    if (::fcntl(file_.fd(), F_SETLK, &all) == 0) return;
    if (errno != EACCES && errno != EAGAIN) fail(path, std::strerror(errno));
    throw failure{errc::conflict, path + ": another process has the store open, so its files cannot be rewritten: try again when it has ended"};
  }

 private:
  open_file file_;
};

/// The last state of an environment that nobody has open.
class closed_file final : public reader {
 public:
  explicit closed_file(const std::string& path) : map_{data_file(path)}, state_{newest(map_, check_meta_pages(data_file(path)))} {}
  std::optional<bytes_view> get(std::string_view table, bytes_view key) override { return state_.get(table, key); }
  void scan(std::string_view table, bytes_view from, const std::function<bool(bytes_view, bytes_view)>& visit) override { state_.scan(table, from, visit); }
  std::vector<std::string> tables() override { return state_.tables(); }

 private:
  static lmdb::snapshot newest(lmdb::file_map& map, uint32_t page_size) {
    auto file = map.now();
    auto first = lmdb::decode_meta(map.name(), file.bytes.get(), 0), second = lmdb::decode_meta(map.name(), file.bytes.get() + page_size, 1);
    auto& meta = first.transaction > second.transaction ? first : second;
    lmdb::check_size(map.name(), meta, file.size);
    return {map.name(), std::move(file), meta};
  }

  lmdb::file_map map_;
  lmdb::snapshot state_;
};

/// A new environment that takes rows behind the last ones of their tables, so that its pages are full.
class appended_file {
 public:
  appended_file(const std::string& path, const std::string& place, uint64_t bytes) : path_{path} {
    MDB_env* made = nullptr;
    check(mdb_env_create(&made), path_);
    environment_.reset(made);
    check(mdb_env_set_mapsize(made, bytes), path_);
    check(mdb_env_set_maxdbs(made, most_tables), path_);
    check(mdb_env_open(made, place.c_str(), MDB_NOLOCK, 0644), path_);
    begin();
  }
  ~appended_file() {
    if (transaction_) mdb_txn_abort(transaction_);
  }
  appended_file(const appended_file&) = delete;
  appended_file& operator=(const appended_file&) = delete;

  void put(std::string_view table, bytes_view key, bytes_view value) {
    MDB_val k{key.size(), const_cast<uint8_t*>(key.data())}, v{value.size(), const_cast<uint8_t*>(value.data())};
    check(mdb_put(transaction_, handle(table), &k, &v, MDB_APPEND), path_);
    waiting_ += key.size() + value.size();
    if (waiting_ < bytes_at_once) return;
    commit();
    begin();
  }
  void commit() { check(mdb_txn_commit(std::exchange(transaction_, nullptr)), path_); }

 private:
  static constexpr unsigned most_tables = 32;
  static constexpr uint64_t bytes_at_once = uint64_t{64} << 20;  // that lie in memory before they are written

  void begin() {
    check(mdb_txn_begin(environment_.get(), nullptr, 0, &transaction_), path_);
    waiting_ = 0;
  }
  MDB_dbi handle(std::string_view table) {
    if (auto found = handles_.find(table); found != handles_.end()) return found->second;
    std::string name{table};
    MDB_dbi opened = 0;
    check(mdb_dbi_open(transaction_, name.c_str(), MDB_CREATE, &opened), path_);
    return handles_.emplace(std::move(name), opened).first->second;
  }

  const std::string path_;
  std::unique_ptr<MDB_env, decltype(&mdb_env_close)> environment_{nullptr, mdb_env_close};
  MDB_txn* transaction_ = nullptr;
  std::map<std::string, MDB_dbi, std::less<>> handles_;
  uint64_t waiting_ = 0;
};

/// What the last transaction left, rewritten. A new file may be a little larger: tables begin pages of their own.
void write_anew(const std::string& path, const std::string& place, const rewriting& rewrite) {
  closed_file from{path};
  auto bytes = open_file{data_file(path), O_RDONLY}.size();
  appended_file to{path, place, bytes + bytes / 4 + (uint64_t{1} << 24)};
  rewrite(from, [&](std::string_view table, bytes_view key, bytes_view value) { to.put(table, key, value); });
  to.commit();
}

class compactable_store final : public ordered_store {
 public:
  explicit compactable_store(std::shared_ptr<ordered_store> opened) : name_{opened->name()}, opened_{std::move(opened)} {}

  const std::string& name() const override { return name_; }
  std::unique_ptr<reader> read() override { return opened()->read(); }
  std::unique_ptr<writer> write() override { return opened()->write(); }
  void check() const override { opened()->check(); }
  space_usage space() const override { return opened()->space(); }
  void compact(const rewriting& rewrite) override {
    std::unique_lock lock{mutex_};
    opened_.reset();
    try {
      compact_lmdb(name_, rewrite);
    } catch (...) {
      opened_ = open_lmdb(name_, false);
      throw;
    }
    opened_ = open_lmdb(name_, false);
  }

 private:
  std::shared_ptr<ordered_store> opened() const {
    std::shared_lock lock{mutex_};
    if (!opened_) throw failure{errc::io, name_ + ": could not be opened again after it was rewritten: open the store anew"};
    return opened_;
  }

  const std::string name_;
  mutable std::shared_mutex mutex_;
  std::shared_ptr<ordered_store> opened_;  // guarded by mutex_; transactions keep theirs alive
};

}  // namespace

std::shared_ptr<ordered_store> open_compactable(const std::string& path, bool create) {
  return std::make_shared<compactable_store>(open_lmdb(path, create));
}

void compact_lmdb(const std::string& path, const rewriting& rewrite) {
  with_lmdb_closed(path, [&] {
    directory_lock opening{path};
    alone nobody_else{path};
    check_structure(data_file(path), check_depth::value_headers);
    auto place = path + "/new";
    remove_all(place);
    make_directories(place);
    try {
      write_anew(path, place, rewrite);
      open_file{data_file(place), O_RDWR}.sync();
      check_structure(data_file(place), check_depth::value_headers);
    } catch (...) {
      remove_all(place);
      throw;
    }
    rename_file(data_file(place), data_file(path));
    opening.sync();
    remove_all(place);
  });
}

}  // namespace gli::storage
