#include "partitions/named_elements.h"

#include <utility>

namespace gli {

named_elements::named_elements(std::span<const edit> edits, bool directed, const std::function<std::vector<uint32_t>(std::span<const hash128>)>& owners_of)
    : directed_{directed} {
  using what = enum edit::what;
  numbers_.reserve(edits.size());
  for (auto& e : edits) switch (e.op) {
      case what::set_graph_attribute:
      case what::remove_graph_attribute: break;
      case what::add_node:
      case what::update_node:
      case what::upsert_node:
      case what::remove_node_attribute: number(e.node); break;
      case what::remove_node: nodes_[number(e.node)].removed = true; break;
      default: name_edge(e);
    }
  std::vector<hash128> hashes;
  for (auto& n : nodes_) hashes.push_back(n.hash);
  auto owners = owners_of(hashes);
  for (size_t i = 0; i < nodes_.size(); ++i) nodes_[i].owner = owners[i];
}

uint32_t named_elements::number(const key& k) {
  auto hash = key_hash(k);
  auto [at, fresh] = numbers_.try_emplace(hash, uint32_t(nodes_.size()));
  if (fresh) nodes_.push_back({k, hash, 0});
  return at->second;
}

void named_elements::name_edge(const edit& e) {
  auto source = number(e.node), target = number(e.target);
  if (!directed_ && e.target < e.node) std::swap(source, target);
  auto [at, fresh] = pair_numbers_.try_emplace(joined(source, target), uint32_t(pairs_.size()));
  if (fresh) pairs_.push_back({source, target});
  if (e.op == edit::what::remove_edge) pairs_[at->second].removed = true;
}

}  // namespace gli
