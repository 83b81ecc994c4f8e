#include "storage/lmdb_environment.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/error.h"
#include "storage/file_checks.h"
#include "storage/lmdb_file.h"

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

/// A first map that leaves room for the rest of the process under a limit on its address space.
size_t first_map_size() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return full_map;
  auto size = full_map;
  while (size > limit.rlim_cur / 4 && size > smallest_map) size /= 2;
  return size;
}

/// The file gets its place when it is whole and synced: a data file that is no store was damaged, and never half made.
void make_data_file(const std::string& path) {
  auto place = path + "/new";
  remove_all(place);
  make_directories(place);
  MDB_env* made = nullptr;
  check_lmdb(mdb_env_create(&made), path, "make a store");
  auto rc = mdb_env_open(made, place.c_str(), 0, file_mode);
  if (rc == MDB_SUCCESS) rc = mdb_env_sync(made, 1);
  mdb_env_close(made);
  check_lmdb(rc, path, "make a store");
  rename_file(data_file(place), data_file(path));
  remove_all(place);
}

/// LMDB maps its table of readers and writes there: a page of it that a full disk has no room for would end the process. Only while nobody in this process
/// has the environment open, as closing a descriptor of the file drops the process's locks on it.
void make_room_for_readers(const std::string& path) {
  constexpr off_t bytes = (most_readers + 8) * 64;  // of each reader and what stands before them
  auto fd = ::open((path + "/lock.mdb").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
  if (fd < 0) return;  // LMDB says why
  auto full = ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes) != 0 && errno == ENOSPC;
  ::close(fd);
  if (full) throw failure{errc::io, path + ": cannot open: no space left on the disk for lock.mdb"};
}

/// Nothing when there was no room for the map.
MDB_env* try_open(const std::string& path, size_t map_size) {
  MDB_env* environment = nullptr;
  check_lmdb(mdb_env_create(&environment), path, "open");
  mdb_env_set_mapsize(environment, map_size);
  mdb_env_set_maxdbs(environment, most_tables);
  mdb_env_set_maxreaders(environment, most_readers);
  auto rc = mdb_env_open(environment, path.c_str(), MDB_NOTLS, file_mode);
  if (rc == MDB_SUCCESS) return environment;
  mdb_env_close(environment);
  if (rc != ENOMEM) check_lmdb(rc, path, "open");
  return nullptr;
}

}  // namespace

void check_lmdb(int rc, const std::string& path, const char* doing) {
  if (rc != MDB_SUCCESS) throw failure{code_of(rc), path + ": cannot " + doing + ": " + reason_of(rc)};
}

/// Processes open one after the other, so that two do not make the same file.
opened_environment open_environment_in(const std::string& path) {
  directory_lock lock{path};
  refuse_network_file_system(path);
  if (!file_id(data_file(path))) {
    make_data_file(path);
    lock.sync();
  }
  make_room_for_readers(path);
  opened_environment opened;
  opened.page_size = check_meta_pages(data_file(path));
  opened.map = std::make_unique<lmdb::file_map>(data_file(path));
  for (auto size = first_map_size();; size /= 2) {
    if ((opened.environment = try_open(path, size))) return opened;
    if (size <= smallest_map) throw failure{errc::memory, path + ": cannot open: no address space for a map of " + std::to_string(size) + " bytes"};
  }
}

}  // namespace gli::storage
