#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "loading.h"
#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/loaders/metis.h"
#include "partitions/loaders/source_share.h"
#include "runtime/error.h"
#include "runtime/tls_bridge.h"

namespace gli::python {
namespace {

class loader_target final : public row_target {
 public:
  loader_target(bool directed, bool multi, const std::string& keys, bool endpoints_must_exist, std::string origin,
                const std::string& duplicates, int32_t most_nodes)
      : loader_{load_options{.kind = kind_from(directed, multi, keys),
                             .endpoints_must_exist = endpoints_must_exist,
                             .origin = std::move(origin),
                             .duplicates = duplicates_from(duplicates),
                             .most_nodes = most_nodes}} {}
  void add_nodes(const column_batch& rows) override { loader_.add_nodes(rows); }
  void add_edges(const column_batch& rows) override { loader_.add_edges(rows); }
  void add_edges(const column& keys, std::span<const int32_t> from, std::span<const int32_t> to) override {
    loader_.add_edges(keys, from, to);
  }

  py::tuple finish(py::object progress) {
    reporter report{std::move(progress)};
    embedded alone{report};
    load_report counts;
    auto g = without_gil([&] { return loader_.finish(alone, counts); });
    py::dict result;
    result["nodes"] = counts.nodes;
    result["edges"] = counts.edges;
    result["duplicate_nodes"] = counts.duplicate_nodes;
    result["duplicate_edges"] = counts.duplicate_edges;
    result["lost_nodes"] = counts.lost_nodes;
    result["lost_edges"] = counts.lost_edges;
    return py::make_tuple(std::move(g), result);
  }

 private:
  graph_loader loader_;
};

void add_node_stream(row_target& to, const py::object& stream) {
  for_each_batch(stream, [&](const column_batch& rows) { to.add_nodes(rows); });
}

void add_edge_stream(row_target& to, const py::object& stream) {
  for_each_batch(stream, [&](const column_batch& rows) { to.add_edges(rows); });
}

text_options options_from(const py::dict& d) {
  auto o = text_options_of(source_from("", d), key_type_from(d["keys"].cast<std::string>()));
  if (d.contains("known_ids") && !d["known_ids"].is_none()) o.known = d["known_ids"].cast<std::shared_ptr<known_ids>>();
  return o;
}

py::list names_of(const std::vector<column_type>& types) {
  py::list names;
  for (auto t : types) names.append(t == column_type::int64 ? "int64" : t == column_type::float64 ? "float64" : "str");
  return names;
}

/// Into a dict: "rows", "skipped" and "lines", the first of them as (line, what).
void tell(const text_report& report, const py::object& to) {
  if (to.is_none()) return;
  py::list lines;
  for (auto& bad : report.first_skipped) lines.append(py::make_tuple(bad.line, bad.what));
  to["rows"] = report.rows;
  to["skipped"] = report.skipped;
  to["lines"] = lines;
}

/// With their negated mirrors, as the other half of a skew-symmetric matrix.
batch_sink mirrored(batch_sink sink) {
  auto edges = std::move(sink.edges);
  sink.edges = [edges = std::move(edges)](const column_batch& rows) {
    edges(rows);
    edges(negated_mirror(rows));
  };
  return sink;
}

/// Whose nodes' ids are noted too.
batch_sink noting(batch_sink sink, known_ids& ids) {
  auto nodes = std::move(sink.nodes);
  sink.nodes = [nodes = std::move(nodes), &ids](const column_batch& rows) {
    nodes(rows);
    ids.add(rows);
  };
  return sink;
}

/// None; or, when a guess did not hold, the options to begin again with.
template <class Read>
py::object read_text(Read read, const py::dict& options, row_target& to, py::object progress, const py::object& report_to) {
  auto o = options_from(options);
  auto sink = options.contains("negated_mirrors") && options["negated_mirrors"].cast<bool>() ? mirrored(to.sink()) : to.sink();
  text_report found;
  reporter report{std::move(progress)};
  py::dict again;
  try {
    without_gil([&] { read(o, sink, [&](uint64_t done, uint64_t total) { report("read", done, total); }, &found); });
    tell(found, report_to);
    return py::none();
  } catch (const keys_are_text&) {
    again["keys"] = "str";
  } catch (const columns_changed& changed) {
    again["types"] = names_of(changed.types);
    again["types_may_widen"] = true;
  }
  return again;
}

/// As read_node_text, of int64 ids; notes them in `ids`.
py::object read_known_nodes(const py::dict& options, row_target& to, py::object progress, const py::object& report, known_ids& ids) {
  auto read = [&](const text_options& o, const batch_sink& sink, const std::function<void(uint64_t, uint64_t)>& told, text_report* found) {
    read_node_text(o, noting(sink, ids), told, found);
    ids.settle();
  };
  return read_text(read, options, to, std::move(progress), report);
}

void read_metis(const std::string& path, bool skip_bad_lines, row_target& to, py::object progress, const py::object& report_to) {
  reporter report{std::move(progress)};
  text_report found;
  without_gil([&] {
    read_metis_text(path, skip_bad_lines, to.sink(), [&](uint64_t done, uint64_t total) { report("read", done, total); }, &found);
  });
  tell(found, report_to);
}

void gap_edges_of(const std::string& path, bool weighted, row_target& to, py::object progress) {
  reporter report{std::move(progress)};
  without_gil([&] {
    read_gap_edges(path, weighted, [&](uint64_t done, uint64_t total) { report("read", done, total); }, [&](const column_batch& rows) { to.add_edges(rows); });
  });
}

void kronecker(int scale, int edge_factor, uint64_t seed, row_target& to, py::object progress) {
  reporter report{std::move(progress)};
  uint64_t sent = 0, total = uint64_t(edge_factor) << scale;
  batch_sink sink{{}, [&](const column_batch& rows) {
                    to.add_edges(rows);
                    report("generate", sent += uint64_t(rows.rows), total);
                  }};
  without_gil([&] { generate_kronecker(scale, edge_factor, seed, sink); });
}

std::vector<int32_t> sources_of_gap(int32_t nodes, int count, const py::function& has_edges) {
  if (nodes < 1) throw failure{errc::value, "a graph without nodes has none to begin from"};
  gap_sources sources{nodes, [&](int32_t v) { return has_edges(v).cast<bool>(); }};
  std::vector<int32_t> drawn;
  for (int i = 0; i < count; ++i) drawn.push_back(sources.next());
  return drawn;
}

worker_info worker_from(const py::dict& d) {
  worker_info w;
  w.worker = d["worker"].cast<uint32_t>();
  w.partition = d["partition"].cast<uint32_t>();
  w.address = d["address"].cast<std::string>();
  return w;
}

std::unique_ptr<scatter_target> make_scatter(const py::list& workers, std::string cluster, handle load, bool directed, bool multi,
                                             const std::string& keys, std::shared_ptr<tls_bridge> bridge) {
  std::vector<worker_info> all;
  for (auto w : workers) all.push_back(worker_from(py::reinterpret_borrow<py::dict>(w)));
  auto kind = kind_from(directed, multi, keys);
  return without_gil([&] { return std::make_unique<scatter_target>(std::move(all), std::move(cluster), load, kind, std::move(bridge)); });
}

}  // namespace

graph_kind kind_from(bool directed, bool multi, const std::string& keys) {
  return {.directed = directed, .multi = multi, .keys = key_type_from(keys)};
}

row_source source_from(std::string what, const py::dict& options) {
  row_source source{std::move(what), {}, {}};
  for (auto [key, x] : options) {
    auto name = key.cast<std::string>();
    if (name == "path") {
      source.path = x.cast<std::string>();
    } else if (py::isinstance<py::list>(x)) {
      size_t i = 0;
      for (auto item : x) source.format[name + "." + std::to_string(i++)] = item.cast<std::string>();
    } else if (!x.is_none() && !py::isinstance<known_ids>(x)) {
      source.format[name] = value_from(x);
    }
  }
  return source;
}

void bind_loading(py::module_& m) {
  py::class_<row_target>(m, "RowTarget", "Where loaded rows go.")
      .def("add_nodes", &add_node_stream, py::arg("stream"))
      .def("add_edges", &add_edge_stream, py::arg("stream"));
  py::class_<loader_target, row_target>(m, "Loader", "Rows to a graph in this process.")
      .def(py::init<bool, bool, const std::string&, bool, std::string, const std::string&, int32_t>(), py::arg("directed"),
           py::arg("multi"), py::arg("keys"), py::arg("endpoints_must_exist"), py::arg("origin"), py::arg("duplicates") = "first",
           py::arg("most_nodes") = INT32_MAX)
      .def("finish", &loader_target::finish, py::arg("progress") = py::none());
  py::class_<scatter_target, row_target>(m, "Scatter", "Rows to the workers that own them.")
      .def(py::init(&make_scatter), py::arg("workers"), py::arg("cluster"), py::arg("load"), py::arg("directed"), py::arg("multi"),
           py::arg("keys"), py::arg("bridge") = py::none())
      .def("finish", [](scatter_target& s) { without_gil([&] { s.finish(); }); })
      .def("abort", [](scatter_target& s) { without_gil([&] { s.abort(); }); });
  for (auto [name, read] : {std::pair{"read_edge_text", &read_edge_text}, std::pair{"read_node_text", &read_node_text}})
    m.def(
        name,
        [read = read](const py::dict& o, row_target& to, py::object progress, const py::object& report) {
          return read_text(read, o, to, std::move(progress), report);
        },
        py::arg("options"), py::arg("target"), py::arg("progress") = py::none(), py::arg("report") = py::none());
  py::class_<known_ids, std::shared_ptr<known_ids>>(m, "KnownIds", "The int64 ids of a file of nodes.").def(py::init<>());
  m.def("read_known_nodes", &read_known_nodes, py::arg("options"), py::arg("target"), py::arg("progress"), py::arg("report"), py::arg("ids"));
  m.def("read_metis_text", &read_metis, py::arg("path"), py::arg("skip_bad_lines"), py::arg("target"), py::arg("progress") = py::none(),
        py::arg("report") = py::none());
  m.def("read_gap_edges", &gap_edges_of, py::arg("path"), py::arg("weighted"), py::arg("target"), py::arg("progress") = py::none());
  m.def("generate_kronecker", &kronecker, py::arg("scale"), py::arg("edge_factor"), py::arg("seed"), py::arg("target"),
        py::arg("progress") = py::none());
  m.def("gap_sources", &sources_of_gap, py::arg("nodes"), py::arg("count"), py::arg("has_edges"),
        "The nodes that the GAP Benchmark Suite's programs begin from, of those for which has_edges(node) holds, which it must for some.");
  m.attr("most_gap_scale") = most_gap_scale;
}

}  // namespace gli::python
