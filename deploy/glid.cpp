// glid: the coordinator and the worker of a GLI cluster. This file is wiring only.
//
//   glid coordinator --dir DIR --workers N [--parent PID] [--log FILE]
//   glid worker --dir DIR --index I [--threads T] [--python PYTHON] [--parent PID] [--log FILE]

#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <tbb/global_control.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>

#include "coordinator/coordinator_actor.h"
#include "partitions/partition_actor.h"
#include "partitions/partition_actor_host.h"
#include "partitions/partition_actor_sessions.h"
#include "runtime/control.h"
#include "runtime/door.h"
#include "runtime/exchange.h"
#include "runtime/gateway.h"

namespace {

using namespace gli;
using namespace std::chrono_literals;

struct arguments {
  std::string dir, log, python = "python3";
  uint32_t workers = 1, index = 0, threads = 0;
  pid_t parent = 0;
};

/// CAF and job threads may be anywhere when the end is decided; the store survives a kill at any instant, so nothing is waited for.
[[noreturn]] void leave(const std::string& why, int status) {
  end_program_host();
  spdlog::info("ended: {}", why);
  spdlog::default_logger()->flush();
  std::_Exit(status);
}

void log_to_stderr(const std::string& role) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt(role));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %n: %v");
  spdlog::flush_on(spdlog::level::info);
}

void log_refusal(const std::string& line) { spdlog::warn(line); }

std::string cluster_id() {
  if (const char* given = std::getenv("GLI_CLUSTER_ID"); given && *given) return given;
  std::random_device random;
  char text[17];
  std::snprintf(text, sizeof text, "%08x%08x", random(), random());
  return text;
}

/// Counts the coordinator's starts in this directory, which is made if it is not there.
uint32_t next_epoch(const std::string& dir) {
  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) throw failure{errc::io, dir + ": " + std::strerror(errno)};
  uint32_t epoch = 0;
  std::ifstream{dir + "/epoch"} >> epoch;
  std::ofstream next{dir + "/epoch.next"};
  next << ++epoch << "\n";
  next.close();
  if (!next || std::rename((dir + "/epoch.next").c_str(), (dir + "/epoch").c_str()) != 0)
    throw failure{errc::io, dir + "/epoch: cannot be written: " + std::strerror(errno)};
  return epoch;
}

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

/// Calls `gone` once the process that started this one has ended. A first look catches a parent that ended before.
void watch_parent(asio::steady_timer& timer, pid_t parent, const std::function<void()>& gone) {
  if (parent == 0) return;
  if (getppid() != parent) return gone();
  timer.expires_after(250ms);
  timer.async_wait([&timer, parent, gone](boost::system::error_code e) {
    if (!e) watch_parent(timer, parent, gone);
  });
}

int run_coordinator(const arguments& a) {
  log_to_stderr("coordinator");
  auto socket_path = a.dir + "/coordinator.sock";
  asio::io_context io;
  control::settings settings;
  caf::actor_system system{settings};
  caf::actor coordinator;

  auto tell = [&](auto message) { caf::anon_send(coordinator, std::move(message)); };
  identity who{cluster_id(), next_epoch(a.dir)};
  std::unique_ptr<gateway> drivers;
  door entrance{io, socket_path, who, [&](hello greeting, local_socket socket) {
                  if (greeting.what == purpose::driver) return drivers->serve(std::move(socket));
                  if (greeting.what == purpose::control) return tell(worker_came{std::move(greeting), socket.release()});
                  spdlog::warn("pid {} asked the coordinator for a bulk connection", greeting.pid);
                }, {.refused = log_refusal}};
  drivers = std::make_unique<gateway>(
      io, who,
      gateway::handlers{[&](gateway::session s, uint32_t n, request r) { tell(driver_asked{s, n, std::make_shared<request>(std::move(r))}); },
                        [&](gateway::session s) { tell(driver_gone{s}); }});
  coordinator = spawn_coordinator(system, {a.workers, who, a.log, drivers.get(), [] { leave("all workers were told to quit", 0); }});
  spdlog::info("coordinator of cluster {}, epoch {}, at {}, waits for {} workers", who.cluster, who.epoch, socket_path, a.workers);

  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code e, int n) {
    if (!e) tell(end_cluster{"signal " + std::to_string(n)});
  });
  asio::steady_timer timer{io};
  watch_parent(timer, a.parent, [&] { tell(end_cluster{"the process that started this cluster is gone"}); });
  io.run();
  leave("nothing left to serve", 0);
}

/// Retries for as long as it takes, saying so.
std::pair<local_socket, welcome> reach_coordinator(asio::io_context& io, const std::string& path, const hello& greeting, pid_t parent) {
  for (auto wait = 100ms;; wait = std::min(wait * 2, std::chrono::milliseconds{5000})) {
    try {
      return knock(io, path, greeting, 5.0);
    } catch (const failure& e) {
      if (e.code() == errc::protocol) throw;
      spdlog::warn("cannot reach the coordinator: {}; next try in {} ms", e.what(), wait.count());
    }
    for (auto slept = 0ms; slept < wait; slept += 100ms) {
      if (parent != 0 && getppid() != parent) leave("the process that started this worker is gone", 0);
      std::this_thread::sleep_for(100ms);
    }
  }
}

int run_worker(const arguments& a) {
  log_to_stderr("worker-" + std::to_string(a.index));
  auto threads = a.threads != 0 ? a.threads : std::max(1u, std::thread::hardware_concurrency());
  tbb::global_control parallelism{tbb::global_control::max_allowed_parallelism, threads};
  auto own_door = a.dir + "/w" + std::to_string(a.index) + "-" + std::to_string(getpid()) + ".sock";

  hello greeting;
  greeting.software = "gli " GLI_VERSION;
  greeting.what = purpose::control;
  greeting.cluster = std::getenv("GLI_CLUSTER_ID") ? std::getenv("GLI_CLUSTER_ID") : "";
  greeting.address = own_door;
  greeting.pid = uint32_t(getpid());
  greeting.host = host_name();
  greeting.partition = a.index;
  greeting.log = a.log;
  asio::io_context bulk_io, driver_io;
  auto [connection, met] = reach_coordinator(bulk_io, a.dir + "/coordinator.sock", greeting, a.parent);

  identity who{met.cluster, met.epoch};
  auto held = std::make_shared<holdings>();
  exchange bulk{bulk_io, who, own_door};
  door entrance{bulk_io, own_door, who, [&](hello other, local_socket socket) {
                  if (other.what == purpose::bulk) return bulk.adopt(other, std::move(socket));
                  if (other.what != purpose::driver) return;
                  local_socket moved{driver_io, asio::local::stream_protocol{}, socket.release()};
                  serve_driver(driver_io, held, who, std::move(moved));
                }, {.refused = log_refusal}};
  control::settings settings;
  caf::actor_system system{settings};
  auto partition = spawn_partition(system, {held, &bulk, a.python, [](const std::string& why) { leave(why, 0); }});
  control::offer(system, connection.release(), partition);

  asio::signal_set signals{bulk_io, SIGINT, SIGTERM};
  signals.async_wait([](boost::system::error_code e, int n) {
    if (!e) leave("signal " + std::to_string(n), 0);
  });
  asio::steady_timer timer{bulk_io};
  watch_parent(timer, a.parent, [] { leave("the process that started this worker is gone", 0); });
  auto keep = asio::make_work_guard(driver_io);
  std::thread driver_thread{[&] { driver_io.run(); }};
  bulk_io.run();
  leave("nothing left to serve", 0);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"The processes of a GLI cluster. Users start them with gli, not by hand."};
  app.set_version_flag("--version", "glid " GLI_VERSION);
  app.require_subcommand(1);
  arguments a;
  auto* coordinator = app.add_subcommand("coordinator", "run a coordinator");
  coordinator->add_option("--workers", a.workers, "how many workers, and so partitions")->required()->check(CLI::Range(1u, 65536u));
  auto* worker = app.add_subcommand("worker", "run a worker");
  worker->add_option("--index", a.index, "the partition it wishes")->required();
  worker->add_option("--threads", a.threads, "threads for kernels; default: all cores");
  worker->add_option("--python", a.python, "the interpreter that users' programs run in; it has this gli");
  for (auto* command : {coordinator, worker}) {
    command->add_option("--dir", a.dir, "the cluster's directory, mode 0700, for its sockets")->required();
    command->add_option("--parent", a.parent, "end when this process, which started this one, ends");
    command->add_option("--log", a.log, "where standard error goes, for messages");
  }
  CLI11_PARSE(app, argc, argv);
  for (auto s : {SIGPIPE, SIGXFSZ}) std::signal(s, SIG_IGN);  // the calls that meet them fail
  try {
    return coordinator->parsed() ? run_coordinator(a) : run_worker(a);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "glid: %s\n", e.what());
    return 1;
  }
}
