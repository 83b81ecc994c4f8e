// Row P8 of the goals: edges per second and core from rows to a sorted, deduplicated graph in both directions, memory reused.
// usage: build_bench [scale 20] [runs 5] [only the row whose name begins so]

#include <malloc.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>

#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/loaders/text.h"

namespace {

using namespace gli;

constexpr int64_t rows_per_batch = 1 << 16;

struct ends { std::vector<int64_t> source, target; };

column ints(const char* name) { return {name, column_type::int64, 0, {}, {}, {}}; }

void fill(column& c, const int64_t* numbers, int64_t count) {
  c.length = count;
  c.values.resize(size_t(count) * 8);
  std::memcpy(c.values.data(), numbers, c.values.size());
}

ends kronecker_ends(int scale) {
  ends e;
  generate_kronecker(scale, kronecker_edge_factor, 1, {{}, [&](const column_batch& b) {
                                                         for (int64_t i = 0; i < b.rows; ++i) {
                                                           e.source.push_back(b.columns[0].int64(i));
                                                           e.target.push_back(b.columns[1].int64(i));
                                                         }
                                                       }});
  return e;
}

ends sparse_key(ends e) {  // the same graph with keys all over int64
  for (auto* side : {&e.source, &e.target})
    for (auto& k : *side) k = int64_t(uint64_t(k + 1) * 0x9e3779b97f4a7c15);
  return e;
}

uint64_t from_arrays(const ends& e) {
  load_options options;
  graph_loader loader{options};
  column_batch batch{0, {ints("source"), ints("target")}};
  for (size_t begin = 0; begin < e.source.size(); begin += rows_per_batch) {
    auto count = std::min<int64_t>(rows_per_batch, int64_t(e.source.size() - begin));
    batch.rows = count;
    fill(batch.columns[0], &e.source[begin], count);
    fill(batch.columns[1], &e.target[begin], count);
    loader.add_edges(batch);
  }
  solo alone;
  load_report report;
  auto g = loader.finish(alone, report);
  return report.edges;
}

uint64_t from_text(const std::string& path, bool csv) {
  text_options options;
  options.path = path;
  options.keys = csv ? key_type::utf8 : key_type::int64;
  if (csv) {
    options.delimiter = ',';
    options.header = true;
    options.types = {column_type::float64, column_type::int64};
  }
  graph_loader loader{load_options{}};
  read_edge_text(options, {{}, [&](const column_batch& rows) { loader.add_edges(rows); }}, {});
  solo alone;
  load_report report;
  auto g = loader.finish(alone, report);
  return report.edges;
}

std::string write_text(const ends& e, const char* name, bool csv) {
  auto path = (std::filesystem::temp_directory_path() / name).string();
  std::ofstream out{path};
  if (csv) out << "source,target,weight,count\n";
  for (size_t i = 0; i < e.source.size(); ++i) {
    auto u = std::to_string(e.source[i]), v = std::to_string(e.target[i]);
    if (csv) out << "node" << u << ",node" << v << "," << double(i % 1000) / 4 << "," << i % 100 << "\n";
    else out << u << " " << v << "\n";
  }
  return path;
}

double processor_seconds() {  // of all threads: what others do on this machine does not count
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

void measure(const char* name, double goal, int runs, size_t edges, const std::function<uint64_t()>& work) {
  std::vector<double> times;
  uint64_t kept = work();  // the first run touches memory
  for (int i = 0; i < runs; ++i) {
    auto begin = processor_seconds();
    kept = work();
    times.push_back(processor_seconds() - begin);
  }
  std::sort(times.begin(), times.end());
  auto median = times[times.size() / 2];
  std::printf("%-24s goal %5.0fM edges/s, measured %5.1fM (best %5.1fM): %zu rows, %llu edges, %.0f ms\n", name, goal, double(edges) / median / 1e6,
              double(edges) / times[0] / 1e6, edges, static_cast<unsigned long long>(kept), median * 1e3);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  auto scale = argc > 1 ? std::atoi(argv[1]) : 20;
  auto runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  std::string only = argc > 3 ? argv[3] : "";
  mallopt(M_TRIM_THRESHOLD, 1 << 30);  // memory is reused
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  tbb::global_control one{tbb::global_control::max_allowed_parallelism, 1};
  auto wanted = [&](const char* name) { return std::string{name}.starts_with(only); };
  auto dense = kronecker_ends(scale);
  auto sparse = sparse_key(dense);
  auto rows = dense.source.size();
  if (wanted("dense")) measure("dense int arrays", 60, runs, rows, [&] { return from_arrays(dense); });
  if (wanted("sparse")) measure("sparse int64 arrays", 22, runs, rows, [&] { return from_arrays(sparse); });
  struct text_row { const char* name; double goal; const ends& of; bool csv; };
  for (auto& t : {text_row{"text, dense ints", 35, dense, false}, text_row{"text, sparse ints", 18, sparse, false},
                  text_row{"text, CSV with attributes", 12, dense, true}}) {
    if (!wanted(t.name)) continue;
    auto path = write_text(t.of, "gli-build-bench.txt", t.csv);
    measure(t.name, t.goal, runs, rows, [&] { return from_text(path, t.csv); });
    std::filesystem::remove(path);
  }
}
