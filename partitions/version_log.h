#pragma once
// The log behind versions: operations in order, and for each element the way from its newest operation to the older ones. Inside of version*.cpp only.
//
// Threads: whoever moves `tip` from its version's position to `busy` is the one writer until it stores a position again. Others read what
// happened before their version was made, and cut off what they find beyond it. docs/graph-value.md, "The log".

#include <algorithm>
#include <atomic>
#include <boost/container/small_vector.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "partitions/dictionary.h"
#include "partitions/growing_array.h"
#include "partitions/log_index.h"
#include "partitions/version.h"

namespace gli {

/// Attribute names by number, shared by a log and its forks. Any thread.
class name_table {
 public:
  uint32_t intern(std::string_view name) {
    auto looked_through = std::min(size_.load(std::memory_order_acquire), few);
    for (int32_t i = 0; i < looked_through; ++i)
      if (names_[i] == name) return uint32_t(i);
    return intern_locked(name);
  }
  const std::string& operator[](uint32_t number) const { return names_[int32_t(number)]; }

 private:
  static constexpr int32_t few = 4;  // names that are looked through without the lock
  uint32_t intern_locked(std::string_view name);

  std::mutex mutex_;
  std::atomic<int32_t> size_{0};
  growing_array<std::string, 3> names_;
  std::unordered_map<std::string_view, uint32_t> numbers_;
};

using log_value = std::pair<uint32_t, value>;  // of a name; null: no longer there
using log_values = boost::container::small_vector<log_value, 4>;

/// Values by name, the newest of each.
class newest_values {
 public:
  explicit newest_values(size_t expected = 0) { all_.reserve(expected); }
  void add_older(uint32_t name, const value& v);
  void add_older(std::span<const log_value> older);
  const log_values& all() const { return all_; }
  log_values take() && { return std::move(all_); }

 private:
  log_values all_;
  std::optional<std::unordered_set<uint32_t>> seen_;  // once there are many
};

/// Owns its values, not the memory in which they are.
struct log_payload {
  log_payload() = default;
  log_payload(const log_payload&) = delete;
  log_payload& operator=(const log_payload&) = delete;
  ~log_payload() { std::destroy(values.begin(), values.end()); }

  std::optional<key> edge_key;  // of edges of multi graphs
  std::span<log_value> values;
};

/// Trivial, so that room for operations is not written before they are; {} is no operation.
struct log_operation {
  enum class what : uint8_t { none, add_node, update_node, remove_node, add_edge, update_edge, remove_edge, update_graph };
  enum class reach : uint8_t { own, log, all };  // its values are: what it sets; all that this log has for the element; all that there are, pages included
  what op;
  reach values;
  uint32_t since;     // operations on the element since one whose values reached further
  int32_t a, b;       // the node; or the edge's source (undirected: the end with the smaller key) and target
  uint32_t previous;  // the element's operation before this one in this log; 0: none
  uint32_t jump;      // an older one, such that any is reached in O(log n) steps [Myers 1983]
  uint32_t depth;     // operations on the element up to this one
  uint32_t payload;   // 0: none
  int32_t nodes;      // of the graph after it
  uint64_t edges;

  bool is_add() const { return op == what::add_node || op == what::add_edge; }
  bool is_remove() const { return op == what::remove_node || op == what::remove_edge; }
  bool moves_edge() const { return op == what::add_edge || op == what::remove_edge; }
};

/// What the index is asked for.
struct log_tags {
  static constexpr uint64_t graph = 2;
  static uint64_t pair(int32_t s, int32_t t) { return uint64_t{1} << 62 | uint64_t(s) << 31 | uint64_t(t); }  // simple graphs: the edge, once its source is indexed; multi: a pending_pair
  static uint64_t edge(int32_t s, int32_t t, const key& k) {
    return uint64_t{2} << 62 | ((pair(s, t) * 0xff51afd7ed558ccd ^ key_hash(k).low) & ((uint64_t{1} << 62) - 1));
  }
};

static_assert(std::is_trivially_default_constructible_v<log_operation>);
static_assert(sizeof(version) == 16 && sizeof(log_operation) == 48 && sizeof(pending_node) == 32 && sizeof(pending_entry) == 12);

inline const key only_key = int64_t{0};  // of the edge between two nodes of a simple graph

class version_log : public held_log {
 public:
  static constexpr uint64_t busy = uint64_t{1} << 62, sealed = uint64_t{1} << 63;
  static constexpr uint32_t copied_at_most = 64;  // operations that a fork copies instead of pointing at them
  static constexpr uint32_t deepest = 16;         // logs behind one another before they are folded

  explicit version_log(const graph& root_pages);
  version_log(const version_log& of, uint32_t position, bool flat);  // a fork: of the same pages (flat), or behind `of`

  const uint64_t number;  // 1, 2, 3 … as logs were begun in this process
  const graph root;
  const boost::intrusive_ptr<const version_log> parent;  // whose operations up to parent_position come before
  const uint32_t parent_position = 0, depth = 0;
  const uint64_t operations_before = 0;
  const uint32_t limit;  // operations after which it takes no more, so that an old version keeps no more than these alive

  std::atomic<uint64_t> tip{0};

  // Written by the writer, read by others when their version is at or behind the position named.
  std::shared_ptr<dictionary> keys;  // to be looked at from keys_since on
  std::atomic<uint32_t> keys_since{0}, edge_keys_since{0};
  std::atomic<key_type> edge_keys{key_type::none};
  growing_array<log_operation, 4> operations;
  bump_arena lists;  // of operations, and values of payloads: outlives those
  growing_array<log_payload, 4> payloads;
  int32_t payload_count = 1;
  std::atomic<uint64_t> value_bytes{0};
  pending_nodes nodes;
  log_index index;
  std::shared_ptr<name_table> names;

  struct free_key { uint32_t position; int64_t edges, next; };  // no key in [edges, next) is free while no edge was removed after `position`
  std::map<std::pair<int32_t, int32_t>, free_key> free_keys;
  uint32_t last_removal = 0;

  std::atomic<uint32_t> nodes_removed_since{UINT32_MAX};  // before this position no operation, here or in a log before, removed a node

  std::optional<graph> folded(uint32_t position);  // what fold() made of it before, if that is still there
  std::mutex folding;  // guards what is below
  std::map<uint32_t, std::weak_ptr<const graph::body>> folds;
  std::optional<std::pair<uint32_t, graph>> newest_fold;
  std::map<uint32_t, hash128> identities;  // graph_ids that were asked for, by position
};

inline version_log& version::log() const { return static_cast<version_log&>(*log_); }

/// Reads a log as it was at a position. Lives no longer than the log.
class log_reader {
 public:
  log_reader(const version_log& log, uint32_t position) : log_{&log}, position_{position} {}

  key_type keys() const;
  key_type edge_keys() const;
  int32_t nodes() const;
  uint64_t edges() const;
  bool directed() const { return log_->root->kind.directed; }
  bool multi() const { return log_->root->kind.multi; }
  bool as_in_pages() const { return position_ == 0 && !log_->parent; }  // nothing was edited

  std::optional<int32_t> known(key_view k) const;  // here or in any other version
  bool live(int32_t node) const;
  bool exists(int32_t s, int32_t t, const key& edge_key) const;
  bool existed(int32_t s, int32_t t) const;  // simple graphs: before this log
  std::vector<key> edges_between(int32_t s, int32_t t) const;
  std::span<const int32_t> root_list(int32_t node, bool out) const;

  /// Newest log first: f(entries up to here).
  template <class F>
  void each_list(int32_t node, bool out, F&& f) const {
    if (as_in_pages()) return;
    for (auto at = *this; at.log_; at = at.before()) {
      if (auto pending = at.log_->nodes.find(node)) f((out ? pending->out() : pending->in()).until(at.position_));
    }
  }

  std::vector<int32_t> listed(int32_t node, bool out) const;  // the other ends of its edges, each once, ascending

  enum class element : uint8_t { node, edge, graph };
  /// What the logs say of an element's attributes: the newest of each name. True: what is older, in the pages too, no longer counts.
  bool overlay(element e, int32_t a, int32_t b, const key& edge_key, newest_values& values) const;
  bool overlay_in_log(element e, int32_t a, int32_t b, const key& edge_key, newest_values& values) const;  // of this log alone
  parameters attributes(element e, int32_t a, int32_t b, const key& edge_key) const;
  /// One attribute of an element that is there, whose newest operation in this log is `newest` (0: there is none); null where it has none.
  value attribute(element e, int32_t a, int32_t b, const key& edge_key, uint32_t newest, uint32_t name) const;

 private:
  log_reader before() const;
  const log_operation* latest(element e, int32_t a, int32_t b, const key& edge_key) const;  // in this log alone
  uint32_t latest_on_edge(int32_t a, int32_t b, const key& edge_key) const;
  uint32_t cut(uint64_t head) const;
  bool gather(const log_operation* newest, newest_values& values) const;

  const version_log* log_;
  uint32_t position_;
  friend class log_appender;
};

/// The slots of the edges from s to t in the pages of a graph, and of the one with a key.
std::pair<uint32_t, uint32_t> page_slots(const graph& g, int32_t s, int32_t t);
std::optional<uint32_t> page_slot(const graph& g, int32_t s, int32_t t, const key& edge_key);

}  // namespace gli
