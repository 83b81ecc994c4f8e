#pragma once
// What the lines of glid's log look like (docs/seeing.md, "Logs"): text for people, or JSON, one object a line.
//
// Threads: any. What a process knows of itself is set as it learns it.

#include <spdlog/spdlog.h>

#include <cstdint>
#include <optional>
#include <string>

namespace gli {

enum class log_format { text, json };

/// Who writes, as JSON lines say it.
struct log_source {
  std::string role, cluster, host;
  std::optional<uint32_t> worker, partition;
};

/// To standard error, from now on. Each line is written out at once.
void log_to_stderr(log_format format, spdlog::level::level_enum level, const std::string& role);
/// What lines say from now on.
void log_as_cluster(const std::string& cluster);
void log_as_worker(uint32_t worker, uint32_t partition);

/// While it lives the lines of this thread are about a call.
class log_of_call {
 public:
  explicit log_of_call(uint64_t id);
  ~log_of_call();
  log_of_call(const log_of_call&) = delete;

 private:
  uint64_t before_;
};

/// One line without its end. Bytes that are no UTF-8 become U+FFFD. `call` 0: none.
std::string json_line(const spdlog::details::log_msg& message, const log_source& from, uint64_t call);

}  // namespace gli
