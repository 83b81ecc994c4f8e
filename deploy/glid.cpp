// glid: the coordinator and the worker of a GLI cluster, and the guard of a job. This file reads the command line.
//
//   glid coordinator --dir DIR --workers N [--listen HOST:PORT [--credentials FILE]] [--metrics HOST:PORT] [--page HOST:PORT --page-files DIR]
//               [--python PYTHON] [--max-jobs N] [--job-lease SECONDS] [--driver-lease SECONDS]
//   glid worker --dir DIR [--join ADDRESS] [--credentials FILE] [--listen HOST:PORT] [--index I] [--threads T] [--memory-limit BYTES] [--python PYTHON]
//               [--metrics HOST:PORT]
//   both        [--parent PID] [--log FILE] [--log-level LEVEL] [--log-format text|json]
//   glid probe --dir DIR [--alive]
//   glid job --parent PID --dir DIR --in DIR -- COMMAND…

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <string_view>

#include "coordinator/job_guard.h"
#include "deploy/glid_process.h"
#include "deploy/probe.h"

namespace {

using namespace gli;

int run_job(const guard_options& o) {
  if (o.command.empty()) throw failure{errc::value, "a job has a command: glid job … -- COMMAND"};
  guard_job(o);
  return 0;
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
