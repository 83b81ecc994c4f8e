#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "partitions/loaders/gap_edges.h"
#include "partitions/loaders/gap_file.h"
#include "partitions/loaders/source_share.h"
#include "partitions/together.h"

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

column as_column(const char* name, const std::vector<int64_t>& numbers) {
  column c{name, column_type::int64, int64_t(numbers.size()), {}, std::vector<uint8_t>(numbers.size() * 8), {}};
  if (!numbers.empty()) std::memcpy(c.values.data(), numbers.data(), c.values.size());
  return c;
}

/// Ranges of the entries of a file in turn.
class gap_file_share final : public source_share {
 public:
  gap_file_share(const std::string& path, const std::string& name, bool weighted, share_place at)
      : file_{path, weighted, name}, at_{file_.packed() ? share_place{} : at}, next_{at_.rank * entries_at_once}, stride_{at_.ranks * entries_at_once} {}

  void agree(communicator& all) override {
    if (at_.ranks > 1) together(all, [&] { file_.check_offsets(at_.rank, at_.ranks); });
  }
  const source_piece& next() override {
    if (at_.ranks == 1 && round_ == 0) file_.check_offsets(0, 1);
    auto& s = slots_[round_++ % 2];
    auto total = file_.head().entries, begin = std::min(total, next_), end = std::min(total, next_ + entries_at_once);
    file_.read_entries(begin, end, read_);
    s.rows.assign(size_t((end - begin + entries_per_batch - 1) / entries_per_batch), {});
    tbb::parallel_for(size_t{0}, s.rows.size(), [&](size_t i) {
      auto first = begin + int64_t(i) * entries_per_batch;
      s.rows[i] = as_rows(first, std::min(end, first + entries_per_batch));
    });
    next_ += stride_;
    auto& p = s.piece = {};
    for (auto& batch : s.rows) {
      p.batches.push_back(&batch);
      p.report.rows += uint64_t(batch.rows);
    }
    p.last = next_ >= total;
    p.done = uint64_t(end);
    p.total = uint64_t(total);
    return p;
  }
  uint64_t size() const override { return file_.size(); }

 private:
  static constexpr int64_t entries_per_batch = int64_t{1} << 15, entries_at_once = entries_per_batch * 8;

  /// Of an undirected graph's entries, of which each edge has two, those of the end with the smaller key.
  column_batch as_rows(int64_t begin, int64_t end) const {
    auto& ends = read_.ends;
    auto at = std::upper_bound(ends.begin(), ends.end(), begin);
    bool directed = file_.head().directed, weighted = file_.weighted();
    std::vector<int64_t> source, target, weight, places;
    for (auto all : {&source, &target, &places}) all->reserve(size_t(end - begin));
    for (auto i = begin; i < end; ++i) {
      while (*at <= i) ++at;
      auto node = read_.node + (at - ends.begin()), other = int64_t{word(i, 0)};
      if (!directed && other < node) continue;
      source.push_back(node);
      target.push_back(other);
      if (weighted) weight.push_back(word(i, 1));
      places.push_back(i + 1);
    }
    column_batch rows{int64_t(source.size()), {as_column("source", source), as_column("target", target)}};
    if (weighted) rows.columns.push_back(as_column("weight", weight));
    rows.columns.push_back(as_column("_seq", places));
    return rows;
  }
  int32_t word(int64_t entry, size_t which) const { return read_.words[size_t(entry - read_.first) * (file_.weighted() ? 2 : 1) + which]; }

  struct slot {
    std::vector<column_batch> rows;
    source_piece piece;
  };
  gap_file file_;
  const share_place at_;
  int64_t next_;
  const int64_t stride_;
  uint64_t round_ = 0;
  gap_entries read_;
  std::array<slot, 2> slots_;
};

}  // namespace

std::unique_ptr<source_share> share_gap_file(const std::string& path, const std::string& name, bool weighted, share_place at) {
  if (at.rank > 0)
    if (input_file file{path, name}; !file.is_plain()) return share_nothing(file.bytes_total());
  return std::make_unique<gap_file_share>(path, name, weighted, at);
}

std::unique_ptr<source_share> share_gap(gap_kind kind, int scale, bool weighted, share_place at) { return std::make_unique<gap_share>(kind, scale, weighted, at); }

}  // namespace gli
