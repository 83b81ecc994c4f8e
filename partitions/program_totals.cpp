#include "partitions/program_totals.h"

#include <atomic>
#include <bit>
#include <cmath>

#include "partitions/kernels/combine.h"
#include "partitions/parallel.h"

namespace gli {

namespace {

constexpr size_t limbs = 4;
constexpr int64_t grain = 1 << 13;

/// Unsigned numbers in the order of doubles, and back. No NaN.
uint64_t ordered(double x) {
  auto bits = std::bit_cast<uint64_t>(x + 0.0);
  return bits >> 63 ? ~bits : bits | uint64_t{1} << 63;
}
double from_ordered(uint64_t x) { return std::bit_cast<double>(x >> 63 ? x & ~(uint64_t{1} << 63) : ~x); }

struct int128_sum {
  int128 x = 0;
  void operator+=(const int128_sum& other) { x += other.x; }
};

int128 sum_on_grid(const double* added, int64_t rows, double unit) {
  return parallel_sum<int128_sum>(rows, grain, [&](int64_t i, int64_t end) {
           int128_sum s;
           for (; i < end; ++i) s.x += on_signed_grid(added[i], unit);
           return s;
         }).x;
}

}  // namespace

/// The largest magnitude of a sum's parts; else the smallest or largest, as what a reduction by maximum keeps.
double program_totals::extreme_of(const program_total& t) const {
  auto added = memory_.array<double>("total." + t.name);
  double extreme = t.how == reduction::sum ? 0 : nothing<double>(t.how);
  for (int64_t row = 0; row < memory_.rows(); ++row) {
    auto x = added[row];
    if (std::isnan(x) || (t.how == reduction::sum && std::isinf(x)))
      throw failure{errc::value, "program '" + what_.name + "': node " + memory_.name_of(row) + " adds " + to_string(value{x}) + " to the total '" + t.name + "'"};
    extreme = t.how == reduction::sum ? std::max(extreme, std::abs(x)) : t.how == reduction::min ? std::min(extreme, x) : std::max(extreme, x);
  }
  return extreme;
}

uint64_t program_totals::settle(uint64_t own_givers, double& largest_given, communicator& all) const {
  std::vector<uint64_t> extremes{ordered(largest_given)};
  for (auto& t : what_.totals) {
    auto x = ordered(extreme_of(t));
    extremes.push_back(t.how == reduction::min ? ~x : x);
  }
  all.all_reduce(extremes, reduction::max);
  largest_given = from_ordered(extremes[0]);

  std::vector<uint64_t> sums{own_givers};
  for (size_t i = 0; i < what_.totals.size(); ++i) {
    auto& t = what_.totals[i];
    if (t.how != reduction::sum) continue;
    auto sum = uint128(sum_on_grid(memory_.array<double>("total." + t.name), memory_.rows(), grid_unit(from_ordered(extremes[i + 1]))));
    for (size_t limb = 0; limb < limbs; ++limb) sums.push_back(uint64_t(sum >> (32 * limb)) & UINT32_MAX);
  }
  all.all_reduce(sums, reduction::sum);

  auto totals = memory_.array<double>("totals");
  size_t next = 1;
  for (size_t i = 0; i < what_.totals.size(); ++i) {
    auto extreme = extremes[i + 1];
    if (what_.totals[i].how != reduction::sum) {
      totals[i] = from_ordered(what_.totals[i].how == reduction::min ? ~extreme : extreme);
      continue;
    }
    uint128 sum = 0;
    for (size_t limb = limbs; limb-- > 0;) sum = (sum << 32) + sums[next + limb];
    next += limbs;
    totals[i] = double(int128(sum)) * grid_unit(from_ordered(extreme));
  }
  return sums[0];
}

}  // namespace gli
