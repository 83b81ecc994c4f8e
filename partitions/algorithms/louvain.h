#pragma once
// Communities of much modularity: nodes move to the community beside them that gains the most until a pass gains too little, then communities become nodes
// and move likewise, until that gains too little. Louvain [Blondel, Guillaume, Lambiotte, Lefebvre 2008], with nodes of a class moving at the same time
// [Gottesbüren, Hamann 2022] and nodes that are alone not passing each other [Lu, Halappanavar, Kalyanaraman 2015]; or Leiden, where only parts of
// communities that hold together become nodes [Traag, Waltman, van Eck 2019]. Nodes none of whose neighbors moved are passed over [Ozaki, Tezuka, Inaba 2016].
// Directed graphs as in [Dugué, Perez 2015]. O(m) a pass.

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "partitions/dictionary.h"
#include "partitions/kernels/communities.h"
#include "partitions/kernels/named_groups.h"
#include "partitions/kernels/named_owners.h"

namespace gli {

class louvain {
 public:
  struct options {
    double resolution = 1, threshold = 1e-7;  // of modularity, that a pass and a level must gain
    std::optional<uint64_t> max_level;
    uint64_t seed = 0;
    bool refine = false;  // Leiden
  };

  /// Collective. g must outlive it.
  louvain(const graph_view& g, const edge_weights* weights, const options& how, communicator& all) : how_{how} {
    auto level = std::make_unique<community_graph>(community_graph::of(g, weights, all));
    groups = named_groups::of_nodes(g, [&](int32_t v) { return g.body().keys->hash_of(v); });
    std::vector<hash128> at_first;  // by own node of the level: where it begins; empty: alone
    while (level) level = next_level(std::move(level), at_first, all);
  }

  double modularity = 0;
  uint64_t count = 0, levels = 0, passes = 0;
  named_groups groups;

 private:
  using graph_pointer = std::unique_ptr<community_graph>;

  /// Finds the communities of a level. Null when that was the last one.
  graph_pointer next_level(graph_pointer level, std::vector<hash128>& at_first, communicator& all) {
    communities now{*level};
    if (how_.refine && levels > 0) now.assign(at_first, all);
    if (levels++ == 0) modularity = now.modularity(how_.resolution, all);
    bool better = settle(now, all);
    if (better && levels < how_.max_level.value_or(~uint64_t{0})) {
      auto parts = how_.refine ? refined(*level, now, all) : now;
      auto next = std::make_unique<community_graph>(parts.merged(all));
      if (next->nodes() < level->nodes()) {
        if (how_.refine) at_first = beginnings(*next, *level, now, all);
        rename(*level, parts, all);
        return next;
      }
    }
    rename(*level, now, all);
    count = now.count(all);
    return {};
  }

  /// Passes until one gains too little, which is undone where it lost. Whether all of them gained enough.
  bool settle(communities& now, communicator& all) {
    auto before = modularity;
    for (uint64_t pass = 0;; ++pass) {
      auto kept = now;
      ++passes;
      if (now.move_all({how_.resolution, how_.seed, nullptr}, pass, all) == 0) break;
      auto reached = now.modularity(how_.resolution, all), gained = reached - modularity;
      if (gained < 0) now = std::move(kept);
      else modularity = reached;
      if (gained <= how_.threshold) break;
    }
    return modularity - before > how_.threshold;
  }

  /// Parts of communities that hold together: from every node alone, until no node that is alone gains by joining others of its community.
  communities refined(const community_graph& level, const communities& now, communicator& all) const {
    communities parts{level};
    for (uint64_t pass = 0; parts.move_all({how_.resolution, how_.seed, &now}, pass, all) > 0;) ++pass;
    return parts;
  }

  /// Where the nodes of the next level begin: each part in its community, called by the part of the smallest name. A part has its founder.
  static std::vector<hash128> beginnings(const community_graph& next, const community_graph& level, const communities& now, communicator& all) {
    std::vector<hash128> parts, of;
    for (uint32_t v = 0; v < next.own(); ++v) {
      parts.push_back(next.name(v));
      of.push_back(now.name_of(level.own_id(next.name(v))));
    }
    return least_of(of, parts, all);
  }

  void rename(const community_graph& level, const communities& now, communicator& all) {
    groups.rename(ask_homes<hash128>(groups.names, all, [&](const hash128& name) { return now.name_of(level.own_id(name)); }));
  }

  options how_;
};

}  // namespace gli
