#pragma once
// The guard of one job, a process of its own (`glid job`): starts the job's process, keeps what that prints, and ends all that it started (docs/jobs.md).
//
// It tells the coordinator two lines through descriptor 3: "pid N" once the job's process runs, "exited N" or "killed N" once everything has ended; or
// "error TEXT". SIGTERM: the job is to end within 5 s, SIGINT: within 1 s, SIGHUP, which the kernel sends when the coordinator ends: now.

#include <sys/types.h>

#include <string>
#include <vector>

namespace gli {

struct guard_options {
  pid_t parent = 0;                  // the coordinator
  std::string directory;             // of the job: its log
  std::string working_directory;
  std::vector<std::string> command;  // the job's process
};

constexpr int guard_report = 3;  // descriptor

/// Until all has ended.
void guard_job(const guard_options& o);

/// SIGKILL to all children of this process but those, and, where it is a subreaper, to whatever they leave; waits until they are gone.
void end_children_but(const std::vector<pid_t>& spared);

}  // namespace gli
