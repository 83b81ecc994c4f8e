#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "merging.h"
#include "partitions/compare.h"
#include "partitions/merge.h"
#include "runtime/error.h"
#include "version_type.h"

namespace gli::python {
namespace {

constexpr const char* element_name[] = {"node", "edge", "graph"};

py::object shown(const std::optional<value>& v) { return v ? to_object(*v) : py::none(); }

/// resolve(described) answers as choice_from takes it.
py::object merged(py::handle base, py::handle ours, py::handle theirs, const py::function& resolve) {
  auto a = version_from(base), b = version_from(ours), c = version_from(theirs);
  auto made = without_gil([&] {
    std::vector<merge_conflict> conflicts;
    return merge(a, b, c, [&](const merge_conflict& conflict) {
      py::gil_scoped_acquire gil;
      return choice_from(resolve(described(conflict)));
    }, conflicts);
  });
  return graph_from(py::type::of(ours), std::move(made));
}

py::dict count_changes_since(py::handle newer, py::handle older) {
  auto now = version_from(newer), before = version_from(older);
  return to_dict(without_gil([&] { return count_changes(before, now); }));
}

batches differences(py::handle newer, py::handle older, int64_t limit) {
  auto now = version_from(newer), before = version_from(older);
  return without_gil([&] { return batches{{list_differences(before, now, limit)}}; });
}

}  // namespace

py::tuple described(const merge_conflict& c) {
  py::object name = py::none();
  if (c.of == merge_conflict::element::node) name = to_object(c.node);
  if (c.of == merge_conflict::element::edge)
    name = py::make_tuple(to_object(c.node), to_object(c.target));
  if (c.edge_key) name = name + py::make_tuple(to_object(*c.edge_key));
  if (!c.attribute) return py::make_tuple(element_name[int(c.of)], name, py::none(), true, c.in_ours, c.in_theirs);
  return py::make_tuple(element_name[int(c.of)], name, *c.attribute, shown(c.base), shown(c.ours), shown(c.theirs));
}

merge_choice choice_from(py::handle answer) {
  if (py::isinstance<py::tuple>(answer)) return {merge_choice::side::ours, value_from(answer[py::int_{0}])};
  auto text = answer.cast<std::string>();
  if (text != "ours" && text != "theirs") throw failure{errc::internal, "a conflict is resolved by ours or theirs, not " + text};
  return {text == "ours" ? merge_choice::side::ours : merge_choice::side::theirs, {}};
}

void bind_merge(py::module_& m) {
  m.def("merge", &merged, py::arg("base"), py::arg("ours"), py::arg("theirs"), py::arg("resolve"));
  m.def("count_changes", &count_changes_since, py::arg("newer"), py::arg("older"));
  m.def("differences", &differences, py::arg("newer"), py::arg("older"), py::arg("limit"));
}

}  // namespace gli::python
