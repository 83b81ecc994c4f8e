#include "partitions/transpose.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>

#include "partitions/peer_edges.h"
#include "partitions/together.h"
#include "partitions/topology_build.h"
#include "partitions/topology_sort.h"
#include "runtime/error.h"

namespace gli {

namespace {

std::vector<byte_buffer> exchange_edges(const graph::body& b, communicator& all, const numbers_by_page* numbers = nullptr) {
  if (all.size() == 1) return {};
  std::vector<byte_buffer> outgoing(all.size());
  tbb::parallel_for(size_t{0}, b.peers.size(), [&](size_t q) { outgoing[q] = edges_to_peer(b, b.peers[q], numbers); });
  return all.all_to_all(std::move(outgoing));
}

/// Edges at their targets: lists from other partitions, then the own nodes' out-pages. Other ends ascend where the mirrors of each peer are a run.
class turned_edges {
 public:
  turned_edges(const graph::body& b, std::vector<peer_edges> remote)
      : b_{b}, remote_{std::move(remote)}, ascend_{std::all_of(b.peers.begin(), b.peers.end(), [](auto& peer) { return peer.is_run(); })} {}
  bool ascend() const { return ascend_; }
  size_t size() const { return remote_.size() + b_.out.directory.size(); }
  uint64_t weight(size_t piece) const {
    return piece < remote_.size() ? remote_[piece].targets.size() : b_.out.directory[piece - remote_.size()]->edges;
  }
  template <class F>
  void each(size_t piece, F&& f) const {
    if (piece >= remote_.size()) return each_of_page(piece - remote_.size(), f);
    auto& list = remote_[piece];
    for (size_t i = 0; i < list.targets.size(); ++i) f(list.targets[i], list.sources[i], 0);
  }

 private:
  template <class F>
  void each_of_page(size_t p, F& f) const {
    auto& t = *b_.out.directory[p];
    for (uint32_t i = 0; i < t.vertices; ++i) {
      auto source = int32_t(p << vertices_per_page_bits | i);
      auto all = t.of(int32_t(i));
      auto skipped = b_.kind.directed ? -1 : source;
      for (auto target : all.subspan(size_t(std::lower_bound(all.begin(), all.end(), 0) - all.begin())))
        if (target != skipped) f(target, source, 0);
    }
  }

  const graph::body& b_;
  std::vector<peer_edges> remote_;
  bool ascend_;
};

/// A page of edges that came with other ends ascending: sorted by vertex alone.
template <class Entry>
page_ptr build_page(std::span<const Entry> entries, uint32_t vertices, const edge_code& code) {
  std::array<uint32_t, vertices_per_page + 2> begin{};
  for (auto e : entries) ++begin[code.vertex_of(e) + 2];
  for (uint32_t v = 0; v < vertices; ++v) begin[v + 2] += begin[v + 1];
  auto made = new_topology_page(vertices, entries.size());
  for (auto e : entries) made.neighbors[begin[code.vertex_of(e) + 1]++] = code.end_of(e);
  std::copy_n(begin.begin(), vertices + 1, made.off.begin());
  return made.made;
}

template <class Entry>
topology build_transposed(const graph::body& b, const turned_edges& edges, const edge_code& code) {
  topology made;
  made.pages.resize(page_count(b.size));
  auto scattered = scatter_by_page<Entry>(made.pages.size(), edges, code);
  tbb::parallel_for(size_t{0}, made.pages.size(), [&](size_t p) {
    auto entries = scattered.of(p);
    if (!edges.ascend()) std::sort(entries.begin(), entries.end());
    if (!entries.empty()) made.pages[p] = build_page(std::span<const Entry>{entries}, vertices_in_page(b.size, p), code);
  });
  index_topology(made);
  return made;
}

topology transposed(const graph::body& b, const std::vector<byte_buffer>& incoming) {
  std::vector<peer_edges> remote(incoming.size());
  for (size_t q = 0; q < remote.size(); ++q)
    if (q != b.partition) remote[q] = edges_from_peer(b.peers[q], incoming[q]);
  std::reverse(remote.begin(), remote.end());  // later partitions have lower mirrors
  turned_edges edges{b, std::move(remote)};
  auto code = edge_code::of_ends(-b.mirrors, std::max(b.size, 1) - 1, false);
  return with_entries_of(code.bits(), [&](auto entry) { return build_transposed<decltype(entry)>(b, edges, code); });
}

/// Numbers on their way beside the in-lists: in the order of the sources' ids, each list fills from its begin.
class turned_numbers {
 public:
  explicit turned_numbers(const graph::body& b) : b_{b}, at_(size_t(b.size)), made_(b.in.directory.size()) {
    for (size_t p = 0; p < made_.size(); ++p) made_[p].resize(b.in.directory[p]->edges);
    for (int32_t v = 0; v < b.size; ++v) at_[size_t(v)] = page_of(v).off[v & (vertices_per_page - 1)];
  }
  void put(int32_t target, double x) {
    auto& row = at_[size_t(target)];
    if (row >= page_of(target).off[(target & (vertices_per_page - 1)) + 1]) throw failure{errc::protocol, "a partition sent numbers of other edges than these"};
    made_[size_t(target) >> vertices_per_page_bits][row++] = x;
  }
  numbers_by_page finish() { return std::move(made_); }

 private:
  const topology_page& page_of(int32_t v) const { return *b_.in.directory[size_t(v) >> vertices_per_page_bits]; }

  const graph::body& b_;
  std::vector<uint32_t> at_;  // by own node: the row that comes next
  numbers_by_page made_;
};

struct remote_number { int32_t source, target; double x; };

std::vector<remote_number> remote_numbers(const graph::body& b, const std::vector<byte_buffer>& incoming) {
  std::vector<remote_number> all;
  for (size_t q = 0; q < incoming.size(); ++q) {
    if (q == b.partition) continue;
    auto edges = edges_from_peer(b.peers[q], incoming[q], true);
    for (size_t i = 0; i < edges.targets.size(); ++i) all.push_back({edges.sources[i], edges.targets[i], edges.numbers[i]});
  }
  std::stable_sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.source < y.source; });
  return all;
}

numbers_by_page numbers_transposed(const graph::body& b, const numbers_by_page& out, const std::vector<byte_buffer>& incoming) {
  turned_numbers made{b};
  for (auto& e : remote_numbers(b, incoming)) made.put(e.target, e.x);
  for (int32_t v = 0; v < b.size; ++v) {
    auto page = size_t(v) >> vertices_per_page_bits;
    auto row = b.out.directory[page]->off[v & (vertices_per_page - 1)];
    for (auto target : b.out_of(v)) {
      if (target >= 0 && (b.kind.directed || target != v)) made.put(target, out[page][row]);
      ++row;
    }
  }
  return made.finish();
}

}  // namespace

numbers_by_page transpose_numbers(const graph::body& b, const numbers_by_page& out, communicator& all) {
  auto incoming = exchange_edges(b, all, &out);
  numbers_by_page made;
  together(all, [&] { made = numbers_transposed(b, out, incoming); });
  return made;
}

topology transpose_of(const graph::body& b, communicator& all) {
  auto incoming = exchange_edges(b, all);
  topology made;
  together(all, [&] { made = transposed(b, incoming); });
  return made;
}

}  // namespace gli
