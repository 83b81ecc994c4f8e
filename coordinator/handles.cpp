#include "coordinator/handles.h"

namespace gli {

const std::optional<stored_at>* handles::entry::stored() const {
  if (auto* g = std::get_if<graph_handle>(&what)) return &g->stored;
  if (auto* v = std::get_if<values_handle>(&what)) return &v->stored;
  return nullptr;
}

void handles::add(handle h, load_handle l) { all_[h] = {l, ""}; }
void handles::add(handle h, graph_handle g) { all_[h] = {std::move(g), ""}; }
void handles::add(handle h, values_handle v) { all_[h] = {std::move(v), ""}; }

handles::entry& handles::at(handle h) {
  auto found = all_.find(h);
  if (found == all_.end()) throw failure{errc::key, "no graph or result has handle " + std::to_string(h)};
  if (!found->second.lost.empty()) throw failure{errc::worker_lost, found->second.lost};
  return found->second;
}

graph_handle& handles::graph(handle h) {
  auto* g = std::get_if<graph_handle>(&at(h).what);
  if (!g) throw failure{errc::type, "handle " + std::to_string(h) + " does not name a graph"};
  return *g;
}

values_handle& handles::values(handle h) {
  auto* v = std::get_if<values_handle>(&at(h).what);
  if (!v) throw failure{errc::type, "handle " + std::to_string(h) + " does not name a result"};
  return *v;
}

bool handles::owned_at_home(handle h) const {
  auto found = all_.find(h);
  if (found == all_.end()) return false;
  if (auto* v = std::get_if<values_handle>(&found->second.what)) return owned_at_home(v->graph);
  auto* g = std::get_if<graph_handle>(&found->second.what);
  return g && g->owned_at_home;
}

void handles::lose(const std::string& why) {
  for (auto& [h, e] : all_) {
    auto* stored = e.stored();
    if ((stored && *stored) || !e.lost.empty()) continue;
    const char* what = std::holds_alternative<load_handle>(e.what) ? "load" : std::holds_alternative<graph_handle>(e.what) ? "graph" : "result";
    e.lost = std::string{"this "} + what + " was lost with " + why + " and had never been committed: load or compute it again";
  }
}

void handles::stored(handle h, stored_at where, bool restores) {
  auto found = all_.find(h);
  if (found == all_.end()) return;
  auto& e = found->second;
  if (auto* g = std::get_if<graph_handle>(&e.what)) g->stored = std::move(where);
  if (auto* v = std::get_if<values_handle>(&e.what)) v->stored = std::move(where);
  if (!e.lost.empty()) e.lost = restores ? "" : "this was lost with a worker while it was being committed: open the commit again";
}

std::vector<graph_row> handles::rows(size_t limit) const {
  std::vector<graph_row> list;
  for (auto at = all_.rbegin(); at != all_.rend() && list.size() < limit; ++at) {
    auto* g = std::get_if<graph_handle>(&at->second.what);
    if (g && at->second.lost.empty()) list.push_back({at->first, g->nodes, g->edges, g->kind, g->stored.has_value(), g->most_nodes, g->cut_edges});
  }
  return list;
}

std::vector<handles::restoration> handles::restore() const {
  std::vector<restoration> graphs, rest;
  for (auto& [h, e] : all_) {
    auto* stored = e.stored();
    if (!e.lost.empty() || !stored || !*stored) continue;
    auto& [read, everywhere] = **stored;
    if (auto* v = std::get_if<values_handle>(&e.what)) {
      rest.push_back({{0, v->graph, h, read}, everywhere});
      continue;
    }
    graphs.push_back({{0, 0, h, read}, everywhere});
    if (std::get<graph_handle>(e.what).mirrors_resolved) rest.push_back({{0, h, 0, resolve_mirrors{}}, true});
  }
  graphs.insert(graphs.end(), rest.begin(), rest.end());
  return graphs;
}

void handles::check(const job& j) {
  if (j.graph != 0) graph(j.graph);
  if (auto* l = std::get_if<finish_load>(&j.body)) at(l->load);
  if (auto* r = std::get_if<add_rows>(&j.body)) at(r->rows);
  if (auto* s = std::get_if<select_by_values>(&j.body)) values(s->values);
  if (auto* a = std::get_if<assign_values>(&j.body)) values(a->values);
  if (auto* r = std::get_if<repartition_graph>(&j.body); r && r->like != 0) graph(r->like);
  if (auto* c = std::get_if<compare_graphs>(&j.body)) graph(c->newer);
  if (auto* m = std::get_if<merge_graphs>(&j.body)) {
    graph(m->base);
    graph(m->theirs);
  }
  if (auto* w = std::get_if<write_pages>(&j.body))
    for (auto h : w->results) values(h);
  bool makes_from_nothing = std::holds_alternative<finish_load>(j.body) || std::holds_alternative<read_pages>(j.body) ||
                            std::holds_alternative<read_sources>(j.body) || std::holds_alternative<write_pages>(j.body);
  if (j.graph == 0 && !makes_from_nothing) throw failure{errc::key, describe(j.body) + " needs a graph"};
}

}  // namespace gli
