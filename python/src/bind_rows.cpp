#include <bit>

#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "filters.h"
#include "partitions/evaluate.h"
#include "partitions/row_table.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

/// Rows of a graph that conditions choose, all of them looking at the whole graph. Constant once made.
class rows {
 public:
  rows(const graph& g, bool edges, const py::iterable& conditions) : g_{g}, edges_{edges} {
    std::vector<py::object> functions;
    for (auto c : conditions) {
      if (!py::isinstance<py::tuple>(c)) functions.push_back(py::reinterpret_borrow<py::object>(c));
      else narrow(expression_from(c));
    }
    for (auto& f : functions) narrow(f);
  }

  uint64_t count() const {
    if (edge_bits_) {
      uint64_t all = 0;
      for (auto& page : *edge_bits_) all += count_of(page);
      return all;
    }
    if (node_bits_) return count_of(*node_bits_);
    return edges_ ? g_->total_edges : g_->total_nodes;
  }

  batches table(int64_t offset, int64_t limit, const std::optional<std::set<std::string>>& names) const {
    wanted_rows wanted{{offset, limit}, names};
    return without_gil([&] {
      batches made;
      made.table = edges_ ? edge_table(g_, edge_bits_ ? &*edge_bits_ : nullptr, wanted)
                          : node_table(g_, node_bits_ ? &*node_bits_ : nullptr, wanted);
      return made;
    });
  }

  bool has_node(py::handle k) const {
    auto v = find_node(g_, key_from(k));
    return v && (!node_bits_ || ((*node_bits_)[size_t(*v) >> 6] >> (*v & 63) & 1));
  }

 private:
  static uint64_t count_of(const std::vector<uint64_t>& bits) {
    uint64_t all = 0;
    for (auto word : bits) all += uint64_t(std::popcount(word));
    return all;
  }

  static void intersect(std::vector<uint64_t>& bits, const std::vector<uint64_t>& others) {
    for (size_t w = 0; w < bits.size(); ++w) bits[w] &= others[w];
  }

  void narrow(const expression& e) {
    without_gil([&] {
      solo alone;
      if (edges_) {
        auto chosen = evaluate_edges(e, g_, alone);
        for (size_t p = 0; edge_bits_ && p < chosen.size(); ++p) intersect(chosen[p], (*edge_bits_)[p]);
        edge_bits_ = std::move(chosen);
      } else {
        auto chosen = evaluate_nodes(e, g_, alone);
        if (node_bits_) intersect(chosen, *node_bits_);
        node_bits_ = std::move(chosen);
      }
    });
  }

  void narrow(const py::object& function) {
    if (edges_) edge_bits_ = edges_where(g_, function, nullptr, edge_bits_ ? &*edge_bits_ : nullptr);
    else node_bits_ = nodes_where(g_, function, node_bits_ ? &*node_bits_ : nullptr);
  }

  graph g_;
  bool edges_;
  std::optional<node_bits> node_bits_;
  std::optional<edge_bits> edge_bits_;
};

std::optional<std::set<std::string>> names_from(const py::object& names) {
  if (names.is_none()) return {};
  std::set<std::string> all;
  for (auto n : names) all.insert(n.cast<std::string>());
  return all;
}

}  // namespace

void bind_rows(py::module_& m) {
  py::class_<rows>(m, "Rows", "Rows of a graph that conditions choose.")
      .def(py::init([](const graph& g, bool edges, const py::iterable& conditions) { return rows{g, edges, conditions}; }), py::arg("graph"),
           py::arg("edges"), py::arg("conditions"))
      .def_property_readonly("count", &rows::count)
      .def(
          "table",
          [](const rows& r, int64_t offset, int64_t limit, const py::object& names) { return r.table(offset, limit, names_from(names)); },
          py::arg("offset"), py::arg("limit"), py::arg("names") = py::none())
      .def("has_node", &rows::has_node, py::arg("key"));
}

}  // namespace gli::python
