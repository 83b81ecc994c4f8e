#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "partitions/loaders/gap_edges.h"
#include "partitions/loaders/source_share.h"

namespace gli {

namespace {

constexpr int64_t blocks_at_once = 2;

/// The place of an edge among all: the lighter of two with the same ends comes first, as the generator keeps it.
int64_t place(const packed_edge& e, int64_t number) { return e.weight() << 40 | (number + 1); }

column_batch as_batch(const std::vector<packed_edge>& edges, int64_t first, bool weighted) {
  column_batch batch{int64_t(edges.size()), {}};
  auto add = [&](const char* name, auto&& value_of) {
    column c{name, column_type::int64, batch.rows, {}, std::vector<uint8_t>(edges.size() * 8), {}};
    for (size_t i = 0; i < edges.size(); ++i) {
      int64_t value = value_of(edges[i], int64_t(i));
      std::memcpy(c.values.data() + i * 8, &value, 8);
    }
    batch.columns.push_back(std::move(c));
  };
  add("source", [](auto& e, int64_t) { return e.source(); });
  add("target", [](auto& e, int64_t) { return e.target(); });
  if (weighted) add("weight", [](auto& e, int64_t) { return e.weight(); });
  add("_seq", [&](auto& e, int64_t i) { return place(e, first + i); });
  return batch;
}

class gap_share final : public source_share {
 public:
  gap_share(gap_kind kind, int scale, bool weighted, share_place at)
      : edges_{kind, scale, weighted}, weighted_{weighted}, next_{at.rank * blocks_at_once}, stride_{at.ranks * blocks_at_once} {}

  const source_piece& next() override {
    auto& s = slots_[round_++ % 2];
    auto begin = std::min(edges_.blocks(), next_), end = std::min(edges_.blocks(), next_ + blocks_at_once);
    s.rows.resize(size_t(end - begin));
    tbb::parallel_for(begin, end, [&](int64_t b) { s.rows[size_t(b - begin)] = as_batch(edges_.block(b), b * gap_edges::block_size, weighted_); });
    next_ += stride_;
    auto& p = s.piece = {};
    for (auto& batch : s.rows) {
      p.batches.push_back(&batch);
      p.report.rows += uint64_t(batch.rows);
    }
    p.last = next_ >= edges_.blocks();
    p.done = uint64_t(end);
    p.total = uint64_t(edges_.blocks());
    return p;
  }

 private:
  struct slot {
    std::vector<column_batch> rows;
    source_piece piece;
  };
  const gap_edges edges_;
  const bool weighted_;
  int64_t next_;
  const int64_t stride_;
  uint64_t round_ = 0;
  std::array<slot, 2> slots_;
};

}  // namespace

std::unique_ptr<source_share> share_gap(gap_kind kind, int scale, bool weighted, share_place at) { return std::make_unique<gap_share>(kind, scale, weighted, at); }

}  // namespace gli
