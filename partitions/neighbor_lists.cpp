#include "partitions/neighbor_lists.h"

#include <algorithm>
#include <cstring>

#include "partitions/graph.h"
#include "partitions/parallel.h"
#include "partitions/topology_build.h"
#include "runtime/error.h"

namespace gli {
namespace {

constexpr uint64_t line = 64;

uint64_t bytes_of_page(uint64_t edges) {
  if (edges > UINT32_MAX) throw failure{errc::memory, "1,024 nodes have more than 2^32 - 1 neighbors"};
  return (offsetof(topology_page, neighbor) + std::max<uint64_t>(1, edges) * sizeof(int32_t) + line - 1) / line * line;
}

/// Two ascending lists as one; returns its end. No branch depends on what is in them.
int32_t* merge(std::span<const int32_t> a, std::span<const int32_t> b, int32_t* to) {
  if (!a.empty() && !b.empty() && a.back() > b.front()) {
    auto x = a.data(), y = b.data(), x_end = x + a.size(), y_end = y + b.size();
    while (x != x_end && y != y_end) {
      bool second = *y < *x;
      *to++ = second ? *y : *x;
      x += !second, y += second;
    }
    a = {x, x_end}, b = {y, y_end};
  }
  return std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), to));
}

void fill(topology_page& to, const topology_page& in, const topology_page& out) {
  to.magic = topology_magic;
  to.vertices = std::max(in.vertices, out.vertices);
  to.edges = in.edges + out.edges;
  auto end = to.neighbor;
  for (int32_t k = 0; k < vertices_per_page; ++k) {
    to.off[k] = uint32_t(end - to.neighbor);
    end = merge(in.of(k), out.of(k), end);
  }
  to.off[vertices_per_page] = uint32_t(end - to.neighbor);
}

}  // namespace

neighbor_lists::neighbor_lists(const topology& out, const topology& in) : directory_(out.directory.size()) {
  std::vector<uint64_t> begin;
  for (size_t p = 0; p < directory_.size(); ++p) {
    begin.push_back(bytes_);
    bytes_ += bytes_of_page(out.directory[p]->edges + in.directory[p]->edges);
  }
  memory_ = huge_array<uint8_t>{bytes_};
  parallel_ranges(int64_t(directory_.size()), 1, [&](int64_t p, int64_t end) {
    for (; p < end; ++p) {
      auto page = new (memory_.get() + begin[size_t(p)]) topology_page;
      fill(*page, *in.directory[size_t(p)], *out.directory[size_t(p)]);
      directory_[size_t(p)] = page;
    }
  });
}

}  // namespace gli
