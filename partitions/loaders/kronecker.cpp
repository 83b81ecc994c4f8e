#include "partitions/loaders/kronecker.h"

#include <tbb/parallel_for.h>

#include <algorithm>

#include "partitions/loaders/overlap.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr int64_t rows_per_batch = 1 << 16;
constexpr int64_t batches_per_slot = 8;
constexpr uint64_t golden = 0x9e3779b97f4a7c15;

/// The finalizer of SplitMix64. [Steele, Lea, Flood 2014]
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

constexpr uint64_t below(double probability) { return uint64_t(probability * 4294967296.0); }  // of 32 random bits

/// A permutation of [0, 2^scale): every step of every round can be undone.
class label_permutation {
 public:
  label_permutation(int scale, uint64_t seed) : mask_{(uint64_t{1} << scale) - 1}, shift_{std::max(1, scale / 2)} {
    for (auto& r : rounds_) {
      r.factor = mix(seed += golden) | 1;
      r.term = mix(seed += golden);
    }
  }

  uint64_t operator()(uint64_t x) const {
    for (auto& r : rounds_) {
      x = (x * r.factor + r.term) & mask_;
      x ^= x >> shift_;
    }
    return x;
  }

 private:
  struct round {
    uint64_t factor = 1, term = 0;
  };
  uint64_t mask_;
  int shift_;
  round rounds_[4];
};

class generator {
 public:
  generator(int scale, uint64_t seed) : scale_{scale}, seed_{mix(seed + golden)}, relabel_{scale, mix(seed ^ golden)} {}

  struct edge {
    uint64_t source = 0, target = 0;
  };

  /// The edge with a number, from that alone: one hash for each bit, whose halves choose the quadrant.
  edge operator()(uint64_t number) const {
    constexpr auto a_or_b = below(0.57 + 0.19), a_of_ab = below(0.57 / (0.57 + 0.19)), c_of_cd = below(0.19 / (1 - 0.57 - 0.19));
    auto state = mix(seed_ + number * golden);
    edge e;
    for (int bit = 0; bit < scale_; ++bit) {
      auto random = mix(state += golden);
      uint64_t lower = (random >> 32) >= a_or_b;
      uint64_t right = (random & 0xffffffff) >= (lower ? c_of_cd : a_of_ab);
      e.source |= lower << bit;
      e.target |= right << bit;
    }
    return {relabel_(e.source), relabel_(e.target)};
  }

 private:
  int scale_;
  uint64_t seed_;
  label_permutation relabel_;
};

column int_column(const char* name) {
  column c;
  c.name = name;
  return c;
}

void fill_batch(column_batch& batch, const generator& edges, int64_t begin, int64_t end) {
  if (batch.columns.empty()) batch.columns = {int_column("source"), int_column("target"), int_column("_seq")};
  batch.rows = end - begin;
  for (auto& c : batch.columns) {
    c.length = batch.rows;
    c.values.resize(size_t(batch.rows) * 8);
  }
  for (auto i = begin; i < end; ++i) {
    auto e = edges(uint64_t(i));
    auto sequence = i + 1;
    auto at = size_t(i - begin) * 8;
    std::memcpy(batch.columns[0].values.data() + at, &e.source, 8);
    std::memcpy(batch.columns[1].values.data() + at, &e.target, 8);
    std::memcpy(batch.columns[2].values.data() + at, &sequence, 8);
  }
}

}  // namespace

void generate_kronecker(int scale, int edge_factor, uint64_t seed, const batch_sink& sink) {
  if (scale < 1 || scale > 40) throw failure{errc::value, "scale " + std::to_string(scale) + " is not in 1 to 40"};
  if (edge_factor < 1 || edge_factor > 1024)
    throw failure{errc::value, "edge_factor " + std::to_string(edge_factor) + " is not in 1 to 1024"};
  const generator edges{scale, seed};
  const auto total = int64_t(edge_factor) << scale;
  int64_t next = 0;
  auto fill = [&](std::vector<column_batch>& slot) {
    auto begin = next;
    next = std::min(total, begin + batches_per_slot * rows_per_batch);
    slot.resize(size_t((next - begin + rows_per_batch - 1) / rows_per_batch));
    tbb::parallel_for(size_t{0}, slot.size(), [&](size_t i) {
      auto first = begin + int64_t(i) * rows_per_batch;
      fill_batch(slot[i], edges, first, std::min(next, first + rows_per_batch));
    });
    return begin < next;
  };
  overlap<std::vector<column_batch>>(fill, [&](const std::vector<column_batch>& slot) {
    for (auto& batch : slot) sink.edges(batch);
  });
}

}  // namespace gli
