#include "deploy/glid_process.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "partitions/partition_actor_host.h"
#include "runtime/metrics.h"
#include "runtime/token.h"

namespace gli {

using namespace std::chrono_literals;

namespace {

std::atomic<door*> own_door{nullptr};

}  // namespace

void opened(door* own) { own_door = own; }

void leave(const std::string& why, int status) {
  if (auto* d = own_door.exchange(nullptr)) d->close();
  end_program_host();
  spdlog::info("ended: {}", why);
  spdlog::default_logger()->flush();
  std::_Exit(status);
}

void log_refusal(const std::string& line) {
  constexpr uint64_t lines_a_second = 10;
  static std::mutex mutex;
  static std::chrono::steady_clock::time_point since;
  static uint64_t told = 0;
  std::lock_guard lock{mutex};
  if (auto now = std::chrono::steady_clock::now(); now - since > 1s) {
    if (told > lines_a_second) spdlog::warn("{} more strangers were refused meanwhile", told - lines_a_second);
    since = now;
    told = 0;
  }
  if (told++ < lines_a_second) spdlog::warn(line);
}

std::string given_cluster() {
  const char* given = std::getenv("GLI_CLUSTER_ID");
  return given ? given : "";
}

std::shared_ptr<tls_bridge> bridge_with(const std::string& credentials, role needed) {
  auto c = load_credentials(credentials, needed);
  if (auto given = given_cluster(); !given.empty() && given != c.cluster)
    throw failure{errc::value, "the credentials in " + credentials + " are of cluster '" + c.cluster + "', and GLI_CLUSTER_ID says '" + given + "'"};
  return std::make_shared<tls_bridge>(std::move(c));
}

const credentials* own_of(const tls_bridge* bridge) { return bridge ? &bridge->own() : nullptr; }

void note_url(const std::string& path, const http_server* server) {
  if (server) write_private(path, server->url() + "\n");
  else std::remove(path.c_str());
}

std::unique_ptr<http_server> serve_metrics(asio::io_context& io, const arguments& a, const tls_bridge* bridge, metrics_text text) {
  std::unique_ptr<http_server> server;
  if (!a.metrics.empty()) {
    auto token = token_for(a.dir, own_of(bridge));
    auto at = parse_host_port(a.metrics, "--metrics");
    auto scheme = std::make_shared<std::string>();
    auto answer = [token, scheme, text](const http_request& r) -> asio::awaitable<http_answer> {
      if (path_of(r.target) != "/metrics") co_return http_answer{.status = 404, .body = "there is only /metrics here\n"};
      if (*scheme == "https" && !bears(r, token)) co_return unauthorized();
      auto body = co_await text();
      co_return http_answer{.type = std::string{metrics_type}, .body = std::move(body)};
    };
    server = std::make_unique<http_server>(io, at, "--metrics", own_of(bridge), answer, [](const std::string& line) { spdlog::debug("metrics: {}", line); });
    *scheme = server->scheme();
    spdlog::info("metrics at {}/metrics", server->url());
  }
  note_url(a.dir + "/metrics", server.get());
  return server;
}

void watch_parent(asio::steady_timer& timer, pid_t parent, const std::function<void()>& gone) {
  if (parent == 0) return;
  if (getppid() != parent) return gone();
  timer.expires_after(250ms);
  timer.async_wait([&timer, parent, gone](boost::system::error_code e) {
    if (!e) watch_parent(timer, parent, gone);
  });
}

}  // namespace gli
