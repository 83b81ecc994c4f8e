#include "partitions/changes.h"

#include <algorithm>

namespace gli {

bool page_changes::moved() const {
  return std::any_of(elements.begin(), elements.end(), [](auto& e) { return e.moved(); });
}

attribute_names::attribute_names(const std::vector<paged_column>& columns) {
  for (auto& c : columns) intern(c.name);
}

uint32_t attribute_names::intern(const std::string& name) {
  auto [at, fresh] = numbers_.try_emplace(name, uint32_t(names_.size()));
  if (fresh) names_.push_back(name);
  return at->second;
}

std::optional<uint32_t> attribute_names::find(const std::string& name) const {
  auto at = numbers_.find(name);
  return at == numbers_.end() ? std::nullopt : std::optional{at->second};
}

graph_changes::graph_changes(const graph& g)
    : base{g}, kind{g->kind}, keys{g->keys}, size{g->size}, nodes{g->nodes}, removed{g->removed}, sequence{g->sequence},
      attributes{g->attributes}, node_names{g->node_columns}, edge_names{g->edge_columns}, mirror_hashes{g->mirror_hashes}, peers{g->peers},
      removed_mirrors{g->removed_mirrors} {}

namespace {

/// Among the parallel edges [slot, end), the first whose key is not before e's.
uint32_t first_with_key(const graph& base, const element_change& e, uint32_t slot, uint32_t end) {
  while (slot < end) {
    auto middle = slot + (end - slot) / 2;
    if (*edge_key(base, e.a, middle) < *e.edge_key) slot = middle + 1;
    else end = middle;
  }
  return slot;
}

}  // namespace

uint32_t locate_edge(const graph& base, element_change& e, uint32_t from_slot) {
  auto p = size_t(e.a) >> vertices_per_page_bits;
  if (p >= base->out.directory.size()) return from_slot;
  auto& t = *base->out.directory[p];
  auto list = t.of(e.a & (vertices_per_page - 1));
  auto slot = uint32_t(std::lower_bound(list.begin() + from_slot, list.end(), e.b) - list.begin());
  if (base->edge_keys) slot = first_with_key(base, e, slot, uint32_t(std::upper_bound(list.begin() + slot, list.end(), e.b) - list.begin()));
  e.old = slot < list.size() && list[slot] == e.b && (!base->edge_keys || *edge_key(base, e.a, slot) == *e.edge_key);
  e.row = t.off[e.a & (vertices_per_page - 1)] + slot;
  return slot;
}

}  // namespace gli
