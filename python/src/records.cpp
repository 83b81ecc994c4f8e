#include "records.h"

#include "convert.h"
#include "merging.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

template <class Records>
py::list to_list(const Records& records) {
  py::list result;
  for (auto& r : records) result.append(to_dict(r));
  return result;
}

/// Text that may hold what is no UTF-8: lines that a job wrote.
py::str replaced(const std::string& text) {
  return py::reinterpret_steal<py::str>(PyUnicode_DecodeUTF8(text.data(), Py_ssize_t(text.size()), "replace"));
}

py::list told(const std::vector<merge_conflict>& conflicts) {
  py::list all;
  for (auto& c : conflicts) all.append(described(c));
  return all;
}

struct object_of {
  py::object operator()(const failure_note& f) const { throw failure{f.code, f.message}; }
  py::object operator()(const done&) const { return py::none(); }
  py::object operator()(const status_report& s) const {
    py::dict result;
    result["workers"] = to_list(s.workers);
    result["partitions"] = s.partitions;
    result["cluster"] = s.cluster;
    result["epoch"] = s.epoch;
    result["log"] = s.log;
    result["failed"] = to_list(s.failed);
    result["submitted"] = to_list(s.submitted);
    result["calls"] = to_list(s.calls);
    result["drivers"] = s.drivers;
    return result;
  }
  py::object operator()(const load_begun& l) const {
    py::dict result;
    result["load"] = l.load;
    result["workers"] = to_list(l.workers);
    return result;
  }
  py::object operator()(const job_reply& j) const {
    py::list partitions;
    for (auto& p : j.partitions) {
      auto answer = to_dict(p.summary);
      if (!p.conflicts.empty()) answer["told"] = told(p.conflicts);
      partitions.append(std::move(answer));
    }
    py::dict result;
    result["output"] = j.output;
    result["partitions"] = partitions;
    return result;
  }
  py::object operator()(const std::vector<commit_info>& commits) const { return to_list(commits); }
  py::object operator()(const std::vector<submitted_job>& all) const { return to_list(all); }
  py::object operator()(const job_piece& p) const { return py::make_tuple(p.offset, py::bytes(p.bytes), p.last); }
};

}  // namespace

py::dict to_dict(const worker_info& w) {
  py::dict result;
  result["worker"] = w.worker;
  result["partition"] = w.partition;
  result["pid"] = w.pid;
  result["host"] = w.host;
  result["address"] = w.address;
  result["state"] = w.state;
  result["last_error"] = w.last_error;
  result["host_id"] = w.host_id;
  result["tls_address"] = w.tls_address;
  result["cores"] = w.cores;
  result["numa_node"] = w.numa_node;
  result["memory_limit"] = w.memory_limit;
  result["memory"] = w.memory;
  result["sent"] = w.sent;
  result["received"] = w.received;
  return result;
}

py::dict to_dict(const failed_job& f) {
  py::dict result;
  result["call"] = f.id;
  result["what"] = f.what;
  result["error"] = f.why.message;
  result["time"] = f.time;
  return result;
}

py::dict to_dict(const call_info& c) {
  py::dict result;
  result["call"] = c.id;
  result["what"] = c.what;
  result["driver"] = c.driver;
  result["since"] = c.since;
  result["started"] = c.started;
  result["step"] = c.step;
  result["done"] = c.done;
  result["total"] = c.total;
  result["detail"] = c.detail;
  result["bytes"] = c.bytes;
  return result;
}

py::dict to_dict(const submitted_job& j) {
  auto when = [](int64_t microseconds) { return microseconds == 0 ? py::object{py::none()} : py::object{py::float_(double(microseconds) / 1e6)}; };
  py::dict result;
  result["id"] = j.id;
  result["name"] = replaced(j.name);
  result["kind"] = j.what == submission::kind::script ? "script" : "function";
  result["state"] = name_of(j.state);
  result["detached"] = j.detached;
  result["pid"] = j.pid;
  result["submitted"] = when(j.submitted);
  result["started"] = when(j.started);
  result["ended"] = when(j.ended);
  result["exit_status"] = j.exit_status < 0 ? py::object{py::none()} : py::object{py::int_(j.exit_status)};
  result["error"] = replaced(j.error);
  result["result_bytes"] = j.result_bytes;
  return result;
}

py::dict to_dict(const result_info& r) {
  py::dict result;
  result["algorithm"] = r.algorithm;
  result["version"] = r.version;
  result["arguments"] = to_dict(r.arguments);
  return result;
}

py::dict to_dict(const commit_info& c) {
  py::dict result;
  result["id"] = c.id;
  result["graph_id"] = c.graph_id;
  result["parents"] = c.parents;
  result["message"] = c.message;
  result["author"] = c.author;
  result["time"] = c.time;
  result["nodes"] = c.nodes;
  result["edges"] = c.edges;
  result["results"] = to_list(c.results);
  return result;
}

py::object to_object(const reply& r) { return std::visit(object_of{}, r); }

}  // namespace gli::python
