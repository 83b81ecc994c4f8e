// glid: the coordinator and the worker of a GLI cluster, and the guard of a job. This file is wiring only.
//
//   glid coordinator --dir DIR --workers N [--listen HOST:PORT [--credentials FILE]] [--metrics HOST:PORT] [--page HOST:PORT --page-files DIR]
//               [--python PYTHON] [--max-jobs N] [--job-lease SECONDS] [--driver-lease SECONDS]
//   glid worker --dir DIR [--join ADDRESS] [--credentials FILE] [--listen HOST:PORT] [--index I] [--threads T] [--memory-limit BYTES] [--python PYTHON]
//               [--metrics HOST:PORT]
//   both        [--parent PID] [--log FILE] [--log-level LEVEL] [--log-format text|json]
//   glid probe --dir DIR [--alive]
//   glid job --parent PID --dir DIR --in DIR -- COMMAND…

#include <utility>

#include <spdlog/spdlog.h>
#include <tbb/global_control.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "coordinator/coordinator_actor.h"
#include "coordinator/coordinator_metrics.h"
#include "coordinator/job_guard.h"
#include "coordinator/web_page.h"
#include "deploy/probe.h"
#include "partitions/partition_actor.h"
#include "partitions/partition_actor_host.h"
#include "partitions/partition_actor_metrics.h"
#include "partitions/partition_actor_sessions.h"
#include "runtime/control.h"
#include "runtime/exchange.h"
#include "runtime/gateway.h"
#include "runtime/host.h"
#include "runtime/http_server.h"
#include "runtime/log.h"
#include "runtime/memory_limit.h"
#include "runtime/metrics.h"
#include "runtime/private_folder.h"
#include "runtime/tls_door.h"
#include "runtime/token.h"

namespace {

using namespace gli;
using namespace std::chrono_literals;

constexpr uint32_t no_wish = UINT32_MAX;
constexpr std::chrono::seconds between_lives{1}, longest_between_lives{10};
constexpr const char* refusals_before = "GLID_REFUSALS";

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

std::atomic<door*> own_door{nullptr};  // once it is open

/// CAF and job threads may be anywhere when the end is decided; the store survives a kill at any instant, so nothing is waited for.
[[noreturn]] void leave(const std::string& why, int status) {
  if (auto* d = own_door.exchange(nullptr)) d->close();
  end_program_host();
  spdlog::info("ended: {}", why);
  spdlog::default_logger()->flush();
  std::_Exit(status);
}

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

/// Not more lines a second than that, and then how many there were: strangers fill no disk.
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

std::shared_ptr<tls_bridge> bridge_with(const std::string& credentials, role needed) {
  auto c = load_credentials(credentials, needed);
  if (auto given = given_cluster(); !given.empty() && given != c.cluster)
    throw failure{errc::value, "the credentials in " + credentials + " are of cluster '" + c.cluster + "', and GLI_CLUSTER_ID says '" + given + "'"};
  return std::make_shared<tls_bridge>(std::move(c));
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

const credentials* own_of(const tls_bridge* bridge) { return bridge ? &bridge->own() : nullptr; }

/// Where something is served, for whoever asks for it on this host; gone when it is not.
void note_url(const std::string& path, const http_server* server) {
  if (server) write_private(path, server->url() + "\n");
  else std::remove(path.c_str());
}

using metrics_text = std::function<asio::awaitable<std::string>()>;

/// GET /metrics, beyond this host with the token.
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

void limit_or_leave(uint64_t bytes) {
  try {
    limit_memory(bytes);
  } catch (const failure& e) { leave(e.what(), 1); }
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
  own_door = &entrance;
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

int run_job(const guard_options& o) {
  if (o.command.empty()) throw failure{errc::value, "a job has a command: glid job … -- COMMAND"};
  guard_job(o);
  return 0;
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
  own_door = &entrance;
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

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"The processes of a GLI cluster. Users start them with gli, not by hand."};
  app.set_version_flag("--version", "glid " GLI_VERSION);
  app.require_subcommand(1);
  arguments a;
  const std::map<std::string, log_format> formats{{"text", log_format::text}, {"json", log_format::json}};
  std::map<std::string, spdlog::level::level_enum> levels;
  for (int i = 0; i < spdlog::level::n_levels; ++i) levels[spdlog::level::to_string_view(spdlog::level::level_enum(i)).data()] = spdlog::level::level_enum(i);
  auto* coordinator = app.add_subcommand("coordinator", "run a coordinator");
  a.words = argv;
  coordinator->add_option("--workers", a.workers, "how many workers, and so partitions")->required()->check(CLI::Range(1u, 65536u));
  coordinator->add_option("--driver-lease", a.driver_lease, "seconds without any driver after which the cluster ends; default: it goes on");
  coordinator->add_option("--max-jobs", a.max_jobs, "how many jobs run at a time")->check(CLI::Range(1u, 10000u));
  coordinator->add_option("--job-lease", a.job_lease, "seconds that an attached job goes on without its drivers")->check(CLI::Range(0.0, 1e9));
  coordinator->add_option("--page", a.page, "HOST:PORT of the web page; port 0: any");
  coordinator->add_option("--page-files", a.page_files, "the folder with the page's files");
  auto* worker = app.add_subcommand("worker", "run a worker");
  worker->add_option("--join", a.join, "the coordinator's door: a socket's path or gli://HOST:PORT; default: in the directory");
  worker->add_option("--index", a.index, "the partition it wishes");
  worker->add_option("--memory-limit", a.memory_limit, "bytes of its own memory");
  worker->add_option("--threads", a.threads, "threads for kernels; default: all cores");
  for (auto* command : {coordinator, worker}) {
    command->add_option("--python", a.python, "the interpreter that users' programs and jobs run in; it has this gli");
    command->add_option("--dir", a.dir, "the cluster's directory, mode 0700, for its sockets")->required();
    command->add_option("--listen", a.listen, "HOST:PORT for other hosts: TLS, with credentials; port 0: any");
    command->add_option("--credentials", a.credentials, "a .pem of the cluster for this role; default: what lies in the coordinator's directory, which makes it");
    command->add_option("--parent", a.parent, "end when this process, which started this one, ends");
    command->add_option("--log", a.log, "where standard error goes, for messages");
    command->add_option("--metrics", a.metrics, "HOST:PORT for Prometheus; port 0: any");
    command->add_option("--log-format", a.format, "text or json")->transform(CLI::CheckedTransformer(formats));
    command->add_option("--log-level", a.level, "trace, debug, info, warning, error, critical or off")->transform(CLI::CheckedTransformer(levels));
  }
  auto* probe = app.add_subcommand("probe", "whether the process in a directory answers at its door; for service managers");
  bool alive = false;
  probe->add_option("--dir", a.dir, "the directory")->required();
  probe->add_flag("--alive", alive, "a worker that waits for its coordinator, and has no door yet, is well too");
  auto* job = app.add_subcommand("job", "guard a job");
  job->add_option("--parent", a.job.parent, "the coordinator")->required();
  job->add_option("--dir", a.job.directory, "of its log")->required();
  job->add_option("--in", a.job.working_directory, "where it runs")->required();
  auto* words = std::find(argv, argv + argc, std::string_view{"--"});  // what is behind it is the job's, whatever it looks like
  if (words != argv + argc) a.job.command.assign(words + 1, argv + argc);
  CLI11_PARSE(app, int(words - argv), argv);
  if (a.join.empty()) a.join = a.dir + "/coordinator.sock";
  for (auto s : {SIGPIPE, SIGXFSZ}) std::signal(s, SIG_IGN);  // the calls that meet them fail
  for (auto s : {SIGINT, SIGTERM}) std::signal(s, [](int) { std::_Exit(0); });  // until there is more to end; the first process of a container has no default
  try {
    if (probe->parsed()) return probe_door(a.dir, alive), 0;
    if (job->parsed()) return run_job(a.job);
    return coordinator->parsed() ? run_coordinator(a) : run_worker(a);
  } catch (const std::exception& e) {
    if (a.format == log_format::json) spdlog::critical("{}", e.what());
    else std::fprintf(stderr, "glid: %s\n", e.what());
    return 1;
  }
}
