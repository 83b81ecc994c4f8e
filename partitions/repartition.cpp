#include "partitions/repartition.h"

#include "partitions/dictionary.h"
#include "partitions/kernels/named_owners.h"
#include "partitions/mirror_exchange.h"
#include "partitions/ownership.h"
#include "partitions/reshard.h"
#include "partitions/splitters.h"
#include "partitions/stream_owners.h"
#include "runtime/error.h"

namespace gli {

namespace {

using node_owners = vertex_array<uint32_t>;

/// key_of(v) of own nodes.
template <class Key, class KeyOf>
void take_ranges(const graph_view& g, node_owners& to, KeyOf&& key_of, communicator& all) {
  std::vector<weighted_key<Key>> own;
  for (int32_t v = 0; v < g.size(); ++v)
    if (g.live(v)) own.push_back({key_of(v), rows_of(g, v)});
  auto ends = even_splitters<Key>(std::move(own), all);
  for (int32_t v = 0; v < g.size(); ++v) to[v] = part_of<Key>(ends, key_of(v));
}

/// Of own nodes.
node_owners by_range(const graph& g, communicator& all) {
  graph_view view{g};
  node_owners to{view, 0};
  uint64_t text = g->kind.keys == key_type::utf8;
  all.all_reduce({&text, 1}, reduction::max);
  if (text) take_ranges<std::string_view>(view, to, [&](int32_t v) { return g->keys->text_key(v); }, all);
  else take_ranges<int64_t>(view, to, [&](int32_t v) { return g->keys->int_key(v); }, all);
  return to;
}

std::vector<hash128> own_hashes(const graph& g) {
  std::vector<hash128> hashes;
  for (int32_t v = 0; v < g->size; ++v) hashes.push_back(g->keys->hash_of(v));
  return hashes;
}

node_owners by_owner(const graph& g, const std::vector<uint32_t>& owners) {
  node_owners to{graph_view{g}, 0};
  for (int32_t v = 0; v < g->size; ++v) to[v] = owners[size_t(v)];
  return to;
}

node_owners chosen(const graph& g, const std::string& partitioner, communicator& all) {
  if (partitioner == "hash") return by_owner(g, homes_of(own_hashes(g), all.size()));
  if (partitioner == "range") return by_range(g, all);
  if (partitioner == "stream") return stream_owners(g, all);
  throw failure{errc::value, "a partitioner is 'hash', 'range' or 'stream', not '" + partitioner + "'"};
}

/// With what mirrors need to know.
graph sent(const graph& g, node_owners to, communicator& all) {
  broadcast(to, graph_view{g}, all);
  return moved(g, to, all);
}

}  // namespace

graph repartition(const graph& g, const std::string& partitioner, communicator& all) {
  auto to = chosen(g, partitioner, all);
  if (all.size() == 1) return g;
  auto made = copy_body(sent(g, std::move(to), all));
  graph placed{made};
  if (partitioner != "hash") made->owners = ownership_of(partitioner, own_hashes(placed), all);
  return placed;
}

graph repartition_like(const graph& g, const graph& like, communicator& all) {
  if (all.size() == 1) return g;
  auto made = copy_body(sent(g, by_owner(g, owners_of(*like, own_hashes(g), all)), all));
  made->owners = like->owners;
  return graph{std::move(made)};
}

}  // namespace gli
