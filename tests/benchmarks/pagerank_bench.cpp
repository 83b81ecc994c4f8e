// 20 rounds of PageRank on an undirected Kronecker graph: ours (paged graph, u64 fixed point, same bytes on any number of threads) against
// a flat CSR loop over float32 shares with the same threads. Prints both medians and the ratio. Arguments: scale (20), repetitions (5).

#include <tbb/parallel_for.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "partitions/algorithms/pagerank.h"
#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/run.h"

namespace {

using namespace gli;

constexpr uint64_t rounds = 20;

graph kronecker(int scale) {
  load_options options;
  options.kind = {false, false, key_type::int64, key_type::none};
  graph_loader loader{options};
  generate_kronecker(scale, kronecker_edge_factor, 1,
                     {[&](const column_batch& b) { loader.add_nodes(b); }, [&](const column_batch& b) { loader.add_edges(b); }});
  load_report report;
  solo all;
  return loader.finish(all, report);
}

struct flat_csr {
  std::vector<uint64_t> off{0};
  std::vector<int32_t> neighbor;
};

flat_csr flatten(const graph_view& g) {
  flat_csr flat;
  for (int32_t v = 0; v < g.size(); ++v) {
    g.for_each_forward(v, [&](int32_t u) { flat.neighbor.push_back(u); });
    flat.off.push_back(flat.neighbor.size());
  }
  return flat;
}

/// GAP's pr_spmv, with shares of either width. All nodes of a Kronecker load have edges.
template <class Real>
std::vector<Real> flat_pagerank(const flat_csr& g) {
  auto n = g.off.size() - 1;
  constexpr Real alpha = Real(0.85);
  auto base = (1 - alpha) / Real(n);
  std::vector<Real> rank(n, 1 / Real(n)), share(n);
  for (uint64_t r = 0; r < rounds; ++r) {
    tbb::parallel_for(size_t{0}, n, [&](size_t v) { share[v] = rank[v] / Real(g.off[v + 1] - g.off[v]); });
    tbb::parallel_for(tbb::blocked_range<size_t>{0, n, 1024}, [&](auto& range) {
      for (auto v = range.begin(); v < range.end(); ++v) {
        Real sum = 0;
        for (auto e = g.off[v]; e < g.off[v + 1]; ++e) sum += share[size_t(g.neighbor[e])];
        rank[v] = base + alpha * sum;
      }
    });
  }
  return rank;
}

template <class F>
double seconds(F&& f) {
  auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + ptrdiff_t(x.size() / 2), x.end());
  return x[x.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  int scale = argc > 1 ? std::atoi(argv[1]) : 20, repetitions = argc > 2 ? std::atoi(argv[2]) : 5;
  auto g = kronecker(scale);
  graph_view view{g};
  auto flat = flatten(view);
  std::printf("kronecker %d: %d nodes, %llu edges\n", scale, view.size(), static_cast<unsigned long long>(view.total_edges()));
  std::vector<double> paged_times, single_times, double_times;
  for (int i = 0; i < repetitions; ++i) {
    paged_times.push_back(seconds([&] {
      pagerank<grid_ranks> a;
      a.iterations = rounds;
      solo all;
      run_rounds(a, view, all);
    }));
    single_times.push_back(seconds([&] { flat_pagerank<float>(flat); }));
    double_times.push_back(seconds([&] { flat_pagerank<double>(flat); }));
  }
  auto paged = median(paged_times), narrow = median(single_times), wide = median(double_times);
  std::printf("pagerank, %d rounds: paged u64 %.3f s\n", int(rounds), paged);
  std::printf("  flat CSR float32 %.3f s, ratio %.2f\n  flat CSR float64 %.3f s, ratio %.2f\n", narrow, paged / narrow, wide, paged / wide);
}
