#pragma once
// Groups of own nodes, each called by the hash of some key.

#include <unordered_map>
#include <vector>

#include "partitions/graph_view.h"
#include "runtime/hash.h"

namespace gli {

struct named_groups {
  std::vector<hash128> names;  // each once, of one own node at least
  std::vector<uint32_t> of;    // place in names, by own id; 0 of what is not live

  /// name(v) of every live own node.
  template <class Name>
  static named_groups of_nodes(const graph_view& g, Name&& name) {
    named_groups made;
    made.of.resize(size_t(g.size()));
    for (int32_t v = 0; v < g.size(); ++v) {
      if (!g.live(v)) continue;
      made.of[size_t(v)] = uint32_t(made.names.size());
      made.names.push_back(name(v));
    }
    made.rename(std::vector<hash128>{made.names});
    return made;
  }

  /// to: beside names; may call several the same.
  void rename(const std::vector<hash128>& to) {
    std::unordered_map<hash128, uint32_t, hash128_hasher> place;
    std::vector<uint32_t> moved;
    names.clear();
    for (auto& name : to) {
      auto [at, is_new] = place.emplace(name, uint32_t(names.size()));
      if (is_new) names.push_back(name);
      moved.push_back(at->second);
    }
    for (auto& place_of : of) place_of = moved.empty() ? 0 : moved[place_of];
  }
};

}  // namespace gli
