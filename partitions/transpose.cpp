#include "partitions/transpose.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>

#include "partitions/array_message.h"
#include "partitions/together.h"
#include "partitions/topology_build.h"
#include "partitions/topology_sort.h"
#include "runtime/error.h"

namespace gli {

namespace {

struct edge_list { std::vector<int32_t> from, to; };

/// Positions in a peer's exchange order of mirrors that are no run.
class scattered_mirrors {
 public:
  scattered_mirrors(const graph::body& b, const peer_mirrors& peer) : positions_(size_t(b.mirrors), none) {
    for (uint32_t i = 0; i < peer.mirrors.size(); ++i) positions_[size_t(~peer.mirrors[i])] = i;
  }
  void add(std::span<const int32_t> neighbors, std::vector<uint32_t>& to) const {
    for (auto at = neighbors.begin(); at != neighbors.end() && *at < 0; ++at)
      if (auto i = positions_[size_t(~*at)]; i != none) to.push_back(i);
  }

 private:
  static constexpr uint32_t none = UINT32_MAX;
  std::vector<uint32_t> positions_;  // by -id-1
};

/// The same of mirrors that are one.
struct mirror_run {
  int32_t first, last;
  void add(std::span<const int32_t> neighbors, std::vector<uint32_t>& to) const {
    auto at = std::lower_bound(neighbors.begin(), neighbors.end(), first);
    for (; at != neighbors.end() && *at <= last; ++at) to.push_back(uint32_t(*at - first));
  }
};

/// Edges to nodes of one peer, in positions of the exchange orders: sources, how many edges each has, their targets.
template <class Positions>
byte_buffer edges_to_mirrors(const graph::body& b, const peer_mirrors& peer, const Positions& positions) {
  byte_buffer message;
  std::vector<uint32_t> sources, counts, targets;
  for (uint32_t e = 0; e < peer.exported.size(); ++e) {
    auto before = targets.size();
    positions.add(b.out_of(peer.exported[e]), targets);
    if (targets.size() == before) continue;
    sources.push_back(e);
    counts.push_back(uint32_t(targets.size() - before));
  }
  put_array(message, sources);
  put_array(message, counts);
  put_array(message, targets);
  return message;
}

byte_buffer edges_to_peer(const graph::body& b, const peer_mirrors& peer) {
  if (peer.mirrors.empty()) return {};
  if (peer.is_run()) return edges_to_mirrors(b, peer, mirror_run{peer.mirrors.front(), peer.mirrors.back()});
  return edges_to_mirrors(b, peer, scattered_mirrors{b, peer});
}

int32_t at_position(const std::vector<int32_t>& ids, uint32_t position) {
  if (position >= ids.size()) throw failure{errc::protocol, "a partition sent an edge of a node that is not mirrored"};
  return ids[position];
}

edge_list edges_from_peer(const peer_mirrors& peer, const byte_buffer& message) {
  edge_list edges;
  if (message.empty()) return edges;
  array_reader reader{message};
  auto sources = reader.get<uint32_t>(), counts = reader.get<uint32_t>(), targets = reader.get<uint32_t>();
  if (sources.size() != counts.size()) throw failure{errc::protocol, "a partition sent edges without counts"};
  edges.from.reserve(targets.size());
  edges.to.reserve(targets.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    auto source = at_position(peer.mirrors, sources[i]);
    edges.to.insert(edges.to.end(), counts[i], source);
  }
  for (auto t : targets) edges.from.push_back(at_position(peer.exported, t));
  if (edges.from.size() != edges.to.size()) throw failure{errc::protocol, "a partition sent more edges than it counted"};
  return edges;
}

std::vector<byte_buffer> exchange_edges(const graph::body& b, communicator& all) {
  if (all.size() == 1) return {};
  std::vector<byte_buffer> outgoing(all.size());
  tbb::parallel_for(size_t{0}, b.peers.size(), [&](size_t q) { outgoing[q] = edges_to_peer(b, b.peers[q]); });
  return all.all_to_all(std::move(outgoing));
}

/// Edges at their targets: lists from other partitions, then the own nodes' out-pages. Other ends ascend where the mirrors of each peer are a run.
class turned_edges {
 public:
  turned_edges(const graph::body& b, std::vector<edge_list> remote)
      : b_{b}, remote_{std::move(remote)}, ascend_{std::all_of(b.peers.begin(), b.peers.end(), [](auto& peer) { return peer.is_run(); })} {}
  bool ascend() const { return ascend_; }
  size_t size() const { return remote_.size() + b_.out.directory.size(); }
  uint64_t weight(size_t piece) const {
    return piece < remote_.size() ? remote_[piece].from.size() : b_.out.directory[piece - remote_.size()]->edges;
  }
  template <class F>
  void each(size_t piece, F&& f) const {
    if (piece >= remote_.size()) return each_of_page(piece - remote_.size(), f);
    auto& list = remote_[piece];
    for (size_t i = 0; i < list.from.size(); ++i) f(list.from[i], list.to[i], 0);
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
  std::vector<edge_list> remote_;
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
  std::vector<edge_list> remote(incoming.size());
  for (size_t q = 0; q < remote.size(); ++q)
    if (q != b.partition) remote[q] = edges_from_peer(b.peers[q], incoming[q]);
  std::reverse(remote.begin(), remote.end());  // later partitions have lower mirrors
  turned_edges edges{b, std::move(remote)};
  auto code = edge_code::of_ends(-b.mirrors, std::max(b.size, 1) - 1, false);
  return with_entries_of(code.bits(), [&](auto entry) { return build_transposed<decltype(entry)>(b, edges, code); });
}

}  // namespace

topology transpose_of(const graph::body& b, communicator& all) {
  auto incoming = exchange_edges(b, all);
  topology made;
  together(all, [&] { made = transposed(b, incoming); });
  return made;
}

}  // namespace gli
