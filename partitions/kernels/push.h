#pragma once
// One level of a breadth-first search, top-down: claims what the frontier's edges reach. O(edges of the frontier), any number of threads;
// which vertices are reached does not depend on the threads, their order in the next frontier does.

#include <algorithm>
#include <atomic>
#include <memory>

#include "partitions/graph_view.h"
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

/// for_each_neighbor(v, f) calls f for what v's edges reach. Sets depth[u] = level where it was negative; own ones go to `next`.
template <class Neighbors>
void push_level(std::span<const int32_t> frontier, vertex_array<int32_t>& depth, int32_t level, vertex_queue& next,
                Neighbors&& for_each_neighbor) {
  parallel_ranges(int64_t(frontier.size()), 64, [&](int64_t i, int64_t end) {
    vertex_queue::writer reached{next};
    for (; i < end; ++i)
      for_each_neighbor(frontier[size_t(i)], [&](int32_t u) {
        std::atomic_ref d{depth[u]};
        auto unknown = int32_t{-1};
        if (d.load(std::memory_order_relaxed) < 0 && d.compare_exchange_strong(unknown, level, std::memory_order_relaxed) && u >= 0)
          reached.push(u);
      });
  });
}

}  // namespace gli
