#pragma once
// What the coordinator does for jobs outside of its actor: their files and their processes (docs/jobs.md).
//
// Threads: one of its own, on which all work and all handlers run, in the order of the calls; calls come from any thread. It outlives the processes: the
// kernel ends a guard with the thread that started it.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/submissions.h"

namespace gli {

struct job_runner_options {
  std::string directory;  // the cluster's: jobs are in DIR/jobs
  std::string python;     // the interpreter, found as a shell would
  std::string glid;       // this program
};

class job_runner {
 public:
  struct handlers {
    std::function<void(uint64_t id, uint32_t pid)> has_process;
    std::function<void(uint64_t id, submissions::end_of_job how)> ended;
  };
  job_runner(job_runner_options options, handlers handle);
  ~job_runner();

  /// `then` gets why it failed; empty: it is stored.
  void store(const submitted_job& job, submission what, std::function<void(std::string why)> then);
  void note(const submitted_job& job);
  void forget(uint64_t id);
  void start(uint64_t id);
  void stop(uint64_t id, bool cluster_ends);
  /// `last`: nothing more is there now.
  void read_log(uint64_t id, uint64_t offset, std::function<void(job_piece)> then);
  /// Once all that was asked for before is done.
  void afterwards(std::function<void()> then);
  void read_result(uint64_t id, uint64_t offset, std::function<void(job_piece)> then);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace gli
