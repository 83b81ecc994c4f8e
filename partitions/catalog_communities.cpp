// Algorithms that look for communities, and what they are worth.
#include "partitions/algorithms/louvain.h"
#include "partitions/algorithms/modularity.h"
#include "partitions/catalog_entries.h"
#include "partitions/kernels/smallest_keys.h"
#include "partitions/kernels/value_column.h"
#include "partitions/node_weights.h"
#include "runtime/error.h"

namespace gli {
namespace {

louvain::options options_of(const parameters& p) {
  check_positive(p, "resolution");
  auto max_level = optional_count(p, "max_level");
  if (max_level == 0) throw failure{errc::value, "max_level must be at least 1, not 0"};
  auto threshold = std::get<double>(p.at("threshold"));
  if (!(threshold >= 0)) throw failure{errc::value, "threshold must not be negative: " + to_string(p.at("threshold"))};
  return {std::get<double>(p.at("resolution")), threshold, max_level, uint64_t(std::get<int64_t>(p.at("seed"))), false};
}

algorithm_answer run_communities(const graph& g, const parameters& p, communicator& all, bool refine) {
  auto how = options_of(p);
  how.refine = refine;
  auto weights = finite_weights(g, p, all);
  louvain found{graph_view{g}, pointer_to(weights), how, all};
  auto keys = smallest_keys(graph_view{g}, agreed_key_type(g, all), found.groups, all);
  return {std::move(keys), {{"count", int64_t(found.count)}, {"modularity", found.modularity}, {"levels", int64_t(found.levels)}, {"passes", int64_t(found.passes)}}};
}

algorithm_answer run_louvain(const graph& g, const parameters& p, communicator& all) { return run_communities(g, p, all, false); }
algorithm_answer run_leiden(const graph& g, const parameters& p, communicator& all) { return run_communities(g, p, all, true); }

/// Nodes of the same number are a community.
algorithm_answer run_modularity(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  check_positive(p, "resolution");
  auto weights = finite_weights(g, p, all);
  auto numbers = node_weights(g, p.at("communities"), "communities", all);
  given_communities found{view, pointer_to(weights), numbers, all};
  auto keys = smallest_keys(view, agreed_key_type(g, all), found.sets(), [&](int32_t root) { return found.leader(root); }, all);
  return {std::move(keys), {{"count", int64_t(found.count())}, {"modularity", found.modularity(std::get<double>(p.at("resolution")))}}};
}

}  // namespace

std::vector<catalog_entry> community_algorithms() {
  using kind = argument_kind;
  algorithm_argument weight{"weight", kind::name, value{}}, resolution{"resolution", kind::real, 1.0};
  std::vector<algorithm_argument> searching{weight, resolution, {"threshold", kind::real, 1e-7}, {"max_level", kind::count, value{}}, {"seed", kind::count, int64_t{0}}};
  return {
      {"louvain_communities", 2, searching, run_louvain},
      {"leiden_communities", 2, searching, run_leiden},
      {"modularity", 1, {{"communities", kind::of_nodes}, weight, resolution}, run_modularity},
  };
}

}  // namespace gli
