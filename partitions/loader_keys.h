#pragma once
// Ids of int64 keys that a loader has met: what makes the second look at a key cheap. Inside of loader*.cpp only.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace gli {

/// Keys that lie close together are found in an array over their range, others in a hash table of (key, id). It may forget: an unknown key is to be
/// interned, and added again.
class int_ids {
 public:
  static constexpr int32_t unknown = INT32_MIN;

  /// So many keys are going to be looked for.
  void more(uint64_t keys) { keys_ += keys; }
  /// Chooses the range for keys that are all in [lowest, highest].
  void expect(int64_t lowest, int64_t highest);
  /// The ids of all of them.
  void find(std::span<const int64_t> keys, int32_t* ids) const;
  int32_t find(int64_t k) const {
    auto at = within(k);
    return at < window_.size() ? window_[at] : find_far(k);
  }
  void add(int64_t k, int32_t id);

 private:
  struct entry { int64_t key; int32_t id; };

  uint64_t within(int64_t k) const { return uint64_t(k) - uint64_t(base_); }
  size_t slot(int64_t k) const {
    auto x = uint64_t(k) * 0x9e3779b97f4a7c15;
    return size_t((x ^ (x >> 32)) * 0xd6e8feb86659fd93 >> shift_);
  }
  int32_t find_far(int64_t k) const {
    if (table_.empty()) return unknown;
    for (auto i = slot(k);; i = (i + 1) & (table_.size() - 1))
      if (table_[i].key == k || table_[i].id == unknown) return table_[i].id;
  }
  void widen(int64_t lowest, int64_t highest);
  void grow_table();

  int64_t base_ = 0;
  std::vector<int32_t> window_;  // by key - base_
  std::vector<entry> table_;     // at most half full
  size_t far_ = 0;               // keys in it
  int shift_ = 64;
  uint64_t keys_ = 0;
};

}  // namespace gli
