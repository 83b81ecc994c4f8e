#include "runtime/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>

#include "runtime/host.h"

namespace gli {

namespace {

thread_local uint64_t call_of_thread = 0;
std::mutex source_mutex;
log_source source;

log_source source_now() {
  std::lock_guard lock{source_mutex};
  return source;
}

std::string_view view(const spdlog::string_view_t& s) { return {s.data(), s.size()}; }

/// "2026-11-30T20:31:07.123456Z"
std::string utc(spdlog::log_clock::time_point at) {
  auto seconds = spdlog::log_clock::to_time_t(at);
  auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count() % 1'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%06dZ", int(microseconds));
  return text;
}

class json_formatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    auto line = json_line(message, source_now(), call_of_thread) + '\n';
    to.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<json_formatter>(); }
};

/// "call 7 ", where there is one.
class call_flag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const tm&, spdlog::memory_buf_t& to) override {
    if (call_of_thread == 0) return;
    auto text = "call " + std::to_string(call_of_thread) + " ";
    to.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<call_flag>(); }
};

std::unique_ptr<spdlog::formatter> formatter_of(log_format format) {
  if (format == log_format::json) return std::make_unique<json_formatter>();
  auto text = std::make_unique<spdlog::pattern_formatter>();
  text->add_flag<call_flag>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %n: %*%v");
  return text;
}

}  // namespace

void log_to_stderr(log_format format, spdlog::level::level_enum level, const std::string& role) {
  {
    std::lock_guard lock{source_mutex};
    source = {role, "", host_name(), {}, {}};
  }
  auto logger = spdlog::stderr_logger_mt(role);
  logger->set_formatter(formatter_of(format));
  logger->set_level(level);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(logger);
}

void log_as_cluster(const std::string& cluster) {
  std::lock_guard lock{source_mutex};
  source.cluster = cluster;
}

void log_as_worker(uint32_t worker, uint32_t partition) {
  std::lock_guard lock{source_mutex};
  source.worker = worker;
  source.partition = partition;
}

log_of_call::log_of_call(uint64_t id) : before_{std::exchange(call_of_thread, id)} {}
log_of_call::~log_of_call() { call_of_thread = before_; }

std::string json_line(const spdlog::details::log_msg& message, const log_source& from, uint64_t call) {
  nlohmann::ordered_json line{{"time", utc(message.time)}, {"level", view(spdlog::level::to_string_view(message.level))}, {"cluster", from.cluster},
                              {"host", from.host},         {"role", from.role}};
  if (from.worker) line["worker"] = *from.worker;
  if (from.partition) line["partition"] = *from.partition;
  if (call != 0) line["call"] = call;
  line["message"] = view(message.payload);
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace gli
