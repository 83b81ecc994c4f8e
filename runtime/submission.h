#pragma once
// A job as its submitter and everyone who asks for it sees it (docs/jobs.md). Encoded by runtime/codec.h.

#include <cstdint>
#include <string>
#include <vector>

namespace gli {

enum class submission_state : uint8_t { waiting, running, succeeded, failed, cancelled, lost };

inline bool has_ended(submission_state s) { return s >= submission_state::succeeded; }
std::string name_of(submission_state s);

/// What is to run.
struct submission {
  enum class kind : uint8_t { function, script };
  uint64_t token = 0;  // random; the same again is the same job
  std::string name;    // of a script: its file's
  kind what = kind::script;
  std::string program;  // a script's text, or the pickled function with its arguments
  std::vector<std::string> arguments;
  std::string directory;  // where it runs; empty: the job's own
  std::string imports;    // where it finds modules beside the usual; may be empty
  std::string python;     // the version that pickled it
  bool detached = false;
};

struct submitted_job {
  uint64_t id = 0;
  std::string name;
  submission::kind what = submission::kind::script;
  submission_state state = submission_state::waiting;
  bool detached = false;
  uint32_t pid = 0;                              // 0: none
  int64_t submitted = 0, started = 0, ended = 0;  // microseconds since 1970; 0: not yet
  int32_t exit_status = -1;                      // 128 + the signal that killed it; -1: none
  std::string error;                             // why it failed, was cancelled or lost
  uint64_t result_bytes = 0;
  uint64_t token = 0;
};

struct ask_jobs {};
/// Answered once the job has ended, or after that many milliseconds.
struct ask_job { uint64_t job = 0; uint32_t wait = 0; };
struct ask_job_log { uint64_t job = 0, offset = 0; uint32_t wait = 0; };
struct ask_job_result { uint64_t job = 0, offset = 0; };
struct cancel_job { uint64_t job = 0; };

/// A part of a log or result: what stands there from `offset` on.
struct job_piece { uint64_t offset = 0; std::string bytes; bool last = false; };

/// Throws failure{value} for what no job can be: names, arguments and paths that are too long or hold NUL, a program that is empty or too large.
void check(const submission& s);

}  // namespace gli
