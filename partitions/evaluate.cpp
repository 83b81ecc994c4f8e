#include "partitions/evaluate.h"

#include <algorithm>

#include "partitions/evaluate_lanes.h"
#include "partitions/parallel.h"
#include "partitions/together.h"

namespace gli {
namespace {

/// Partitions fail together, for the same reason.
void settle_faults(const filter_plan& p, const std::atomic<uint32_t>& fault, communicator& all) {
  uint64_t worst = fault.load();
  all.all_reduce({&worst, 1}, reduction::max);
  if (worst > 0) throw p.faults[size_t(worst) - 1];
}

/// Blocks begin at multiples of 64 rows, so that no two threads share a word.
template <class F>
void each_block(int64_t rows, F&& f) {
  static_assert(rows_per_block % 64 == 0 && rows_per_page % rows_per_block == 0);
  parallel_ranges((rows + rows_per_block - 1) / rows_per_block, 1, [&](int64_t b, int64_t end) {
    for (; b < end; ++b) f(b * rows_per_block, std::min(rows_per_block, rows - b * rows_per_block));
  });
}

/// Calls f(first, rows) for each run of live nodes in a block.
template <class F>
void each_live_run(const row_block& block, F&& f) {
  auto& g = *block.g;
  if (g->removed.empty()) return f(block.first, block.rows);
  for (int64_t i = 0, end; i < block.rows; i = end + 1) {
    for (end = i; end < block.rows && g->live(block.node(end)); ++end) {}
    if (end > i) f(block.first + i, end - i);
  }
}

/// Truth of a block of nodes. Those that are removed may be true; what they would do wrong is no fault.
row_bits filter_live(const plan& root, const row_block& block, std::atomic<uint32_t>& fault) {
  auto& g = *block.g;
  if (g->removed.empty()) return filter_block(root, block, fault);
  std::atomic<uint32_t> found{0};
  auto truth = filter_block(root, block, found);
  if (found) each_live_run(block, [&](int64_t first, int64_t rows) { filter_block(root, {block.g, block.of, block.page, first, rows}, fault); });
  return truth;
}

/// The sources of an out-page's edges, from row `first` on.
void fill_sources(const topology_page& p, int64_t page, int64_t first, std::vector<int32_t>& sources) {
  auto k = std::upper_bound(p.off, p.off + vertices_per_page + 1, uint32_t(first)) - p.off - 1;
  for (size_t i = 0; i < sources.size(); ++i) {
    while (p.off[k + 1] <= size_t(first) + i) ++k;
    sources[i] = int32_t((page << vertices_per_page_bits) + k);
  }
}

}  // namespace

std::vector<uint64_t> evaluate_nodes(const expression& e, const graph& g, communicator& all) {
  auto made = make_plan(e, element::node, g, agree_on_schema(g, all));
  std::atomic<uint32_t> fault{0};
  std::vector<uint64_t> bits(words_for(g->size));
  each_block(g->size, [&](int64_t first, int64_t rows) {
    row_block block{&g, element::node, first >> rows_per_page_bits, first & (rows_per_page - 1), rows};
    auto truth = filter_live(made.root, block, fault);
    std::copy(truth.begin(), truth.end(), bits.begin() + (first >> 6));
  });
  settle_faults(made, fault, all);
  for (size_t i = 0; i < std::min(bits.size(), g->removed.size()); ++i) bits[i] &= ~g->removed[i];
  return bits;
}

std::vector<std::vector<uint64_t>> evaluate_edges(const expression& e, const graph& g, communicator& all) {
  auto made = make_plan(e, element::edge, g, agree_on_schema(g, all));
  std::atomic<uint32_t> fault{0};
  std::vector<std::vector<uint64_t>> bits(size_t(pages_of(g->size)));
  parallel_ranges(int64_t(bits.size()), 1, [&](int64_t page, int64_t last) {
    for (; page < last; ++page) {
      auto& out = *g->out.directory[size_t(page)];
      auto& words = bits[size_t(page)];
      words.resize(words_for(int64_t(out.edges)));
      each_block(int64_t(out.edges), [&](int64_t first, int64_t rows) {
        std::vector<int32_t> sources(static_cast<size_t>(rows));
        fill_sources(out, page, first, sources);
        row_block block{&g, element::edge, page, first, rows, sources.data(), out.neighbor + first};
        auto truth = filter_block(made.root, block, fault);
        std::copy(truth.begin(), truth.end(), words.begin() + (first >> 6));
      });
    }
  });
  settle_faults(made, fault, all);
  return bits;
}

node_expression::node_expression(const expression& e, const std::vector<operation>& known, const graph& g, const graph_schema& schema)
    : text_{to_string(e)}, plan_{make_number_plan(e, known, g, schema)}, g_{g} {}

void node_expression::evaluate(const double* state, const double* gathered, std::vector<double>& to, communicator& all) const {
  std::atomic<uint32_t> fault{0};
  std::atomic<int32_t> missing{-1};
  each_block(g_->size, [&](int64_t begin, int64_t count) {
    row_block block{&g_, element::node, begin >> rows_per_page_bits, begin & (rows_per_page - 1), count, nullptr, nullptr, state, gathered};
    each_live_run(block, [&](int64_t first, int64_t rows) {
      auto run = block;
      run.first = first;
      run.rows = rows;
      auto without = number_block(plan_.root, run, fault, to.data() + run.node(0));
      if (without >= 0) missing = run.node(without);
    });
  });
  settle_faults(plan_, fault, all);
  together(all, [&] {
    if (missing >= 0) throw failure{errc::value, text_ + " is null for node " + to_string(node_key(g_, missing))};
  });
}

}  // namespace gli
