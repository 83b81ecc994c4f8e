#pragma once
// What must hold of a directory before a store is opened in it.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace gli::storage {

/// Device and inode; nothing when there is no such file.
std::optional<std::pair<uint64_t, uint64_t>> file_id(const std::string& path);

/// Makes the directory and those above it. failure{io} naming it.
void make_directories(const std::string& path);

void remove_all(const std::string& path);  // if it is there; failure{io}
void rename_file(const std::string& from, const std::string& to);  // failure{io}

/// Holds back other processes that open or make the same directory's store, while it lives.
class directory_lock {
 public:
  explicit directory_lock(const std::string& path);  // failure{io}
  ~directory_lock();
  directory_lock(const directory_lock&) = delete;
  directory_lock& operator=(const directory_lock&) = delete;
  /// Makes the names in the directory, and its own name, survive a crash.
  void sync() const;

 private:
  std::string path_;
  int fd_;
};

/// The name of a file system that may lie on another machine, by its statfs number (man 2 statfs).
std::optional<std::string> network_file_system(uint64_t magic);
/// Throws failure{io} naming the path, the file system and the way out.
void refuse_network_file_system(const std::string& path);

}  // namespace gli::storage
