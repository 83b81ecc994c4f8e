#pragma once
// One algorithm of the catalog: how it is called, and what runs it. Inside of catalog*.cpp only.

#include <optional>
#include <vector>

#include "partitions/catalog.h"
#include "partitions/graph_view.h"
#include "partitions/kernels/edge_weights.h"

namespace gli {

struct algorithm_answer {
  column data;  // by own id, named "value"
  parameters summary;
};

enum class argument_kind : uint8_t { real, count, flag, text, node, nodes, name, of_nodes };
// node: a key. nodes: a key, or json, a list of them. name: of an attribute. of_nodes: that, or json, a list of pairs

struct algorithm_argument {
  const char* name;
  argument_kind type;
  std::optional<value> otherwise = {};  // none: must be given
};

struct catalog_entry {
  const char* name;
  uint32_t version;  // raised whenever an answer's bytes change
  std::vector<algorithm_argument> arguments;
  algorithm_answer (*run)(const graph&, const parameters&, communicator&);  // collective; arguments are checked and filled in
};

std::vector<catalog_entry> path_algorithms();
std::vector<catalog_entry> ranking_algorithms();
std::vector<catalog_entry> group_algorithms();
std::vector<catalog_entry> triangle_algorithms();
std::vector<catalog_entry> community_algorithms();

inline bool is_null(const value& x) { return std::holds_alternative<std::monostate>(x); }
inline bool every_node(int32_t) { return true; }
std::optional<uint64_t> optional_count(const parameters& p, const std::string& name);
std::optional<std::string> optional_name(const parameters& p, const std::string& name);

/// The graph's, the same on all partitions: one without nodes may not know it. Collective.
key_type agreed_key_type(const graph& g, communicator& all);
/// The own id of a node that must be in the graph, where it is this partition's. Throws alike on all partitions. Collective.
std::optional<int32_t> find_anywhere(const graph& g, const key& k, communicator& all);
/// The same of many, by position. Key: key or int64_t.
template <class Key>
std::vector<std::optional<int32_t>> find_all_anywhere(const graph& g, const std::vector<Key>& keys, communicator& all);
/// failure{type} for what is no key.
key checked_key(const value& x);
/// Of the attribute that the argument `weight` names, if it names one; not negative, not infinite. Collective.
std::optional<edge_weights> finite_weights(const graph& g, const parameters& p, communicator& all);
inline const edge_weights* pointer_to(const std::optional<edge_weights>& w) { return w ? &*w : nullptr; }
/// failure{value} for what is not above 0 and below infinity.
void check_positive(const parameters& p, const char* name);
/// The sum of a count over all partitions. Collective.
uint64_t counted(uint64_t own, communicator& all);

}  // namespace gli
