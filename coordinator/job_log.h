#pragma once
// A job's log on disk: files log-OFFSET, each what the job wrote from that byte on. One process appends, others read meanwhile. What is oldest goes, file by
// file, so that a job that writes without end fills no disk (docs/jobs.md).

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/submission.h"

namespace gli {

class job_log {
 public:
  struct limits { uint64_t file = 8u << 20, files = 8; };  // bytes; how many are kept

  explicit job_log(std::string directory, limits l) : directory_{std::move(directory)}, limits_{l} {}
  ~job_log();
  job_log(const job_log&) = delete;
  /// What cannot be written, for want of room, is left out: the job goes on.
  void append(std::string_view bytes) noexcept;

 private:
  void open_next() noexcept;

  std::string directory_;
  limits limits_;
  int file_ = -1;
  uint64_t begin_ = 0, end_ = 0;  // of the open file
};

/// At most `most` bytes from `offset` on, or from where the log begins if that is behind it. `last`: the log holds no more now.
job_piece read_log(const std::string& directory, uint64_t offset, size_t most);
/// Its end: the last lines, at most `most` bytes.
std::string end_of_log(const std::string& directory, size_t most);

}  // namespace gli
