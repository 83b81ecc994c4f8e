#include "tests/durability/file_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>

namespace gli::durability {
namespace {

struct watch {
  std::mutex mutex;
  std::string directory;  // with a slash behind it; empty: nobody watches
  bool recording = false;
  std::vector<file_call> calls;
  faulty which{};
  uint64_t left = 0;  // until the fault; 0: none to come
  bool failed = false;
  int error = 0;
};
watch& watched() {
  static auto all = new watch;  // used until the program's last write
  return *all;
}

std::string real_path(const std::string& path) {
  char name[4096];
  return ::realpath(path.c_str(), name) ? name : path;
}

/// The path behind the watched directory; nothing when it lies elsewhere or is a lock.
std::optional<std::string> inside(const watch& w, std::string path) {
  if (w.directory.empty()) return {};
  if (path + "/" == w.directory) return "";
  if (!path.starts_with(w.directory) || path.ends_with("lock.mdb") || path.ends_with("-lock")) return {};
  return path.substr(w.directory.size());
}

std::optional<std::string> inside(const watch& w, int fd) {
  if (w.directory.empty()) return {};
  char name[4096];
  auto n = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof name);
  return n < 0 ? std::nullopt : inside(w, std::string(name, size_t(n)));
}

void record(watch& w, file_call call, int fd) {
  if (!w.recording) return;
  struct stat s {};
  if (::fstat(fd, &s) == 0) call.file = s.st_ino;
  w.calls.push_back(std::move(call));
}

/// Whether it is this call's turn.
bool fails(watch& w, faulty which) {
  if (w.left == 0 || w.which != which || --w.left > 0) return false;
  w.failed = true;
  return true;
}

ssize_t written(int fd, const iovec* parts, int count, off_t at) {
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  auto path = inside(w, fd);
  auto put = [&](const void* bytes, size_t n) { return ::syscall(SYS_pwrite64, fd, bytes, n, at); };
  if (!path) return ::syscall(SYS_pwritev, fd, parts, count, at, 0);
  byte_buffer bytes;
  for (auto part = parts; part != parts + count; ++part) {
    auto from = static_cast<const uint8_t*>(part->iov_base);
    bytes.insert(bytes.end(), from, from + part->iov_len);
  }
  if (fails(w, faulty::writes)) return errno = w.error, -1;
  if (fails(w, faulty::short_writes)) bytes.resize(bytes.size() / 2);
  auto n = put(bytes.data(), bytes.size());
  auto synced = (::fcntl(fd, F_GETFL) & O_DSYNC) != 0;
  if (n >= 0) record(w, {synced ? file_call::what::synced_write : file_call::what::write, 0, *path, {}, uint64_t(at), std::move(bytes)}, fd);
  return n;
}

int synced(int fd, long call) {
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  auto path = inside(w, fd);
  if (path && fails(w, faulty::syncs)) return errno = w.error, -1;
  auto rc = int(::syscall(call, fd));
  if (!path || rc != 0) return rc;
  struct stat s {};
  auto directory = ::fstat(fd, &s) == 0 && S_ISDIR(s.st_mode);
  record(w, {directory ? file_call::what::sync_directory : file_call::what::sync, 0, *path, {}, 0, {}}, fd);
  return rc;
}

void append(byte_buffer& to, const void* bytes, uint64_t n) {
  auto put = [&](const void* p, uint64_t size) {
    auto from = static_cast<const uint8_t*>(p);
    to.insert(to.end(), from, from + size);
  };
  put(&n, sizeof n);
  put(bytes, n);
}

std::string next(const byte_buffer& from, size_t& at) {
  uint64_t n = 0;
  std::memcpy(&n, &from.at(at), sizeof n);
  at += sizeof n;
  std::string text{from.begin() + std::ptrdiff_t(at), from.begin() + std::ptrdiff_t(at + n)};
  at += n;
  return text;
}

uint64_t next_number(const byte_buffer& from, size_t& at) {
  uint64_t x = 0;
  std::memcpy(&x, next(from, at).data(), sizeof x);
  return x;
}

}  // namespace

void record_file_calls(const std::string& directory) {
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  w.directory = real_path(directory) + "/";
  w.recording = true;
}

void mark_file_calls(const std::string& text) {
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  w.calls.push_back({file_call::what::mark, 0, text, {}, 0, {}});
}

std::vector<file_call> recorded_file_calls() {
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  w.recording = false;
  w.directory.clear();
  return std::move(w.calls);
}

void fail_file_call(const std::string& directory, faulty which, uint64_t n, int error) {
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  w.directory = real_path(directory) + "/";
  w.which = which, w.left = n, w.error = error, w.failed = false;
}

bool end_file_faults() {
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  w.directory.clear();
  w.left = 0;
  return w.failed;
}

byte_buffer to_bytes(const std::vector<file_call>& calls) {
  byte_buffer all;
  for (auto& c : calls) {
    auto kind = uint64_t(c.kind);
    append(all, &kind, sizeof kind);
    append(all, &c.file, sizeof c.file);
    append(all, c.path.data(), c.path.size());
    append(all, c.to.data(), c.to.size());
    append(all, &c.at, sizeof c.at);
    append(all, c.bytes.data(), c.bytes.size());
  }
  return all;
}

std::vector<file_call> calls_from(const byte_buffer& bytes) {
  std::vector<file_call> calls;
  for (size_t at = 0; at < bytes.size();) {
    file_call c;
    c.kind = file_call::what(next_number(bytes, at));
    c.file = next_number(bytes, at);
    c.path = next(bytes, at), c.to = next(bytes, at);
    c.at = next_number(bytes, at);
    auto text = next(bytes, at);
    c.bytes.assign(text.begin(), text.end());
    calls.push_back(std::move(c));
  }
  return calls;
}

}  // namespace gli::durability

// --- what stands in for libc's calls -----------------------------------------------------------------------------------------

#define GLI_STANDS_IN extern "C" __attribute__((visibility("default")))
using namespace gli::durability;

GLI_STANDS_IN ssize_t pwrite(int fd, const void* bytes, size_t n, off_t at) {
  iovec part{const_cast<void*>(bytes), n};
  return written(fd, &part, 1, at);
}

GLI_STANDS_IN ssize_t write(int fd, const void* bytes, size_t n) {
  auto at = ::lseek(fd, 0, SEEK_CUR);
  if (at < 0 || (::fcntl(fd, F_GETFL) & O_APPEND)) return ::syscall(SYS_write, fd, bytes, n);
  iovec part{const_cast<void*>(bytes), n};
  auto done = written(fd, &part, 1, at);
  if (done > 0) ::lseek(fd, at + done, SEEK_SET);
  return done;
}

GLI_STANDS_IN ssize_t writev(int fd, const iovec* parts, int count) {
  auto at = ::lseek(fd, 0, SEEK_CUR);
  if (at < 0) return ::syscall(SYS_writev, fd, parts, count);
  auto n = written(fd, parts, count, at);
  if (n > 0) ::lseek(fd, at + n, SEEK_SET);
  return n;
}

GLI_STANDS_IN int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
GLI_STANDS_IN int fsync(int fd) { return synced(fd, SYS_fsync); }

GLI_STANDS_IN int ftruncate(int fd, off_t bytes) noexcept {
  auto rc = int(::syscall(SYS_ftruncate, fd, bytes));
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  if (auto path = inside(w, fd); path && rc == 0) record(w, {file_call::what::resize, 0, *path, {}, uint64_t(bytes), {}}, fd);
  return rc;
}

GLI_STANDS_IN int rename(const char* from, const char* to) noexcept {
  auto& w = watched();
  std::lock_guard lock{w.mutex};
  if (w.directory.empty()) return int(::syscall(SYS_rename, from, to));
  auto source = inside(w, real_path(from));
  auto rc = int(::syscall(SYS_rename, from, to));
  auto target = inside(w, real_path(to));
  if (rc == 0 && w.recording && source && target) w.calls.push_back({file_call::what::rename, 0, *source, *target, 0, {}});
  return rc;
}
