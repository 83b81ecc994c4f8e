#include "partitions/partition_actor_jobs.h"

#include "partitions/aggregate.h"
#include "partitions/catalog.h"
#include "partitions/load_sources.h"
#include "partitions/merge.h"
#include "partitions/ownership.h"
#include "partitions/partition_edit.h"
#include "partitions/query.h"
#include "partitions/repartition.h"
#include "partitions/rows_at_home.h"
#include "partitions/stored_partition.h"
#include "partitions/values.h"
#include "runtime/codec.h"
#include "storage/states.h"

namespace gli {

namespace {

constexpr size_t largest_answer = 8u << 20;  // bytes, on the control plane

hash128 parse_id(const std::string& commit) {
  auto id = hash_from_hex(commit);
  if (!id) throw failure{errc::protocol, "'" + commit + "' is no commit id"};
  return *id;
}

parameters shape(const graph& g) {
  auto& k = g->kind;
  parameters all{{"nodes", int64_t(g->total_nodes)}, {"edges", int64_t(g->total_edges)}, {"directed", k.directed}, {"multi", k.multi},
                 {"keys", int64_t(k.keys)},          {"edge_keys", int64_t(k.edge_keys)},
                 {"partitioner", partitioner_of(*g)},  {"owners", g->owners ? to_hex(g->owners->id) : ""}};
  for (auto& [name, x] : g->attributes) all["attribute." + name] = x;
  return all;
}

/// One job's work, by kind of body.
class runner {
 public:
  runner(const job& j, holdings& held, program_host& programs, communicator& all) : job_{j}, held_{held}, programs_{programs}, all_{all} {}

  job_result operator()(const finish_load& b) {
    load_report report;
    auto g = held_.take_load(b.load)->finish(all_, report);
    return balanced(keep(g, report), g);
  }
  job_result operator()(const read_sources& b) {
    sources_report report;
    auto g = load_sources(b, report, all_);
    auto result = balanced(keep(g, report.rows), g);
    for (size_t i = 0; i < report.lines.size(); ++i) tell(report.lines[i], "." + std::to_string(i), result.summary);
    return result;
  }
  job_result operator()(const run_algorithm& b) { return keep(run(input(), b, all_), job_.output); }
  job_result operator()(const aggregate_neighbors& b) { return keep(run(input(), b, all_), job_.output); }
  job_result operator()(const run_program& b) {
    auto columns = run(input(), b, programs_, all_);
    job_result last;
    for (size_t i = 0; i < columns.size(); ++i) last = keep(std::move(columns[i]), job_.output + i);
    return last;
  }
  job_result operator()(const select_elements& b) { return keep(select(input(), b, all_)); }
  job_result operator()(const select_by_values& b) { return keep(select(input(), *held_.get_values(b.values), b.low, b.high, all_)); }
  job_result operator()(const assign_values& b) { return keep(with_values(input(), b.name, *held_.get_values(b.values))); }
  job_result operator()(const resolve_mirrors&) {
    held_.put(job_.graph, with_mirror_keys(input(), all_));
    return {};
  }
  job_result operator()(const repartition_graph& b) {
    auto g = b.like ? repartition_like(input(), held_.get_graph(b.like), all_) : repartition(input(), b.partitioner, all_);
    return balanced(keep(g), g);
  }
  job_result operator()(const identify&) { return {{{"graph_id", to_hex(identity_of(input(), all_))}}}; }
  job_result operator()(const compare_graphs& b) { return {compare(input(), held_.get_graph(b.newer), all_)}; }

  job_result operator()(const edit_graph& b) {
    edit_report report;
    auto g = apply(input(), b.edits, report, all_);
    return keep(g, report);
  }
  job_result operator()(const add_rows& b) {
    auto rows = held_.take_rows(b.rows);
    rows.create_nodes = b.create_nodes;
    edit_report report;
    auto g = add(input(), std::move(rows), report, all_);
    return keep(g, report);
  }

  job_result operator()(const merge_graphs& b) {
    std::vector<merge_conflict> conflicts;
    size_t next = 0;
    auto resolve = [&](const merge_conflict&) { return next < b.choices.size() ? b.choices[next++] : merge_choice{b.otherwise, {}}; };
    auto result = keep(merge(held_.get_graph(b.base), input(), held_.get_graph(b.theirs), resolve, conflicts, all_));
    result.summary["conflicts"] = int64_t(conflicts.size());
    if (b.tell && all_.rank() == 0) result.conflicts = std::move(conflicts);
    if (encode(result).size() > largest_answer)
      throw failure{errc::value, std::to_string(result.conflicts.size()) +
                                     " conflicts are too many to be decided one by one on a cluster: say strategy='ours' or 'theirs', or merge embedded"};
    return result;
  }

  job_result operator()(const write_pages& b) {
    auto store = shared_store::open(b.store, b.at, true, all_);
    std::vector<hash128> roots;  // of results, then the graph's
    std::vector<std::optional<column>> homed;  // beside the results, where others own their nodes than the homes
    for (auto h : b.results) homed.push_back(at_home(*held_.get_values(h)));
    store.write([&](const page_has& has, const page_put& put) {
      roots.clear();
      for (size_t i = 0; i < b.results.size(); ++i) {
        auto values = held_.get_values(b.results[i]);
        roots.push_back(homed[i] ? write_values(*values, *homed[i], has, put) : write_values(*values, has, put));
      }
      if (job_.graph != 0) roots.push_back(write_graph(input(), has, put));
      return roots;
    });
    std::string results;
    for (size_t i = 0; i < b.results.size(); ++i) results += (i ? "," : "") + to_hex(roots[i]);
    job_result written{{{"result_roots", results}}};
    if (job_.graph != 0) written.summary["root"] = to_hex(roots.back());
    return written;
  }
  job_result operator()(const read_pages& b) {
    auto store = shared_store::open(b.store, b.at, false, all_);
    auto g = committed_graph(store, parse_id(b.commit), all_);
    return balanced(keep(g), g);
  }
  job_result operator()(const read_result& b) {
    auto store = shared_store::open(b.store, b.at, false, all_);
    auto commit = parse_id(b.commit);
    return keep(b.index < 0 ? kept_values(store, commit, b.kept, input(), all_)
                            : committed_values(store, commit, size_t(b.index), input(), all_),
                job_.output);
  }

 private:
  std::optional<column> at_home(const node_values& v) {
    return v.of->owners ? std::optional{rows_at_home{v.of, all_}.bring(v.data)} : std::nullopt;
  }
  graph input() { return held_.get_graph(job_.graph); }
  job_result keep(graph g) {
    held_.put(job_.output, g);
    return {shape(g)};
  }
  /// With what this partition has of a graph: only of calls that are O(edges) anyway.
  static job_result balanced(job_result result, const graph& g) {
    result.summary["own_nodes"] = int64_t(g->nodes);
    result.summary["cut_edges"] = int64_t(cut_edges(g));
    return result;
  }
  job_result keep(const graph& g, const edit_report& report) {
    auto result = keep(g);
    result.summary["duplicates"] = int64_t(report.duplicates);
    result.summary["lossy_duplicate"] = report.lossy_duplicate;
    return result;
  }
  job_result keep(const graph& g, const load_report& report) {
    auto result = keep(g);
    result.summary["duplicate_nodes"] = int64_t(report.duplicate_nodes);
    result.summary["duplicate_edges"] = int64_t(report.duplicate_edges);
    result.summary["lost_nodes"] = int64_t(report.lost_nodes);
    result.summary["lost_edges"] = int64_t(report.lost_edges);
    return result;
  }
  static void tell(const text_report& lines, const std::string& source, parameters& to) {
    to["rows" + source] = int64_t(lines.rows);
    to["skipped" + source] = int64_t(lines.skipped);
    for (size_t i = 0; i < lines.first_skipped.size(); ++i) {
      to["line" + source + "." + std::to_string(i)] = lines.first_skipped[i].line;
      to["what" + source + "." + std::to_string(i)] = lines.first_skipped[i].what;
    }
  }
  job_result keep(node_values v, handle output) {
    job_result result{v.summary};
    result.summary["algorithm"] = v.provenance.algorithm;
    result.summary["version"] = int64_t(v.provenance.version);
    for (auto& [name, x] : v.provenance.arguments) result.summary["argument." + name] = x;
    held_.put(output, std::make_shared<const node_values>(std::move(v)));
    return result;
  }

  const job& job_;
  holdings& held_;
  program_host& programs_;
  communicator& all_;
};

}  // namespace

job_result run_job(const job& j, holdings& held, program_host& programs, communicator& all) {
  return std::visit(runner{j, held, programs, all}, j.body);
}

}  // namespace gli
