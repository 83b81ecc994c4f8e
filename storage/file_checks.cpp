#include "storage/file_checks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

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
  struct stat s{};
  if (::stat(path.c_str(), &s) != 0) return {};
  return std::pair<uint64_t, uint64_t>{s.st_dev, s.st_ino};
}

void make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw failure{errc::io, path + ": cannot make the directory: " + error.message()};
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
  switch (uint32_t(magic)) {
    case 0x6969: return "NFS";
    case 0x517B: return "SMB";
    case 0xFE534D42: return "SMB2";
    case 0xFF534D42: return "CIFS";
    case 0x564C: return "NCP";
    case 0x73757245: return "Coda";
    case 0x5346414F: case 0x6B414653: return "AFS";
    case 0x01021997: return "9P";
    case 0x65735546: return "FUSE";
    case 0x0BD00BD0: return "Lustre";
    case 0x47504653: return "GPFS";
    case 0x00C36400: return "Ceph";
    case 0x19830326: return "BeeGFS";
    case 0x20030528: return "OrangeFS";
    case 0x01161970: return "GFS2";
    case 0x7461636F: return "OCFS2";
    default: return {};
  }
}

void refuse_network_file_system(const std::string& path) {
  struct statfs s{};
  if (::statfs(path.c_str(), &s) != 0) fail(path, "ask for its file system");
  if (auto name = network_file_system(uint64_t(s.f_type)))
    throw failure{errc::io, path + ": a store cannot lie on a network file system (" + *name + "): use a directory on a local disk"};
}

}  // namespace gli::storage
