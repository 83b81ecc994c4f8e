#include "partitions/query_values.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "partitions/dictionary.h"
#include "partitions/ownership.h"
#include "partitions/parallel.h"
#include "partitions/rows.h"
#include "runtime/error.h"

namespace gli {

namespace {

bool are_eight_bytes(column_type t) { return t == column_type::int64 || t == column_type::float64 || t == column_type::timestamp; }

column value_column(const column& data, std::span<const int32_t> nodes) {
  if (data.validity.empty() && are_eight_bytes(data.type)) {
    column c{"value", data.type, int64_t(nodes.size()), {}, std::vector<uint8_t>(nodes.size() * 8), {}};
    parallel_ranges(c.length, vertices_per_page, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) std::memcpy(c.values.data() + i * 8, data.values.data() + int64_t{nodes[size_t(i)]} * 8, 8);
    });
    return c;
  }
  column_builder out{"value", data.type};
  out.reserve(int64_t(nodes.size()));
  for (auto v : nodes) out.append_from(data, v);
  return out.finish();
}

std::string tie_bytes(const hash128& h) {
  std::string bytes(16, '\0');
  for (size_t i = 0; i < 8; ++i) {
    bytes[i] = char(h.high >> (56 - 8 * i));
    bytes[8 + i] = char(h.low >> (56 - 8 * i));
  }
  return bytes;
}

/// A node of either graph, as ties are broken: by int key, else by key hash.
bool tie_less(const graph& a, int32_t v, const graph& b, int32_t u) {
  if (a->kind.keys == key_type::int64) return a->keys->int_key(v) < b->keys->int_key(u);
  return a->keys->hash_of(v) < b->keys->hash_of(u);
}

void append_tie(column_builder& out, const graph& g, int32_t v) { out.append_bytes(tie_bytes(g->keys->hash_of(v))); }

/// Negative, zero or positive, of two valid rows that are numbers, bools or bytes. NaN is not looked at.
int compare_rows_of(const column& c, int32_t a, int32_t b) {
  auto three_way = [](auto x, auto y) { return x < y ? -1 : y < x; };
  switch (c.type) {
    case column_type::boolean: return three_way(c.boolean(a), c.boolean(b));
    case column_type::float64: return three_way(c.float64(a), c.float64(b));
    case column_type::int64:
    case column_type::timestamp: return three_way(c.int64(a), c.int64(b));
    default: return three_way(c.bytes(a), c.bytes(b));
  }
}

/// 0: a value, 1: NaN, 2: null. Classes stand in this order, whatever the order within.
int class_of(const column& c, int32_t row) {
  if (!c.valid(row)) return 2;
  return c.type == column_type::float64 && std::isnan(c.float64(row));
}

/// The first n items in the order of `before`, sorted. Memory: n items.
template <class Item, class Before>
class best {
 public:
  best(size_t n, Before before) : n_{n}, before_{before} {}
  void offer(const Item& x) {
    if (n_ == 0) return;
    if (heap_.size() == n_ && !before_(x, heap_.front())) return;
    if (heap_.size() == n_) {
      std::pop_heap(heap_.begin(), heap_.end(), before_);
      heap_.pop_back();
    }
    heap_.push_back(x);
    std::push_heap(heap_.begin(), heap_.end(), before_);
  }
  std::vector<Item> sorted() {
    std::sort_heap(heap_.begin(), heap_.end(), before_);
    return std::move(heap_);
  }

 private:
  size_t n_;
  Before before_;
  std::vector<Item> heap_;  // the last of them in front
};

size_t wanted(const parameters& p, int64_t otherwise) {
  auto n = int_parameter(p, "n", otherwise);
  if (n < 0) throw failure{errc::value, "n " + std::to_string(n) + " is negative"};
  return size_t(n);
}

column_batch all_values(const node_values& v, row_window w) {
  auto nodes = nodes_in(v.of, w);
  column_batch batch{int64_t(nodes.size()), {id_column(v.of, nodes), value_column(v.data, nodes)}};
  if (v.of->partitions > 1) batch.columns.push_back(sequence_column(v.of, nodes));
  return batch;
}

column_batch one_value(const node_values& v, const key& k) {
  auto id = find_node(v.of, k);
  auto nodes = id ? std::vector{*id} : std::vector<int32_t>{};
  return {int64_t(nodes.size()), {id_column(v.of, nodes), value_column(v.data, nodes)}};
}

column_batch top(const node_values& v, const parameters& p) {
  auto& data = v.data;
  bool ascending = bool_parameter(p, "ascending", false);
  auto before = [&](int32_t a, int32_t b) {
    auto ca = class_of(data, a), cb = class_of(data, b);
    if (ca != cb) return ca < cb;
    if (auto order = ca ? 0 : compare_rows_of(data, a, b)) return (order < 0) == ascending;
    return tie_less(v.of, a, v.of, b);
  };
  best<int32_t, decltype(before)> leading{wanted(p, 10), before};
  for (int32_t u = 0; u < v.of->size; ++u)
    if (v.of->live(u)) leading.offer(u);
  auto nodes = leading.sorted();
  column_batch batch{int64_t(nodes.size()), {id_column(v.of, nodes), value_column(data, nodes)}};
  if (v.of->kind.keys == key_type::utf8) {
    column_builder ties{"_tie", column_type::binary};
    for (auto u : nodes) append_tie(ties, v.of, u);
    batch.columns.push_back(ties.finish());
  }
  return batch;
}

/// How many live nodes have each value, as (one row that has it, count).
using value_counts = std::vector<std::pair<int32_t, int64_t>>;

template <class Value, class Read>
value_counts count_values(const node_values& v, Read&& read) {
  std::unordered_map<Value, size_t> places;
  value_counts counts;
  for (int32_t u = 0; u < v.of->size; ++u) {
    if (!v.of->live(u) || !v.data.valid(u)) continue;
    auto [at, fresh] = places.try_emplace(read(u), counts.size());
    if (fresh) counts.emplace_back(u, 0);
    ++counts[at->second].second;
  }
  return counts;
}

/// Equal numbers are one value: -0.0 is 0.0, every NaN is one.
uint64_t canonical_bits(double x) {
  if (x == 0) x = 0;
  if (std::isnan(x)) x = std::nan("");
  uint64_t bits;
  std::memcpy(&bits, &x, 8);
  return bits;
}

value_counts count_values(const node_values& v) {
  auto& c = v.data;
  if (is_variable(c.type)) return count_values<std::string_view>(v, [&](int32_t u) { return c.bytes(u); });
  if (c.type == column_type::boolean) return count_values<bool>(v, [&](int32_t u) { return c.boolean(u); });
  if (c.type == column_type::float64) return count_values<uint64_t>(v, [&](int32_t u) { return canonical_bits(c.float64(u)); });
  return count_values<int64_t>(v, [&](int32_t u) { return c.int64(u); });
}

column_batch sizes(const node_values& v, size_t n, bool by_value) {
  auto counts = count_values(v);
  auto value_less = [&](auto& a, auto& b) {
    auto ca = class_of(v.data, a.first), cb = class_of(v.data, b.first);
    return ca != cb ? ca < cb : !ca && compare_rows_of(v.data, a.first, b.first) < 0;
  };
  auto less = [&](auto& a, auto& b) { return by_value || a.second == b.second ? value_less(a, b) : a.second > b.second; };
  auto shown = std::min(n, counts.size());
  std::partial_sort(counts.begin(), counts.begin() + ptrdiff_t(shown), counts.end(), less);
  column_builder values{"value", v.data.type}, sizes{"count", column_type::int64};
  for (size_t i = 0; i < shown; ++i) {
    values.append_from(v.data, counts[i].first);
    sizes.append_int64(counts[i].second);
  }
  return {int64_t(shown), {values.finish(), sizes.finish()}};
}

// --- compare ---------------------------------------------------------------------------------------------------------------

/// A node's value now and before; -1 where it is not.
struct moved { int32_t now, before; double change; };

std::optional<double> number_at(const column& c, int32_t row) {
  if (row < 0 || !c.valid(row)) return std::nullopt;
  if (c.type == column_type::float64) return c.float64(row);
  if (c.type == column_type::int64) return double(c.int64(row));
  return double(c.boolean(row));
}

void check_numbers(const column& c) {
  if (c.type != column_type::float64 && c.type != column_type::int64 && c.type != column_type::boolean)
    throw failure{errc::type, std::string{"values of type "} + type_name(c.type) + " cannot be compared: they are no numbers"};
}

std::optional<int32_t> live_node(const graph& g, const hash128& h) {
  auto v = g->keys->find(h);
  return v && *v < g->size && g->live(*v) ? v : std::nullopt;
}

/// Calls f for each node of either graph that has a value there.
template <class F>
void for_each_moved(const node_values& now, const node_values& before, F&& f) {
  auto offer = [&](int32_t is, int32_t was) {
    auto x = number_at(now.data, is), y = number_at(before.data, was);
    if (x || y) f(moved{is, was, x.value_or(0) - y.value_or(0)});
  };
  for (int32_t v = 0; v < now.of->size; ++v)
    if (now.of->live(v)) offer(v, live_node(before.of, now.of->keys->hash_of(v)).value_or(-1));
  for (int32_t v = 0; v < before.of->size; ++v)
    if (before.of->live(v) && !live_node(now.of, before.of->keys->hash_of(v))) offer(-1, v);
}

void append_number(column_builder& out, const column& from, int32_t row) {
  if (row < 0) out.append_null();
  else out.append_from(from, row);
}

column_batch compare_values(const node_values& now, const node_values& before, size_t n) {
  check_numbers(now.data);
  check_numbers(before.data);
  auto keys = now.of->kind.keys == key_type::none ? before.of->kind.keys : now.of->kind.keys;
  if (before.of->kind.keys != key_type::none && before.of->kind.keys != keys)
    throw failure{errc::value, "a result over int64 keys and one over str keys cannot be compared"};
  check_owned_alike(*now.of, *before.of);
  auto place = [&](const moved& m) -> std::pair<const graph*, int32_t> { return m.now >= 0 ? std::pair{&now.of, m.now} : std::pair{&before.of, m.before}; };
  auto less = [&](const moved& a, const moved& b) {
    auto na = std::isnan(a.change), nb = std::isnan(b.change);
    if (na != nb) return nb;
    if (!na && std::abs(a.change) != std::abs(b.change)) return std::abs(a.change) > std::abs(b.change);
    auto [ga, va] = place(a);
    auto [gb, vb] = place(b);
    return tie_less(*ga, va, *gb, vb);
  };
  best<moved, decltype(less)> leading{n, less};
  for_each_moved(now, before, [&](const moved& m) { leading.offer(m); });
  auto rows = leading.sorted();
  column_builder ids{"id", column_of(keys)}, values{"value", now.data.type}, older{"older", before.data.type}, changes{"change", column_type::float64},
      ties{"_tie", column_type::binary};
  for (auto& m : rows) {
    auto [g, v] = place(m);
    append_endpoint(ids, *g, v);
    append_number(values, now.data, m.now);
    append_number(older, before.data, m.before);
    changes.append_float64(m.change);
    append_tie(ties, *g, v);
  }
  column_batch batch{int64_t(rows.size()), {ids.finish(), values.finish(), older.finish(), changes.finish()}};
  if (keys == key_type::utf8) batch.columns.push_back(ties.finish());
  return batch;
}

}  // namespace

column_batch answer_values(const query& q, const node_values& values, const node_values* other) {
  if (q.name == "values") return all_values(values, window_of(q.arguments));
  if (q.name == "value") return one_value(values, key_parameter(q.arguments, "key"));
  if (q.name == "top") return top(values, q.arguments);
  if (q.name == "sizes") return sizes(values, wanted(q.arguments, INT64_MAX), false);
  if (q.name == "histogram") return sizes(values, SIZE_MAX, true);
  return compare_values(values, *other, wanted(q.arguments, 10));
}

}  // namespace gli
