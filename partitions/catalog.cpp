#include "partitions/catalog.h"

#include <algorithm>

#include "partitions/algorithms/bfs.h"
#include "partitions/algorithms/components.h"
#include "partitions/algorithms/degree.h"
#include "partitions/algorithms/pagerank.h"
#include "partitions/kernels/smallest_keys.h"
#include "partitions/kernels/value_column.h"
#include "partitions/run.h"

namespace gli {
namespace {

struct answer {
  column data;
  parameters summary;
};

enum class kind : uint8_t { real, count, flag, text, node };

struct argument {
  const char* name;
  kind type;
  std::optional<value> otherwise = {};  // none: must be given
};

struct entry {
  const char* name;
  uint32_t version;  // raised whenever an answer's bytes change
  std::vector<argument> arguments;
  answer (*run)(const graph&, const parameters&, communicator&);
};

bool any(int32_t) { return true; }

std::optional<uint64_t> optional_count(const parameters& p, const std::string& name) {
  if (std::holds_alternative<std::monostate>(p.at(name))) return {};
  return uint64_t(std::get<int64_t>(p.at(name)));
}

/// The graph's, the same on all partitions: one without nodes may not know it.
key_type agreed_key_type(const graph& g, communicator& all) {
  auto type = uint64_t(g->kind.keys);
  all.all_reduce({&type, 1}, reduction::max);
  return key_type(type);
}

/// The own id of a node that must be in the graph, where it is this partition's. Throws alike on all partitions.
std::optional<int32_t> find_anywhere(const graph& g, const key& k, communicator& all) {
  auto type = agreed_key_type(g, all);
  check_key_type(type, k);
  auto own = g->size > 0 ? find_node(g, k) : std::nullopt;
  uint64_t found = own.has_value();
  all.all_reduce({&found, 1}, reduction::sum);
  if (!found) throw failure{errc::key, "Node " + to_string(k) + " not found"};
  return own;
}

answer run_components(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  connected_components a{view};
  run_rounds(a, view, all);
  auto count = a.count(view);
  all.all_reduce({&count, 1}, reduction::sum);
  return {smallest_keys(view, agreed_key_type(g, all), a.sets, a.best, all), {{"count", int64_t(count)}}};
}

answer run_pagerank(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  pagerank a;
  a.alpha = std::get<double>(p.at("alpha"));
  a.tol = std::get<double>(p.at("tol"));
  a.max_iter = uint64_t(std::get<int64_t>(p.at("max_iter")));
  a.iterations = optional_count(p, "iterations");
  if (!(a.alpha > 0 && a.alpha < 1)) throw failure{errc::value, "alpha must be between 0 and 1, not " + to_string(p.at("alpha"))};
  if (!(a.tol > 0)) throw failure{errc::value, "tol must be positive, not " + to_string(p.at("tol"))};
  auto rounds = run_rounds(a, view, all);
  auto data = value_column<double>(view, any, [&](int32_t v) { return from_grid(a.rank[size_t(v)]); });
  return {std::move(data), {{"rounds", int64_t(rounds)}, {"change", a.change}}};
}

answer run_bfs(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  bfs a;
  a.source = find_anywhere(g, key_parameter(p, "source"), all);
  a.reverse = std::get<bool>(p.at("reverse"));
  a.undirected = std::get<bool>(p.at("undirected"));
  a.depth_limit = optional_count(p, "depth_limit");
  run_rounds(a, view, all);
  constexpr size_t counts_shown = 64;
  parameters summary{{"depth", int64_t(a.reached.size()) - 1}};
  uint64_t reached = 0;
  for (size_t d = 0; d < a.reached.size(); ++d) {
    reached += a.reached[d];
    if (d < counts_shown) summary["depth_" + std::to_string(d)] = int64_t(a.reached[d]);
  }
  summary["reached"] = int64_t(reached);
  auto known = [&](int32_t v) { return a.depth[v] >= 0; };
  return {value_column<int64_t>(view, known, [&](int32_t v) { return int64_t{a.depth[v]}; }), std::move(summary)};
}

answer run_degree(const graph& g, const parameters& p, communicator&) {
  graph_view view{g};
  auto& mode = std::get<std::string>(p.at("mode"));
  if (mode != "total" && mode != "in" && mode != "out")
    throw failure{errc::value, "mode must be 'total', 'in' or 'out', not " + to_string(value{mode})};
  auto which = mode == "in" ? degree::mode::in : mode == "out" ? degree::mode::out : degree::mode::total;
  return {value_column<int64_t>(view, any, [&](int32_t v) { return degree::of(view, v, which); }), {}};
}

const std::vector<entry>& catalog() {
  static const std::vector<entry> entries{
      {connected_components::name, 1, {}, run_components},
      {pagerank::name,
       1,
       {{"alpha", kind::real, 0.85},
        {"max_iter", kind::count, int64_t{100}},
        {"tol", kind::real, 1e-6},
        {"iterations", kind::count, value{}}},
       run_pagerank},
      {bfs::name,
       1,
       {{"source", kind::node}, {"reverse", kind::flag, false}, {"undirected", kind::flag, false}, {"depth_limit", kind::count, value{}}},
       run_bfs},
      {degree::name, 1, {{"mode", kind::text, std::string{"total"}}}, run_degree},
  };
  return entries;
}

template <class Range, class Name>
std::string joined(const Range& range, Name&& name) {
  std::string text;
  for (auto& x : range) text += (text.empty() ? "" : ", ") + std::string{name(x)};
  return text;
}

const entry& find_algorithm(const std::string& name) {
  for (auto& e : catalog())
    if (e.name == name) return e;
  throw failure{errc::value, "no algorithm " + to_string(value{name}) + "; there are " + joined(catalog(), [](auto& e) { return e.name; })};
}

/// Of the type that the algorithm reads, so that equal requests have equal provenance.
value checked(const argument& a, const parameters& given) {
  if (auto found = given.find(a.name); a.otherwise && (found == given.end() || std::holds_alternative<std::monostate>(found->second)))
    return *a.otherwise;
  switch (a.type) {
    case kind::real:
      return real_parameter(given, a.name);
    case kind::flag:
      return bool_parameter(given, a.name);
    case kind::text:
      return text_parameter(given, a.name);
    case kind::node:
      return to_value(key_parameter(given, a.name));
    case kind::count:
      break;
  }
  auto count = int_parameter(given, a.name);
  if (count < 0) throw failure{errc::value, std::string{a.name} + " must not be negative: " + std::to_string(count)};
  return count;
}

parameters checked_arguments(const entry& e, const parameters& given) {
  for (auto& [name, x] : given)
    if (std::none_of(e.arguments.begin(), e.arguments.end(), [&name = name](auto& a) { return a.name == name; })) {
      auto known = e.arguments.empty() ? "none" : joined(e.arguments, [](auto& a) { return a.name; });
      throw failure{errc::value, std::string{e.name} + " has no argument " + to_string(value{name}) + "; its arguments: " + known};
    }
  parameters filled;
  for (auto& a : e.arguments) filled[a.name] = checked(a, given);
  return filled;
}

}  // namespace

result_info provenance_of(const run_algorithm& what) {
  auto& e = find_algorithm(what.name);
  return {e.name, e.version, checked_arguments(e, what.arguments)};
}

node_values run(const graph& g, const run_algorithm& what, communicator& all) {
  auto provenance = provenance_of(what);
  auto [data, summary] = find_algorithm(what.name).run(g, provenance.arguments, all);
  return {g, std::move(data), std::move(provenance), std::move(summary)};
}

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (auto& e : catalog()) names.emplace_back(e.name);
  return names;
}

}  // namespace gli
