#include "partitions/loaders/kronecker.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>

#include "partitions/loaders/overlap.h"
#include "partitions/loaders/source_share.h"
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

/// Edges [begin, end), in batches.
void fill_slot(std::vector<column_batch>& slot, const generator& edges, int64_t begin, int64_t end) {
  slot.resize(size_t((end - begin + rows_per_batch - 1) / rows_per_batch));
  tbb::parallel_for(size_t{0}, slot.size(), [&](size_t i) {
    auto first = begin + int64_t(i) * rows_per_batch;
    fill_batch(slot[i], edges, first, std::min(end, first + rows_per_batch));
  });
}

int64_t edge_count(int scale, int edge_factor) {
  if (scale < 1 || scale > 40) throw failure{errc::value, "scale " + std::to_string(scale) + " is not in 1 to 40"};
  if (edge_factor < 1 || edge_factor > 1024)
    throw failure{errc::value, "edge_factor " + std::to_string(edge_factor) + " is not in 1 to 1024"};
  return int64_t(edge_factor) << scale;
}

class kronecker_share final : public source_share {
 public:
  kronecker_share(int scale, int edge_factor, uint64_t seed, share_place at)
      : total_{edge_count(scale, edge_factor)}, edges_{scale, seed}, next_{at.rank * rows_at_once}, stride_{at.ranks * rows_at_once} {}

  const source_piece& next() override {
    auto& s = slots_[round_++ % 2];
    auto begin = std::min(total_, next_), end = std::min(total_, next_ + rows_at_once);
    fill_slot(s.rows, edges_, begin, end);
    next_ += stride_;
    auto& p = s.piece = {};
    for (auto& batch : s.rows) p.batches.push_back(&batch);
    p.report.rows = uint64_t(end - begin);
    p.last = next_ >= total_;
    p.done = uint64_t(end);
    p.total = uint64_t(total_);
    return p;
  }

 private:
  static constexpr int64_t rows_at_once = batches_per_slot * rows_per_batch;
  struct slot {
    std::vector<column_batch> rows;
    source_piece piece;
  };
  const int64_t total_;
  const generator edges_;
  int64_t next_;
  const int64_t stride_;
  uint64_t round_ = 0;
  std::array<slot, 2> slots_;
};

}  // namespace

void generate_kronecker(int scale, int edge_factor, uint64_t seed, const batch_sink& sink) {
  const auto total = edge_count(scale, edge_factor);
  const generator edges{scale, seed};
  int64_t next = 0;
  auto fill = [&](std::vector<column_batch>& slot) {
    auto begin = next;
    next = std::min(total, begin + batches_per_slot * rows_per_batch);
    fill_slot(slot, edges, begin, next);
    return begin < next;
  };
  overlap<std::vector<column_batch>>(fill, [&](const std::vector<column_batch>& slot) {
    for (auto& batch : slot) sink.edges(batch);
  });
}

std::unique_ptr<source_share> share_kronecker(int scale, int edge_factor, uint64_t seed, share_place at) {
  return std::make_unique<kronecker_share>(scale, edge_factor, seed, at);
}

}  // namespace gli
