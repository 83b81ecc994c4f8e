#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "coordinator/coordinator_metrics.h"
#include "coordinator/coordinator_state.h"
#include "runtime/host.h"

namespace gli {

namespace {

reply as_reply(const failure& e) { return failure_note{e.code(), e.what()}; }

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream in{text};
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

hash128 parse_hash(const std::string& hex) {
  auto h = hash_from_hex(hex);
  if (!h) throw failure{errc::protocol, "'" + hex + "' is no hash"};
  return *h;
}

/// Column `index` of what the partitions wrote: the roots of one object, by partition.
std::vector<hash128> roots_of(const std::vector<job_result>& written, const std::string& name, size_t index) {
  std::vector<hash128> roots;
  for (auto& w : written) {
    auto parts = split(text_parameter(w.summary, name));
    if (index >= parts.size()) throw failure{errc::protocol, "a partition wrote fewer results than asked"};
    roots.push_back(parse_hash(parts[index]));
  }
  return roots;
}

constexpr size_t largest_job = 8u << 20;  // bytes: a filter may carry a long list, but the control plane is no place for bulk
constexpr size_t handles_per_message = 4096;
constexpr size_t shown_graphs = 20;
constexpr std::string_view argument_prefix = "argument.";  // of a job's summary: the algorithm's arguments, defaults filled in

result_info provenance(const job_result& r) {
  result_info info{text_parameter(r.summary, "algorithm"), uint32_t(int_parameter(r.summary, "version")), {}};
  for (auto& [name, v] : r.summary)
    if (name.starts_with(argument_prefix)) info.arguments[name.substr(argument_prefix.size())] = v;
  return info;
}

/// The handles that a job's output takes.
std::vector<handle> outputs(const job& j) {
  std::vector<handle> all;
  for (uint32_t i = 0; i < outputs_of(j.body); ++i) all.push_back(j.output + i);
  return all;
}

/// Where each partition told what it has of a graph: the most nodes of one, and the edges between them.
void add_balance(graph_handle& g, const std::vector<job_result>& results) {
  uint64_t most = 0, cut = 0;
  for (auto& r : results) {
    auto nodes = r.summary.find("own_nodes"), edges = r.summary.find("cut_edges");
    if (nodes == r.summary.end() || edges == r.summary.end()) return;
    most = std::max(most, uint64_t(int_parameter(r.summary, "own_nodes")));
    cut += uint64_t(int_parameter(r.summary, "cut_edges"));
  }
  g.most_nodes = most;
  g.cut_edges = cut;
}

graph_handle shape(const std::vector<job_result>& results) {
  auto& r = results.front();
  graph_handle g;
  g.nodes = uint64_t(int_parameter(r.summary, "nodes"));
  g.edges = uint64_t(int_parameter(r.summary, "edges"));
  g.kind = {bool_parameter(r.summary, "directed"), bool_parameter(r.summary, "multi"), key_type(int_parameter(r.summary, "keys")),
            key_type(int_parameter(r.summary, "edge_keys"))};
  g.owned_at_home = text_parameter(r.summary, "owners").empty();
  add_balance(g, results);
  return g;
}

}  // namespace

void coordinator::answer(asker who, const reply& r) {
  if (who.session != 0) options_.drivers->answer(who.session, who.sequence, r);
}

void coordinator::must_be_ready() const {
  if (auto why = members_.why_not_ready(); !why.empty()) throw failure{errc::worker_lost, why};
}

void coordinator::on(const driver_asked& m) {
  asker who{m.session, m.sequence};
  open_.try_emplace(m.session);
  try {
    std::visit([&](auto& body) { ask(who, body); }, m.what->body);
  } catch (const failure& e) {
    answer(who, as_reply(e));
  }
}

void coordinator::on(const driver_gone& m) {
  open_.erase(m.session);
  std::vector<uint64_t> running;
  for (auto& [who, id] : job_of_)
    if (who.session == m.session) running.push_back(id);
  for (auto id : running) carry_out(jobs_.cancelled(id, "its driver went away"));
  if (auto found = owned_.find(m.session); found != owned_.end()) {
    auto list = std::vector<handle>(found->second.begin(), found->second.end());
    owned_.erase(found);
    drop(list);
  }
  carry_out(submissions_.session_gone(m.session));
  if (open_.empty()) count_lease();
}

/// The end, unless a driver asks something before the lease is over.
void coordinator::count_lease() {
  if (options_.driver_lease == options_.driver_lease.zero()) return;
  self_->delayed_send(self_, options_.driver_lease, control::later{[this, absence = ++absences_] {
    if (open_.empty() && absence == absences_) end("no driver for " + std::to_string(options_.driver_lease.count()) + " s");
  }});
}

void coordinator::ask(asker who, const ping&) { answer(who, done{}); }

void coordinator::ask(asker who, const ask_status&) { answer(who, report()); }

status_report coordinator::report() const {
  auto workers = members_.report();
  for (auto& w : workers)
    if (w.state == "ready" && unrestored_.contains(w.partition)) w.state = "restoring";
  return {std::move(workers), members_.partitions(), options_.who.cluster, options_.who.epoch, options_.log, {failed_.begin(), failed_.end()},
          submissions_.all(), calls_.report(), uint32_t(open_.size())};
}

cluster_view coordinator::view() const {
  return {report(), handles_.rows(shown_graphs), handles_.count(), calls_.running(), calls_.waiting()};
}

void coordinator::ask(asker who, const load_begin& r) {
  must_be_ready();
  if (r.rows_of != 0) handles_.graph(r.rows_of);
  auto load = handles_.next();
  handles_.add(load, load_handle{});
  owned_[who.session].insert(load);
  control::open_load message{load, r.kind.directed, r.kind.multi, r.endpoints_must_exist, uint8_t(r.kind.keys), uint8_t(r.kind.edge_keys), r.origin,
                             uint8_t(r.duplicates), r.rows_of != 0};
  opening_[load] = {who, workers_.size()};
  for (auto& [number, worker] : workers_) self_->send(worker, message);
}

void coordinator::on(const control::load_opened& m) {
  auto found = opening_.find(m.load);
  if (found == opening_.end() || --found->second.missing > 0) return;
  auto who = found->second.who;
  opening_.erase(found);
  answer(who, load_begun{m.load, members_.report()});
}

void coordinator::ask(asker who, const job& r) {
  must_be_ready();
  handles_.check(r);
  if (auto bytes = encode(r).size(); bytes > largest_job)
    throw failure{errc::value, describe(r.body) + " is " + std::to_string(bytes >> 20) + " MiB; at most " + std::to_string(largest_job >> 20) + " MiB can be sent"};
  job j = r;
  j.output = handles_.next(outputs_of(j.body));
  submit(j, everybody(), who, [this, who, j](job_outcome outcome) {
    finish_output(who, j, outcome, {});
  });
}

/// Registers what a job left on the workers and answers; what a failed job left on some of them is dropped.
void coordinator::finish_output(asker who, const job& j, job_outcome& outcome, const std::optional<stored_at>& stored) {
  auto forget = [&](const failure_note& why) {
    drop(outputs(j));
    answer(who, why);
  };
  if (auto* note = std::get_if<failure_note>(&outcome)) return forget(*note);
  auto& results = std::get<std::vector<job_result>>(outcome);
  try {
    register_output(who, j, results);
    if (stored) handles_.stored(j.output, *stored, false);
    if (std::holds_alternative<resolve_mirrors>(j.body)) handles_.graph(j.graph).mirrors_resolved = true;
    if (!open_.contains(who.session)) return drop(outputs(j));
    answer(who, job_reply{j.output, std::move(results)});
  } catch (const failure& e) {
    forget({e.code(), e.what()});
  }
}

void coordinator::register_output(asker who, const job& j, const std::vector<job_result>& results) {
  auto* program = std::get_if<run_program>(&j.body);
  for (auto h : outputs(j)) {
    if (program)
      handles_.add(h, values_handle{j.graph, {program->column(h - j.output), 1, program->arguments}, {}});
    else if (makes_values(j.body))
      handles_.add(h, values_handle{j.graph, provenance(results.front()), {}});
    else
      handles_.add(h, shape(results));
    if (open_.contains(who.session)) owned_[who.session].insert(h);
  }
}

void coordinator::ask(asker who, const release_handles& r) {
  std::vector<handle> own;  // what it names besides is nobody's or another's
  for (auto h : r.handles)
    if (owned_[who.session].erase(h)) own.push_back(h);
  drop(own);
  answer(who, done{});
}

void coordinator::drop(const std::vector<handle>& list) {
  for (auto h : list) handles_.erase(h);
  for (size_t i = 0; i < list.size(); i += handles_per_message) {
    control::release message{{list.begin() + ptrdiff_t(i), list.begin() + ptrdiff_t(std::min(list.size(), i + handles_per_message))}};
    for (auto& [number, worker] : workers_) self_->send(worker, message);
  }
}

// --- stores ----------------------------------------------------------------------------------------------------------------

template <class T>
void coordinator::on_disk(asker who, std::function<T()> work, std::function<void(T)> then) {
  boost::asio::post(disk_, [=, this, actor = caf::actor_cast<caf::actor>(self_->address())] {
    std::function<void()> back;
    try {
      back = [then, result = work()] { then(result); };
    } catch (const failure& e) {
      back = [this, who, e] { answer(who, as_reply(e)); };
    } catch (const std::exception& e) {
      back = [this, who, text = std::string{e.what()}] { answer(who, failure_note{errc::internal, text}); };
    }
    caf::anon_send(actor, control::later{[this, who, back] {
      try {
        back();
      } catch (const failure& e) {
        answer(who, as_reply(e));
      }
    }});
  });
}

/// On the disk thread, before a commit point: whoever ends the cluster's host finds every store that has something (docs/slurm.md).
void coordinator::note_store(const std::string& path) {
  if (options_.stores.empty() || noted_.contains(path)) return;
  std::ofstream list{options_.stores, std::ios::app | std::ios::binary};
  list << path << '\0' << std::flush;
  if (!list) throw failure{errc::io, options_.stores + ": cannot be written: " + std::strerror(errno)};
  noted_.insert(path);
}

void coordinator::ask(asker who, const commit_graph& r) {
  must_be_ready();
  handles_.graph(r.graph);
  for (auto h : r.results) handles_.values(h);
  submit({0, r.graph, 0, identify{}}, everybody(), who, [this, who, r](job_outcome outcome) {
    if (auto* note = std::get_if<failure_note>(&outcome)) return answer(who, *note);
    write_commit(who, r, text_parameter(std::get<std::vector<job_result>>(outcome).front().summary, "graph_id"));
  });
}

void coordinator::write_commit(asker who, const commit_graph& r, const std::string& graph_id) {
  submit({0, r.graph, 0, write_pages{r.store, r.results}}, everybody(), who, [this, who, r, graph_id](job_outcome outcome) {
    if (auto* note = std::get_if<failure_note>(&outcome)) return answer(who, *note);
    try {
      publish(who, r, graph_id, std::get<std::vector<job_result>>(outcome));
    } catch (const failure& e) {
      answer(who, as_reply(e));
    }
  });
}

void coordinator::publish(asker who, const commit_graph& r, const std::string& graph_id, const std::vector<job_result>& written) {
  auto& g = handles_.graph(r.graph);
  storage::commit_record record;
  record.graph_id = parse_hash(graph_id);
  record.message = r.message;
  record.author = r.author;
  record.nodes = g.nodes;
  record.edges = g.edges;
  record.kind = g.kind;
  if (r.begins_part) record.extent = storage::graph_extent::begins_part;
  record.roots = roots_of(written, "root", 0);
  for (size_t i = 0; i < r.results.size(); ++i) record.results.push_back({handles_.values(r.results[i]).info, roots_of(written, "result_roots", i)});
  on_disk<storage::commit_record>(
      who,
      [this, r, record] {
        note_store(r.store);
        auto store = storage::graph_store::open(r.store, true);
        auto head = store->head(r.branch);
        if ((head ? to_hex(*head) : "") != r.seen)
          throw failure{errc::conflict, "another writer has committed to branch '" + r.branch +
                                            "' since this store last saw it: call get_current_graph() or at() again and commit on top of that"};
        auto full = record;
        if (head) full.parents.push_back(*head);
        for (auto& other : r.merged) full.parents.push_back(parse_hash(other));
        return store->publish(full, r.branch, head);
      },
      [this, who, r](const storage::commit_record& done) {
        options_.metrics->committed();
        bool restores = !members_.is_ready();
        auto id = to_hex(done.id);
        handles_.stored(r.graph, {read_pages{r.store, id}}, restores);
        for (size_t i = 0; i < r.results.size(); ++i) {
          stored_at where{read_result{r.store, id, int32_t(i)}, !handles_.owned_at_home(r.results[i])};
          handles_.stored(r.results[i], std::move(where), restores);
        }
        answer(who, std::vector<commit_info>{storage::describe(done)});
      });
}

void coordinator::ask(asker who, const ask_history& r) {
  on_disk<std::vector<commit_info>>(
      who,
      [r] {
        std::vector<commit_info> rows;
        for (auto& record : storage::graph_store::open(r.store, false)->log(r.revision, r.limit)) rows.push_back(storage::describe(record));
        return rows;
      },
      [this, who](std::vector<commit_info> rows) { answer(who, std::move(rows)); });
}

void coordinator::ask(asker who, const open_store& r) {
  auto look = [r] {
    if (directory_identity(r.path) != r.at)
      throw failure{errc::value, "on host " + host_name() + ", where the coordinator runs, " + r.path + " is not the directory that it is on " +
                                     "the driver's host: a cluster's store lies beside its coordinator, and is opened there (a job that is submitted is)"};
    storage::graph_store::open(r.path, true);
    return true;
  };
  on_disk<bool>(who, look, [this, who](bool) { answer(who, done{}); });
}

void coordinator::ask(asker who, const checkout& r) {
  must_be_ready();
  if (r.graph != 0) handles_.graph(r.graph);
  on_disk<storage::commit_record>(
      who, [r] { return storage::graph_store::open(r.store, false)->resolve(r.revision); },
      [this, who, r](const storage::commit_record& record) { read_commit(who, r, record); });
}

void coordinator::read_commit(asker who, const checkout& r, const storage::commit_record& record) {
  if (!open_.contains(who.session)) return;
  must_be_ready();
  if (r.result >= 0 && size_t(r.result) >= record.results.size()) throw failure{errc::key, "'" + r.revision + "' has no result " + std::to_string(r.result)};
  bool kept = !r.kept.algorithm.empty(), values = kept || r.result >= 0;
  auto written_by = r.result >= 0 ? record.results[size_t(r.result)].roots.size() : record.roots.size();
  bool at_home = !values || handles_.owned_at_home(r.graph);
  stored_at stored{read_pages{r.store, to_hex(record.id)}, kept || !at_home || written_by != members_.partitions()};
  if (values) stored.read = read_result{r.store, to_hex(record.id), r.result, r.kept};
  job j{0, values ? r.graph : 0, handles_.next(), stored.read};
  submit(j, everybody(), who, [this, who, j, stored](job_outcome outcome) { finish_output(who, j, outcome, stored); });
}

void coordinator::ask(asker who, const keep_result& r) {
  must_be_ready();
  handles_.values(r.values);
  on_disk<storage::commit_record>(
      who, [r] { return storage::graph_store::open(r.store, false)->resolve(r.revision); },
      [this, who, r](const storage::commit_record& record) { write_result(who, r, record); });
}

void coordinator::write_result(asker who, const keep_result& r, const storage::commit_record& record) {
  must_be_ready();
  submit({0, 0, 0, write_pages{r.store, {r.values}}}, everybody(), who, [this, who, r, record](job_outcome outcome) {
    if (auto* note = std::get_if<failure_note>(&outcome)) return answer(who, *note);
    try {
      publish_result(who, r, record, std::get<std::vector<job_result>>(outcome));
    } catch (const failure& e) {
      answer(who, as_reply(e));
    }
  });
}

void coordinator::publish_result(asker who, const keep_result& r, const storage::commit_record& record, const std::vector<job_result>& written) {
  storage::stored_result result{handles_.values(r.values).info, roots_of(written, "result_roots", 0)};
  on_disk<bool>(
      who,
      [this, r, record, result] {
        note_store(r.store);
        return storage::graph_store::open(r.store, false)->keep_result(record.id, result), true;
      },
      [this, who, r, record, kept = result.info](bool) {
        handles_.stored(r.values, {read_result{r.store, to_hex(record.id), -1, kept}, true}, !members_.is_ready());
        answer(who, done{});
      });
}

// --- the cluster itself ----------------------------------------------------------------------------------------------------

void coordinator::ask(asker who, const shutdown_cluster&) {
  answer(who, done{});
  end("a driver asked for it");
}

void coordinator::ask(asker who, const cancel_request& r) {
  auto found = job_of_.find({who.session, uint32_t(r.sequence)});
  if (found != job_of_.end()) carry_out(jobs_.cancelled(found->second, "cancelled by its driver"));
  answer(who, done{});
}

}  // namespace gli
