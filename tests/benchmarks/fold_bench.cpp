// What it costs to turn pending edits into pages: 1 to 10^6 scattered edits, and kernels with 1% of the edges pending, which fold first. Medians of 5 of
// processor time, which other processes do not lengthen.
//
//   fold_bench [threads = 1]

#include <tbb/global_control.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <unordered_set>
#include <vector>

#include "partitions/catalog.h"
#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/version.h"

namespace {

using namespace gli;

/// Of all threads.
double now() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

double seconds(const std::function<void()>& work) {
  auto begin = now();
  work();
  return now() - begin;
}

double median(std::vector<double> all) {
  std::nth_element(all.begin(), all.begin() + ptrdiff_t(all.size() / 2), all.end());
  return all[all.size() / 2];
}

graph kronecker(int scale) {
  load_options options;
  options.kind.keys = key_type::int64;
  graph_loader loader{options};
  generate_kronecker(scale, kronecker_edge_factor, 1,
                     {[&](const column_batch& b) { loader.add_nodes(b); }, [&](const column_batch& b) { loader.add_edges(b); }});
  load_report report;
  solo alone;
  return loader.finish(alone, report);
}

/// Half of the edits are new edges between any nodes, half remove one that is there.
version scattered(const graph& g, size_t count, uint64_t seed) {
  std::mt19937_64 random{seed};
  auto any = [&] { return int32_t(random() % uint64_t(g->size)); };
  std::vector<edit> edits;
  std::unordered_set<uint64_t> removed;
  while (edits.size() < count) {
    auto s = any(), t = any();
    auto list = g->out_of(s);
    bool remove = edits.size() % 2 && !list.empty();
    if (remove) t = list[random() % list.size()];
    if (remove && !removed.insert(uint64_t(s) << 32 | uint64_t(t)).second) continue;
    if (!remove && g->out.edges && find_edges(g, s, t)) continue;
    edits.push_back({remove ? edit::what::remove_edge : edit::what::upsert_edge, node_key(g, s), node_key(g, t), {}, {}, false});
  }
  edit_report report;
  return version{g}.apply(edits, report);
}

/// A fold is kept with its log: each measurement has one of its own.
double fold_time(const graph& g, size_t count) {
  std::vector<double> all;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    auto v = scattered(g, count, seed);
    all.push_back(seconds([&] { v.fold(); }));
  }
  return median(all);
}

void folding(const graph& g) {
  for (size_t count : {1u, 100u, 10'000u, 1'000'000u})
    std::printf("fold %7zu scattered edits of a graph with %9lu edges %22.3f ms  %s\n", count, static_cast<unsigned long>(g->total_edges), fold_time(g, count) * 1e3,
                count == 1'000'000u ? "<= 300 ms" : "");
}

void pending(const graph& g, const char* name, const run_algorithm& what) {
  std::vector<double> ratios, folds, kernels;
  solo alone;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    auto v = scattered(g, size_t(g->total_edges / 100), seed);
    graph folded{};
    folds.push_back(seconds([&] { folded = v.fold(); }));
    kernels.push_back(seconds([&] { run(folded, what, alone); }));
    ratios.push_back((folds.back() + kernels.back()) / kernels.back());
  }
  std::printf("%s with 1%% of %9lu edges pending / folded: (%.2f ms + %.2f ms) %20.2f  <= 1.10\n", name, static_cast<unsigned long>(g->total_edges),
              median(folds) * 1e3, median(kernels) * 1e3, median(ratios));
}

}  // namespace

int main(int argc, char** argv) {
  tbb::global_control threads{tbb::global_control::max_allowed_parallelism, size_t(argc > 1 ? std::atoi(argv[1]) : 1)};
  for (int scale : {16, 20}) {
    auto g = kronecker(scale);
    folding(g);
    pending(g, "PageRank, 20 rounds", {"pagerank", {{"iterations", int64_t{20}}}});
    pending(g, "BFS", {"bfs", {{"source", to_value(node_key(g, 0))}}});
  }
}
