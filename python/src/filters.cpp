#include "filters.h"

#include "callbacks.h"
#include "convert.h"

namespace gli::python {
namespace {

using mask = std::vector<char>;

bool truth(const py::object& answer) {
  auto x = PyObject_IsTrue(answer.ptr());
  if (x < 0) throw py::error_already_set{};
  return x;
}

mask kept_nodes(const graph& g, const py::object& filter) {
  mask keep(size_t(g->size), 0);
  for (int32_t v = 0; v < g->size; ++v)
    if (g->live(v)) keep[size_t(v)] = truth(filter(to_object(node_key(g, v)), to_dict(node_attributes(g, v))));
  return keep;
}

/// By out slot: first[v] is where the slots of v begin.
struct edge_mask {
  std::vector<size_t> first;
  mask keep;
};

edge_mask kept_edges(const graph& g, const py::object& filter, const mask& nodes) {
  edge_mask result;
  auto stays = [&](int32_t v) { return g->live(v) && (nodes.empty() || nodes[size_t(v)]); };
  for (int32_t v = 0; v < g->size; ++v) {
    result.first.push_back(result.keep.size());
    uint32_t slot = 0;
    for (auto u : g->out_of(v)) {
      auto wanted = stays(v) && stays(u);
      result.keep.push_back(wanted &&
                            truth(filter(to_object(node_key(g, v)), to_object(node_key(g, u)), to_dict(edge_attributes(g, v, slot)))));
      ++slot;
    }
  }
  return result;
}

}  // namespace

graph filter_rows(const graph& g, const py::object& nodes, const py::object& edges) {
  std::function<bool(int32_t)> keep_node;
  std::function<bool(int32_t, uint32_t, int32_t)> keep_edge;
  mask of_nodes;
  edge_mask of_edges;
  if (!nodes.is_none()) {
    of_nodes = kept_nodes(g, nodes);
    keep_node = [&](int32_t v) { return of_nodes[size_t(v)] != 0; };
  }
  if (!edges.is_none()) {
    of_edges = kept_edges(g, edges, of_nodes);
    keep_edge = [&](int32_t v, uint32_t slot, int32_t) { return of_edges.keep[of_edges.first[size_t(v)] + slot] != 0; };
  }
  return without_gil([&] {
    solo alone;
    return restrict_to(g, keep_node, keep_edge, alone);
  });
}

}  // namespace gli::python
