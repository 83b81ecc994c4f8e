// The wiring of a worker.

#include <tbb/global_control.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "deploy/glid_process.h"
#include "partitions/partition_actor.h"
#include "partitions/partition_actor_host.h"
#include "partitions/partition_actor_metrics.h"
#include "partitions/partition_actor_sessions.h"
#include "runtime/control.h"
#include "runtime/exchange.h"
#include "runtime/host.h"
#include "runtime/memory_limit.h"
#include "runtime/metrics.h"
#include "runtime/tls_door.h"

namespace gli {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds between_lives{1}, longest_between_lives{10};
constexpr const char* refusals_before = "GLID_REFUSALS";

/// Tries at a coordinator that had no place; they are counted from life to life.
int& refusals() {
  static int count = [] {
    const char* before = std::getenv(refusals_before);
    int n = before ? std::atoi(before) : 0;
    unsetenv(refusals_before);
    return n;
  }();
  return count;
}

/// A worker that was started by hand joins anew, as a new life of the same process: nothing of the old one is left but its log.
[[noreturn]] void leave_or_join_again(const arguments& a, const std::string& why, control::ending how) {
  using control::ending;
  if (how == ending::told) leave(why, 0);
  if (how == ending::refused || how == ending::failed) leave(why, 1);
  if (a.parent != 0) leave(why, 0);
  end_program_host();
  auto wait = between_lives;
  if (how == ending::refused_for_now) {
    wait = std::min(between_lives * (1 << std::min(refusals(), 8)), longest_between_lives);
    setenv(refusals_before, std::to_string(refusals() + 1).c_str(), 1);
  }
  spdlog::warn("{}; joining again in {} s", why, wait.count());
  std::this_thread::sleep_for(wait);
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  execv("/proc/self/exe", a.words);
  leave(std::string{"cannot start again: "} + std::strerror(errno), 1);
}

void limit_or_leave(uint64_t bytes) {
  try {
    limit_memory(bytes);
  } catch (const failure& e) { leave(e.what(), 1); }
}

/// Retries for as long as it takes, saying so.
template <class Try>
auto until_it_works(const arguments& a, const Try& attempt) {
  for (auto wait = 100ms;; wait = std::min(wait * 2, std::chrono::milliseconds{5000})) {
    try {
      return attempt();
    } catch (const failure& e) {
      if (e.code() != errc::unavailable && e.code() != errc::timeout) throw;
      spdlog::warn("cannot reach the coordinator: {}; next try in {} ms", e.what(), wait.count());
    }
    for (auto slept = 0ms; slept < wait; slept += 100ms) {
      if (a.parent != 0 && getppid() != a.parent) leave("the process that started this worker is gone", 0);
      std::this_thread::sleep_for(100ms);
    }
  }
}

/// A worker at a coordinator's socket takes what it was not told from beside it: credentials, where there are some, and the address of this host at which the
/// coordinator listens. It has noted both before it answers anybody.
void look_beside(arguments& a) {
  if (is_tls(a.join)) return;
  asio::io_context io;
  until_it_works(a, [&] { return knock(io, a.join, driver_hello(given_cluster()), limits::hello_seconds); });
  auto folder = std::filesystem::path{a.join}.parent_path();
  std::string address, listens_at, credentials_at;
  std::ifstream noted{folder / "address"};
  std::getline(std::getline(std::getline(noted, address), listens_at), credentials_at);
  auto beside = std::filesystem::path{credentials_at} / "worker.pem";
  if (a.credentials.empty() && !(a.listen.empty() && listens_at.empty()) && std::filesystem::exists(beside)) a.credentials = beside;
  if (!a.credentials.empty() && a.listen.empty() && !listens_at.empty()) a.listen = listens_at + ":0";
  if (!a.listen.empty() && a.credentials.empty()) throw failure{errc::value, "--listen " + a.listen + " needs --credentials: a worker.pem of the cluster"};
}

/// Where a worker listens: as it was told, or where its connection to the coordinator comes from (":PORT": at that port).
host_port own_door_beyond(const arguments& a) {
  bool port_only = a.listen.starts_with(':');
  if (!a.listen.empty() && !port_only) return parse_host_port(a.listen, "--listen");
  if (!is_tls(a.join)) throw failure{errc::value, "a worker that joins through " + a.join + " with credentials needs --listen HOST:PORT"};
  auto port = port_only ? parse_host_port("any" + a.listen, "--listen").port : uint16_t(0);
  return {until_it_works(a, [&] { return own_address_towards(parse_host_port(a.join, "--join")); }), port};
}

hello workers_hello(const arguments& a, const std::string& own_path, uint32_t threads) {
  hello h;
  h.software = software_name;
  h.what = purpose::control;
  h.cluster = given_cluster();
  h.address = own_path;
  h.pid = uint32_t(getpid());
  h.host = host_name();
  h.host_id = this_host();
  h.partition = a.index;
  h.log = a.log;
  h.cores = threads;
  h.numa_node = own_numa_node();
  h.memory_limit = a.memory_limit;
  return h;
}

}  // namespace

int run_worker(arguments a) {
  log_to_stderr(a.format, a.level, a.index == no_wish ? "worker" : "worker-" + std::to_string(a.index));
  refusals();
  look_beside(a);
  auto threads = a.threads != 0 ? a.threads : std::max(1u, std::thread::hardware_concurrency());
  tbb::global_control parallelism{tbb::global_control::max_allowed_parallelism, threads};
  auto own_path = a.dir + "/w" + (a.index == no_wish ? "" : std::to_string(a.index)) + "-" + std::to_string(getpid()) + ".sock";

  asio::io_context bulk_io, driver_io;
  auto greeting = workers_hello(a, own_path, threads);
  std::shared_ptr<tls_bridge> bridge;
  std::optional<tls_door> beyond;
  if (!a.credentials.empty()) {
    bridge = bridge_with(a.credentials, role::worker);
    beyond.emplace(bulk_io, bridge, own_door_beyond(a));
    greeting.tls_address = beyond->address();
    greeting.cluster = bridge->own().cluster;
  }
  auto [connection, met] = until_it_works(a, [&] { return knock_at(bulk_io, a.join, greeting, limits::hello_seconds, bridge.get()); });

  identity who{met.cluster, met.epoch};
  log_as_cluster(who.cluster);
  auto held = std::make_shared<holdings>();
  exchange bulk{bulk_io, who, own_path, {greeting.tls_address, bridge}};
  process_metrics metrics;
  auto refused = [&](const std::string& line) { metrics.refused(), log_refusal(line); };
  auto serve = [&](hello other, local_socket socket) {
    metrics.admitted(other.what);
    if (other.what == purpose::bulk) return bulk.adopt(other, std::move(socket));
    if (other.what != purpose::driver) return;
    local_socket moved{driver_io, asio::local::stream_protocol{}, socket.release()};
    serve_driver(driver_io, held, who, std::move(moved));
  };
  door entrance{bulk_io, own_path, who, serve, {.refused = refused}};
  opened(&entrance);
  if (beyond) beyond->open(who, serve, {.refused = refused});
  auto numbers = serve_metrics(bulk_io, a, bridge.get(), [&]() -> asio::awaitable<std::string> {
    co_return metrics.text(partition_metrics(*held, bulk), a.memory_limit);
  });
  control::settings settings;
  caf::actor_system system{settings};
  auto on_end = [&a](const std::string& why, control::ending how) { leave_or_join_again(a, why, how); };
  auto partition = spawn_partition(system, {held, &bulk, a.python, threads, on_end});
  control::offer(system, connection.release(), partition);

  asio::signal_set signals{bulk_io, SIGINT, SIGTERM};
  signals.async_wait([](boost::system::error_code e, int n) {
    if (!e) leave("signal " + std::to_string(n), 0);
  });
  asio::steady_timer timer{bulk_io};
  watch_parent(timer, a.parent, [] { leave("the process that started this worker is gone", 0); });
  auto keep = asio::make_work_guard(driver_io);
  std::thread driver_thread{[&] {
    helpers_allocate_for_calls(1);
    driver_io.run();
  }};
  limit_or_leave(a.memory_limit);
  bulk_io.run();
  leave("nothing left to serve", 0);
}

}  // namespace gli
