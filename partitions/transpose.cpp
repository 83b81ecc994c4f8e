#include "partitions/transpose.h"

#include <tbb/parallel_for.h>

#include <algorithm>

#include "partitions/array_message.h"
#include "partitions/together.h"
#include "partitions/topology_build.h"

namespace gli {

namespace {

struct edge_list { std::vector<int32_t> from, to; };

/// The edges of one out-page between own nodes, turned around.
edge_list turned(const graph::body& b, size_t p) {
  edge_list edges;
  auto& t = *b.out.directory[p];
  edges.from.reserve(t.edges);
  edges.to.reserve(t.edges);
  for (uint32_t i = 0; i < t.vertices; ++i) {
    auto source = int32_t(p << vertices_per_page_bits | i);
    auto all = t.of(int32_t(i));
    for (auto target : all.subspan(size_t(std::lower_bound(all.begin(), all.end(), 0) - all.begin()))) {
      if (target == source && !b.kind.directed) continue;
      edges.from.push_back(target);
      edges.to.push_back(source);
    }
  }
  return edges;
}

/// Edges to nodes of one peer, in positions of the exchange orders: sources, how many edges each has, their targets.
byte_buffer edges_to_peer(const graph::body& b, const peer_mirrors& peer) {
  byte_buffer message;
  if (peer.mirrors.empty()) return message;
  auto first = peer.mirrors.front(), last = peer.mirrors.back();
  std::vector<uint32_t> sources, counts, targets;
  for (uint32_t e = 0; e < peer.exported.size(); ++e) {
    auto all = b.out_of(peer.exported[e]);
    auto at = std::lower_bound(all.begin(), all.end(), first);
    auto before = targets.size();
    for (; at != all.end() && *at <= last; ++at) targets.push_back(uint32_t(*at - first));
    if (targets.size() == before) continue;
    sources.push_back(e);
    counts.push_back(uint32_t(targets.size() - before));
  }
  put_array(message, sources);
  put_array(message, counts);
  put_array(message, targets);
  return message;
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

topology transposed(const graph::body& b, const std::vector<byte_buffer>& incoming) {
  auto pages = b.out.directory.size(), remote = incoming.size();
  std::vector<edge_list> edges(remote + pages);
  for (size_t q = 0; q < remote; ++q)
    if (q != b.partition) edges[q] = edges_from_peer(b.peers[q], incoming[q]);
  tbb::parallel_for(size_t{0}, pages, [&](size_t p) { edges[remote + p] = turned(b, p); });
  std::reverse(edges.begin(), edges.begin() + ptrdiff_t(remote));  // later partitions have lower mirrors
  std::vector<edge_span> spans;
  for (auto& list : edges) spans.push_back({list.from, list.to});
  edge_order order{.parallel = parallel_edges::keep, .targets_ascend = true};
  return sort_edges(b.size, spans, order).pages;
}

}  // namespace

topology transpose_of(const graph::body& b, communicator& all) {
  auto incoming = exchange_edges(b, all);
  topology made;
  together(all, [&] { made = transposed(b, incoming); });
  return made;
}

}  // namespace gli
