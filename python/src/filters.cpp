#include "filters.h"

#include "callbacks.h"
#include "convert.h"
#include "partitions/restrict.h"

namespace gli::python {
namespace {

bool truth(const py::object& answer) {
  auto x = PyObject_IsTrue(answer.ptr());
  if (x < 0) throw py::error_already_set{};
  return x;
}

bool bit(const std::vector<uint64_t>& bits, size_t i) { return bits[i >> 6] >> (i & 63) & 1; }
void set(std::vector<uint64_t>& bits, size_t i) { bits[i >> 6] |= uint64_t{1} << (i & 63); }

}  // namespace

node_bits nodes_where(const graph& g, const py::object& filter, const node_bits* among) {
  node_bits kept((size_t(g->size) + 63) / 64);
  for (int32_t v = 0; v < g->size; ++v)
    if (g->live(v) && (!among || bit(*among, size_t(v))))
      if (truth(filter(to_object(node_key(g, v)), to_dict(node_attributes(g, v))))) set(kept, size_t(v));
  return kept;
}

edge_bits edges_where(const graph& g, const py::object& filter, const node_bits* nodes, const edge_bits* among) {
  edge_bits kept(g->out.directory.size());
  auto stays = [&](int32_t v) { return g->live(v) && (!nodes || bit(*nodes, size_t(v))); };
  for (size_t p = 0; p < kept.size(); ++p) kept[p].resize((g->out.directory[p]->edges + 63) / 64);
  for (int32_t v = 0; v < g->size; ++v) {
    auto p = size_t(v) >> vertices_per_page_bits;
    uint32_t slot = 0;
    auto row = g->out.directory[p]->off[v & (vertices_per_page - 1)];
    for (auto u : g->out_of(v)) {
      if (stays(v) && stays(u) && (!among || bit((*among)[p], row)) &&
          truth(filter(to_object(node_key(g, v)), to_object(node_key(g, u)), to_dict(edge_attributes(g, v, slot)))))
        set(kept[p], row);
      ++slot;
      ++row;
    }
  }
  return kept;
}

graph filter_rows(const graph& g, const py::object& nodes, const py::object& edges) {
  node_bits of_nodes;
  edge_bits of_edges;
  kept_elements kept;
  if (!nodes.is_none()) {
    of_nodes = nodes_where(g, nodes, nullptr);
    kept.nodes = &of_nodes;
  }
  if (!edges.is_none()) {
    of_edges = edges_where(g, edges, kept.nodes, nullptr);
    kept.edges = &of_edges;
  }
  return without_gil([&] {
    solo alone;
    return restrict_to(g, kept, alone);
  });
}

}  // namespace gli::python
