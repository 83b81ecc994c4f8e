#pragma once
// An algorithm's answers as a column named "value": one row per own node, null where `known` does not hold or the node is not live.

#include "partitions/graph_view.h"
#include "partitions/parallel.h"
#include "runtime/value.h"

namespace gli {

/// The bitmap of a column whose row v is valid when the node is live and known(v); empty when all are.
template <class Known>
std::vector<uint8_t> validity_of(const graph_view& g, Known&& known) {
  std::vector<uint8_t> bits((size_t(g.size()) + 7) / 8);
  auto nulls = parallel_sum<uint64_t>(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    uint64_t found = 0;
    for (; v < end; ++v) {
      bool valid = g.live(int32_t(v)) && known(int32_t(v));
      bits[size_t(v) >> 3] |= uint8_t(valid << (v & 7));
      found += !valid;
    }
    return found;
  });
  if (nulls == 0) bits.clear();
  return bits;
}

/// T is int64_t or double; of(v) is asked for every own node, and kept where the row is valid.
template <class T, class Known, class F>
column value_column(const graph_view& g, Known&& known, F&& of) {
  static_assert(sizeof(T) == 8);
  column c{"value", std::is_floating_point_v<T> ? column_type::float64 : column_type::int64, g.size(), validity_of(g, known), {}, {}};
  c.values.resize(size_t(g.size()) * 8);
  parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    for (; v < end; ++v)
      if (T x = c.valid(v) ? of(int32_t(v)) : T{}; true) std::memcpy(c.values.data() + v * 8, &x, 8);
  });
  return c;
}

/// of(v): a bool, asked for every own node, and kept where the row is valid.
template <class Known, class F>
column flag_column(const graph_view& g, Known&& known, F&& of) {
  column c{"value", column_type::boolean, g.size(), validity_of(g, known), {}, {}};
  c.values.resize((size_t(g.size()) + 7) / 8);
  for (int32_t v = 0; v < g.size(); ++v) c.values[size_t(v) >> 3] |= uint8_t((c.valid(v) && of(v)) << (v & 7));
  return c;
}

/// of(v): a string_view, asked for valid rows only.
template <class Known, class F>
column text_column(const graph_view& g, Known&& known, F&& of) {
  column c{"value", column_type::utf8, g.size(), validity_of(g, known), {}, {}};
  c.offsets.resize(size_t(g.size()) + 1);
  for (int32_t v = 0; v < g.size(); ++v) c.offsets[size_t(v) + 1] = c.offsets[size_t(v)] + (c.valid(v) ? int64_t(of(v).size()) : 0);
  c.values.resize(size_t(c.offsets.back()));
  parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    for (; v < end; ++v)
      if (c.valid(v)) {
        std::string_view text = of(int32_t(v));
        if (!text.empty()) std::memcpy(c.values.data() + c.offsets[size_t(v)], text.data(), text.size());
      }
  });
  return c;
}

}  // namespace gli
