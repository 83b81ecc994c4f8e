#include "partitions/loader_keys.h"

#include <bit>

namespace gli {

namespace {

constexpr uint64_t least_window = 1 << 16;
constexpr uint64_t window_per_key = 4;  // of range for each key that was looked for
constexpr uint64_t least_unit = 1 << 8;
constexpr size_t least_table = 1 << 10;

}  // namespace

void int_ids::find(std::span<const int64_t> keys, int32_t* ids) const {
  bool far = false;
  for (auto k : keys) far |= within(k) >= window_.size();
  if (!far) {
    for (size_t i = 0; i < keys.size(); ++i) ids[i] = window_[within(keys[i])];
    return;
  }
  if (!table_.empty())
    for (auto k : keys) __builtin_prefetch(&table_[slot(k)]);
  for (size_t i = 0; i < keys.size(); ++i) ids[i] = find(keys[i]);
}

void int_ids::expect(int64_t lowest, int64_t highest) {
  if (!window_.empty()) {
    lowest = std::min(lowest, base_);
    highest = std::max(highest, int64_t(uint64_t(base_) + window_.size() - 1));
  }
  auto span = uint64_t(highest) - uint64_t(lowest);
  if (span < std::max(least_window, keys_ * window_per_key)) widen(lowest, highest);
}

/// To bounds with room on either side: multiples of a quarter of the window at least.
void int_ids::widen(int64_t lowest, int64_t highest) {
  auto needed = uint64_t(highest) - uint64_t(lowest) + 1;
  if (needed == window_.size()) return;
  auto unit = int64_t(std::max(least_unit, std::bit_floor(needed) / 2));
  lowest &= -unit;
  highest |= unit - 1;
  std::vector<int32_t> wider(uint64_t(highest) - uint64_t(lowest) + 1, unknown);
  std::copy(window_.begin(), window_.end(), wider.begin() + ptrdiff_t(window_.empty() ? 0 : uint64_t(base_) - uint64_t(lowest)));
  window_ = std::move(wider);
  base_ = lowest;
}

void int_ids::add(int64_t k, int32_t id) {
  if (within(k) < window_.size()) {
    window_[within(k)] = id;
    return;
  }
  if ((far_ + 1) * 2 > table_.size()) grow_table();
  auto i = slot(k);
  while (table_[i].id != unknown && table_[i].key != k) i = (i + 1) & (table_.size() - 1);
  far_ += table_[i].id == unknown;
  table_[i] = {k, id};
}

void int_ids::grow_table() {
  auto old = std::move(table_);
  auto size = std::max(least_table, old.size() * 2);
  table_.assign(size, {0, unknown});
  shift_ = 64 - std::countr_zero(size);
  for (auto& e : old) {
    if (e.id == unknown) continue;
    auto i = slot(e.key);
    while (table_[i].id != unknown) i = (i + 1) & (size - 1);
    table_[i] = e;
  }
}

}  // namespace gli
