#include "coordinator/job_guard.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "coordinator/job_log.h"
#include "coordinator/spawn.h"
#include "runtime/error.h"

namespace gli {

namespace {

using namespace std::chrono_literals;
using instant = std::chrono::steady_clock::time_point;

[[noreturn]] void refuse(const std::string& what, int error) { throw failure{errc::io, what + ": " + std::strerror(error)}; }

void report(const std::string& line) {
  auto whole = line + "\n";
  [[maybe_unused]] auto wrote = ::write(guard_report, whole.data(), whole.size());  // a coordinator that is gone hears nothing
}

class job_process {
 public:
  explicit job_process(const guard_options& o) : options_{o}, log_{o.directory, {}} {}

  void run() {
    block_signals();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGHUP);
    if (getppid() != options_.parent) return;
    start();
    report("pid " + std::to_string(child_));
    while (!status_) look();
    end_children_but({});
    while (read_some()) {}
    report(WIFSIGNALED(*status_) ? "killed " + std::to_string(WTERMSIG(*status_)) : "exited " + std::to_string(WEXITSTATUS(*status_)));
  }

 private:
  void block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (auto s : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, s);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals_ < 0) refuse("signals", errno);
  }

  void start() {
    if (::access(options_.working_directory.c_str(), X_OK) != 0) refuse("the directory that it is to run in, " + options_.working_directory, errno);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) refuse("a pipe for the log", errno);
    output_ = ends[0];
    fcntl(output_, F_SETFL, O_NONBLOCK);
    child_process child;
    for (int to : {1, 2}) child.give(ends[1], to);
    child.close_above(2);
    child.run_in(options_.working_directory);
    child_ = child.start(options_.command, own_environment());
    ::close(ends[1]);
  }

  /// Waits until something happens, and takes it.
  void look() {
    pollfd wanted[] = {{signals_, POLLIN, 0}, {output_, POLLIN, 0}};
    ::poll(wanted, output_ < 0 ? 1 : 2, patience());
    signalfd_siginfo s;
    while (::read(signals_, &s, sizeof s) == sizeof s) take(int(s.ssi_signo));
    if (deadline_ && std::chrono::steady_clock::now() >= *deadline_) ::kill(-child_, SIGKILL);
    if (!status_ && !read_some()) close_output();
  }

  int patience() const {
    if (!deadline_) return -1;
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*deadline_ - std::chrono::steady_clock::now()).count();
    return left < 0 ? 100 : int(left) + 1;
  }

  void take(int signal) {
    if (signal == SIGCHLD) return reap();
    auto grace = signal == SIGTERM ? 5s : signal == SIGINT ? 1s : 0s;
    auto end = std::chrono::steady_clock::now() + grace;
    if (!deadline_) ::kill(-child_, SIGTERM);
    deadline_ = deadline_ ? std::min(*deadline_, end) : end;
  }

  void reap() {
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == child_) status_ = status;
  }

  /// False at the end of the job's output: nobody has the other end any more.
  bool read_some() {
    if (output_ < 0) return false;
    char bytes[64 << 10];
    for (int turns = 0; turns < 16; ++turns) {
      auto got = ::read(output_, bytes, sizeof bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return !status_;  // nothing more now, or, once all have ended, ever
      if (got == 0) return false;
      log_.append({bytes, size_t(got)});
    }
    return true;
  }

  void close_output() {
    if (output_ >= 0) ::close(output_);
    output_ = -1;
  }

  const guard_options& options_;
  job_log log_;
  int signals_ = -1, output_ = -1;
  pid_t child_ = 0;
  std::optional<int> status_;       // of the child, once it has ended
  std::optional<instant> deadline_;  // of a job that is to end
};

/// What the kernel lists for each thread.
std::vector<pid_t> children() {
  std::vector<pid_t> all;
  std::error_code none;
  for (auto& task : std::filesystem::directory_iterator{"/proc/self/task", none}) {
    std::ifstream list{task.path() / "children"};
    for (pid_t pid; list >> pid;) all.push_back(pid);
  }
  return all;
}

}  // namespace

void guard_job(const guard_options& o) {
  try {
    job_process{o}.run();
  } catch (const failure& e) {
    report(std::string{"error "} + e.what());
  }
}

/// Each turn ends one generation; what it had started comes to this process.
void end_children_but(const std::vector<pid_t>& spared) {
  for (;;) {
    bool any = false;
    for (auto pid : children()) {
      if (std::find(spared.begin(), spared.end(), pid) != spared.end()) continue;
      any = true;
      ::kill(pid, SIGKILL);
      while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
    }
    if (!any) return;
  }
}

}  // namespace gli
