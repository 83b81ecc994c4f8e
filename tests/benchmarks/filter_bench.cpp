// Two ratios of one run, medians of five of processor time: a numeric filter over 10M nodes ÷ the sum of that column in numpy's manner (pairwise, eight lanes), and
// an induced subgraph ÷ copying the pages that it made. Both sides use the same threads.
//
//   filter_bench [threads = 1]

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>

#include "partitions/evaluate.h"
#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/parallel.h"
#include "partitions/restrict.h"

namespace gli {
namespace {

constexpr int rounds = 5;

/// Processor seconds of all threads: what other processes take does not count.
double now() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

template <class F>
double median_of(F&& f) {
  std::vector<double> seconds;
  for (int i = 0; i <= rounds; ++i) {  // the first warms up
    auto start = now();
    f();
    if (i) seconds.push_back(now() - start);
  }
  std::nth_element(seconds.begin(), seconds.begin() + rounds / 2, seconds.end());
  return seconds[rounds / 2];
}

/// As numpy adds floats: blocks of 128 in eight lanes.
double numpy_sum(const double* x, int64_t n) {
  if (n > 128) {
    auto half = n / 2 / 8 * 8;
    return numpy_sum(x, half) + numpy_sum(x + half, n - half);
  }
  double lanes[8] = {};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; ++j) lanes[j] += x[i + j];
  for (; i < n; ++i) lanes[0] += x[i];
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

column numbered(const char* name, int64_t rows) {
  column_builder out{name, column_type::int64};
  out.reserve(rows);
  for (int64_t i = 0; i < rows; ++i) out.append_int64(i);
  return out.finish();
}

load_options directed_options() {
  load_options options;
  options.kind = {true, false, key_type::int64, key_type::none};
  return options;
}

graph finished(graph_loader& loader) {
  load_report report;
  solo alone;
  return loader.finish(alone, report);
}

graph nodes_with_numbers(int64_t rows, std::vector<double>& flat) {
  column_builder x{"x", column_type::float64};
  x.reserve(rows);
  std::mt19937_64 random{1};
  for (int64_t i = 0; i < rows; ++i) flat.push_back(double(random() >> 11) * 0x1p-53);
  for (auto v : flat) x.append_float64(v);
  graph_loader loader{directed_options()};
  column_batch batch{rows, {}};
  batch.columns.push_back(numbered("", rows));
  batch.columns.push_back(x.finish());
  loader.add_nodes(batch);
  return finished(loader);
}

void filter_against_sum() {
  constexpr int64_t rows = 10'000'000;
  std::vector<double> flat;
  auto g = nodes_with_numbers(rows, flat);
  solo alone;
  expression half{operation::greater, "", {}, {{operation::node, "x", {}, {}}, {operation::literal, "", 0.5, {}}}};
  volatile double sink = 0;
  uint64_t kept = 0;
  auto sum = median_of([&] {
    sink = parallel_sum<double>(rows, 1 << 20, [&](int64_t a, int64_t b) { return numpy_sum(flat.data() + a, b - a); });
  });
  auto filter = median_of([&] {
    kept = 0;
    for (auto word : evaluate_nodes(half, g, alone)) kept += uint64_t(__builtin_popcountll(word));
  });
  std::printf("numeric filter over 10M nodes / sum of the column   goal <= 1.5   measured %.2f   (%.2f ms / %.2f ms, %lu kept)\n", filter / sum,
              filter * 1e3, sum * 1e3, static_cast<unsigned long>(kept));
}

/// The topology pages that `made` does not share with `g`, copied into memory that stays, as theirs does.
std::vector<page_ptr> copy_output(const graph& g, const graph& made) {
  std::vector<page_ptr> copies(made->out.pages.size() * 2);
  auto copy = [&](const topology& old, const topology& fresh, page_ptr* to) {
    tbb::parallel_for(size_t{0}, fresh.pages.size(), [&, to](size_t p) {
      if (!fresh.pages[p] || fresh.pages[p] == old.pages[p]) return;
      auto copied = std::make_shared<page>(fresh.pages[p]->size());
      std::memcpy(copied->data(), fresh.pages[p]->data(), copied->size());
      to[p] = std::move(copied);
    });
  };
  copy(g->out, made->out, copies.data());
  copy(g->in, made->in, copies.data() + made->out.pages.size());
  return copies;
}

void subgraph_against_copy(double share) {
  solo alone;
  graph_loader loader{directed_options()};
  generate_kronecker(20, kronecker_edge_factor, 1,
                     {[&](const column_batch& b) { loader.add_nodes(b); }, [&](const column_batch& b) { loader.add_edges(b); }});
  auto g = finished(loader);
  std::vector<uint64_t> bits((size_t(g->size) + 63) / 64);
  std::mt19937_64 random{2};
  for (int32_t v = 0; v < g->size; ++v)
    if (double(random() >> 11) * 0x1p-53 < share) bits[size_t(v) >> 6] |= uint64_t{1} << (v & 63);
  graph made{};
  auto cut = median_of([&] { made = restrict_to(g, {&bits, nullptr}, alone); });
  std::vector<page_ptr> copies;
  auto copied = median_of([&] { copies = copy_output(g, made); });
  std::printf("induced subgraph of %2.0f%% of %d nodes / copying it   goal <= 2     measured %.2f   (%.1f ms / %.1f ms, %lu of %lu edges)\n", share * 100,
              g->size, cut / copied, cut * 1e3, copied * 1e3, static_cast<unsigned long>(made->total_edges),
              static_cast<unsigned long>(g->total_edges));
}

}  // namespace
}  // namespace gli

int main(int argc, char** argv) {
  tbb::global_control threads{tbb::global_control::max_allowed_parallelism, size_t(argc > 1 ? std::atoi(argv[1]) : 1)};
  gli::filter_against_sum();
  for (double share : {0.9, 0.5}) gli::subgraph_against_copy(share);
}
