#pragma once
// A directory that goes with its test, child processes, and small things to store.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/error.h"
#include "storage/keys.h"
#include "storage/states.h"

namespace gli::storage::testing {

class scratch_directory {
 public:
  explicit scratch_directory(const std::filesystem::path& within = std::filesystem::temp_directory_path()) {
    auto pattern = (within / "gli-storage-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error{"no scratch directory"};
    path_ = pattern;
  }
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A forked process that runs `body` and ends: status 0, 1 if it threw, or whatever status it chose. Stores are opened after the fork.
class child_process {
 public:
  explicit child_process(const std::function<void()>& body) : pid_{::fork()} {
    if (pid_ != 0) return;
    try {
      body();
      std::fflush(nullptr);
      ::_exit(0);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "child: %s\n", e.what());
      ::_exit(1);
    }
  }
  ~child_process() { if (pid_ > 0) ::kill(pid_, SIGKILL), wait(); }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  pid_t pid() const { return pid_; }
  /// As waitpid says it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }
  void kill() { ::kill(pid_, SIGKILL); }

 private:
  pid_t pid_;
};

/// How processes wait for each other: one byte is one step.
class steps {
 public:
  steps() { if (::pipe(ends_) != 0) throw std::runtime_error{"no pipe"}; }
  ~steps() { ::close(ends_[0]), ::close(ends_[1]); }
  steps(const steps&) = delete;
  steps& operator=(const steps&) = delete;
  void post() const {
    char c = 1;
    if (::write(ends_[1], &c, 1) != 1) throw std::runtime_error{"the other process is gone"};
  }
  void await() const {
    char c;
    if (::read(ends_[0], &c, 1) != 1) throw std::runtime_error{"the other process is gone"};
  }

 private:
  int ends_[2];
};

/// What `body` fails with, as "code: message"; empty when it does not.
inline std::pair<errc, std::string> failure_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const failure& f) {
    return {f.code(), f.what()};
  }
  return {errc{0}, ""};
}

#define EXPECT_FAILURE(expected_code, expected_part, ...)                                      \
  do {                                                                                         \
    auto [code, message] = ::gli::storage::testing::failure_of([&] { __VA_ARGS__; });          \
    EXPECT_EQ(code, expected_code) << message;                                                 \
    EXPECT_NE(message.find(expected_part), std::string::npos) << "message: " << message;       \
  } while (false)

inline byte_buffer read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
inline void write_file(const std::string& path, bytes_view bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc}.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
}

/// Bytes that look random, the same for the same seed.
inline byte_buffer noise(size_t bytes, uint64_t seed) {
  byte_buffer b(bytes);
  for (auto& x : b) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    x = uint8_t(seed >> 56);
  }
  return b;
}

inline std::string text(const byte_buffer& b) { return std::string{as_text(b)}; }
inline std::string text(bytes_view b) { return std::string{as_text(b)}; }
inline std::optional<std::string> text(const std::optional<bytes_view>& b) { return b ? std::optional{text(*b)} : std::nullopt; }

inline void put(ordered_store& s, const std::string& table, const std::string& key, const std::string& value) {
  auto w = s.write();
  w->put(table, as_bytes(key), as_bytes(value));
  w->commit();
}
inline std::optional<std::string> get(ordered_store& s, const std::string& table, const std::string& key) {
  return text(s.read()->get(table, as_bytes(key)));
}

inline hash128 store_page(content_pool& pool, bytes_view bytes) {
  auto h = content_hash(bytes);
  content_pool::batch b{pool};
  b.put(h, bytes);
  b.commit();
  return h;
}

/// A commit on top of `branch`'s head, whose one root is a page of its own.
inline commit_record commit(graph_store& s, const std::string& message, const std::string& branch = "main") {
  commit_record c;
  c.message = message;
  c.author = "ann";
  c.graph_id = content_hash(as_bytes(message));
  c.roots = {store_page(s.pool(0), as_bytes("root of " + message))};
  auto head = s.head(branch);
  if (head) c.parents = {*head};
  return s.publish(c, branch, head);
}

}  // namespace gli::storage::testing
