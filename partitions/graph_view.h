#pragma once
// What an algorithm sees: ids, adjacency and mirrors of one partition, or of a whole graph. Plain pointers into a graph that outlives it.

#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "partitions/graph.h"
#include "partitions/huge_array.h"
#include "partitions/neighbor_lists.h"
#include "partitions/parallel.h"

namespace gli {

/// One list of neighbors a node.
class adjacency {
 public:
  adjacency() = default;
  explicit adjacency(const std::vector<const topology_page*>& directory) : pages_{directory.data()} {}
  const topology_page& page(int64_t p) const { return *pages_[p]; }
  std::span<const int32_t> of(int32_t v) const { return page(v >> vertices_per_page_bits).of(v & (vertices_per_page - 1)); }

  /// Fetches what of(v) reads first, and then where the list begins: for callers that know some steps ahead whom they will ask for.
  void prefetch(int32_t v) const { __builtin_prefetch(&page(v >> vertices_per_page_bits).off[v & (vertices_per_page - 1)]); }
  void prefetch_list(int32_t v) const { __builtin_prefetch(of(v).data()); }

 private:
  const topology_page* const* pages_ = nullptr;
};

/// `forward`: along edges; `backward`: against them. On undirected graphs both are all neighbors (callers visit both spans).
class graph_view {
 public:
  explicit graph_view(const graph& g) : body_{&*g}, all_live_{body_->removed.empty()} {}

  int32_t size() const { return body_->size; }              // own ids are [0, size)
  int32_t mirrors() const { return body_->mirrors; }        // mirror ids are [-mirrors, -1]
  bool directed() const { return body_->kind.directed; }
  bool live(int32_t v) const { return all_live_ ? v >= 0 || body_->live(v) : body_->live(v); }
  bool all_live() const { return all_live_; }
  uint64_t nodes() const { return body_->nodes; }            // own, live
  uint64_t total_nodes() const { return body_->total_nodes; }
  uint64_t total_edges() const { return body_->total_edges; }
  std::span<const int32_t> out(int32_t v) const { return body_->out_of(v); }
  std::span<const int32_t> in(int32_t v) const { return body_->in_of(v); }

  /// Calls f(neighbor) for every edge that leaves v (undirected: every edge at v; a self-loop once).
  template <class F> void for_each_forward(int32_t v, F&& f) const {
    for (auto u : out(v)) f(u);
    if (!directed()) for (auto u : in(v)) f(u);
  }
  /// Calls f(neighbor) for every edge that enters v.
  template <class F> void for_each_backward(int32_t v, F&& f) const {
    for (auto u : in(v)) f(u);
    if (!directed()) for (auto u : out(v)) f(u);
  }
  /// Calls f(neighbor) for every edge at v, in either direction.
  template <class F> void for_each_neighbor(int32_t v, F&& f) const {
    for (auto u : out(v)) f(u);
    for (auto u : in(v)) f(u);
  }
  /// The edges that leave a node, or enter it; undirected: all at it. Undirected graphs keep what this makes: for kernels that look at most edges, and ask once.
  adjacency forward() const { return adjacency{directed() ? body_->out.directory : neighbors().directory()}; }
  adjacency backward() const { return adjacency{directed() ? body_->in.directory : neighbors().directory()}; }
  /// forward() for what looks at few edges: nothing the first time that somebody asks of an undirected graph, as to make it would take longer.
  std::optional<adjacency> forward_if_asked_again() const {
    if (directed()) return forward();
    auto lists = body_->neighbors.get_if_asked_again([&] { return join(); });
    return lists ? std::optional{adjacency{lists->directory()}} : std::nullopt;
  }
  uint64_t forward_degree(int32_t v) const { return out(v).size() + (directed() ? 0 : in(v).size()); }

  uint32_t partition() const { return body_->partition; }
  std::span<const peer_mirrors> peers() const { return body_->peers; }
  const graph::body& body() const { return *body_; }

 private:
  neighbor_lists join() const { return {body_->out, body_->in}; }
  const neighbor_lists& neighbors() const { return body_->neighbors.get([&] { return join(); }); }

  const graph::body* body_;
  bool all_live_;
};

/// Calls f(v) for every own id, those of one page in one thread.
template <class F>
void for_each_own(const graph_view& g, F&& f) {
  parallel_ranges(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
    for (; p < end; ++p)
      for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v) f(v);
  });
}

/// One T per own node and mirror: a[v] for signed ids, without a branch. Large ones lie on huge pages: they are read in any order.
template <class T>
class vertex_array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  vertex_array() = default;
  vertex_array(const graph_view& g, T fill) : data_{size_t(g.size()) + size_t(g.mirrors())}, mirrors_{g.mirrors()}, size_{g.size()} {
    parallel_ranges(count(), 1 << 16, [&](int64_t i, int64_t end) { std::uninitialized_fill(data_.get() + i, data_.get() + end, fill); });
  }
  vertex_array(const vertex_array& other) : data_{size_t(other.count())}, mirrors_{other.mirrors_}, size_{other.size_} {
    parallel_ranges(count(), 1 << 16, [&](int64_t i, int64_t end) { std::uninitialized_copy(other.data_.get() + i, other.data_.get() + end, data_.get() + i); });
  }
  vertex_array(vertex_array&&) noexcept = default;
  vertex_array& operator=(vertex_array other) noexcept {
    data_ = std::move(other.data_);
    mirrors_ = other.mirrors_, size_ = other.size_;
    return *this;
  }
  T& operator[](int32_t v) { return data_.get()[ptrdiff_t(v) + mirrors_]; }
  const T& operator[](int32_t v) const { return data_.get()[ptrdiff_t(v) + mirrors_]; }
  const T* base() const { return data_.get() + mirrors_; }  // of own vertex 0
  int32_t size() const { return size_; }
  int32_t mirrors() const { return mirrors_; }

 private:
  int64_t count() const { return int64_t{size_} + mirrors_; }
  huge_array<T> data_{0};
  int32_t mirrors_ = 0, size_ = 0;
};

/// The same, of what zero bytes are at first; what is never used is never touched.
template <class T>
class zeroed_vertex_array {
 public:
  explicit zeroed_vertex_array(const graph_view& g) : data_{size_t(g.size()) + size_t(g.mirrors())}, mirrors_{g.mirrors()} {}
  T& operator[](int32_t v) const { return data_[size_t(int64_t{v} + mirrors_)]; }

 private:
  zeroed_array<T> data_;
  int32_t mirrors_;
};

}  // namespace gli
