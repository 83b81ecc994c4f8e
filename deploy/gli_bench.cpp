// gli-bench: times one kernel on one graph in this process, as the programs of the GAP Benchmark Suite do, on the same graphs and from the same sources.
//
//   gli-bench --graph FILE.sg|FILE.wsg | --kron N | --urand N  --kernel bfs|sssp|pr|cc|bc|tc|cdlp|lcc
//             [--trials K] [--threads T] [--rounds R] [--precision single|double] [--source S]
//
// A trial is what the catalog runs less the column of its answer: from a graph in memory to one value a node, its memory made anew.

#include <tbb/global_control.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <thread>

#include "partitions/algorithms/betweenness.h"
#include "partitions/algorithms/bfs.h"
#include "partitions/algorithms/components.h"
#include "partitions/algorithms/label_propagation.h"
#include "partitions/algorithms/pagerank.h"
#include "partitions/algorithms/sssp.h"
#include "partitions/algorithms/triangles.h"
#include "partitions/loader.h"
#include "partitions/loaders/gap.h"
#include "partitions/run.h"
#include "runtime/error.h"

namespace {

using namespace gli;

struct arguments {
  std::string file, kernel, precision = "double";
  int kronecker = 0, uniform = 0, trials = 16;
  int64_t source = -1;
  uint64_t rounds = 0;  // 0: the kernel's own
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
};

graph load(const arguments& a) {
  load_options options;
  options.kind = {!a.file.empty() && read_gap_head(a.file).directed, false, key_type::int64, key_type::none};
  options.origin = a.file;
  graph_loader loader{options};
  batch_sink sink{[&](const column_batch& b) { loader.add_nodes(b); }, [&](const column_batch& b) { loader.add_edges(b); }};
  if (!a.file.empty()) read_gap(a.file, sink);
  else generate_gap(a.kronecker ? gap_kind::kronecker : gap_kind::uniform, a.kronecker + a.uniform, a.kernel == "sssp", sink);
  load_report report;
  solo all;
  return loader.finish(all, report);
}

/// What a kernel is run on, made once.
struct subject {
  explicit subject(const arguments& a) : given{a}, whole{load(a)} {}
  subject(const subject&) = delete;

  const arguments& given;
  graph whole;
  graph_view view{whole};
  solo all;
  std::shared_ptr<const edge_weights> weights;
  gap_sources sources{view.size(), [this](int32_t v) { return view.forward_degree(v) > 0; }};

  int32_t next_source() { return given.source < 0 ? sources.next() : int32_t(given.source); }
};

using trial = std::function<std::string(subject&)>;  // runs once, and says what it found

std::string counted(uint64_t n, const char* what) { return std::to_string(n) + " " + what; }

std::string run_bfs(subject& on) {
  bfs a;
  a.sources = {on.next_source()};
  run_rounds(a, on.view, on.all);
  return counted(on.view.total_nodes() - a.unreached, "nodes reached");
}

std::string run_sssp(subject& on) {
  with_lengths(on.view, on.weights.get(), [&](auto lengths) {
    sssp a{lengths, on.next_source()};
    run_rounds(a, on.view, on.all);
  });
  return "";
}

template <class Ranks>
std::string run_pagerank(subject& on) {
  pagerank<Ranks> a;
  a.iterations = on.given.rounds ? on.given.rounds : 20;
  run_rounds(a, on.view, on.all);
  return counted(*a.iterations, "rounds");
}

std::string run_pagerank_as_asked(subject& on) { return on.given.precision == "single" ? run_pagerank<single_ranks>(on) : run_pagerank<grid_ranks>(on); }

std::string run_components(subject& on) {
  connected_components a{on.view, on.all};
  run_rounds(a, on.view, on.all);
  return "";
}

std::string run_betweenness(subject& on) {
  betweenness a{on.view, on.all};
  std::vector<int32_t> sources;
  while (sources.size() < 4) sources.push_back(on.next_source());
  a.search_from(sources);
  return "4 sources";
}

std::string run_triangles(subject& on) {
  triangles a{on.view, triangle_weight::ones, on.all};
  uint64_t corners = 0;
  for (int32_t v = 0; v < on.view.size(); ++v) corners += a.of(v);
  return counted(corners / 3, "triangles");
}

std::string run_label_propagation(subject& on) {
  label_propagation<int64_t> a{on.given.rounds ? on.given.rounds : 10, key_labels<int64_t>(on.view, on.all), {}};
  return counted(run_rounds(a, on.view, on.all), "rounds");
}

std::string run_clustering(subject& on) {
  triangles a{on.view, on.view.directed() ? triangle_weight::opposite : triangle_weight::ones, on.all};
  return "";
}

const std::map<std::string, trial> kernels{{"bfs", run_bfs},       {"sssp", run_sssp},      {"pr", run_pagerank_as_asked},           {"cc", run_components},
                                           {"bc", run_betweenness}, {"tc", run_triangles}, {"cdlp", run_label_propagation}, {"lcc", run_clustering}};

template <class F>
double seconds(F&& f) {
  auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void check_source(const arguments& a, const graph_view& g) {
  if (a.source >= g.size()) throw failure{errc::value, "--source " + std::to_string(a.source) + " is not among the nodes 0 … " + std::to_string(g.size() - 1)};
  if (a.source < 0 && g.total_edges() == 0) throw failure{errc::value, "the graph has no edges to begin from: name a node with --source"};
}

void run(const arguments& a) {
  tbb::global_control parallelism{tbb::global_control::max_allowed_parallelism, a.threads};
  std::optional<subject> on;
  std::printf("Load Time:           %.5f\n", seconds([&] { on.emplace(a); }));
  check_source(a, on->view);
  std::printf("Graph has %d nodes and %llu %sdirected edges\n", on->view.size(), static_cast<unsigned long long>(on->view.total_edges()), on->view.directed() ? "" : "un");
  if (a.kernel == "sssp")
    std::printf("Weights Time:        %.5f\n", seconds([&] { on->weights = std::make_shared<const edge_weights>(edge_weights::of(on->whole, "weight", true, on->all)); }));
  double total = 0;
  for (int i = 0; i < a.trials; ++i) {
    std::string found;
    auto busy = std::clock();
    auto time = seconds([&] { found = kernels.at(a.kernel)(*on); });
    std::printf("Trial Time:          %.5f   processor %.5f   %s\n", time, double(std::clock() - busy) / CLOCKS_PER_SEC, found.c_str());
    std::fflush(stdout);
    total += time;
  }
  std::printf("Average Time:        %.5f\n", total / a.trials);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Times a kernel beside the GAP Benchmark Suite's: the same graphs, the same sources. On a cluster: gli bench --workers."};
  app.set_version_flag("--version", "gli-bench " GLI_VERSION);
  arguments a;
  std::vector<std::string> names;
  for (auto& [name, f] : kernels) names.push_back(name);
  auto* graphs = app.add_option_group("graph");
  graphs->add_option("--graph", a.file, "a serialized graph of the GAP Benchmark Suite, .sg or .wsg")->check(CLI::ExistingFile);
  graphs->add_option("--kron", a.kronecker, "a Kronecker graph of 2^N nodes")->check(CLI::Range(1, most_gap_scale));
  graphs->add_option("--urand", a.uniform, "a uniform random graph of 2^N nodes")->check(CLI::Range(1, most_gap_scale));
  graphs->require_option(1);
  app.add_option("--kernel", a.kernel, "what to time")->required()->check(CLI::IsMember(names));
  app.add_option("--trials", a.trials, "how often; default 16")->check(CLI::Range(1, 1000000));
  app.add_option("--threads", a.threads, "default: all cores")->check(CLI::Range(1u, 4096u));
  app.add_option("--rounds", a.rounds, "of pr (default 20) and cdlp (default 10)")->check(CLI::Range(uint64_t{1}, uint64_t{1000000}));
  app.add_option("--precision", a.precision, "of pr")->check(CLI::IsMember({"single", "double"}));
  app.add_option("--source", a.source, "the node to begin from; default: those that GAP's programs pick")->check(CLI::Range(int64_t{0}, int64_t{INT32_MAX}));
  CLI11_PARSE(app, argc, argv);
  try {
    run(a);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "gli-bench: %s\n", e.what());
    return 1;
  }
}
