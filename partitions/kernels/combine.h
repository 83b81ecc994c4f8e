#pragma once
// What a node's neighbors give, combined into one value: the sum, the smallest or the largest, the same bytes in any order. With weights, sums are of
// values times weights, and smallest and largest of values plus weights. O(n + m), and mirrors' values travel: all of them, or those of nodes that give.
// Sums are those of kernels/exact_vector.h, with signs. docs/algorithms.md, "Sums".

#include <cmath>
#include <limits>
#include <type_traits>

#include "partitions/dictionary.h"
#include "partitions/kernels/exact_vector.h"
#include "runtime/program.h"

namespace gli {

__extension__ using int128 = __int128;

struct combine_rule {
  reduction how = reduction::sum;
  spread over = spread::forward;
  const edge_weights* weights = nullptr;  // of doubles only; finite where they are summed
};

/// Whether what v gives reaches anybody.
inline bool has_receivers(const graph_view& g, spread over, int32_t v) {
  if (!g.directed() || over == spread::both) return !g.out(v).empty() || !g.in(v).empty();
  return !(over == spread::forward ? g.out(v) : g.in(v)).empty();
}

/// Calls f(neighbor, the edge's weight or 0) for each value that reaches v.
template <class F>
void for_each_giver(const graph_view& g, const combine_rule& rule, int32_t v, F&& f) {
  auto each = [&](std::span<const int32_t> list, const double* weight) {
    if (weight)
      for (auto u : list) f(u, *weight++);
    else
      for (auto u : list) f(u, 0.0);
  };
  bool every = !g.directed() || rule.over == spread::both;
  if (every || rule.over == spread::forward) each(g.in(v), rule.weights ? rule.weights->in(g, v) : nullptr);
  if (every || rule.over == spread::backward) each(g.out(v), rule.weights ? rule.weights->out(g, v) : nullptr);
}

/// The value that changes nothing: what a node without givers gets.
template <class T>
constexpr T nothing(reduction how) {
  using limits = std::numeric_limits<T>;
  if (how == reduction::sum) return 0;
  if (how == reduction::min) return limits::has_infinity ? limits::infinity() : limits::max();
  return limits::has_infinity ? -limits::infinity() : limits::lowest();
}

/// x in units, toward 0; |x| up to the one that the unit was made for.
inline int64_t on_signed_grid(double x, double unit) { return int64_t(x / unit); }

/// The largest magnitude of an edge's weight over all partitions. Collective.
inline double largest_magnitude(const graph_view& g, const edge_weights& w, communicator& all) {
  double own = 0;
  for (int32_t v = 0; v < g.size(); ++v)
    for (auto x = w.out(g, v), end = x + g.out(v).size(); x != end; ++x) own = std::max(own, std::abs(*x));
  return largest_of(own, all);
}

/// T is int64_t or double.
template <class T>
class combined_values {
 public:
  /// `g` outlives it. Collective.
  combined_values(const graph_view& g, const combine_rule& rule, communicator& all) : g_{g}, rule_{rule}, given_{g, 0} {
    if (rule.weights && on_grid()) weight_unit_ = grid_unit(largest_magnitude(g, *rule.weights, all));
  }

  /// What own nodes give: of(v), where gives(v); of those that nobody hears either may hold or not. No NaN; sums take finite numbers only, none larger
  /// than `largest`. That, and `givers`, how many there are, are of all partitions. Collective.
  template <class Gives, class Of>
  void publish(communicator& all, uint64_t givers, double largest, Gives&& gives, Of&& of) {
    if (on_grid()) unit_ = grid_unit(largest);
    auto none = kept(nothing<T>(rule_.how));
    parallel_ranges(g_.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      for (; v < end; ++v) given_[int32_t(v)] = gives(int32_t(v)) ? kept(of(int32_t(v))) : none;
    });
    if (givers >= g_.total_nodes() / dense_part) return broadcast(given_, g_, all);
    for (int32_t m = -g_.mirrors(); m < 0; ++m) given_[m] = none;
    broadcast_changed(given_, g_, all, gives, [](int32_t, uint64_t) {});
  }

  /// What reaches own v. failure{value} for a sum that int64 does not hold.
  T at(int32_t v) const {
    if (rule_.how == reduction::sum) return sum_at(v);
    bool least = rule_.how == reduction::min;
    auto best = nothing<T>(rule_.how);
    for_each_giver(g_, rule_, v, [&](int32_t u, double weight) {
      auto x = std::bit_cast<T>(given_[u]);
      if constexpr (std::is_floating_point_v<T>) x += weight;
      best = least ? std::min(best, x) : std::max(best, x);
    });
    return best;
  }

 private:
  static constexpr uint64_t dense_part = 4;  // alone a value is 8 bytes, with its place 9 and more

  bool on_grid() const { return std::is_floating_point_v<T> && rule_.how == reduction::sum; }

  uint64_t kept(T x) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (rule_.how == reduction::sum) return uint64_t(on_signed_grid(x, unit_));
      x += 0.0;  // one zero
    }
    return std::bit_cast<uint64_t>(x);
  }

  T sum_at(int32_t v) const {
    int128 sum = 0;
    if constexpr (std::is_floating_point_v<T>) {
      if (rule_.weights)  // a product keeps 94 bits, so that 2^33 of them fit
        for_each_giver(g_, rule_, v, [&](int32_t u, double w) { sum += int128{int64_t(given_[u])} * on_signed_grid(w, weight_unit_) >> 30; });
      else
        for_each_giver(g_, rule_, v, [&](int32_t u, double) { sum += int64_t(given_[u]); });
      return double(sum) * unit_ * (rule_.weights ? weight_unit_ * 0x1p30 : 1);
    } else {
      for_each_giver(g_, rule_, v, [&](int32_t u, double) { sum += int64_t(given_[u]); });
      if (sum != int64_t(sum)) throw failure{errc::value, "the sum that reaches node " + to_string(g_.body().keys->key_of(v)) + " is too large for int64"};
      return int64_t(sum);
    }
  }

  const graph_view& g_;
  combine_rule rule_;
  vertex_array<uint64_t> given_;  // grid units, int64, or bits of doubles
  double unit_ = 1, weight_unit_ = 1;
};

}  // namespace gli
