#include "coordinator/job_runner.h"

#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include "coordinator/job_files.h"
#include "coordinator/job_guard.h"
#include "coordinator/job_log.h"
#include "coordinator/spawn.h"
#include "runtime/error.h"

namespace gli {

namespace {

namespace asio = boost::asio;

constexpr size_t largest_piece = 1u << 20, largest_error = 8u << 10, shown_of_log = 1500;
constexpr uint64_t largest_result = 256u << 20;

/// One that runs: the guard's process, and the pipe that it reports to.
struct guard {
  explicit guard(asio::io_context& io) : report{io} {}
  pid_t pid = 0;
  asio::posix::stream_descriptor report;
  asio::streambuf lines;
  std::string last;  // what it said last
};

pid_t spawn_guard(const std::vector<std::string>& words, int report, const std::vector<std::string>& environment) {
  child_process child;
  child.give(report, guard_report);
  child.close_above(guard_report);
  return child.start(words, environment);
}

/// This process's own, but for what a job finds its cluster by.
std::vector<std::string> environment_of(const std::string& directory, uint64_t id) {
  std::vector<std::string> all{"GLI_ADDRESS=unix://" + directory + "/coordinator.sock", "GLI_JOB=" + std::to_string(id)};
  for (auto& entry : own_environment())
    if (!entry.starts_with("GLI_ADDRESS=") && !entry.starts_with("GLI_JOB=")) all.push_back(entry);
  return all;
}

std::string killed_by(int signal) {
  auto why = signal == SIGKILL ? "SIGKILL: by somebody, or by the kernel for want of memory" : ::strsignal(signal);
  return "was killed by signal " + std::to_string(signal) + " (" + why + ")";
}

}  // namespace

struct job_runner::state {
  state(job_runner_options o, handlers h) : options{std::move(o)}, files{options.directory}, handle{std::move(h)} {}

  // --- processes ------------------------------------------------------------------------------------------------------------

  void start(uint64_t id) {
    try {
      launch(id);
    } catch (const std::exception& e) {
      handle.ended(id, {submissions::end_of_job::how::bad, -1, e.what(), 0, files.bytes_of(id)});
    }
  }

  void launch(uint64_t id) {
    auto what = files.read_submission(id);
    auto own = files.directory_of(id);
    auto where = what.directory.empty() ? own : what.directory;
    std::vector<std::string> words{options.glid, "job", "--parent", std::to_string(getpid()), "--dir", own, "--in", where, "--"};
    for (auto& w : command_of(id, what)) words.push_back(w);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw failure{errc::io, std::string{"a pipe to the job's guard: "} + std::strerror(errno)};
    auto g = std::make_shared<guard>(io);
    g->report.assign(ends[0]);
    try {
      g->pid = spawn_guard(words, ends[1], environment_of(options.directory, id));
    } catch (...) {
      ::close(ends[1]);
      throw;
    }
    ::close(ends[1]);
    guards[id] = g;
    listen(id, g);
  }

  std::vector<std::string> command_of(uint64_t id, const submission& what) const {
    auto own = files.directory_of(id);
    bool script = what.what == submission::kind::script;
    std::vector<std::string> words{options.python, "-P", "-m", "gli._job", script ? "script" : "function", own, files.program_of(id, what), what.imports,
                                   script ? what.name : what.python};
    words.insert(words.end(), what.arguments.begin(), what.arguments.end());
    return words;
  }

  void listen(uint64_t id, const std::shared_ptr<guard>& g) {
    asio::async_read_until(g->report, g->lines, '\n', [this, id, g](boost::system::error_code e, size_t) {
      std::istream in{&g->lines};
      std::string line;
      if (e || !std::getline(in, line)) return conclude(id, *g);
      if (line.starts_with("pid ")) handle.has_process(id, uint32_t(std::strtoul(line.c_str() + 4, nullptr, 10)));
      g->last = line;
      listen(id, g);
    });
  }

  /// The guard hung up: it has ended, or was killed; then what it guarded has come to this process, a subreaper.
  void conclude(uint64_t id, guard& g) {
    ::kill(g.pid, SIGKILL);
    while (waitpid(g.pid, nullptr, 0) < 0 && errno == EINTR) {}
    guards.erase(id);
    std::vector<pid_t> others;
    for (auto& [other, running] : guards) others.push_back(running->pid);
    end_children_but(others);
    handle.ended(id, judge(id, g.last));
  }

  submissions::end_of_job judge(uint64_t id, const std::string& said) {
    using how = submissions::end_of_job::how;
    submissions::end_of_job end;
    end.bytes = files.bytes_of(id);
    end.result_bytes = files.result_bytes(id);
    end.went = how::bad;
    if (said.starts_with("error ")) {
      end.error = said.substr(6);
    } else if (said.starts_with("killed ")) {
      auto signal = std::atoi(said.c_str() + 7);
      end.exit_status = 128 + signal;
      end.error = with_log(id, "its process " + killed_by(signal));
    } else if (said.starts_with("exited ")) {
      judge_exit(id, std::atoi(said.c_str() + 7), end);
    } else {
      end.went = how::unknown;
      end.error = with_log(id, "the process that guarded it was killed");
    }
    if (end.result_bytes > largest_result) {
      end.went = how::bad;
      end.error = "its result takes " + std::to_string(end.result_bytes >> 20) + " MiB; at most " + std::to_string(largest_result >> 20) +
                  " MiB are kept: write what is large to a file or store, and return where it is";
      files.remove_result(id);
      end.result_bytes = 0;
    }
    return end;
  }

  void judge_exit(uint64_t id, int status, submissions::end_of_job& end) {
    end.exit_status = status;
    bool function = files.read_submission(id).what == submission::kind::function;
    if (status == 0 && (!function || end.result_bytes > 0)) {
      end.went = submissions::end_of_job::how::good;
      return;
    }
    auto raised = files.error_of(id, largest_error);
    if (!raised.empty())
      end.error = raised;
    else
      end.error = with_log(id, "its process ended with exit status " + std::to_string(status) + (status == 0 ? " and without a result" : ""));
  }

  std::string with_log(uint64_t id, const std::string& why) {
    auto lines = end_of_log(files.directory_of(id), shown_of_log);
    return lines.empty() ? why : why + "; its last log lines:\n" + lines;
  }

  void stop(uint64_t id, bool cluster_ends) {
    if (auto found = guards.find(id); found != guards.end()) ::kill(found->second->pid, cluster_ends ? SIGINT : SIGTERM);
  }

  job_runner_options options;
  job_files files;
  handlers handle;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> keep{io.get_executor()};
  std::map<uint64_t, std::shared_ptr<guard>> guards;
  std::thread thread;
};

job_runner::job_runner(job_runner_options options, handlers handle) : state_{std::make_unique<state>(std::move(options), std::move(handle))} {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  state_->thread = std::thread{[s = state_.get()] { s->io.run(); }};
}

job_runner::~job_runner() {
  state_->io.stop();
  state_->thread.join();
}

void job_runner::store(const submitted_job& job, submission what, std::function<void(std::string)> then) {
  asio::post(state_->io, [s = state_.get(), job, what = std::move(what), then = std::move(then)] {
    std::string why;
    try {
      s->files.store(job, what);
    } catch (const std::exception& e) { why = e.what(); }
    then(why);
  });
}

/// A record that cannot be written, for want of room, is the one before: the job goes on.
void job_runner::note(const submitted_job& job) {
  asio::post(state_->io, [s = state_.get(), job] {
    try {
      s->files.write_record(job);
    } catch (const std::exception& e) { spdlog::warn("job {}: {}", job.id, e.what()); }
  });
}

void job_runner::forget(uint64_t id) {
  asio::post(state_->io, [s = state_.get(), id] { s->files.remove(id); });
}

void job_runner::start(uint64_t id) {
  asio::post(state_->io, [s = state_.get(), id] { s->start(id); });
}

void job_runner::stop(uint64_t id, bool cluster_ends) {
  asio::post(state_->io, [s = state_.get(), id, cluster_ends] { s->stop(id, cluster_ends); });
}

void job_runner::read_log(uint64_t id, uint64_t offset, std::function<void(job_piece)> then) {
  asio::post(state_->io, [s = state_.get(), id, offset, then = std::move(then)] { then(gli::read_log(s->files.directory_of(id), offset, largest_piece)); });
}

void job_runner::afterwards(std::function<void()> then) { asio::post(state_->io, std::move(then)); }

void job_runner::read_result(uint64_t id, uint64_t offset, std::function<void(job_piece)> then) {
  asio::post(state_->io, [s = state_.get(), id, offset, then = std::move(then)] { then(s->files.read_result(id, offset, largest_piece)); });
}

}  // namespace gli
