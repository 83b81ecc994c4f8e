#pragma once
// Non-negative doubles whose sums are the same bytes in any order: what neighbors read is each value on a grid that the largest one of all partitions sets,
// 62 bits below it, and sums of grid values are integers. docs/algorithms.md, "Sums".

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

#include "partitions/exact_sum.h"
#include "partitions/kernels/edge_weights.h"
#include "partitions/mirror_exchange.h"

namespace gli {

/// A power of two such that x / unit is an integer of 62 bits at most, for all x up to `largest`.
inline double grid_unit(double largest) {
  if (largest <= 0) return 1;
  int exponent;
  std::frexp(largest, &exponent);
  return std::ldexp(1.0, std::max(exponent - 62, -1022));
}
inline uint64_t on_grid(double x, double unit) { return uint64_t(x / unit); }

/// on_grid() of many values: the unit is a power of two, so that to multiply by its inverse is to divide by it.
class grid_of {
 public:
  explicit grid_of(double unit) : inverse_{1 / unit} {}
  uint64_t operator()(double x) const { return uint64_t(int64_t(x * inverse_)); }  // below 2^63

 private:
  double inverse_;
};

/// The largest of non-negative doubles over all partitions. Collective.
inline double largest_of(double own, communicator& all) {
  auto bits = std::bit_cast<uint64_t>(own);
  all.all_reduce({&bits, 1}, reduction::max);
  return std::bit_cast<double>(bits);
}

/// The sum over all partitions, modulo 2^128. Collective.
inline uint128 total_of(uint128 own, communicator& all) {
  std::array<uint64_t, 4> limbs;
  for (int i = 0; i < 4; ++i) limbs[size_t(i)] = uint64_t(own >> (32 * i)) & UINT32_MAX;
  all.all_reduce(limbs, reduction::sum);
  uint128 sum = 0;
  for (int i = 4; i-- > 0;) sum = (sum << 32) + limbs[size_t(i)];
  return sum;
}

/// Calls f(v) for live own nodes [v, end).
template <class F>
void for_each_live(const graph_view& g, int64_t v, int64_t end, F&& f) {
  if (g.all_live())
    for (; v < end; ++v) f(int32_t(v));
  else
    for (; v < end; ++v)
      if (g.live(int32_t(v))) f(int32_t(v));
}

/// The largest x >= 0 of those that each(v, end, found) calls found(x) with, for own nodes [v, end) in ranges on all cores; 0 without any.
template <class Each>
double largest_in(const graph_view& g, Each&& each) {
  struct most {
    double x = 0;
    void operator+=(const most& other) { x = std::max(x, other.x); }
  };
  return parallel_sum<most>(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    most found;
    each(int32_t(v), int32_t(end), [&](double x) { found.x = std::max(found.x, x); });
    return found;
  }).x;
}

/// The largest of of(v) >= 0 over all live own nodes of this partition; 0 without any.
template <class F>
double largest_own(const graph_view& g, F&& of) {
  return largest_in(g, [&](int32_t v, int32_t end, auto&& found) { for_each_live(g, v, end, [&](int32_t u) { found(double(of(u))); }); });
}

/// Sum of of(v) >= 0 over all live own nodes of all partitions, of which `largest` is the largest. Collective.
template <class F>
double exact_total(const graph_view& g, communicator& all, double largest, F&& of) {
  auto unit = grid_unit(largest);
  grid_of grid{unit};
  auto sum = parallel_sum<uint128>(g.size(), 1 << 13, [&](int64_t v, int64_t end) {
    uint128 found = 0;
    for_each_live(g, v, end, [&](int32_t u) { found += grid(of(u)); });
    return found;
  });
  return double(total_of(sum, all)) * unit;
}
template <class F>
double exact_total(const graph_view& g, communicator& all, F&& of) {
  return exact_total(g, all, largest_of(largest_own(g, of), all), of);
}

class exact_vector {
 public:
  exact_vector() = default;
  /// With weights, what neighbors read counts as often as the edge weighs.
  exact_vector(const graph_view& g, const edge_weights* weights) : grid_{g, 0}, weights_{weights} {
    if (!weights) forward_ = g.forward(), backward_ = g.backward();
  }

  /// What neighbors are to read of all own nodes: of(v) >= 0, of which `largest` is the largest over all partitions. Asks of(v) once. Collective.
  template <class F>
  void publish(const graph_view& g, communicator& all, double largest, F&& of) {
    unit_ = grid_unit(largest);
    grid_of grid{unit_};
    parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      for_each_live(g, v, end, [&](int32_t u) { grid_[u] = grid(of(u)); });  // others are 0
    });
    broadcast(grid_, g, all);
  }
  template <class F>
  void publish(const graph_view& g, communicator& all, F&& of) {
    publish(g, all, largest_of(largest_own(g, of), all), of);
  }

  /// sums(v, end, f) calls f(v, sum) for own nodes [v, end): of what neighbors read over the edges that enter v, or leave it; undirected: all at it.
  auto entering(const graph_view& g) const {
    return [this, &g](int32_t v, int32_t end, auto&& f) {
      if (!weights_) return plain(backward_, v, end, f);
      for (; v < end; ++v) f(v, weighted([&](auto&& each) { for_each_weighted_backward(g, *weights_, v, each); }));
    };
  }
  auto leaving(const graph_view& g) const {
    return [this, &g](int32_t v, int32_t end, auto&& f) {
      if (!weights_) return plain(forward_, v, end, f);
      for (; v < end; ++v) f(v, weighted([&](auto&& each) { for_each_weighted_forward(g, *weights_, v, each); }));
    };
  }

 private:
  /// A list's sum is what all lists up to its end add up to, less what they did at its beginning: loops whose ends a processor does not foretell would cost
  /// more than what is in most of them.
  template <class F>
  void plain(const adjacency& lists, int32_t v, int32_t end, F&& f) const {
    constexpr uint32_t most = 1024;
    std::array<uint128, most + 1> upto;
    upto[0] = 0;
    while (v < end) {
      auto& page = lists.page(v >> vertices_per_page_bits);
      auto i = v & (vertices_per_page - 1), last = std::min(vertices_per_page, i + end - v);
      auto first = page.off[i];
      auto next = int32_t(std::upper_bound(page.off + i + 1, page.off + last + 1, first + most) - page.off) - 1;
      if (next == i) {
        f(v++, nearest(sum_of(page.of(i))) * unit_);
        continue;
      }
      uint128 sum = 0;
      auto to = upto.begin();
      for (auto u = page.neighbor + first, none = page.neighbor + page.off[next]; u != none; ++u) *++to = sum += grid_[*u];
      for (; i < next; ++i) f(v++, nearest(upto[page.off[i + 1] - first] - upto[page.off[i] - first]) * unit_);
    }
  }
  uint128 sum_of(std::span<const int32_t> neighbors) const {
    uint128 sum = 0;
    for (auto u : neighbors) sum += grid_[u];
    return sum;
  }
  /// Weights are on a grid of their own; a product keeps 94 bits, so that 2^32 of them fit.
  template <class Each>
  double weighted(Each&& each) const {
    auto weight_unit = grid_unit(weights_->largest());
    grid_of grid{weight_unit};
    uint128 sum = 0;
    each([&](int32_t u, double x) { sum += uint128{grid_[u]} * grid(x) >> 30; });
    return nearest(sum) * unit_ * (weight_unit * 0x1p30);
  }
  /// double(sum), which is a call where it may have more than 64 bits.
  static double nearest(uint128 sum) { return sum >> 64 ? double(sum) : double(uint64_t(sum)); }

  vertex_array<uint64_t> grid_;
  const edge_weights* weights_ = nullptr;
  adjacency forward_, backward_;  // without weights
  double unit_ = 1;
};

}  // namespace gli
