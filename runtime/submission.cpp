#include "runtime/submission.h"

#include "runtime/error.h"

namespace gli {

namespace {

constexpr size_t largest_program = 32u << 20, longest_name = 200, longest_path = 4000, longest_arguments = 100'000;  // bytes

[[noreturn]] void refuse(const std::string& why) { throw failure{errc::value, why}; }

void check_text(const std::string& what, const std::string& text, size_t longest) {
  if (text.size() > longest) refuse(what + " has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(longest) + " can be");
  if (text.find('\0') != std::string::npos) refuse(what + " holds a NUL byte");
}

void check_directory(const std::string& what, const std::string& path) {
  check_text(what, path, longest_path);
  if (!path.empty() && path.front() != '/') refuse(what + " is an absolute path, not '" + path + "'");
}

}  // namespace

std::string name_of(submission_state s) {
  switch (s) {
    case submission_state::waiting: return "waiting";
    case submission_state::running: return "running";
    case submission_state::succeeded: return "succeeded";
    case submission_state::failed: return "failed";
    case submission_state::cancelled: return "cancelled";
    case submission_state::lost: return "lost";
  }
  return "?";
}

void check(const submission& s) {
  if (s.token == 0) refuse("a job without a token");
  check_text("the name of a job", s.name, longest_name);
  if (s.name.empty() || s.name == "." || s.name == ".." || s.name.find('/') != std::string::npos) refuse("a job cannot be called '" + s.name + "'");
  if (s.program.empty()) refuse("job '" + s.name + "' has nothing to run: it is empty");
  if (s.program.size() > largest_program)
    refuse("job '" + s.name + "' takes " + std::to_string(s.program.size() >> 20) + " MiB with its arguments; at most " + std::to_string(largest_program >> 20) +
           " MiB can be sent: put what is large into a file that the cluster reaches, and give its path");
  size_t bytes = 0;
  for (auto& a : s.arguments) {
    check_text("an argument of job '" + s.name + "'", a, longest_arguments);
    bytes += a.size() + 16;
  }
  if (bytes > longest_arguments) refuse("the arguments of job '" + s.name + "' are longer than " + std::to_string(longest_arguments) + " bytes");
  check_directory("the directory of a job", s.directory);
  check_directory("the place of a job's modules", s.imports);
  check_text("a version of Python", s.python, longest_name);
}

}  // namespace gli
