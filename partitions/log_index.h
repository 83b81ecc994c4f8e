#pragma once
// Where a log's operations on an element are found: open addressing from 64-bit tags to 64-bit values, and lists that grow.
//
// Threads: one thread inserts and appends; any number read meanwhile, without locks. What a reader finds is at least what was there when its
// version came into being; what is newer it cuts off by position. Outgrown tables and lists stay until the index dies.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace gli {

/// Memory that is given out in pieces and freed as a whole. One thread at a time.
class bump_arena {
 public:
  void* take(size_t bytes) {
    bytes = (bytes + 7) & ~size_t{7};
    if (bytes > left_) grow(bytes);
    auto at = next_;
    next_ += bytes;
    left_ -= bytes;
    return at;
  }
  uint64_t memory_bytes() const { return total_.load(std::memory_order_relaxed); }  // any thread

 private:
  void grow(size_t needed) {
    auto bytes = std::max<size_t>(needed, std::clamp<size_t>(memory_bytes(), 512, 1 << 20));
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(bytes));
    next_ = chunks_.back().get();
    left_ = bytes;
    total_.fetch_add(bytes, std::memory_order_relaxed);
  }
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  std::atomic<uint64_t> total_{0};
};

/// Edges that came to or went from a node, in order of position; and how many more there are than in the pages, after each.
class pending_list {
 public:
  struct entry {
    uint32_t position;
    int32_t other;  // the node at the other end
    int32_t net;    // edges added less edges removed, up to here
  };

  void append(bump_arena& arena, uint32_t position, int32_t other, int32_t step) {
    auto n = size_.load(std::memory_order_relaxed);
    auto all = data_.load(std::memory_order_relaxed);
    if (n == capacity_) all = grow(arena, n);
    all[n] = {position, other, (n ? all[n - 1].net : 0) + step};
    size_.store(n + 1, std::memory_order_release);
  }

  /// The entries at positions up to `position`.
  std::span<const entry> until(uint32_t position) const {
    auto n = size_.load(std::memory_order_acquire);
    auto all = data_.load(std::memory_order_acquire);
    if (n > 0 && all[n - 1].position <= position) return {all, n};
    return {all, std::upper_bound(all, all + n, position, [](uint32_t p, const entry& e) { return p < e.position; })};
  }

 private:
  entry* grow(bump_arena& arena, uint32_t n) {
    auto capacity = std::max(2u, capacity_ * 2);
    auto all = static_cast<entry*>(arena.take(capacity * sizeof(entry)));
    capacity_ = capacity;
    std::copy_n(data_.load(std::memory_order_relaxed), n, all);
    data_.store(all, std::memory_order_release);
    return all;
  }
  std::atomic<entry*> data_{nullptr};
  std::atomic<uint32_t> size_{0};
  uint32_t capacity_ = 0;  // the appender's
};

/// What a log has of one node: its newest operation, and the edges that came and went.
struct pending_node {
  std::atomic<uint32_t> newest{0};
  pending_list out, in;
};

/// Tags and values are not 0. A tag may stand in several slots: `same(value)` says whether a slot is the one meant.
class log_index {
 public:
  log_index() { use(16); }

  /// 0: none.
  template <class Same>
  uint64_t find(uint64_t tag, Same&& same) const {
    auto& t = *table_.load(std::memory_order_acquire);
    for (auto i = place(tag, t);; i = (i + 1) & t.mask) {
      auto found = t.slots[i].tag.load(std::memory_order_acquire);
      if (!found) return 0;
      if (found != tag) continue;
      auto value = t.slots[i].value.load(std::memory_order_acquire);
      if (value && same(value)) return value;
    }
  }

  void prefetch(uint64_t tag) const {
    auto& t = *table_.load(std::memory_order_relaxed);
    __builtin_prefetch(&t.slots[place(tag, t)]);
  }

  /// The appender: the value of a slot, made with 0 where there is none. Good until the next call.
  template <class Same>
  std::atomic<uint64_t>& at(uint64_t tag, Same&& same) {
    if (used_ * 3 > tables_.back()->mask * 2) use((tables_.back()->mask + 1) * 2);
    auto& t = *tables_.back();
    for (auto i = place(tag, t);; i = (i + 1) & t.mask) {
      auto& s = t.slots[i];
      auto found = s.tag.load(std::memory_order_relaxed);
      auto value = s.value.load(std::memory_order_relaxed);
      if (found == tag && (!value || same(value))) return s.value;
      if (found) continue;
      s.tag.store(tag, std::memory_order_release);
      ++used_;
      return s.value;
    }
  }

  uint64_t memory_bytes() const { return bytes_.load(std::memory_order_relaxed); }  // any thread

 private:
  struct slot { std::atomic<uint64_t> tag{0}, value{0}; };
  struct table {
    explicit table(size_t n) : mask{n - 1}, slots{std::make_unique<slot[]>(n)} {}
    size_t mask;
    std::unique_ptr<slot[]> slots;
  };

  static size_t place(uint64_t tag, const table& t) {
    tag *= 0x9e3779b97f4a7c15;
    return (tag ^ tag >> 32) & t.mask;
  }

  void use(size_t size) {
    auto next = std::make_unique<table>(size);
    if (!tables_.empty()) {
      auto& old = *tables_.back();
      for (size_t i = 0; i <= old.mask; ++i) {
        auto tag = old.slots[i].tag.load(std::memory_order_relaxed);
        if (tag) copy(*next, tag, old.slots[i].value.load(std::memory_order_relaxed));
      }
    }
    bytes_.fetch_add(size * sizeof(slot), std::memory_order_relaxed);
    tables_.push_back(std::move(next));
    table_.store(tables_.back().get(), std::memory_order_release);
  }

  static void copy(table& to, uint64_t tag, uint64_t value) {
    auto i = place(tag, to);
    while (to.slots[i].tag.load(std::memory_order_relaxed)) i = (i + 1) & to.mask;
    to.slots[i].value.store(value, std::memory_order_relaxed);
    to.slots[i].tag.store(tag, std::memory_order_relaxed);
  }

  std::atomic<table*> table_{nullptr};
  std::vector<std::unique_ptr<table>> tables_;  // the last one is table_
  size_t used_ = 0;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace gli
