#include "coordinator/job_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>

namespace gli {

namespace {

const std::string prefix = "log-";

/// Numbers as wide as the largest, so that names sort as numbers do.
std::string name_of_file(const std::string& directory, uint64_t offset) {
  char name[32];
  std::snprintf(name, sizeof name, "%020llu", static_cast<unsigned long long>(offset));
  return directory + "/" + prefix + name;
}

/// The files by their first byte, and their sizes.
std::map<uint64_t, uint64_t> files_in(const std::string& directory) {
  std::map<uint64_t, uint64_t> files;
  std::error_code none;
  for (auto& entry : std::filesystem::directory_iterator{directory, none}) {
    auto name = entry.path().filename().string();
    uint64_t offset = 0;
    if (!name.starts_with(prefix)) continue;
    auto [end, wrong] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), offset);
    struct stat found{};
    if (wrong == std::errc{} && end == name.data() + name.size() && ::stat(entry.path().c_str(), &found) == 0) files[offset] = uint64_t(found.st_size);
  }
  return files;
}

/// What one file has from `at` on; empty if it is gone.
std::string read_file(const std::string& path, uint64_t at, size_t most) {
  std::string bytes(most, '\0');
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  size_t have = 0;
  while (have < most) {
    auto got = ::pread(file, bytes.data() + have, most - have, off_t(at + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += size_t(got);
  }
  ::close(file);
  bytes.resize(have);
  return bytes;
}

}  // namespace

job_log::~job_log() {
  if (file_ >= 0) ::close(file_);
}

void job_log::open_next() noexcept {
  if (file_ >= 0) ::close(file_);
  begin_ = end_;
  file_ = ::open(name_of_file(directory_, begin_).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  auto kept = limits_.file * limits_.files;
  try {
    for (auto& [offset, size] : files_in(directory_))
      if (offset + kept <= begin_) std::remove(name_of_file(directory_, offset).c_str());
  } catch (const std::exception&) {  // no memory: next time
  }
}

void job_log::append(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (file_ < 0 || end_ - begin_ >= limits_.file) open_next();
    auto wrote = ::write(file_, bytes.data(), std::min<size_t>(bytes.size(), limits_.file - (end_ - begin_)));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    end_ += uint64_t(wrote);
    bytes.remove_prefix(size_t(wrote));
  }
}

job_piece read_log(const std::string& directory, uint64_t offset, size_t most) {
  job_piece piece{offset, "", true};
  auto files = files_in(directory);
  for (auto& [begin, size] : files) {
    auto end = begin + size, next = piece.offset + piece.bytes.size();
    if (end <= next) continue;
    if (begin > next) {
      if (!piece.bytes.empty()) return piece.last = false, piece;  // what stood between is gone: the next piece says so
      piece.offset = next = begin;
    }
    auto wanted = size_t(std::min<uint64_t>(end - next, most - piece.bytes.size()));
    auto bytes = read_file(name_of_file(directory, begin), next - begin, wanted);
    piece.bytes += bytes;
    if (bytes.size() < wanted) continue;  // removed meanwhile
    if (piece.bytes.size() == most) {
      piece.last = piece.offset + most == files.rbegin()->first + files.rbegin()->second;
      break;
    }
  }
  return piece;
}

std::string end_of_log(const std::string& directory, size_t most) {
  auto files = files_in(directory);
  if (files.empty()) return "";
  auto end = files.rbegin()->first + files.rbegin()->second;
  auto text = read_log(directory, end > most ? end - most : 0, most).bytes;
  if (end > most) text.erase(0, text.find('\n') + 1);
  return text;
}

}  // namespace gli
