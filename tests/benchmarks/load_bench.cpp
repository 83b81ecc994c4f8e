// From text and from the Kronecker generator to a graph, in one process: edges per second, and how much of the time reading takes alone.
// usage: load_bench [scale 18] [runs 5]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/loaders/text.h"

namespace {

using namespace gli;

double median_seconds(int runs, const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void write_kronecker(const std::string& path, int scale) {
  std::ofstream out{path};
  generate_kronecker(scale, kronecker_edge_factor, 1, {{}, [&](const column_batch& b) {
                                                         std::string lines;
                                                         for (int64_t i = 0; i < b.rows; ++i)
                                                           lines += std::to_string(b.columns[0].int64(i)) + " " +
                                                                    std::to_string(b.columns[1].int64(i)) + "\n";
                                                         out << lines;
                                                       }});
}

/// Loads what `fill` sends; returns how many edges stayed.
uint64_t load(const std::function<void(const batch_sink&)>& fill) {
  load_options options;
  options.kind.keys = key_type::int64;
  graph_loader loader{options};
  fill({{}, [&](const column_batch& rows) { loader.add_edges(rows); }});
  solo alone;
  load_report report;
  auto g = loader.finish(alone, report);
  return report.edges;
}

void compare(const char* name, int runs, double edges, const std::function<void(const batch_sink&)>& fill) {
  auto alone = median_seconds(runs, [&] { fill({{}, [](const column_batch&) {}}); });
  uint64_t kept = 0;
  auto whole = median_seconds(runs, [&] { kept = load(fill); });
  std::printf("%-9s %.0f edges, %llu different: to batches %.2f s (%.1fM edges/s), to a graph %.2f s (%.1fM edges/s)\n", name, edges,
              static_cast<unsigned long long>(kept), alone, edges / alone / 1e6, whole, edges / whole / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  auto scale = argc > 1 ? std::atoi(argv[1]) : 18;
  auto runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  auto edges = double(int64_t{kronecker_edge_factor} << scale);
  auto path = (std::filesystem::temp_directory_path() / "gli-load-bench.txt").string();
  write_kronecker(path, scale);
  text_options options;
  options.path = path;
  options.keys = key_type::int64;
  compare("text", runs, edges, [&](const batch_sink& sink) { read_edge_text(options, sink, {}); });
  std::filesystem::remove(path);
  compare("Kronecker", runs, edges, [&](const batch_sink& sink) { generate_kronecker(scale, kronecker_edge_factor, 1, sink); });
}
