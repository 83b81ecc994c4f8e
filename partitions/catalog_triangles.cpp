// Algorithms that look at the neighbors of neighbors.
#include <algorithm>
#include <cstring>
#include <span>
#include <string>

#include "partitions/algorithms/common_neighbors.h"
#include "partitions/algorithms/triangles.h"
#include "partitions/catalog_entries.h"
#include "partitions/json_list.h"
#include "partitions/kernels/distinct_neighbors.h"
#include "partitions/kernels/exact_vector.h"
#include "partitions/kernels/value_column.h"
#include "runtime/error.h"

namespace gli {
namespace {

algorithm_answer run_triangles(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  triangles a{view, triangle_weight::ones, all};
  uint64_t corners = 0;
  for (int32_t v = 0; v < view.size(); ++v) corners += a.of(v);
  auto data = value_column<int64_t>(view, every_node, [&](int32_t v) { return int64_t(a.of(v)); });
  return {std::move(data), {{"triangles", int64_t(counted(corners, all) / 3)}}};
}

/// Edges between the neighbors of v, of those that there could be; directed ones as NetworkX counts them, or as LDBC does.
algorithm_answer run_clustering(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  auto& mode = std::get<std::string>(p.at("mode"));
  if (mode != "networkx" && mode != "ldbc") throw failure{errc::value, "mode must be 'networkx' or 'ldbc', not " + to_string(p.at("mode"))};
  bool ways = view.directed() && mode == "networkx";
  triangles a{view, !view.directed() ? triangle_weight::ones : ways ? triangle_weight::directed : triangle_weight::opposite, all};
  auto of = [&](int32_t v) {
    auto degree = a.degree(view, v), pairs = degree * (degree - 1);  // 0 * anything: 0
    if (ways) {
      uint64_t total = 0;
      for_each_distinct_neighbor(view, v, [&](int32_t, int edges) { total += uint64_t(edges); });
      pairs = total * (total - 1) - 2 * (total - degree);  // total - degree: neighbors with edges both ways
    }
    auto closed = a.of(v) * (view.directed() ? 1 : 2);
    return closed == 0 ? 0.0 : double(closed) / double(pairs);
  };
  auto mean = exact_total(view, all, of) / double(std::max<uint64_t>(1, view.total_nodes()));
  return {value_column<double>(view, every_node, of), {{"average", mean}}};
}

// --- pairs --------------------------------------------------------------------------------------------------------------------

/// One after the other, of json or of the bytes of all first ones and then of all second ones.
std::vector<key> keys_of_pairs(const value& given) {
  std::vector<key> keys;
  if (auto list = std::get_if<json>(&given)) {
    for (auto& [first, second] : json_pairs(list->text, "pairs is a list of (node, node)")) keys.push_back(checked_key(first)), keys.push_back(checked_key(second));
  } else if (auto packed = std::get_if<binary>(&given); packed && packed->bytes.size() % 16 == 0) {
    std::vector<int64_t> ends(packed->bytes.size() / 8);
    if (!ends.empty()) std::memcpy(ends.data(), packed->bytes.data(), packed->bytes.size());
    for (size_t i = 0, count = ends.size() / 2; i < count; ++i) keys.push_back(ends[i]), keys.push_back(ends[count + i]);
  } else {
    throw failure{errc::type, "pairs is a list of (node, node), not " + to_string(given)};
  }
  return keys;
}

std::vector<common_neighbors::node_pair> pairs_of(const graph& g, const value& given, communicator& all) {
  auto keys = keys_of_pairs(given);
  auto own = find_all_anywhere(g, keys, all);
  std::vector<common_neighbors::node_pair> made;
  for (size_t i = 0; i < keys.size(); i += 2) made.push_back({key_hash(keys[i]), key_hash(keys[i + 1]), own[i], own[i + 1]});
  return made;
}

/// By own node the scores of the pairs that it is the first of, in their order: the bytes of each.
std::vector<std::string> scores_of(const graph_view& g, pair_score score, const std::vector<common_neighbors::node_pair>& pairs, communicator& all) {
  constexpr size_t at_once = 4096;
  common_neighbors a{g, score, all};
  std::vector<std::string> made(size_t(g.size()));
  for (size_t from = 0; from < pairs.size(); from += at_once) {
    all.progress("pairs", from, pairs.size());
    auto some = std::span{pairs}.subspan(from, std::min(at_once, pairs.size() - from));
    auto scores = a.of(some, all);
    for (size_t i = 0; i < some.size(); ++i) {
      if (!some[i].own_first) continue;
      auto& bytes = made[size_t(*some[i].own_first)];
      bytes.append(reinterpret_cast<const char*>(&scores[i]), sizeof(double));
    }
  }
  return made;
}

template <pair_score score>
algorithm_answer run_pairs(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  auto pairs = pairs_of(g, p.at("pairs"), all);
  auto scores = scores_of(view, score, pairs, all);
  auto known = [&](int32_t v) { return !scores[size_t(v)].empty(); };
  auto data = text_column(view, known, [&](int32_t v) -> std::string_view { return scores[size_t(v)]; });
  data.type = column_type::binary;
  return {std::move(data), {{"pairs", int64_t(pairs.size())}}};
}

}  // namespace

std::vector<catalog_entry> triangle_algorithms() {
  return {
      {"triangles", 1, {}, run_triangles},
      {"clustering", 1, {{"mode", argument_kind::text, std::string{"networkx"}}}, run_clustering},
      {"jaccard_coefficient", 2, {{"pairs", argument_kind::of_nodes}}, run_pairs<pair_score::jaccard>},
      {"adamic_adar_index", 2, {{"pairs", argument_kind::of_nodes}}, run_pairs<pair_score::adamic_adar>},
  };
}

}  // namespace gli
