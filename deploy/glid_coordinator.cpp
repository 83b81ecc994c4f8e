// The wiring of a coordinator.

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>

#include "coordinator/coordinator_actor.h"
#include "coordinator/coordinator_metrics.h"
#include "coordinator/web_page.h"
#include "deploy/glid_process.h"
#include "runtime/control.h"
#include "runtime/gateway.h"
#include "runtime/metrics.h"
#include "runtime/private_folder.h"
#include "runtime/tls_door.h"
#include "runtime/token.h"

namespace gli {

namespace {

std::string cluster_id(const tls_bridge* bridge) {
  if (bridge) return bridge->own().cluster;
  if (auto given = given_cluster(); !given.empty()) return given;
  std::random_device random;
  char text[17];
  std::snprintf(text, sizeof text, "%08x%08x", random(), random());
  return text;
}

/// Counts the coordinator's starts in this directory, which is made if it is not there.
uint32_t next_epoch(const std::string& dir) {
  make_private_folder(dir);
  uint32_t epoch = 0;
  std::ifstream{dir + "/epoch"} >> epoch;
  std::ofstream next{dir + "/epoch.next"};
  next << ++epoch << "\n";
  next.close();
  if (!next || std::rename((dir + "/epoch.next").c_str(), (dir + "/epoch").c_str()) != 0)
    throw failure{errc::io, dir + "/epoch: cannot be written: " + std::strerror(errno)};
  return epoch;
}

/// Where those of a coordinator are, and of its workers and drivers on this host.
std::filesystem::path credentials_folder(const arguments& a) {
  auto own = a.credentials.empty() ? a.dir + "/credentials/coordinator.pem" : a.credentials;
  return std::filesystem::absolute(own).parent_path();
}

/// With what was given, or is in the directory from an earlier start, or is made now.
std::shared_ptr<tls_bridge> coordinators_bridge(const arguments& a) {
  if (!a.credentials.empty()) return bridge_with(a.credentials, role::coordinator);
  auto folder = credentials_folder(a).string(), own = folder + "/coordinator.pem";
  if (access(own.c_str(), F_OK) != 0) make_credentials(folder, cluster_id(nullptr));
  return bridge_with(own, role::coordinator);
}

/// What a driver is called in status and logs. It says so itself.
std::string name_of(const hello& driver) {
  auto pid = "pid " + std::to_string(driver.pid);
  return driver.host.empty() ? pid : pid + " on host " + driver.host;
}

/// For whoever starts workers or drivers on this host: the address, where that listens, and where there are credentials for them, if anywhere.
void note_address(const arguments& a, const std::optional<tls_door>& beyond) {
  auto path = a.dir + "/address";
  if (!beyond) std::remove(path.c_str());
  else std::ofstream{path} << beyond->address() << "\n" << a.listen.substr(0, a.listen.rfind(':')) << "\n" << credentials_folder(a).string() << "\n";
}

std::unique_ptr<http_server> serve_page(asio::io_context& io, const arguments& a, const tls_bridge* bridge, web_page::looker look) {
  std::unique_ptr<http_server> server;
  if (!a.page.empty()) {
    auto shown = std::make_shared<web_page>(io, a.page_files, token_for(a.dir, own_of(bridge)), std::move(look));
    auto answer = [shown](const http_request& r) { return shown->answer(r); };
    server = std::make_unique<http_server>(io, parse_host_port(a.page, "--page"), "--page", own_of(bridge), answer,
                                           [](const std::string& line) { spdlog::debug("page: {}", line); });
    spdlog::info("page at {}/", server->url());
  }
  note_url(a.dir + "/page", server.get());
  return server;
}

}  // namespace

int run_coordinator(const arguments& a) {
  log_to_stderr(a.format, a.level, "coordinator");
  auto socket_path = a.dir + "/coordinator.sock";
  auto epoch = next_epoch(a.dir);
  asio::io_context io;
  std::shared_ptr<tls_bridge> bridge;
  std::optional<tls_door> beyond;
  if (!a.listen.empty()) {
    bridge = coordinators_bridge(a);
    beyond.emplace(io, bridge, parse_host_port(a.listen, "--listen"));
  }
  control::settings settings;
  caf::actor_system system{settings};
  caf::actor coordinator;

  auto tell = [&](auto message) { caf::anon_send(coordinator, std::move(message)); };
  process_metrics metrics;
  coordinator_metrics calls{metrics.registry()};
  identity who{cluster_id(bridge.get()), epoch};
  log_as_cluster(who.cluster);
  std::unique_ptr<gateway> drivers;
  auto refused = [&](const std::string& line) { metrics.refused(), log_refusal(line); };
  auto serve = [&](hello greeting, local_socket socket) {
    metrics.admitted(greeting.what);
    if (greeting.what == purpose::driver) return tell(driver_came{drivers->serve(std::move(socket)), name_of(greeting)});
    if (greeting.what == purpose::control) return tell(worker_came{std::move(greeting), socket.release()});
    spdlog::warn("pid {} asked the coordinator for a bulk connection", greeting.pid);
  };
  door entrance{io, socket_path, who, serve, {.refused = refused}};
  opened(&entrance);
  drivers = std::make_unique<gateway>(
      io, who,
      gateway::handlers{[&](gateway::session s, uint32_t n, request r) { tell(driver_asked{s, n, std::make_shared<request>(std::move(r))}); },
                        [&](gateway::session s) { tell(driver_gone{s}); }});
  web_page::looker look_at = [&](auto then) { tell(look{std::move(then)}); };
  auto numbers = serve_metrics(io, a, bridge.get(), [&]() -> asio::awaitable<std::string> {
    auto view = co_await look_now(io, look_at);
    co_return metrics.text(coordinator_metrics::of(view), 0);
  });
  auto shown = serve_page(io, a, bridge.get(), look_at);
  coordinator = spawn_coordinator(system, {.partitions = a.workers,
                                           .who = who,
                                           .log = a.log,
                                           .stores = a.dir + "/stores",
                                           .drivers = drivers.get(),
                                           .metrics = &calls,
                                           .on_quit = [] { leave("all workers were told to quit", 0); },
                                           .driver_lease = std::chrono::seconds{a.driver_lease},
                                           .jobs = {std::filesystem::absolute(a.dir), a.python, std::filesystem::read_symlink("/proc/self/exe")},
                                           .max_jobs = a.max_jobs,
                                           .job_lease = a.job_lease,
                                           .job_credentials = beyond ? credentials_folder(a) / "driver.pem" : ""});
  if (beyond) beyond->open(who, serve, {.refused = refused});
  note_address(a, beyond);
  spdlog::info("coordinator of cluster {}, epoch {}, at {}{}, waits for {} workers", who.cluster, who.epoch, socket_path,
               beyond ? " and " + beyond->address() : "", a.workers);

  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code e, int n) {
    if (!e) tell(end_cluster{"signal " + std::to_string(n)});
  });
  asio::steady_timer timer{io};
  watch_parent(timer, a.parent, [&] { tell(end_cluster{"the process that started this cluster is gone"}); });
  io.run();
  leave("nothing left to serve", 0);
}

}  // namespace gli
