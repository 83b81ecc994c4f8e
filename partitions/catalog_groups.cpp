// Algorithms that sort nodes into groups.
#include "partitions/algorithms/components.h"
#include "partitions/algorithms/core_number.h"
#include "partitions/algorithms/greedy_color.h"
#include "partitions/algorithms/independent_set.h"
#include "partitions/algorithms/label_propagation.h"
#include "partitions/algorithms/strong_components.h"
#include "partitions/algorithms/topological_generations.h"
#include "partitions/catalog_entries.h"
#include "partitions/kernels/smallest_keys.h"
#include "partitions/kernels/value_column.h"
#include "partitions/run.h"
#include "runtime/error.h"

namespace gli {
namespace {

algorithm_answer run_components(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  connected_components a{view, all};
  run_rounds(a, view, all);
  auto count = counted(a.count(view), all);
  return {smallest_keys(view, agreed_key_type(g, all), a.joined.sets, [&](int32_t root) { return a.label(view, root); }, all), {{"count", int64_t(count)}}};
}

algorithm_answer run_strong_components(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  strong_components a;
  run_rounds(a, view, all);
  vertex_array<uint64_t> label;
  auto sets = a.sets(view, label);
  uint64_t heads = 0;
  for (int32_t v = 0; v < view.size(); ++v) heads += view.live(v) && a.head[size_t(v)] == connected_components::global_id(view, v);
  return {smallest_keys(view, agreed_key_type(g, all), sets, [&](int32_t root) { return label[root]; }, all), {{"count", int64_t(counted(heads, all))}}};
}

template <class T>
algorithm_answer propagate_labels(const graph& g, uint64_t iterations, communicator& all) {
  graph_view view{g};
  label_propagation<T> a{iterations, key_labels<T>(view, all), {}};
  auto rounds = run_rounds(a, view, all);
  std::vector<uint8_t> known(size_t(view.size()));
  for (int32_t v = 0; v < view.size(); ++v) known[size_t(v)] = view.live(v);
  for (int32_t v = 0; v < view.size(); ++v) a.next[size_t(v)] = a.label[v];
  return {keys_of_labels(view, a.next, known, all), {{"rounds", int64_t(rounds)}}};
}

algorithm_answer run_label_propagation(const graph& g, const parameters& p, communicator& all) {
  auto iterations = uint64_t(std::get<int64_t>(p.at("iterations")));
  return with_label_type(agreed_key_type(g, all), [&](auto label) { return propagate_labels<decltype(label)>(g, iterations, all); });
}

algorithm_answer run_core_number(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  core_number a;
  run_rounds(a, view, all);
  uint64_t largest = 0;
  for (int32_t v = 0; v < view.size(); ++v)
    if (view.live(v)) largest = std::max(largest, uint64_t(a.estimate[v]));
  all.all_reduce({&largest, 1}, reduction::max);
  auto data = value_column<int64_t>(view, every_node, [&](int32_t v) { return int64_t{a.estimate[v]}; });
  return {std::move(data), {{"largest", int64_t(largest)}}};
}

algorithm_answer run_independent_set(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  independent_set a;
  run_rounds(a, view, all);
  uint64_t size = 0;
  for (int32_t v = 0; v < view.size(); ++v) size += a.decided[v] == independent_set::in;
  auto data = flag_column(view, every_node, [&](int32_t v) { return a.decided[v] == independent_set::in; });
  return {std::move(data), {{"size", int64_t(counted(size, all))}}};
}

algorithm_answer run_greedy_color(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  greedy_color a;
  run_rounds(a, view, all);
  uint64_t colors = 0;
  for (int32_t v = 0; v < view.size(); ++v) colors = std::max(colors, uint64_t(a.color[v] + 1));
  all.all_reduce({&colors, 1}, reduction::max);
  return {value_column<int64_t>(view, every_node, [&](int32_t v) { return int64_t{a.color[v]}; }), {{"colors", int64_t(colors)}}};
}

algorithm_answer run_generations(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  if (!view.directed()) throw failure{errc::value, "topological generations are of directed graphs"};
  topological_generations a;
  auto rounds = run_rounds(a, view, all);
  auto known = [&](int32_t v) { return a.generation[size_t(v)] >= 0; };
  auto data = value_column<int64_t>(view, known, [&](int32_t v) { return int64_t{a.generation[size_t(v)]}; });
  return {std::move(data), {{"generations", int64_t(rounds)}, {"sorted", int64_t(a.sorted)}}};
}

}  // namespace

std::vector<catalog_entry> group_algorithms() {
  return {
      {connected_components::name, 1, {}, run_components},
      {strong_components::name, 1, {}, run_strong_components},
      {"label_propagation", 1, {{"iterations", argument_kind::count, int64_t{10}}}, run_label_propagation},
      {core_number::name, 1, {}, run_core_number},
      {independent_set::name, 1, {}, run_independent_set},
      {greedy_color::name, 1, {}, run_greedy_color},
      {topological_generations::name, 1, {}, run_generations},
  };
}

}  // namespace gli
