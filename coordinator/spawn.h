#pragma once
// A child process with a session of its own: nothing on its standard input, signals as at a login, no descriptors but those that it is given.

#include <spawn.h>

#include <string>
#include <vector>

namespace gli {

class child_process {
 public:
  child_process();
  ~child_process();
  child_process(const child_process&) = delete;

  /// It has `own` as its descriptor `as`, and none above `last`.
  void give(int own, int as) { posix_spawn_file_actions_adddup2(&actions_, own, as); }
  void close_above(int last) { posix_spawn_file_actions_addclosefrom_np(&actions_, last + 1); }
  void run_in(const std::string& directory) { posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str()); }

  /// Its pid. The program is looked for on the PATH. failure{io} when it cannot start.
  pid_t start(const std::vector<std::string>& words, const std::vector<std::string>& environment);

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// "NAME=value", each of this process's.
std::vector<std::string> own_environment();

}  // namespace gli
