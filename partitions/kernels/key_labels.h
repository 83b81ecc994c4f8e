#pragma once
// Values that stand for keys on every partition, in an order that no partitioning changes: int keys themselves, text keys' 128-bit hashes.

#include "partitions/dictionary.h"
#include "partitions/graph_view.h"
#include "partitions/mirror_exchange.h"
#include "runtime/value.h"

namespace gli {

/// Of own nodes and mirrors. T is int64_t for int keys, hash128 for text keys. Collective.
template <class T>
vertex_array<T> key_labels(const graph_view& g, communicator& all) {
  vertex_array<T> labels{g, T{}};
  auto& keys = *g.body().keys;
  for (int32_t v = 0; v < g.size(); ++v) {
    if constexpr (std::is_same_v<T, int64_t>) labels[v] = keys.int_key(v);
    else labels[v] = keys.hash_of(v);
  }
  broadcast(labels, g, all);
  return labels;
}

/// Calls f(T{}) with the type of labels of such keys.
template <class F>
auto with_label_type(key_type keys, F&& f) {
  return keys == key_type::utf8 ? f(hash128{}) : f(int64_t{});
}

/// The keys that labels stand for, by own id; null where known(v) does not hold. Each label is some node's of the graph. Collective.
column keys_of_labels(const graph_view& g, const std::vector<int64_t>& labels, const std::vector<uint8_t>& known, communicator& all);
column keys_of_labels(const graph_view& g, const std::vector<hash128>& labels, const std::vector<uint8_t>& known, communicator& all);

}  // namespace gli
