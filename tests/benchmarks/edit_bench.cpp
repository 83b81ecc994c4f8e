// What one edit of a graph costs, and one read of an old version. Prints a line a row: what, measured, goal. Medians of 5.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/version.h"

namespace {

using namespace gli;
using what = edit::what;

/// Processor seconds of this thread: what other processes take does not count.
double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

double median(const std::function<double()>& measure) {
  std::vector<double> all;
  for (int i = 0; i < 5; ++i) all.push_back(measure());
  std::nth_element(all.begin(), all.begin() + 2, all.end());
  return all[2];
}

void row(const char* name, double measured, const char* unit, const char* goal) { std::printf("%-78s %9.1f %-3s %s\n", name, measured, unit, goal); }

version edited(const version& v, what op, key_view a, key_view b = int64_t{0}, std::span<const std::pair<std::string, value>> attributes = {}) {
  edit_report report;
  return v.apply({op, a, b, {}, attributes, false}, report);
}

version with_nodes(int64_t n, bool text = false) {
  std::vector<edit> edits;
  for (int64_t k = 0; k < n; ++k) edits.push_back({what::add_node, text ? key{"node " + std::to_string(k)} : key{k}, {}, {}, {}, false});
  edit_report report;
  return version{version{graph{}}.apply(edits, report).fold()};
}

std::vector<std::pair<int64_t, int64_t>> pairs(size_t count, int64_t n, uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<std::pair<int64_t, int64_t>> all(count);
  for (auto& [s, t] : all) s = int64_t(random() % uint64_t(n)), t = int64_t(random() % uint64_t(n));
  return all;
}

/// ns an edge; all versions stay alive.
double add_edges(const version& from, const std::vector<std::pair<int64_t, int64_t>>& edges, std::vector<version>& alive) {
  alive.clear();
  alive.reserve(edges.size() + 1);
  alive.push_back(from);
  auto begin = now();
  for (auto& [s, t] : edges) alive.push_back(edited(alive.back(), what::add_edge, s, t));
  return (now() - begin) / double(edges.size()) * 1e9;
}

void adding() {
  std::vector<version> alive;
  auto small = with_nodes(10'000);
  row("add_edge, warm burst of 10^4", median([&] {
        version base{small.root()};
        add_edges(version{small.root()}, pairs(10'000, 10'000, 1), alive);
        return add_edges(base, pairs(10'000, 10'000, 2), alive);
      }), "ns", "<= 50");
  auto large = with_nodes(100'000);
  row("add_edge, 10^6 in a row from cold among 10^5 nodes, all versions alive",
      median([&] { return add_edges(version{large.root()}, pairs(1'000'000, 100'000, 3), alive); }), "ns", "<= 150");
  auto text = with_nodes(100'000, true);
  std::vector<std::string> names;
  for (int64_t k = 0; k < 100'000; ++k) names.push_back("node " + std::to_string(k));
  auto edges = pairs(100'000, 100'000, 4);
  row("add_edge, string keys, 10^5 among 10^5 nodes", median([&] {
        version v{text.root()};
        auto begin = now();
        for (auto& [s, t] : edges) v = edited(v, what::add_edge, std::string_view{names[size_t(s)]}, std::string_view{names[size_t(t)]});
        return (now() - begin) / double(edges.size()) * 1e9;
      }), "ns", "<= 350");
}

void changing() {
  auto base = with_nodes(100'000);
  auto edges = pairs(100'000, 100'000, 5);
  std::vector<version> alive;
  add_edges(version{base.root()}, edges, alive);
  version folded{alive.back().fold()};
  alive.clear();
  row("remove_edge", median([&] {
        auto v = folded;
        auto begin = now();
        for (size_t i = 0; i < 50'000; ++i)
          try { v = edited(v, what::remove_edge, edges[i].first, edges[i].second); } catch (const std::exception&) {}
        return (now() - begin) / 50'000 * 1e9;
      }), "ns", "<= 400");
  row("set an attribute of a node", median([&] {
        auto v = folded;
        std::vector<std::pair<std::string, value>> given{{"age", int64_t{41}}};
        auto begin = now();
        for (size_t i = 0; i < 100'000; ++i) v = edited(v, what::update_node, edges[i].first, int64_t{0}, given);
        return (now() - begin) / 100'000 * 1e9;
      }), "ns", "<= 400");
  row("drop a version", median([&] {
        std::vector<version> all(1'000'000, folded);
        auto begin = now();
        all.clear();
        return (now() - begin) / 1e6 * 1e9;
      }), "ns", "<= 10");
}

void reading() {
  auto base = with_nodes(1'000'000);
  auto edges = pairs(1'000'000, 1'000'000, 6);
  for (size_t i = 0; i < edges.size(); i += 2) edges[i].first = int64_t(i / 2 % 4);  // four hubs
  std::vector<version> alive;
  add_edges(version{base.root()}, edges, alive);
  std::mt19937_64 random{7};
  std::vector<const version*> old;
  for (int i = 0; i < 1'000; ++i) old.push_back(&alive[random() % alive.size()]);
  uint64_t results = 0;
  auto begin = now();
  for (auto v : old) results += v->neighbors(int32_t(random() % 1'000'000), version::direction::out).size();
  row("neighbors of a node on 1,000 random versions of 10^6", (now() - begin) / 1e3 * 1e9, "ns", "<= 1000 + 10 a result");
  results = 0;
  begin = now();
  for (int i = 0; i < 20; ++i) results += old[size_t(i)]->neighbors(i % 4, version::direction::out).size();
  auto took = now() - begin;
  row("   of a hub with 125,000 edges, a result", took / double(results) * 1e9, "ns", "<= 10");
  begin = now();
  for (auto v : old) results += v->has_edge(int32_t(random() % 4), int32_t(random() % 1'000'000));
  row("   has_edge at a hub", (now() - begin) / 1e3 * 1e9, "ns", "<= 1000");
  begin = now();
  for (auto v : old) results += v->edges() + v->degree(int32_t(random() % 4), version::direction::out);
  row("   edge_count and degree of a hub", (now() - begin) / 1e3 * 1e9, "ns", "<= 1000");
  if (results == 42) std::puts("");
}

graph kronecker(int scale) {
  load_options options;
  options.kind.keys = key_type::int64;
  graph_loader loader{options};
  generate_kronecker(scale, kronecker_edge_factor, 1,
                     {[&](const column_batch& b) { loader.add_nodes(b); }, [&](const column_batch& b) { loader.add_edges(b); }});
  load_report report;
  solo all;
  return loader.finish(all, report);
}

/// Seconds for 1,000 forks: one edit on each side, one read of each.
double forks(const graph& g) {
  std::mt19937_64 random{8};
  auto any = [&] { return node_key(g, int32_t(random() % uint64_t(g->size))); };
  auto begin = now();
  for (int i = 0; i < 1'000; ++i) {
    version base{g};
    auto s = std::get<int64_t>(any()), t = std::get<int64_t>(any());
    auto left = edited(base, what::upsert_edge, s, t), right = edited(base, what::upsert_edge, t, s);
    if (!left.has_edge(*left.find(s), *left.find(t)) || !right.has_edge(*right.find(t), *right.find(s))) std::abort();
  }
  return now() - begin;
}

void forking() {
  auto small = kronecker(10), large = kronecker(20);
  forks(small), forks(large);
  row("fork, one edit on each side, one read of each: at 16M edges / at 16K edges", median([&] { return forks(large) / forks(small); }), "", "<= 1.2");
}

}  // namespace

int main() {
  adding();
  changing();
  reading();
  forking();
}
