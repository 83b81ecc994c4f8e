#pragma once
// A version of a whole graph: a position in an append-only log in front of pages (docs/graph-value.md, "The log").
//
// A version is 16 bytes and a value: copy it freely, read it and edit it from any thread. An edit appends to the log when nothing stands behind this
// version yet, and begins a log of its own otherwise; versions that are there never change.
// Ids are the graph's own ids: the same in all versions of a log and in what they fold to.

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/edit.h"
#include "partitions/graph.h"

namespace gli {

class version_log;

/// How many versions, and logs behind it, hold a log.
class held_log {
 public:
  friend void intrusive_ptr_add_ref(const held_log* log) { log->holders_.fetch_add(1, std::memory_order_relaxed); }
  friend void intrusive_ptr_release(const held_log* log) {
    if (log->holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) release(log);
  }

 protected:
  ~held_log() = default;

 private:
  static void release(const held_log* log);
  mutable std::atomic<uint32_t> holders_{0};
};

using key_view = std::variant<int64_t, std::string_view>;
inline key_view view_of(const key& k) {
  auto number = std::get_if<int64_t>(&k);
  return number ? key_view{*number} : key_view{std::string_view{std::get<std::string>(k)}};
}

/// An edit whose keys and attributes lie elsewhere.
struct edit_view {
  edit::what op;
  key_view node, target;
  std::optional<key_view> edge_key;
  std::span<const std::pair<std::string, value>> attributes;
  bool create_nodes = false;
};

class version {
 public:
  explicit version(const graph& root);  // whole graphs only: else failure{not_implemented}

  const graph& root() const;  // the pages below the log
  graph_kind kind() const;
  uint64_t nodes() const;
  uint64_t edges() const;
  parameters attributes() const;  // the graph's own

  /// The id of a node that is there. A key of the other type is failure{type}.
  std::optional<int32_t> find(key_view k) const;
  bool has_node(int32_t id) const;
  key key_of(int32_t node) const;
  const hash128& hash_of(int32_t node) const;  // of its key
  const dictionary& keys() const;  // of a graph that has nodes: what its ids mean, as long as the version
  parameters node_attributes(int32_t node) const;  // without nulls

  enum class direction : uint8_t { out, in, all };  // undirected graphs: always all
  /// Each neighbor once, ascending. O(d + k log k) for d neighbors in the pages and k edits of them, after O(log edits) to find those.
  std::vector<int32_t> neighbors(int32_t node, direction which) const;
  /// Parallel edges count each; undirected, a self-loop counts twice (partitions/algorithms/degree.h).
  uint64_t degree(int32_t node, direction which) const;

  /// Of simple graphs there is at most one edge between two nodes, with key 0. In the order of keys.
  std::vector<key> edges_between(int32_t source, int32_t target) const;
  bool has_edge(int32_t source, int32_t target) const;
  bool has_edge(int32_t source, int32_t target, const key& edge_key) const;
  parameters edge_attributes(int32_t source, int32_t target, const key& edge_key) const;  // of an edge that is there

  /// All or nothing: throws failure{key | type | value | memory} and changes nothing. ~100 ns an edit.
  version apply(std::span<const edit> edits, edit_report& report) const;
  version apply(const edit_view& e, edit_report& report) const;

  /// The same graph as pages, for kernels, queries and the store. Rewrites the pages that the log touched; made once for a version that is asked
  /// again, and the base of what later versions of the log fold.
  graph fold() const;

  /// The graph_id. The cost follows the operations since the nearest version before whose id is known; where there is none, since the pages, whose facts
  /// are counted once. Kept for those that come after.
  hash128 identity() const;

  /// Whether an edit may have to fold first, and take as long as fold(): versions of the end of a long chain of logs that others went on from.
  bool next_edit_folds() const;

  /// Bytes of the log and those behind it: operations, index, attribute values.
  uint64_t log_bytes() const;

 private:
  friend class log_appender;
  friend class log_folder;
  friend class operations_between;
  friend class known_identity;
  version(boost::intrusive_ptr<held_log> log, uint32_t position) : log_{std::move(log)}, position_{position} {}

  version_log& log() const;

  boost::intrusive_ptr<held_log> log_;
  uint32_t position_ = 0;
};

}  // namespace gli
