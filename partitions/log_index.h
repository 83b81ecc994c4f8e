#pragma once
// Where a log's operations on an element are found: open addressing from 64-bit tags to 64-bit values, and lists that grow.
//
// Threads: one thread inserts and appends; any number read meanwhile, without locks. What a reader finds is at least what was there when its
// version came into being; what is newer it cuts off by position. Outgrown tables and lists stay until the index dies.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "partitions/huge_array.h"

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

/// One of the operations on the edges of a node: what it was about, and how many more edges there are than in the pages after it.
struct pending_entry {
  uint32_t position;
  int32_t other;  // the node at the other end
  int32_t net;    // edges added less edges removed, up to here
};
using pending_entries = std::span<const pending_entry>;

/// A list of them in order of position, over the 12 bytes where its owner keeps it. The room is the size rounded up to a power of two, at least 2. The
/// size's upper bit is the owner's.
template <class Data, class Size>
class pending_list {
 public:
  static constexpr uint32_t mark = uint32_t{1} << 31;
  pending_list(Data& data, Size& size) : data_{data}, size_{size} {}

  /// The appender's.
  void append(bump_arena& arena, uint32_t position, int32_t other, int32_t step) const {
    auto size = size_.load(std::memory_order_relaxed), n = size & ~mark;
    auto all = data_.load(std::memory_order_relaxed);
    if (n == 0 || (n > 1 && !(n & (n - 1)))) all = grow(arena, n);
    all[n] = {position, other, (n ? all[n - 1].net : 0) + step};
    size_.store(size + 1, std::memory_order_release);
  }
  void prefetch_end() const { __builtin_prefetch(all().data() + all().size(), 1); }
  pending_entries all() const { return {data_.load(std::memory_order_relaxed), size_.load(std::memory_order_relaxed) & ~mark}; }

  /// The entries at positions up to `position`.
  pending_entries until(uint32_t position) const {
    auto n = size_.load(std::memory_order_acquire) & ~mark;
    auto all = data_.load(std::memory_order_acquire);
    if (n > 0 && all[n - 1].position <= position) return {all, n};
    return {all, std::upper_bound(all, all + n, position, [](uint32_t p, const pending_entry& e) { return p < e.position; })};
  }

 private:
  pending_entry* grow(bump_arena& arena, uint32_t n) const {
    auto all = static_cast<pending_entry*>(arena.take(std::max(2u, n * 2) * sizeof(pending_entry)));
    std::copy_n(data_.load(std::memory_order_relaxed), n, all);
    data_.store(all, std::memory_order_release);
    return all;
  }
  Data& data_;
  Size& size_;
};

/// What a log has of one node: its newest operation, and those on the edges from and to it. Half a cache line. All zero: none.
class alignas(32) pending_node {
 public:
  std::atomic<uint32_t> name{0};  // the node's id + 1; 0: free
  std::atomic<uint32_t> newest{0};

  auto out() { return pending_list{out_, out_size_}; }
  auto out() const { return pending_list{out_, out_size_}; }
  auto in() { return pending_list{in_, in_size_}; }
  auto in() const { return pending_list{in_, in_size_}; }

  /// Simple graphs: operations on the edges from here are found in the index, no longer in `out`.
  bool indexed() const { return out_size_.load(std::memory_order_acquire) >> 31; }
  void set_indexed() { out_size_.fetch_or(uint32_t{1} << 31, std::memory_order_release); }

  void copy(const pending_node& from) {
    auto take = [](auto& to, auto& it) { to.store(it.load(std::memory_order_relaxed), std::memory_order_relaxed); };
    take(name, from.name), take(newest, from.newest);
    take(out_, from.out_), take(out_size_, from.out_size_);
    take(in_, from.in_), take(in_size_, from.in_size_);
  }

 private:
  std::atomic<pending_entry*> out_{nullptr}, in_{nullptr};
  std::atomic<uint32_t> out_size_{0}, in_size_{0};
};

/// The operations on all parallel edges between two nodes.
class pending_pair {
 public:
  auto all() { return pending_list{data_, size_}; }
  auto all() const { return pending_list{data_, size_}; }

 private:
  std::atomic<pending_entry*> data_{nullptr};
  std::atomic<uint32_t> size_{0};
};

/// The nodes that a log touches, by id: open addressing, at most two thirds full. A reader may hold a table that was outgrown: what its version needs
/// was there before.
class pending_nodes {
 public:
  const pending_node* find(int32_t v) const {
    auto& t = *table_.load(std::memory_order_acquire);
    for (auto i = t.place(v);; i = (i + 1) & t.mask) {
      auto name = t.slots[i].name.load(std::memory_order_acquire);
      if (name == uint32_t(v) + 1) return &t.slots[i];
      if (!name) return nullptr;
    }
  }
  void prefetch(int32_t v) const {
    auto& t = *table_.load(std::memory_order_relaxed);
    __builtin_prefetch(&t.slots[t.place(v)], 1);
  }

  /// The appender: room for two more, so that what at() answers stays good meanwhile.
  void make_room() {
    if (tables_.empty() || (used_ + 2) * 3 > (tables_.back()->mask + 1) * 2) grow();
  }
  /// The appender: a node, made where there is none.
  pending_node& at(int32_t v) {
    auto& t = *tables_.back();
    auto i = t.place(v);
    for (; auto name = t.slots[i].name.load(std::memory_order_relaxed); i = (i + 1) & t.mask)
      if (name == uint32_t(v) + 1) return t.slots[i];
    ++used_;
    t.slots[i].name.store(uint32_t(v) + 1, std::memory_order_release);
    return t.slots[i];
  }
  uint64_t memory_bytes() const { return bytes_.load(std::memory_order_relaxed); }  // any thread

 private:
  struct table {
    explicit table(int bits) : shift{64 - bits}, mask{(size_t{1} << bits) - 1}, slots{mask + 1} {}
    size_t place(int32_t v) const { return size_t(uint64_t(uint32_t(v) + 1) * 0x9e3779b97f4a7c15 >> shift); }
    int shift;
    size_t mask;
    zeroed_array<pending_node> slots;
  };

  void grow() {
    auto next = std::make_unique<table>(tables_.empty() ? 3 : 65 - tables_.back()->shift);
    for (size_t i = 0; !tables_.empty() && i <= tables_.back()->mask; ++i) {
      auto& from = tables_.back()->slots[i];
      auto name = from.name.load(std::memory_order_relaxed);
      if (!name) continue;
      auto to = next->place(int32_t(name - 1));
      while (next->slots[to].name.load(std::memory_order_relaxed)) to = (to + 1) & next->mask;
      next->slots[to].copy(from);
    }
    bytes_.fetch_add((next->mask + 1) * sizeof(pending_node), std::memory_order_relaxed);
    tables_.push_back(std::move(next));
    table_.store(tables_.back().get(), std::memory_order_release);
  }

  static inline const table none{1};  // free
  std::atomic<const table*> table_{&none};
  std::vector<std::unique_ptr<table>> tables_;  // the last one is table_
  size_t used_ = 0;
  std::atomic<uint64_t> bytes_{0};
};

/// Of tags that stand in one slot only.
inline constexpr auto any_slot = [](uint64_t) { return true; };

/// Tags and values are not 0. A tag may stand in several slots: `same(value)` says whether a slot is the one meant.
class log_index {
 public:
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

  /// The appender: the value of a slot, made with 0 where there is none. Good until the next call.
  template <class Same>
  std::atomic<uint64_t>& at(uint64_t tag, Same&& same) {
    if (tables_.empty()) use(16);
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

  static inline const table none{1};  // one free slot
  std::atomic<const table*> table_{&none};
  std::vector<std::unique_ptr<table>> tables_;  // the last one is table_
  size_t used_ = 0;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace gli
