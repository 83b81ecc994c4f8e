#include "partitions/loaders/gap.h"

#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>

#include <algorithm>
#include <cstring>

#include "partitions/loaders/gap_edges.h"
#include "partitions/loaders/gap_file.h"
#include "partitions/loaders/overlap.h"
#include "partitions/loaders/source_share.h"
#include "runtime/error.h"

namespace gli {
namespace {

constexpr uint32_t seed = 27491095;  // of the sources
constexpr int64_t rows_per_batch = 1 << 16;

/// Sorted, of several with the same ends the first.
std::vector<packed_edge> distinct(const gap_edges& edges) {
  std::vector<std::vector<packed_edge>> blocks(size_t(edges.blocks()));
  tbb::parallel_for(size_t{0}, blocks.size(), [&](size_t i) { blocks[i] = edges.block(int64_t(i)); });
  std::vector<packed_edge> all;
  all.reserve(size_t(edges.count()));
  for (auto& block : blocks) {
    all.insert(all.end(), block.begin(), block.end());
    block = {};
  }
  tbb::parallel_sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end(), [](auto& x, auto& y) { return x.ends() == y.ends(); }), all.end());
  return all;
}

/// Gathers edges into batches.
class edge_writer {
 public:
  edge_writer(const batch_sink& sink, bool weighted) : sink_{sink} {
    for (auto name : {"source", "target", "weight"})
      if (weighted || std::strcmp(name, "weight")) batch_.columns.push_back({name, column_type::int64, 0, {}, std::vector<uint8_t>(rows_per_batch * 8), {}});
  }
  edge_writer(const edge_writer&) = delete;
  void add(int64_t source, int64_t target, int64_t weight) {
    auto row = size_t(batch_.rows++) * 8;
    std::memcpy(batch_.columns[0].values.data() + row, &source, 8);
    std::memcpy(batch_.columns[1].values.data() + row, &target, 8);
    if (batch_.columns.size() > 2) std::memcpy(batch_.columns[2].values.data() + row, &weight, 8);
    if (batch_.rows == rows_per_batch) flush();
  }
  void flush() {
    for (auto& c : batch_.columns) {
      c.length = batch_.rows;
      c.values.resize(size_t(batch_.rows) * 8);
    }
    if (batch_.rows > 0) sink_.edges(batch_);
    for (auto& c : batch_.columns) c.values.resize(rows_per_batch * 8);
    batch_.rows = 0;
  }

 private:
  const batch_sink& sink_;
  column_batch batch_;
};

bool is_weighted_gap(const std::string& path) { return path.ends_with(".wsg"); }

void send_nodes(int64_t nodes, const batch_sink& sink) {
  for (int64_t first = 0; first < nodes; first += rows_per_batch) {
    auto rows = std::min(rows_per_batch, nodes - first);
    column keys{"", column_type::int64, rows, {}, std::vector<uint8_t>(size_t(rows) * 8), {}};
    for (int64_t i = 0; i < rows; ++i) {
      auto key = first + i;
      std::memcpy(keys.values.data() + i * 8, &key, 8);
    }
    column_batch batch;
    batch.rows = rows;
    batch.columns.push_back(std::move(keys));
    sink.nodes(batch);
  }
}

}  // namespace

void generate_gap(gap_kind kind, int scale, bool weighted, const batch_sink& sink) {
  auto edges = distinct(gap_edges{kind, scale, weighted});
  send_nodes(int64_t{1} << scale, sink);
  edge_writer to{sink, weighted};
  for (auto e : edges) to.add(e.source(), e.target(), e.weight());
  to.flush();
}

gap_file_head read_gap_head(const std::string& path) { return gap_file{path, is_weighted_gap(path)}.head(); }

void read_gap(const std::string& path, const batch_sink& sink) {
  send_nodes(read_gap_head(path).nodes, sink);
  read_gap_edges(path, is_weighted_gap(path), {}, sink.edges);
}

void read_gap_edges(const std::string& path, bool weighted, const std::function<void(uint64_t, uint64_t)>& told, const std::function<void(const column_batch&)>& edges) {
  auto share = share_gap_file(path, path, weighted, {});
  bool last = false;
  auto fill = [&](const source_piece*& slot) {
    if (last) return false;
    slot = &share->next();
    last = slot->last;
    return true;
  };
  overlap<const source_piece*>(fill, [&](const source_piece* piece) {
    for (auto batch : piece->batches) edges(*batch);
    if (told) told(piece->done, piece->total);
  });
}

gap_sources::gap_sources(int32_t nodes, std::function<bool(int32_t)> has_edges)
    : random_{seed}, nodes_{uint32_t(nodes)}, end_{uint32_t(UINT64_MAX - UINT64_MAX % nodes_)}, has_edges_{std::move(has_edges)} {
  if (UINT64_MAX % nodes_ == nodes_ - 1) end_ = 0;
}

int32_t gap_sources::next() {
  for (;;) {
    auto draw = uint32_t(random_());
    if (end_ != 0 && draw >= end_) continue;
    if (auto v = int32_t(draw % nodes_); has_edges_(v)) return v;
  }
}

}  // namespace gli
