#pragma once
// Non-negative doubles whose sums are the same bytes in any order: what neighbors read is each value on a grid that the largest one of all partitions sets,
// 62 bits below it, and sums of grid values are integers. docs/algorithms.md, "Sums".

#include <array>
#include <bit>
#include <cmath>
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

/// The largest of of(v) >= 0 over all live own nodes of this partition; 0 without any.
template <class F>
double largest_own(const graph_view& g, F&& of) {
  struct most {
    double x = 0;
    void operator+=(const most& other) { x = std::max(x, other.x); }
  };
  return parallel_sum<most>(g.size(), 1 << 13, [&](int64_t v, int64_t end) {
    most found;
    for (; v < end; ++v)
      if (g.live(int32_t(v))) found.x = std::max(found.x, double(of(int32_t(v))));
    return found;
  }).x;
}

/// Sum of of(v) >= 0 over all live own nodes of all partitions. Collective.
template <class F>
double exact_total(const graph_view& g, communicator& all, F&& of) {
  auto unit = grid_unit(largest_of(largest_own(g, of), all));
  grid_of grid{unit};
  auto sum = parallel_sum<uint128>(g.size(), 1 << 13, [&](int64_t v, int64_t end) {
    uint128 found = 0;
    for (; v < end; ++v)
      if (g.live(int32_t(v))) found += grid(of(int32_t(v)));
    return found;
  });
  return double(total_of(sum, all)) * unit;
}

class exact_vector {
 public:
  exact_vector() = default;
  explicit exact_vector(const graph_view& g) : grid_{g, 0} {}

  /// What neighbors are to read of all own nodes: of(v) >= 0. Collective.
  template <class F>
  void publish(const graph_view& g, communicator& all, F&& of) {
    largest_ = largest_of(largest_own(g, of), all);
    unit_ = grid_unit(largest_);
    grid_of grid{unit_};
    parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      for (; v < end; ++v) grid_[int32_t(v)] = g.live(int32_t(v)) ? grid(of(int32_t(v))) : 0;
    });
    broadcast(grid_, g, all);
  }

  /// The same of some own nodes, each not 0 on the grid even where it is far below the largest; marked[v] says which. Calls received(mirror) for their mirrors.
  template <class F, class Received>
  void publish(const graph_view& g, communicator& all, const std::vector<int32_t>& some, const std::vector<uint8_t>& marked, F&& of, Received&& received) {
    double most = 0;
    for (auto v : some) most = std::max(most, double(of(v)));
    largest_ = largest_of(most, all);
    unit_ = grid_unit(largest_);
    for (auto v : some) grid_[v] = std::max<uint64_t>(1, on_grid(of(v), unit_));
    broadcast_changed(
        grid_, g, all, [&](int32_t v) { return marked[size_t(v)] != 0; }, [&](int32_t m, uint64_t) { received(m); });
  }

  uint64_t at(int32_t v) const { return grid_[v]; }
  double unit() const { return unit_; }        // of the last publish()
  double largest() const { return largest_; }  // likewise, over all partitions

  /// The sum over the edges that enter v, or leave it; undirected: all at v. With weights, of value times weight.
  double entering(const graph_view& g, int32_t v, const edge_weights* w = nullptr) const {
    return w ? weighted(*w, [&](auto&& f) { for_each_weighted_backward(g, *w, v, f); }) : plain([&](auto&& f) { g.for_each_backward(v, f); });
  }
  double leaving(const graph_view& g, int32_t v, const edge_weights* w = nullptr) const {
    return w ? weighted(*w, [&](auto&& f) { for_each_weighted_forward(g, *w, v, f); }) : plain([&](auto&& f) { g.for_each_forward(v, f); });
  }

 private:
  template <class Each>
  double plain(Each&& each) const {
    uint128 sum = 0;
    each([&](int32_t u) { sum += grid_[u]; });
    return double(sum) * unit_;
  }
  /// Weights are on a grid of their own; a product keeps 94 bits, so that 2^32 of them fit.
  template <class Each>
  double weighted(const edge_weights& w, Each&& each) const {
    auto weight_unit = grid_unit(w.largest());
    grid_of grid{weight_unit};
    uint128 sum = 0;
    each([&](int32_t u, double x) { sum += uint128{grid_[u]} * grid(x) >> 30; });
    return double(sum) * unit_ * (weight_unit * 0x1p30);
  }

  vertex_array<uint64_t> grid_;
  double unit_ = 1, largest_ = 0;
};

}  // namespace gli
