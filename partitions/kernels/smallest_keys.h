#pragma once
// What users see of components: each one's smallest key.

#include <functional>

#include "partitions/kernels/named_groups.h"
#include "partitions/kernels/union_find.h"
#include "runtime/communicator.h"
#include "runtime/value.h"

namespace gli {

/// For every live own node the smallest key among all nodes of the graph with the same label, by number or byte order.
/// label_of(sets.root(v)) is v's label: (partition << 32 | own id) of a live node which has that label itself; its partition decides the
/// component's key. Collective; O(n), two exchanges of one key per component and partition.
column smallest_keys(const graph_view& g, key_type keys, const union_find& sets, const std::function<uint64_t(int32_t)>& label_of, communicator& all);

/// The same of groups that are called by the hashes of keys. Collective.
column smallest_keys(const graph_view& g, key_type keys, const named_groups& groups, communicator& all);

}  // namespace gli
