#include "partitions/rows.h"

#include <algorithm>

#include "partitions/dictionary.h"
#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {

void append_row(column_builder& out, column_type to, const page* from, uint32_t row) {
  if (!from) return out.append_null();
  column_page_view rows{*from};
  if (row >= rows.rows() || !rows.valid(row)) return out.append_null();
  if (rows.type() != to && to == column_type::json) return out.append_bytes(json_text(rows.at(row)));
  if (is_variable(to)) return out.append_bytes(rows.bytes(row));
  if (to == column_type::boolean) return out.append_bool(rows.boolean(row));
  if (to != column_type::number || rows.is_int(row)) return out.append_int64(rows.int64(row));
  out.append_float64(rows.float64(row));
}

page_ptr converted_page(const page_ptr& from, column_type to) {
  if (!from) return from;
  column_builder out{"", to};
  auto rows = column_page_view{*from}.rows();
  for (uint32_t i = 0; i < rows; ++i) append_row(out, to, from.get(), i);
  return make_column_page(out.finish(), 0, rows);
}

uint64_t valid_rows(const paged_column& c) {
  uint64_t total = 0;
  for (auto& p : c.pages)
    if (p) total += column_page_view{*p}.rows() - column_page_view{*p}.nulls();
  return total;
}

const page* page_of_row(const paged_column& c, int32_t own) {
  auto p = size_t(own) >> rows_per_page_bits;
  return p < c.pages.size() ? c.pages[p].get() : nullptr;
}

bool ids_are_in_order(const graph& g) { return std::is_sorted(g->sequence.begin(), g->sequence.end()); }

std::vector<int32_t> insertion_order(const graph& g) {
  std::vector<int32_t> order;
  order.reserve(g->nodes);
  for (int32_t v = 0; v < g->size; ++v)
    if (g->live(v)) order.push_back(v);
  if (!ids_are_in_order(g)) std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return place_of(g, a) < place_of(g, b); });
  return order;
}

void append_key(column_builder& out, const key& k) {
  if (auto number = std::get_if<int64_t>(&k)) return out.append_int64(*number);
  out.append_bytes(std::get<std::string>(k));
}

bool key_precedes(const graph& g, int32_t a, int32_t b) {
  if ((a < 0 || b < 0) && !g->mirror_keys) throw failure{errc::internal, "the keys of mirrors are not resolved"};
  auto& of_a = a < 0 ? *g->mirror_keys : *g->keys;
  auto& of_b = b < 0 ? *g->mirror_keys : *g->keys;
  auto i = a < 0 ? ~a : a, j = b < 0 ? ~b : b;
  return g->kind.keys == key_type::int64 ? of_a.int_key(i) < of_b.int_key(j) : of_a.text_key(i) < of_b.text_key(j);
}

void append_endpoint(column_builder& out, const graph& g, int32_t v) {
  if (v < 0) return append_key(out, endpoint_key(g, v));
  if (g->kind.keys == key_type::int64) return out.append_int64(g->keys->int_key(v));
  out.append_bytes(g->keys->text_key(v));
}

}  // namespace gli
