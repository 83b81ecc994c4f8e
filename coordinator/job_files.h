#pragma once
// The files of jobs: DIR/jobs/NUMBER/ (docs/jobs.md). For one thread at a time, and one process; but a job's log is its guard's and its result its own.

#include <string>
#include <utility>
#include <vector>

#include "runtime/submission.h"

namespace gli {

class job_files {
 public:
  explicit job_files(const std::string& cluster_directory) : root_{cluster_directory + "/jobs"} {}

  std::string directory_of(uint64_t id) const { return root_ + "/" + std::to_string(id); }
  /// A script keeps its name, in a folder of its own.
  std::string program_of(uint64_t id, const submission& what) const;

  /// Everything of a new job. Throws failure{io}.
  void store(const submitted_job& job, submission what) const;
  /// In place of the one before, whole or not at all. Throws failure{io}.
  void write_record(const submitted_job& job) const;
  submitted_job read_record(uint64_t id) const;    // throws failure
  submission read_submission(uint64_t id) const;   // without the program; throws failure
  std::string error_of(uint64_t id, size_t most) const;  // what it wrote of its exception, its end if it is longer; empty: nothing
  uint64_t result_bytes(uint64_t id) const;
  void remove_result(uint64_t id) const noexcept;
  job_piece read_result(uint64_t id, uint64_t offset, size_t most) const;
  uint64_t bytes_of(uint64_t id) const;
  void remove(uint64_t id) const noexcept;
  std::vector<uint64_t> numbers() const;  // of the jobs that are there, in order

 private:
  std::string root_;
};

/// What is there of earlier jobs, and the bytes that each takes. One whose record cannot be read is lost; one that was not yet stored whole is removed.
std::vector<std::pair<submitted_job, uint64_t>> find_jobs(const std::string& cluster_directory);

}  // namespace gli
