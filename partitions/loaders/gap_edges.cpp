#include "partitions/loaders/gap_edges.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "runtime/error.h"

namespace gli {
namespace {

constexpr uint32_t seed = 27491095;
constexpr int64_t edge_factor = 16;

struct ends { uint32_t source, target; };

/// Graph500's quadrants, from one draw a bit.
ends quadrant_walk(std::mt19937& random, int scale) {
  constexpr double most = UINT32_MAX;
  constexpr auto a = uint32_t(0.57 * most), b = uint32_t(0.19 * most), c = b;
  ends e{0, 0};
  for (int bit = 0; bit < scale; ++bit) {
    auto draw = uint32_t(random());
    bool lower = draw >= a + b;
    bool right = lower ? draw > a + b + c : draw > a;
    e = {e.source << 1 | uint32_t(lower), e.target << 1 | uint32_t(right)};
  }
  return e;
}

ends uniform_pair(std::mt19937& random, int scale) {
  auto mask = (uint32_t{1} << scale) - 1;
  auto source = uint32_t(random()) & mask;
  return {source, uint32_t(random()) & mask};
}

uint8_t draw_weight(std::mt19937& random) {
  for (;;)
    if (auto draw = uint32_t(random()); draw != UINT32_MAX) return uint8_t(draw % 255 + 1);
}

int checked(int scale) {
  if (scale < 1 || scale > most_gap_scale)
    throw failure{errc::value, "scale " + std::to_string(scale) + " is not in 1 to " + std::to_string(most_gap_scale)};
  return scale;
}

}  // namespace

gap_edges::gap_edges(gap_kind kind, int scale, bool weighted) : kind_{kind}, scale_{checked(scale)}, weighted_{weighted}, count_{edge_factor << scale} {
  static_assert(most_gap_scale <= 28);
  if (kind != gap_kind::kronecker) return;
  permutation_.resize(size_t{1} << scale);
  std::iota(permutation_.begin(), permutation_.end(), 0);
  std::shuffle(permutation_.begin(), permutation_.end(), std::mt19937{seed});
}

std::vector<packed_edge> gap_edges::block(int64_t number) const {
  std::mt19937 random{uint32_t(seed + number)}, weights{uint32_t(seed + number)};
  std::vector<packed_edge> made;
  auto edges = std::min(block_size, count_ - number * block_size);
  made.reserve(size_t(edges));
  for (int64_t i = 0; i < edges; ++i) {
    auto e = kind_ == gap_kind::kronecker ? quadrant_walk(random, scale_) : uniform_pair(random, scale_);
    if (!permutation_.empty()) e = {uint32_t(permutation_[e.source]), uint32_t(permutation_[e.target])};
    auto weight = weighted_ ? draw_weight(weights) : uint8_t{0};
    auto [source, target] = std::minmax(e.source, e.target);
    if (source != target) made.emplace_back(source, target, weight);
  }
  return made;
}

}  // namespace gli
