#include "partitions/partition_actor_host.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

#include "runtime/error.h"
#include "runtime/memory_limit.h"

namespace gli {

namespace {

constexpr int socket_in_child = 3;
constexpr size_t largest_packet = 128u << 10;
constexpr int poll_milliseconds = 50;  // between two looks at whether the job goes on
constexpr int look_microseconds = 5'000, patience_looks = 400;

std::atomic<pid_t> only_child{0};

void await_end(pid_t child, int* status) noexcept {
  while (waitpid(child, status, 0) < 0 && errno == EINTR) {}
}

[[noreturn]] void refuse(const std::string& what, int error) { throw failure{errc::io, what + ": " + std::strerror(error)}; }

int checked(int result, const char* what) {
  if (result < 0) refuse(what, errno);
  return result;
}

/// What a child starts with: nothing of the worker's but its environment, its log and one socket.
class child_setup {
 public:
  explicit child_setup(int socket) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, socket, socket_in_child);
    posix_spawn_file_actions_addclosefrom_np(&actions_, socket_in_child + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (auto s : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&usual, s);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~child_setup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  child_setup(const child_setup&) = delete;

  pid_t spawn(const std::string& python) {
    std::string unbuffered = "-u", option = "-m", module = "gli._host", parent = std::to_string(getpid());
    char* arguments[] = {const_cast<char*>(python.c_str()), unbuffered.data(), option.data(), module.data(), parent.data(), nullptr};
    pid_t child = 0;
    if (int error = posix_spawnp(&child, python.c_str(), &actions_, &attributes_, arguments, environ)) refuse("cannot start " + python, error);
    return child;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) {
    auto signal = WTERMSIG(status);
    auto why = signal == SIGKILL ? " (SIGKILL: by somebody, or by the kernel for want of memory)" : std::string{" ("} + strsignal(signal) + ")";
    return "was killed by signal " + std::to_string(signal) + why;
  }
  return "ended with exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

// --- memory ----------------------------------------------------------------------------------------------------------------

/// Sealed against changes of size: the child cannot take pages away from under this process.
std::span<uint8_t> host_process::allocate(size_t bytes) {
  unmap();
  bytes = std::max<size_t>(bytes, 1);
  memory_file_ = checked(memfd_create("gli-program", MFD_CLOEXEC | MFD_ALLOW_SEALING), "memory for a program");
  if (ftruncate(memory_file_, off_t(bytes)) != 0) refuse("memory for a program", errno);
  checked(fcntl(memory_file_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), "memory for a program");
  auto at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_file_, 0);
  if (at == MAP_FAILED) throw failure{errc::memory, "no " + std::to_string(bytes >> 20) + " MiB of memory for a program"};
  memory_ = {static_cast<uint8_t*>(at), bytes};
  return memory_;
}

void host_process::unmap() noexcept {
  if (memory_.data()) munmap(memory_.data(), memory_.size());
  if (memory_file_ >= 0) close(memory_file_);
  memory_ = {};
  memory_file_ = -1;
}

// --- the child -------------------------------------------------------------------------------------------------------------

void host_process::start() {
  int ends[2];
  checked(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "a socket to the program's host");
  socket_ = ends[0];
  try {
    child_ = child_setup{ends[1]}.spawn(python_);
  } catch (...) {
    close(ends[1]);
    close(std::exchange(socket_, -1));
    throw;
  }
  close(ends[1]);
  only_child = child_;
  spdlog::info("program host {} started, pid {}", python_, child_);
}

void host_process::kill() noexcept {
  only_child = 0;
  if (child_ != 0) {
    ::kill(child_, SIGKILL);
    await_end(child_, nullptr);
  }
  if (socket_ >= 0) close(socket_);
  child_ = 0;
  socket_ = -1;
  busy_ = false;
}

bool host_process::is_dead() const {
  siginfo_t ended{};
  return waitid(P_PID, id_t(child_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == child_;
}

/// It hung up: what it ends with will be known at once, unless it only closed its socket.
void host_process::report_death() {
  for (auto looks = 0; looks < patience_looks && !is_dead(); ++looks) usleep(look_microseconds);
  if (!is_dead()) ::kill(child_, SIGKILL);
  int status = 0;
  auto pid = std::exchange(child_, 0);
  await_end(pid, &status);
  kill();
  throw failure{errc::program, "program '" + name_ + "' ended its process in round " + std::to_string(round_) + ": pid " + std::to_string(pid) + " " +
                                   how_it_ended(status)};
}

/// A child of another version answers as one that does not know what it is told: better to say so.
void host_process::greet(communicator& all) {
  busy_ = true;
  auto greeting = receive(all);
  busy_ = false;
  if (greeting == "H" GLI_VERSION) return;
  kill();
  throw failure{errc::protocol, "the program host of " + python_ + " is of gli " + (greeting.empty() ? "?" : greeting.substr(1)) + ", this worker of " GLI_VERSION};
}

// --- packets ---------------------------------------------------------------------------------------------------------------

void host_process::send(const std::string& packet, int descriptor) {
  if (packet.size() > largest_packet) throw failure{errc::value, "program '" + name_ + "' has too many state columns and totals"};
  iovec part{const_cast<char*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    auto header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  }
  if (sendmsg(socket_, &message, MSG_NOSIGNAL) < 0) {
    if (errno == EPIPE || errno == ECONNRESET) report_death();
    refuse("the program's host", errno);
  }
}

/// Looks meanwhile at whether the job goes on; a child that works for one that does not is killed.
std::string host_process::receive(communicator& all) {
  for (;;) {
    pollfd wanted{socket_, POLLIN, 0};
    auto ready = poll(&wanted, 1, poll_milliseconds);
    if (ready < 0 && errno != EINTR) refuse("the program's host", errno);
    if (ready > 0) break;
    if (is_dead()) report_death();  // processes that it started may hold its socket
    all.progress(name_, round_, limit_);
  }
  std::string packet(largest_packet, '\0');
  auto size = recv(socket_, packet.data(), packet.size(), 0);
  if (size <= 0) report_death();
  packet.resize(size_t(size));
  return packet;
}

void host_process::await_done(communicator& all) {
  busy_ = true;
  auto answer = receive(all);
  busy_ = false;
  if (answer == "D") return;
  if (answer[0] == 'E') throw failure{errc::program, answer.substr(1) + "on partition " + std::to_string(all.rank()) + ", pid " + std::to_string(child_)};
  kill();
  throw failure{errc::protocol, "the program's host sent what is no answer"};
}

// --- a program -------------------------------------------------------------------------------------------------------------

void host_process::begin(const run_program& what, const program_layout& layout, communicator& all) {
  name_ = what.name;
  round_ = 0;
  limit_ = what.max_rounds == UINT64_MAX ? 0 : what.max_rounds;
  if (child_ == 0) {
    start();
    greet(all);
  }
  limit_child(child_, "program '" + name_ + "'");
  send("B" + what.python + "\n" + describe(layout, what), memory_file_);
  await_done(all);
}

void host_process::round(uint64_t number, communicator& all) {
  round_ = number;
  send("R" + std::to_string(number));
  await_done(all);
}

void host_process::end() noexcept {
  try {
    if (busy_) kill();
    if (child_ != 0) send("X");
  } catch (const std::exception&) {  // it died since: the next program starts another
    kill();
  }
  unmap();
}

void end_program_host() noexcept {
  if (auto child = only_child.exchange(0); child != 0) {
    ::kill(child, SIGKILL);
    await_end(child, nullptr);
  }
}

}  // namespace gli
