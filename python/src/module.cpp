#include "bindings.h"

PYBIND11_MODULE(_core, m) {
  using namespace gli::python;
  m.doc() = "GLI's native part; use the package gli.";
  m.attr("__version__") = GLI_VERSION;
  bind_errors(m);
  bind_batches(m);
  bind_graph(m);
  bind_rows(m);
  bind_node_values(m);
  bind_loading(m);
  bind_bulk(m);
  bind_merge(m);
  bind_store(m);
  bind_store_results(m);
  bind_store_space(m);
  bind_programs(m);
  bind_cluster(m);
}
