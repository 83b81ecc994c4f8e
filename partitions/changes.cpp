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
      attributes{g->attributes}, node_names{g->node_columns}, edge_names{g->edge_columns} {}

}  // namespace gli
