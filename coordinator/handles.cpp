#include "coordinator/handles.h"

namespace gli {

void handles::add(handle h, graph_handle g) { all_[h] = {std::move(g), {}, ""}; }
void handles::add(handle h, values_handle v) { all_[h] = {{}, std::move(v), ""}; }

handles::entry& handles::at(handle h) {
  auto found = all_.find(h);
  if (found == all_.end()) throw failure{errc::key, "no graph or result has handle " + std::to_string(h)};
  if (!found->second.lost.empty()) throw failure{errc::worker_lost, found->second.lost};
  return found->second;
}

graph_handle& handles::graph(handle h) {
  auto& e = at(h);
  if (!e.graph) throw failure{errc::type, "handle " + std::to_string(h) + " names a result, not a graph"};
  return *e.graph;
}

values_handle& handles::values(handle h) {
  auto& e = at(h);
  if (!e.values) throw failure{errc::type, "handle " + std::to_string(h) + " names a graph, not a result"};
  return *e.values;
}

void handles::lose(const std::string& why) {
  for (auto& [h, e] : all_) {
    bool stored = e.graph ? e.graph->stored.has_value() : e.values->stored.has_value();
    if (!stored && e.lost.empty())
      e.lost = std::string{e.graph ? "this graph" : "this result"} + " was lost with " + why + " and had never been committed: load or compute it again";
  }
}

std::vector<job> handles::restore() const {
  std::vector<job> graphs, results;
  for (auto& [h, e] : all_) {
    if (!e.lost.empty()) continue;
    if (e.graph && e.graph->stored) graphs.push_back({0, 0, h, read_pages{e.graph->stored->store, e.graph->stored->roots}});
    if (e.values && e.values->stored) results.push_back({0, e.values->graph, h, read_result{e.values->stored->store, e.values->stored->roots}});
  }
  graphs.insert(graphs.end(), results.begin(), results.end());
  return graphs;
}

void handles::check(const job& j) {
  if (j.graph != 0) graph(j.graph);
  if (auto* s = std::get_if<select_by_values>(&j.body)) values(s->values);
  if (auto* c = std::get_if<compare_graphs>(&j.body)) graph(c->newer);
  if (auto* w = std::get_if<write_pages>(&j.body))
    for (auto h : w->results) values(h);
  bool makes_from_nothing = std::holds_alternative<finish_load>(j.body) || std::holds_alternative<read_pages>(j.body);
  if (j.graph == 0 && !makes_from_nothing) throw failure{errc::key, describe(j.body) + " needs a graph"};
}

}  // namespace gli
