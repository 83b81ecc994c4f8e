#include "partitions/partition_actor_holdings.h"

#include <utility>

#include "runtime/error.h"

namespace gli {

namespace {
failure absent(const char* what, handle h) { return {errc::key, std::string{"this worker has no "} + what + " with handle " + std::to_string(h)}; }
}  // namespace

template <class Map>
typename Map::node_type holdings::extract(Map& map, handle h) {
  std::lock_guard lock{mutex_};
  return map.extract(h);
}

void holdings::put(handle h, graph g) {
  std::lock_guard lock{mutex_};
  graphs_.insert_or_assign(h, std::move(g));
}

void holdings::put(handle h, node_values_ptr v) {
  std::lock_guard lock{mutex_};
  values_.insert_or_assign(h, std::move(v));
}

graph holdings::get_graph(handle h) const {
  std::lock_guard lock{mutex_};
  auto found = graphs_.find(h);
  if (found == graphs_.end()) throw absent("graph", h);
  return found->second;
}

node_values_ptr holdings::get_values(handle h) const {
  std::lock_guard lock{mutex_};
  auto found = values_.find(h);
  if (found == values_.end()) throw absent("result", h);
  return found->second;
}

void holdings::open_load(handle h, load_options options) {
  std::lock_guard lock{mutex_};
  loads_.emplace(h, std::make_shared<load>(graph_loader{std::move(options)}));
}

void holdings::open_rows(handle h, duplicate_policy duplicates) {
  std::lock_guard lock{mutex_};
  loads_.emplace(h, std::make_shared<load>(new_rows{{}, false, false, duplicates}));
}

std::shared_ptr<holdings::load> holdings::find_load(handle h) const {
  std::lock_guard lock{mutex_};
  auto found = loads_.find(h);
  if (found == loads_.end()) throw absent("load", h);
  return found->second;
}

void holdings::add(handle h, const column_batch& rows, bool nodes) {
  auto l = find_load(h);
  std::lock_guard lock{l->one_at_a_time};
  if (std::exchange(l->over, true)) throw absent("load", h);
  if (auto kept = std::get_if<new_rows>(&l->to)) {
    kept->edges = !nodes;
    kept->batches.push_back(rows);
  } else {
    auto& loader = std::get<graph_loader>(l->to);
    nodes ? loader.add_nodes(rows) : loader.add_edges(rows);
  }
  l->over = false;
}

template <class To>
To holdings::take(handle h) {
  auto l = find_load(h);
  extract(loads_, h);
  std::lock_guard lock{l->one_at_a_time};
  auto to = std::get_if<To>(&l->to);
  if (!to || std::exchange(l->over, true)) throw absent("load", h);
  return std::move(*to);
}

std::unique_ptr<graph_loader> holdings::take_load(handle h) { return std::make_unique<graph_loader>(take<graph_loader>(h)); }
new_rows holdings::take_rows(handle h) { return take<new_rows>(h); }

holdings::counts holdings::count() const {
  std::lock_guard lock{mutex_};
  return {graphs_.size(), values_.size(), loads_.size()};
}

void holdings::release(handle h) {
  // What was taken out is destroyed after its lock: freeing a large graph takes a while.
  extract(graphs_, h);
  extract(values_, h);
  extract(loads_, h);
}

}  // namespace gli
