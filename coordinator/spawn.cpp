#include "coordinator/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>

#include "runtime/error.h"

namespace gli {

namespace {

/// For calls that do not change what they are given.
std::vector<char*> pointers(const std::vector<std::string>& list) {
  std::vector<char*> all;
  for (auto& s : list) all.push_back(const_cast<char*>(s.c_str()));
  all.push_back(nullptr);
  return all;
}

}  // namespace

child_process::child_process() {
  posix_spawn_file_actions_init(&actions_);
  posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_init(&attributes_);
  sigset_t none, usual;
  sigemptyset(&none);
  sigfillset(&usual);
  posix_spawnattr_setsigmask(&attributes_, &none);
  posix_spawnattr_setsigdefault(&attributes_, &usual);
  posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

child_process::~child_process() {
  posix_spawn_file_actions_destroy(&actions_);
  posix_spawnattr_destroy(&attributes_);
}

pid_t child_process::start(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  pid_t pid = 0;
  auto arguments = pointers(words), variables = pointers(environment);
  if (int error = posix_spawnp(&pid, words[0].c_str(), &actions_, &attributes_, arguments.data(), variables.data()))
    throw failure{errc::io, "cannot start " + words[0] + ": " + std::strerror(error)};
  return pid;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** e = environ; *e; ++e) all.emplace_back(*e);
  return all;
}

}  // namespace gli
