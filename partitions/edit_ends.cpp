#include "partitions/edit_ends.h"

#include <algorithm>

#include "partitions/dictionary.h"

namespace gli {

namespace {

class ends_lookup {
 public:
  ends_lookup(std::span<const edit> edits, const graph& pages, const dictionary& keys, std::span<edit_ends> ends) : edits_{edits}, pages_{*pages}, keys_{keys}, ends_{ends} {}

  void run() {
    for (size_t step = 0; step < edits_.size() + keys_ahead; ++step) {
      if (step < edits_.size()) fetch_keys(step);
      if (auto i = step - (keys_ahead - nodes_ahead); i < edits_.size()) find_nodes(i);
      if (auto i = step - (keys_ahead - lists_ahead); i < edits_.size()) fetch_neighbors(i);
      if (auto i = step - keys_ahead; i < edits_.size()) find_edge(i);
    }
  }

 private:
  static constexpr size_t keys_ahead = 24, nodes_ahead = 16, lists_ahead = 8, ring = 32;
  struct hashes { hash128 source, target; };

  static bool of_edge(const edit& e) { return e.op >= edit::what::add_edge; }
  bool names_nodes(const edit& e) const {
    if (e.op >= edit::what::set_graph_attribute) return false;
    return type_of(e.node) == keys_.type() && (!of_edge(e) || type_of(e.target) == keys_.type());
  }
  void fetch_keys(size_t i) {
    auto& e = edits_[i];
    if (!names_nodes(e)) return;
    auto& h = hashes_[i % ring];
    keys_.prefetch_shared(h.source = key_hash(e.node));
    if (of_edge(e)) keys_.prefetch_shared(h.target = key_hash(e.target));
  }
  int32_t find(const key& k, const hash128& h) const {
    auto number = std::get_if<int64_t>(&k);
    return number ? keys_.find(*number, h) : keys_.find(std::get<std::string>(k), h);
  }
  void find_nodes(size_t i) {
    auto& e = edits_[i];
    if (!names_nodes(e)) return;
    auto& h = hashes_[i % ring];
    auto& ends = ends_[i];
    ends.source = find(e.node, h.source);
    if (!of_edge(e)) return;
    ends.target = find(e.target, h.target);
    if (has_neighbors(from(i))) __builtin_prefetch(&page_of(from(i)).off[from(i) & (vertices_per_page - 1)]);
  }
  /// The end of the edge whose neighbors name it.
  int32_t from(size_t i) const { return reversed(edits_[i]) ? ends_[i].target : ends_[i].source; }
  int32_t to(size_t i) const { return reversed(edits_[i]) ? ends_[i].source : ends_[i].target; }
  bool reversed(const edit& e) const { return !pages_.kind.directed && e.target < e.node; }

  void fetch_neighbors(size_t i) const {
    if (!of_edge(edits_[i]) || !has_neighbors(from(i))) return;
    auto neighbors = neighbors_of(from(i));
    __builtin_prefetch(neighbors.data() + neighbors.size() / 2);  // where a search begins
  }
  void find_edge(size_t i) const {
    if (edits_[i].op != edit::what::add_edge || pages_.kind.multi || ends_[i].source < 0 || ends_[i].target < 0) return;
    auto neighbors = has_neighbors(from(i)) ? neighbors_of(from(i)) : std::span<const int32_t>{};
    ends_[i].in_pages = std::binary_search(neighbors.begin(), neighbors.end(), to(i));
  }
  bool has_neighbors(int32_t id) const { return id >= 0 && id < pages_.size && pages_.out.edges > 0; }
  const topology_page& page_of(int32_t id) const { return *pages_.out.directory[size_t(id) >> vertices_per_page_bits]; }
  std::span<const int32_t> neighbors_of(int32_t id) const { return page_of(id).of(id & (vertices_per_page - 1)); }

  const std::span<const edit> edits_;
  const graph::body& pages_;
  const dictionary& keys_;
  const std::span<edit_ends> ends_;
  std::array<hashes, ring> hashes_{};
};

}  // namespace

void look_up(std::span<const edit> edits, const graph& pages, const dictionary* keys, std::span<edit_ends> ends) {
  std::fill(ends.begin(), ends.end(), edit_ends{});
  if (keys) ends_lookup{edits, pages, *keys, ends}.run();
}

void looked_up_edits::look_up(const version& at) {
  pages = at.root();
  ends.resize(edits.size());
  gli::look_up(edits, pages, at.kind().keys == key_type::none ? nullptr : &at.keys(), ends);
}

}  // namespace gli
