#pragma once
// What a coordinator and a worker have in common as processes: their arguments, how they end, what they serve beside their doors and note in their
// directory.

#include <utility>

#include <spdlog/spdlog.h>
#include <sys/types.h>

#include <boost/asio.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

#include "coordinator/job_guard.h"
#include "runtime/credentials.h"
#include "runtime/door.h"
#include "runtime/http_server.h"
#include "runtime/log.h"
#include "runtime/tls_bridge.h"

namespace gli {

constexpr uint32_t no_wish = UINT32_MAX;

/// As glid.cpp describes them.
struct arguments {
  std::string dir, log, python = "python3", join, credentials, listen, metrics, page, page_files;
  uint32_t workers = 1, index = no_wish, threads = 0, driver_lease = 0, max_jobs = 8;
  double job_lease = 30;  // seconds
  uint64_t memory_limit = 0;
  log_format format = log_format::text;
  spdlog::level::level_enum level = spdlog::level::info;
  pid_t parent = 0;
  guard_options job;
  char** words = nullptr;
};

/// Until it ends, which it does by leave().
int run_coordinator(const arguments& a);
int run_worker(arguments a);

/// Of this process, while it is open: leave() closes it.
void opened(door* own);

/// CAF and job threads may be anywhere when the end is decided; the store survives a kill at any instant, so nothing is waited for. Any thread.
[[noreturn]] void leave(const std::string& why, int status);

/// Not more lines a second than some, and then how many there were: strangers fill no disk. Any thread.
void log_refusal(const std::string& line);

/// What GLI_CLUSTER_ID says; empty: nothing.
std::string given_cluster();

/// Throws failure where they are of another role, or of another cluster than the one given.
std::shared_ptr<tls_bridge> bridge_with(const std::string& credentials, role needed);
const credentials* own_of(const tls_bridge* bridge);

/// Where something is served, for whoever asks for it on this host; gone when it is not.
void note_url(const std::string& path, const http_server* server);

/// GET /metrics, beyond this host with the token; null where nobody asked for it.
using metrics_text = std::function<asio::awaitable<std::string>()>;
std::unique_ptr<http_server> serve_metrics(asio::io_context& io, const arguments& a, const tls_bridge* bridge, metrics_text text);

/// Calls `gone` once the process that started this one has ended. A first look catches a parent that ended before.
void watch_parent(asio::steady_timer& timer, pid_t parent, const std::function<void()>& gone);

}  // namespace gli
