#include "storage/lmdb_compaction.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "runtime/error.h"
#include "storage/file_checks.h"
#include "storage/lmdb_file.h"

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

/// Copies what the last transaction uses.
void copy_compactly(const std::string& path, const std::string& to) {
  MDB_env* opened = nullptr;
  check(mdb_env_create(&opened), path);
  std::unique_ptr<MDB_env, decltype(&mdb_env_close)> environment{opened, mdb_env_close};
  check(mdb_env_set_mapsize(opened, open_file{data_file(path), O_RDONLY}.size()), path);
  check(mdb_env_open(opened, path.c_str(), MDB_RDONLY | MDB_NOLOCK, 0), path);
  check(mdb_env_copy2(opened, to.c_str(), MDB_CP_COMPACT), path);
}

class compactable_store final : public ordered_store {
 public:
  explicit compactable_store(std::shared_ptr<ordered_store> opened) : name_{opened->name()}, opened_{std::move(opened)} {}

  const std::string& name() const override { return name_; }
  std::unique_ptr<reader> read() override { return opened()->read(); }
  std::unique_ptr<writer> write() override { return opened()->write(); }
  void check() const override { opened()->check(); }
  space_usage space() const override { return opened()->space(); }
  void compact() override {
    std::unique_lock lock{mutex_};
    opened_.reset();
    try {
      compact_lmdb(name_);
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

void compact_lmdb(const std::string& path) {
  with_lmdb_closed(path, [&] {
    directory_lock opening{path};
    alone nobody_else{path};
    check_structure(data_file(path), check_depth::value_headers);
    auto place = path + "/new";
    remove_all(place);
    make_directories(place);
    try {
      copy_compactly(path, place);
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
