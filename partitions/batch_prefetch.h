#pragma once
// What the edits of a batch will read, on its way from memory while those before them are made. Inside of version*.cpp only.

#include <array>
#include <span>

#include "partitions/version_log.h"

namespace gli {

/// In three steps: where the dictionary has the keys of an edit's nodes; what the log has of these nodes, and where the pages say where their neighbors
/// are; the neighbors. For the thread that writes the log.
class batch_prefetch {
 public:
  batch_prefetch(const version_log& log, std::span<const edit> edits) : log_{log}, edits_{edits} {
    for (size_t step = 0; step < keys_ahead; ++step) advance(step);
  }
  /// Edit i is the next to be made; called for each in order.
  void before(size_t i) { advance(i + keys_ahead); }

 private:
  static constexpr size_t keys_ahead = 24, nodes_ahead = 16, lists_ahead = 8, ring = 32;
  struct end { hash128 hash; int32_t id; };
  struct ends { end source, target; };

  void advance(size_t step) {
    if (!log_.keys) return;
    if (step < edits_.size()) each(step, [&](end& e, const key& k) { find_key(e, k); });
    if (auto i = step - (keys_ahead - nodes_ahead); i < edits_.size()) each(i, [&](end& e, const key& k) { find_node(e, k); });
    if (auto i = step - (keys_ahead - lists_ahead); i < edits_.size()) each(i, [&](end& e, const key&) { find_list(e); });
  }
  template <class F>
  void each(size_t i, F&& f) {
    auto& e = edits_[i];
    if (e.op >= edit::what::set_graph_attribute) return;
    auto& found = all_[i % ring];
    f(found.source, e.node);
    if (e.op >= edit::what::add_edge) f(found.target, e.target);
  }
  void find_key(end& e, const key& k) const {
    e.hash = key_hash(k);
    log_.keys->prefetch_shared(e.hash);
  }
  /// A text key would be compared with what lies elsewhere.
  void find_node(end& e, const key& k) const {
    auto number = std::get_if<int64_t>(&k);
    e.id = number && log_.keys->type() == key_type::int64 ? log_.keys->find(*number, e.hash) : -1;
    if (e.id < 0) return;
    log_.nodes.prefetch(e.id);
    if (in_pages(e.id)) __builtin_prefetch(&page_of(e.id).off[e.id & (vertices_per_page - 1)]);
  }
  void find_list(const end& e) const {
    if (e.id < 0 || !in_pages(e.id)) return;
    auto neighbors = page_of(e.id).of(e.id & (vertices_per_page - 1));
    __builtin_prefetch(neighbors.data() + neighbors.size() / 2);  // where a search begins
  }
  bool in_pages(int32_t id) const { return id < log_.root->size && log_.root->out.edges > 0; }
  const topology_page& page_of(int32_t id) const { return *log_.root->out.directory[size_t(id) >> vertices_per_page_bits]; }

  const version_log& log_;
  const std::span<const edit> edits_;
  std::array<ends, ring> all_{};
};

}  // namespace gli
