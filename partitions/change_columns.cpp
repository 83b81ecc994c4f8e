#include "partitions/change_columns.h"

#include <algorithm>
#include <bit>

#include "partitions/column_page.h"
#include "partitions/rows.h"

namespace gli {

namespace {

bool has_value(const page* p, uint32_t row) {
  if (!p) return false;
  column_page_view rows{*p};
  return row < rows.rows() && rows.valid(row);
}

/// How many values a column has in rows that are not removed.
uint64_t values_of_live(const paged_column& c, const std::vector<uint64_t>& removed) {
  auto left = valid_rows(c);
  for (size_t w = 0; w < removed.size(); ++w)
    for (auto bits = removed[w]; bits; bits &= bits - 1) {
      auto v = int32_t(w * 64 + size_t(std::countr_zero(bits)));
      left -= has_value(page_of_row(c, v), uint32_t(v & (rows_per_page - 1)));
    }
  return left;
}

bool any_value(const paged_column& c, const std::vector<uint64_t>& removed) {
  if (!removed.empty()) return values_of_live(c, removed);
  return std::any_of(c.pages.begin(), c.pages.end(), [](auto& p) { return p && column_page_view{*p}.nulls() < column_page_view{*p}.rows(); });
}

/// Whether any value of an old column outlives the changes.
bool survives(const paged_column& c, uint32_t attribute, std::span<const page_changes> changes, const std::vector<uint64_t>& removed) {
  auto left = values_of_live(c, removed);
  for (auto& p : changes)
    for (auto& e : p.elements)
      if (e.old && (!e.live || e.wiped || p.find(e, attribute)))
        left -= p.page < c.pages.size() && has_value(c.pages[p.page].get(), e.row);
  return left > 0;
}

/// By attribute: the types of its new values, as bits.
std::vector<uint32_t> new_types(size_t attributes, std::span<const page_changes> changes) {
  std::vector<uint32_t> types(attributes);
  for (auto& p : changes)
    if (!p.values.empty())
      for (auto& e : p.elements)
        if (e.live)
          for (auto& [a, v] : p.values_of(e))
            types[a] |= type_bits_of(*v);
  return types;
}

/// Bits of any partition: the lowest `width` of each.
void unite(std::vector<uint32_t>& bits, uint32_t width, communicator& all) {
  if (all.size() == 1 || bits.empty()) return;
  std::vector<uint64_t> flags;
  for (auto b : bits)
    for (uint32_t i = 0; i < width; ++i) flags.push_back(b >> i & 1);
  all.all_reduce(flags, reduction::max);
  for (size_t i = 0; i < flags.size(); ++i) bits[i / width] |= uint32_t(flags[i]) << i % width;
}

constexpr uint32_t type_bits = unsigned(last_column_type) + 1;

}  // namespace

/// A column takes a type that does not hold its old values only when none of them is left.
page_ptr column_plan::old_page(size_t p) const {
  if (!old || p >= old->pages.size()) return nullptr;
  if (!converted()) return old->pages[p];
  return common_type(old->type, type) == type ? converted_page(old->pages[p], type) : nullptr;
}

std::vector<column_plan> plan_columns(const std::vector<paged_column>& columns, const attribute_names& names, std::span<const page_changes> changes,
                                      const std::vector<uint64_t>& removed, communicator& all) {
  auto types = new_types(names.names().size(), changes);
  unite(types, type_bits, all);
  for (uint32_t a = 0; a < columns.size(); ++a) {
    bool other = types[a] & ~type_bit(columns[a].type);
    if (!other || survives(columns[a], a, changes, removed)) types[a] |= type_bit(columns[a].type);
  }
  unite(types, type_bits, all);
  std::vector<column_plan> plans(types.size());
  for (uint32_t a = 0; a < plans.size(); ++a) {
    auto& plan = plans[a];
    if (a < columns.size()) plan.old = &columns[a];
    plan.type = types[a] ? common_type(types[a]) : column_type::int64;
  }
  return plans;
}

void drop_emptied(std::vector<paged_column>& columns, const std::vector<column_plan>& plans, const std::vector<uint64_t>& removed_before,
                  const std::vector<uint64_t>& removed, communicator& all) {
  enum : uint32_t { now = 1, before = 2 };
  std::vector<uint32_t> filled(columns.size());
  for (size_t a = 0; a < columns.size(); ++a) {
    if (any_value(columns[a], removed)) filled[a] |= now;
    else if (plans[a].old && any_value(*plans[a].old, removed_before)) filled[a] |= before;
  }
  unite(filled, 2, all);
  std::vector<paged_column> kept;
  for (size_t a = 0; a < columns.size(); ++a)
    if (filled[a] & now || (plans[a].old && !(filled[a] & before))) kept.push_back(std::move(columns[a]));
  columns = std::move(kept);
}

}  // namespace gli
