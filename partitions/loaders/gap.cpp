#include "partitions/loaders/gap.h"

#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <numeric>

#include "runtime/error.h"

namespace gli {
namespace {

constexpr uint32_t seed = 27491095;
constexpr int64_t block_size = 1 << 18;  // a block of edges has a seed of its own
constexpr int64_t edge_factor = 16;
constexpr int64_t rows_per_batch = 1 << 16;

struct ends { uint32_t source, target; };

/// Calls f(random, number) for the numbers of each block, blocks in parallel, each with a generator that begins anew.
template <class F>
void for_each_in_blocks(int64_t n, F&& f) {
  tbb::parallel_for(int64_t{0}, (n + block_size - 1) / block_size, [&](int64_t block) {
    std::mt19937 random{uint32_t(seed + block)};
    for (auto i = block * block_size; i < std::min(n, (block + 1) * block_size); ++i) f(random, size_t(i));
  });
}

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

std::vector<ends> kronecker_edges(int scale) {
  std::vector<ends> edges(size_t(edge_factor << scale));
  for_each_in_blocks(int64_t(edges.size()), [&](std::mt19937& random, size_t i) { edges[i] = quadrant_walk(random, scale); });
  std::vector<int32_t> permutation(size_t{1} << scale);
  std::iota(permutation.begin(), permutation.end(), 0);
  std::shuffle(permutation.begin(), permutation.end(), std::mt19937{seed});
  tbb::parallel_for(size_t{0}, edges.size(), [&](size_t i) {
    edges[i] = {uint32_t(permutation[edges[i].source]), uint32_t(permutation[edges[i].target])};
  });
  return edges;
}

std::vector<ends> uniform_edges(int scale) {
  std::vector<ends> edges(size_t(edge_factor << scale));
  auto mask = (uint32_t{1} << scale) - 1;
  for_each_in_blocks(int64_t(edges.size()), [&](std::mt19937& random, size_t i) {
    edges[i].source = uint32_t(random()) & mask;
    edges[i].target = uint32_t(random()) & mask;
  });
  return edges;
}

uint8_t draw_weight(std::mt19937& random) {
  for (;;)
    if (auto draw = uint32_t(random()); draw != UINT32_MAX) return uint8_t(draw % 255 + 1);
}

/// Each as source << 36 | target << 8 | weight, source < target, sorted, the first of those with the same ends.
std::vector<uint64_t> distinct(const std::vector<ends>& edges, bool weighted) {
  static_assert(most_gap_scale <= 28);
  std::vector<uint64_t> packed(edges.size());
  for_each_in_blocks(int64_t(edges.size()), [&](std::mt19937& random, size_t i) {
    auto [source, target] = std::minmax(edges[i].source, edges[i].target);
    packed[i] = uint64_t{source} << 36 | uint64_t{target} << 8 | (weighted ? draw_weight(random) : 0);
  });
  std::erase_if(packed, [](uint64_t e) { return e >> 36 == (e >> 8 & ((uint64_t{1} << 28) - 1)); });
  tbb::parallel_sort(packed.begin(), packed.end());
  packed.erase(std::unique(packed.begin(), packed.end(), [](uint64_t a, uint64_t b) { return a >> 8 == b >> 8; }), packed.end());
  return packed;
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

/// A .sg or .wsg file, little endian: python/gli/_formats/gap.py says its layout.
class gap_file {
 public:
  explicit gap_file(const std::string& path) : path_{path}, weighted_{path.ends_with(".wsg")}, file_{path, std::ios::binary} {
    if (!file_) throw failure{errc::io, path + ": cannot be read: " + std::strerror(errno)};
    uint8_t directed = 0;
    read(&directed, 1);
    read(&head_.entries, 8);
    read(&head_.nodes, 8);
    head_.directed = directed == 1;
    if (directed > 1 || head_.nodes < 0 || head_.nodes > INT32_MAX || head_.entries < 0)
      refuse("no serialized graph: directed " + std::to_string(directed) + ", " + std::to_string(head_.entries) + " entries, " + std::to_string(head_.nodes) + " nodes");
  }
  const gap_file_head& head() const { return head_; }

  void send_edges(const batch_sink& sink) {
    auto offsets = read_offsets();
    edge_writer to{sink, weighted_};
    std::vector<int32_t> entries;
    for (int64_t v = 0; v < head_.nodes; ++v) {
      auto count = offsets[size_t(v) + 1] - offsets[size_t(v)];
      entries.resize(size_t(count) * (weighted_ ? 2 : 1));
      read(entries.data(), entries.size() * sizeof(int32_t));
      for (size_t i = 0; i < entries.size(); i += weighted_ ? 2 : 1) {
        if (entries[i] < 0 || entries[i] >= head_.nodes) refuse("a neighbor " + std::to_string(entries[i]) + " outside 0 … " + std::to_string(head_.nodes - 1));
        if (head_.directed || v <= entries[i]) to.add(v, entries[i], weighted_ ? entries[i + 1] : 0);
      }
    }
    to.flush();
  }

 private:
  void read(void* to, size_t bytes) {
    if (!file_.read(static_cast<char*>(to), std::streamsize(bytes))) refuse("the file ends early");
  }
  [[noreturn]] void refuse(const std::string& why) const { throw failure{errc::value, path_ + ": " + why}; }

  std::vector<int64_t> read_offsets() {
    std::vector<int64_t> offsets(size_t(head_.nodes) + 1);
    read(offsets.data(), offsets.size() * 8);
    if (offsets.front() != 0 || offsets.back() != head_.entries || !std::is_sorted(offsets.begin(), offsets.end()))
      refuse("the offsets do not lead from 0 to " + std::to_string(head_.entries));
    return offsets;
  }

  std::string path_;
  bool weighted_;
  std::ifstream file_;
  gap_file_head head_;
};

}  // namespace

void generate_gap(gap_kind kind, int scale, bool weighted, const batch_sink& sink) {
  if (scale < 1 || scale > most_gap_scale)
    throw failure{errc::value, "scale " + std::to_string(scale) + " is not in 1 to " + std::to_string(most_gap_scale)};
  auto edges = distinct(kind == gap_kind::kronecker ? kronecker_edges(scale) : uniform_edges(scale), weighted);
  send_nodes(int64_t{1} << scale, sink);
  edge_writer to{sink, weighted};
  for (auto e : edges) to.add(int64_t(e >> 36), int64_t(e >> 8 & ((uint64_t{1} << 28) - 1)), int64_t(e & 255));
  to.flush();
}

gap_file_head read_gap_head(const std::string& path) { return gap_file{path}.head(); }

void read_gap(const std::string& path, const batch_sink& sink) {
  gap_file file{path};
  send_nodes(file.head().nodes, sink);
  file.send_edges(sink);
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
