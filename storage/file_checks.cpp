#include "storage/file_checks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>

#include "runtime/error.h"

namespace gli::storage {
namespace {

[[noreturn]] void fail(const std::string& path, const char* doing) {
  throw failure{errc::io, path + ": cannot " + doing + ": " + std::strerror(errno)};
}

void sync_directory(const std::string& path) {
  auto fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail(path, "open the directory");
  auto rc = ::fsync(fd);
  ::close(fd);
  if (rc != 0) fail(path, "sync the directory");
}

}  // namespace

std::optional<std::pair<uint64_t, uint64_t>> file_id(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return {};
  return std::pair<uint64_t, uint64_t>{s.st_dev, s.st_ino};
}

void make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw failure{errc::io, path + ": cannot make the directory: " + error.message()};
}

void remove_all(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) throw failure{errc::io, path + ": cannot remove: " + error.message()};
}

void rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail(to, "make");
}

directory_lock::directory_lock(const std::string& path) : path_{path}, fd_{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {
  if (fd_ < 0) fail(path, "open the directory");
  int rc;
  do rc = ::flock(fd_, LOCK_EX);
  while (rc != 0 && errno == EINTR);
  if (rc == 0) return;
  auto error = errno;
  ::close(fd_);
  errno = error;
  fail(path, "lock the directory");
}

directory_lock::~directory_lock() { ::close(fd_); }

void directory_lock::sync() const {
  if (::fsync(fd_) != 0) fail(path_, "sync the directory");
  sync_directory(path_ + "/..");
}

std::optional<std::string> network_file_system(uint64_t magic) {
  static const std::map<uint32_t, const char*> names = {
      {0x6969, "NFS"},        {0x517B, "SMB"},      {0xFE534D42, "SMB2"}, {0xFF534D42, "CIFS"},   {0x564C, "NCP"},
      {0x73757245, "Coda"},   {0x5346414F, "AFS"},  {0x6B414653, "AFS"},  {0x01021997, "9P"},     {0x65735546, "FUSE"},
      {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"}, {0x00C36400, "Ceph"}, {0x19830326, "BeeGFS"}, {0x20030528, "OrangeFS"},
      {0x01161970, "GFS2"},   {0x7461636F, "OCFS2"}};
  auto found = names.find(uint32_t(magic));
  return found == names.end() ? std::nullopt : std::optional<std::string>{found->second};
}

void refuse_network_file_system(const std::string& path) {
  struct statfs s {};
  if (::statfs(path.c_str(), &s) != 0) fail(path, "ask for its file system");
  if (auto name = network_file_system(uint64_t(s.f_type)))
    throw failure{errc::io, path + ": a store cannot lie on a network file system (" + *name + "): use a directory on a local disk"};
}

}  // namespace gli::storage
