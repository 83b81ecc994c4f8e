#pragma once
// One level of a breadth-first search, top-down: claims what the frontier's edges reach. O(edges of the frontier), any number of threads;
// which vertices are reached does not depend on the threads, their order in the next frontier does.

#include <algorithm>
#include <atomic>
#include <memory>

#include "partitions/kernels/edge_lists.h"
#include "partitions/parallel.h"

namespace gli {

/// Vertices that many threads collect; each at most once, so that `capacity` own vertices suffice.
class vertex_queue {
 public:
  void reset(int32_t capacity) {
    items_ = std::make_unique_for_overwrite<int32_t[]>(size_t(capacity));
    clear();
  }
  void swap(vertex_queue& other) {
    items_.swap(other.items_);
    size_ = other.size_.exchange(size_);
  }
  std::span<const int32_t> items() const { return {items_.get(), size_.load(std::memory_order_relaxed)}; }
  void clear() { size_ = 0; }
  void push(int32_t v) { items_[size_.fetch_add(1, std::memory_order_relaxed)] = v; }

  /// Of one thread; hands over in blocks.
  class writer {
   public:
    explicit writer(vertex_queue& to) : to_{to} {}
    writer(const writer&) = delete;
    ~writer() { flush(); }
    void push(int32_t v) {
      if (size_ == block) flush();
      items_[size_++] = v;
    }

   private:
    static constexpr size_t block = 256;
    void flush() {
      auto at = to_.size_.fetch_add(size_, std::memory_order_relaxed);
      std::copy_n(items_, size_, to_.items_.get() + at);
      size_ = 0;
    }
    vertex_queue& to_;
    size_t size_ = 0;
    int32_t items_[block];
  };

 private:
  std::unique_ptr<int32_t[]> items_;
  std::atomic<size_t> size_{0};
};

namespace detail {

/// Sets depth[u] = level where it was negative; own ones go to `reached`. Alone: no other thread writes.
template <bool Alone>
void claim(vertex_array<int32_t>& depth, int32_t u, int32_t level, vertex_queue::writer& reached) {
  std::atomic_ref d{depth[u]};
  auto before = d.load(std::memory_order_relaxed);
  if (before >= 0) return;
  if constexpr (Alone) d.store(level, std::memory_order_relaxed);
  else if (!d.compare_exchange_strong(before, level, std::memory_order_relaxed)) return;
  if (u >= 0) reached.push(u);
}

/// Claiming waits for what it reads: depths are fetched some neighbors ahead, lists some nodes ahead.
template <bool Alone>
void push_nodes(std::span<const int32_t> nodes, vertex_array<int32_t>& depth, int32_t level, vertex_queue& next, const edge_lists& edges) {
  constexpr size_t places_ahead = 16, lists_ahead = 8, depths_ahead = 16;
  vertex_queue::writer reached{next};
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (i + places_ahead < nodes.size()) edges.prefetch(nodes[i + places_ahead]);
    if (i + lists_ahead < nodes.size()) edges.prefetch_lists(nodes[i + lists_ahead]);
    edges.for_each_list(nodes[i], [&](std::span<const int32_t> list) {
      for (auto u : list.first(std::min(depths_ahead, list.size()))) __builtin_prefetch(&depth[u], 1);
      for (size_t k = 0; k < list.size(); ++k) {
        if (k + depths_ahead < list.size()) __builtin_prefetch(&depth[list[k + depths_ahead]], 1);
        claim<Alone>(depth, list[k], level, reached);
      }
    });
  }
}

}  // namespace detail

/// Claims what the frontier's edges lead to. edge_count: of the frontier, about; few are looked at by this thread alone.
inline void push_level(std::span<const int32_t> frontier, uint64_t edge_count, vertex_array<int32_t>& depth, int32_t level, vertex_queue& next, const edge_lists& edges) {
  constexpr uint64_t few = 4096;
  auto nodes = int64_t(frontier.size());
  auto grain = std::max<int64_t>(1, nodes * int64_t(few) / int64_t(edge_count + 1));
  bool alone = nodes <= grain || one_thread();
  parallel_ranges(nodes, grain, [&](int64_t i, int64_t end) {
    auto some = frontier.subspan(size_t(i), size_t(end - i));
    alone ? detail::push_nodes<true>(some, depth, level, next, edges) : detail::push_nodes<false>(some, depth, level, next, edges);
  });
}

/// The same along edges that for_each_neighbor(v, f) calls f for.
template <class Neighbors>
void push_level(std::span<const int32_t> frontier, vertex_array<int32_t>& depth, int32_t level, vertex_queue& next, Neighbors&& for_each_neighbor) {
  parallel_ranges(int64_t(frontier.size()), 64, [&](int64_t i, int64_t end) {
    vertex_queue::writer reached{next};
    for (; i < end; ++i) for_each_neighbor(frontier[size_t(i)], [&](int32_t u) { detail::claim<false>(depth, u, level, reached); });
  });
}

}  // namespace gli
