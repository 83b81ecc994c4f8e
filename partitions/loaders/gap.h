#pragma once
// The graphs of the GAP Benchmark Suite, so that its programs and ours run side by side on the same ones: its generators, its serialized files, and
// the sources that its programs pick. Nodes are 0 … n - 1, those without edges too; an undirected edge comes once. [Beamer, Asanović, Patterson: The
// GAP Benchmark Suite, 2015]

#include <functional>
#include <random>
#include <string>

#include "partitions/loaders/text.h"

namespace gli {

enum class gap_kind : uint8_t { kronecker, uniform };

constexpr int most_gap_scale = 28;

/// Undirected, 2^scale nodes and 16 · 2^scale edges less self-loops and repetitions: what `-g scale` and `-u scale` make, compiled with libstdc++.
/// With weights: a column "weight", 1 … 255; of repeated edges the smallest stays. Batches go to sink.nodes, then to sink.edges: columns source and
/// target. Throws failure{value} when scale is not in 1 … most_gap_scale.
void generate_gap(gap_kind kind, int scale, bool weighted, const batch_sink& sink);

/// What the front of a .sg or .wsg file says.
struct gap_file_head { bool directed = false; int64_t entries = 0, nodes = 0; };
/// Throws failure{not_found}, failure{io} or failure{value} naming the file.
gap_file_head read_gap_head(const std::string& path);
/// Batches of a file; one that ends in .wsg has int32 weights. Throws failure{io} or failure{value} naming the file and what does not hold.
void read_gap(const std::string& path, const batch_sink& sink);
/// The edges of a file alone, which may be packed. `told`, if any: how many of its entries were read, of how many.
void read_gap_edges(const std::string& path, bool weighted, const std::function<void(uint64_t, uint64_t)>& told, const std::function<void(const column_batch&)>& edges);

/// The sources that a GAP program without -r takes, one after another: nodes with edges.
class gap_sources {
 public:
  /// nodes: 1 at least. has_edges(v) must hold for some v.
  gap_sources(int32_t nodes, std::function<bool(int32_t)> has_edges);
  int32_t next();

 private:
  std::mt19937_64 random_;
  uint32_t nodes_, end_;  // draws from `end_` on are drawn again; 0: none
  std::function<bool(int32_t)> has_edges_;
};

}  // namespace gli
