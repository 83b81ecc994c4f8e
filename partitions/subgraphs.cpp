#include "partitions/subgraphs.h"

#include "partitions/algorithms/spanning_forest.h"
#include "partitions/algorithms/truss.h"
#include "partitions/interruption.h"
#include "partitions/restrict.h"
#include "runtime/error.h"

namespace gli {
namespace {

void check_whole(const graph& g, const char* what) {
  if (g->partitions > 1) throw failure{errc::not_implemented, std::string{what} + " is of whole graphs: not of one on several partitions"};
}

/// Bits by out-page, by row of the page.
class edge_bits {
 public:
  explicit edge_bits(const graph& g) : g_{g} {
    for (auto page : g->out.directory) bits_.emplace_back((page->edges + 63) / 64);
  }
  void set(int32_t source, uint32_t slot) {
    auto page = size_t(source) >> vertices_per_page_bits;
    auto row = g_->out.directory[page]->off[source & (vertices_per_page - 1)] + slot;
    bits_[page][row >> 6] |= uint64_t{1} << (row & 63);
  }
  const std::vector<std::vector<uint64_t>>& bits() const { return bits_; }

 private:
  const graph& g_;
  std::vector<std::vector<uint64_t>> bits_;
};

}  // namespace

graph k_truss(const graph& g, uint64_t k, communicator& all) {
  check_whole(g, "k_truss");
  interruption stop{all};
  all.progress("k_truss", 0, 0);
  graph_view view{g};
  truss found{view, k};
  edge_bits edges{g};
  std::vector<uint64_t> nodes((size_t(g->size) + 63) / 64);
  for (int32_t v = 0; v < view.size(); ++v) {
    auto out = view.out(v);
    for (uint32_t i = 0; i < out.size(); ++i)
      if (found.has(v, out[i])) edges.set(v, i);
    if (found.has(v)) nodes[size_t(v) >> 6] |= uint64_t{1} << (v & 63);
  }
  return restrict_to(g, kept_elements{&nodes, &edges.bits()}, all);
}

graph spanning_forest(const graph& g, const std::optional<std::string>& weight, communicator& all) {
  check_whole(g, "a spanning tree");
  if (g->kind.directed) throw failure{errc::value, "a spanning tree is of an undirected graph"};
  interruption stop{all};
  all.progress("minimum_spanning_tree", 0, 0);
  graph_view view{g};
  std::optional<edge_weights> weights;
  if (weight) weights = edge_weights::of(g, *weight, false, all);
  edge_bits edges{g};
  spanning_forest_edges{view, weights ? &*weights : nullptr, all}.for_each([&](int32_t source, uint32_t slot) { edges.set(source, slot); });
  return restrict_to(g, kept_elements{nullptr, &edges.bits()}, all);
}

}  // namespace gli
