#pragma once
// Looking at a store in a process of its own: what it says, or which signal ended it. The parent has one thread, so that a child may do anything.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

namespace gli::durability {

/// How a child ended: by a signal, or with what its body returned (an exception that it let go: "exception: ...").
struct ending {
  int signal = 0;
  std::string said;
};

/// Text that a child leaves for its parent, in memory that both have.
class shared_text {
 public:
  shared_text() : text_{static_cast<char*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))} {
    if (text_ == MAP_FAILED) throw std::runtime_error{"no shared memory"};
  }
  ~shared_text() { ::munmap(text_, bytes); }
  shared_text(const shared_text&) = delete;
  shared_text& operator=(const shared_text&) = delete;
  void set(const std::string& s) {
    auto n = std::min(s.size(), bytes - 1);
    std::memcpy(text_, s.data(), n);
    text_[n] = 0;
  }
  std::string get() const { return text_; }

 private:
  static constexpr size_t bytes = 1 << 20;
  char* text_;
};

inline ending run_in_child(const std::function<std::string()>& body) {
  static shared_text text;
  text.set("");
  auto pid = ::fork();
  if (pid < 0) throw std::runtime_error{"cannot fork"};
  if (pid == 0) {
    try {
      text.set(body());
    } catch (const std::exception& e) {
      text.set(std::string{"exception: "} + e.what());
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return {WIFSIGNALED(status) ? WTERMSIG(status) : 0, text.get()};
}

}  // namespace gli::durability
