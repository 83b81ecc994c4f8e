#pragma once
// What a message says, as text: every field of every struct of runtime/codec.h, for tests that compare two.

#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/codec.h"

namespace gli::testing {

struct teller {
  std::string out;

  void operator()(const std::string& s) { out += std::to_string(s.size()) + ":" + s + ";"; }
  void operator()(bool x) { out += x ? "T" : "F"; }
  template <class T> requires std::is_arithmetic_v<T> || std::is_enum_v<T> void operator()(T x) {
    uint64_t bits = 0;
    std::memcpy(&bits, &x, sizeof x);
    out += std::to_string(bits) + ";";
  }
  template <class T> void operator()(const std::vector<T>& v) {
    out += "[";
    for (auto& x : v) (*this)(x);
    out += "]";
  }
  template <class A, class B> void operator()(const std::pair<A, B>& x) { all(x.first, x.second); }
  template <class... T> void operator()(const std::variant<T...>& v) {
    (*this)(v.index());
    std::visit(*this, v);
  }
  template <class T> void operator()(const std::optional<T>& x) {
    out += x ? "+" : "-";
    if (x) (*this)(*x);
  }
  void operator()(const parameters& p) { for (auto& [k, v] : p) (*this)(k), (*this)(v); }
  template <class... T> void all(const T&... x) { (void((*this)(x)), ...); }

  void operator()(std::monostate) {}
  void operator()(const timestamp& x) { all(x.microseconds); }
  void operator()(const binary& x) { all(x.bytes); }
  void operator()(const json& x) { all(x.text); }
  void operator()(const column& x) { all(x.name, x.type, x.length, x.validity, x.values, x.offsets, x.ints); }
  void operator()(const column_batch& x) { all(x.rows, x.columns); }
  void operator()(const expression& x) { all(x.op, x.name, x.literal, x.arguments); }
  void operator()(const graph_kind& x) { all(x.directed, x.multi, x.keys, x.edge_keys); }
  void operator()(const finish_load& x) { all(x.load); }
  void operator()(const run_algorithm& x) { all(x.name, x.arguments); }
  void operator()(const select_elements& x) { all(x.nodes, x.edges); }
  void operator()(const select_by_values& x) { all(x.values, x.low, x.high); }
  void operator()(const assign_values& x) { all(x.values, x.name); }
  void operator()(const resolve_mirrors&) {}
  void operator()(const repartition_graph& x) { all(x.partitioner, x.like); }
  void operator()(const identify&) {}
  void operator()(const write_pages& x) { all(x.store, x.results, x.at); }
  void operator()(const read_pages& x) { all(x.store, x.commit, x.at); }
  void operator()(const read_result& x) { all(x.store, x.commit, x.index, x.kept, x.at); }
  void operator()(const compare_graphs& x) { all(x.newer); }
  void operator()(const edit& x) { all(x.op, x.node, x.target, x.edge_key, x.attributes, x.create_nodes); }
  void operator()(const edit_graph& x) { all(x.edits); }
  void operator()(const add_rows& x) { all(x.rows, x.create_nodes); }
  void operator()(const merge_choice& x) { all(x.take, x.instead); }
  void operator()(const merge_graphs& x) { all(x.base, x.theirs, x.choices, x.otherwise, x.tell); }
  void operator()(const row_source& x) { all(x.what, x.path, x.format); }
  void operator()(const read_sources& x) { all(x.kind, x.endpoints_must_exist, x.origin, x.duplicates, x.sources); }
  void operator()(const program_column& x) { all(x.name, x.type); }
  void operator()(const program_total& x) { all(x.name, x.how); }
  void operator()(const run_program& x) {
    all(x.name, x.state, x.totals, x.message, x.combine, x.over, x.weight, x.max_rounds, x.arguments, x.code, x.python);
  }
  void operator()(const aggregate_neighbors& x) { all(x.initial, x.give, x.update, x.how, x.over, x.weight, x.rounds, x.until); }
  void operator()(const merge_conflict& x) {
    all(x.of, x.node, x.target, x.edge_key, x.attribute, x.base, x.ours, x.theirs, x.in_ours, x.in_theirs);
  }
  void operator()(const job& x) { all(x.id, x.graph, x.output, x.body); }
  void operator()(const job_result& x) { all(x.summary, x.conflicts); }
  void operator()(const query& x) { all(x.name, x.graph, x.values, x.other, x.arguments); }
  void operator()(const hello& x) { 
    all(x.version, x.software, x.what, x.cluster, x.address, x.pid, x.host, x.partition, x.term, x.log);
    all(x.host_id, x.tls_address, x.cores, x.numa_node, x.memory_limit);
  }
  void operator()(const welcome& x) { all(x.version, x.software, x.cluster, x.epoch); }
  void operator()(const failure_note& x) { all(x.code, x.message); }
  void operator()(const worker_info& x) {
    all(x.worker, x.partition, x.pid, x.host, x.address, x.state, x.last_error);
    all(x.host_id, x.tls_address, x.cores, x.numa_node, x.memory_limit, x.memory, x.sent, x.received);
  }
  void operator()(const failed_job& x) { all(x.id, x.what, x.why, x.time); }
  void operator()(const result_info& x) { all(x.algorithm, x.version, x.arguments); }
  void operator()(const commit_info& x) { all(x.id, x.graph_id, x.parents, x.message, x.author, x.time, x.nodes, x.edges, x.results); }
  void operator()(const ping&) {}
  void operator()(const ask_status&) {}
  void operator()(const load_begin& x) { all(x.kind, x.endpoints_must_exist, x.origin, x.duplicates, x.rows_of); }
  void operator()(const release_handles& x) { all(x.handles); }
  void operator()(const commit_graph& x) { all(x.store, x.graph, x.message, x.author, x.branch, x.results, x.seen, x.merged, x.begins_part); }
  void operator()(const ask_history& x) { all(x.store, x.revision, x.limit); }
  void operator()(const checkout& x) { all(x.store, x.revision, x.result, x.graph, x.kept); }
  void operator()(const keep_result& x) { all(x.store, x.revision, x.values); }
  void operator()(const open_store& x) { all(x.path, x.at); }
  void operator()(const shutdown_cluster&) {}
  void operator()(const cancel_request& x) { all(x.sequence); }
  void operator()(const submission& x) { all(x.token, x.name, x.what, x.program, x.arguments, x.directory, x.imports, x.python, x.detached); }
  void operator()(const ask_jobs&) {}
  void operator()(const ask_job& x) { all(x.job, x.wait); }
  void operator()(const ask_job_log& x) { all(x.job, x.offset, x.wait); }
  void operator()(const ask_job_result& x) { all(x.job, x.offset); }
  void operator()(const cancel_job& x) { all(x.job); }
  void operator()(const submitted_job& x) {
    all(x.id, x.name, x.what, x.state, x.detached, x.pid, x.submitted, x.started, x.ended, x.exit_status, x.error, x.result_bytes, x.token);
  }
  void operator()(const job_piece& x) { all(x.offset, x.bytes, x.last); }
  void operator()(const request& x) { all(x.client, x.incarnation, x.body); }
  void operator()(const done&) {}
  void operator()(const status_report& x) { all(x.workers, x.partitions, x.cluster, x.epoch, x.log, x.failed, x.submitted, x.calls, x.drivers); }
  void operator()(const call_info& x) { all(x.id, x.what, x.driver, x.since, x.started, x.step, x.done, x.total, x.detail, x.bytes); }
  void operator()(const load_begun& x) { all(x.load, x.workers); }
  void operator()(const job_reply& x) { all(x.output, x.partitions); }
  void operator()(const progress_note& x) { all(x.what, x.done, x.total, x.detail, x.bytes); }
  void operator()(const load_batch& x) { all(x.load, x.part, x.rows); }
};

template <class T>
std::string tell(const T& x) {
  teller t;
  t(x);
  return t.out;
}

}  // namespace gli::testing
