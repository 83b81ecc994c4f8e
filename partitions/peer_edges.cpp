#include "partitions/peer_edges.h"

#include <algorithm>

#include "runtime/error.h"

namespace gli {

namespace {

/// Positions in a peer's exchange order of mirrors that are no run.
class scattered_mirrors {
 public:
  scattered_mirrors(const graph::body& b, const peer_mirrors& peer) : positions_(size_t(b.mirrors), none) {
    for (uint32_t i = 0; i < peer.mirrors.size(); ++i) positions_[size_t(~peer.mirrors[i])] = i;
  }
  /// Calls f(slot, position) for the neighbors that are the peer's.
  template <class F>
  void each(std::span<const int32_t> neighbors, F&& f) const {
    for (size_t slot = 0; slot < neighbors.size() && neighbors[slot] < 0; ++slot)
      if (auto i = positions_[size_t(~neighbors[slot])]; i != none) f(slot, i);
  }

 private:
  static constexpr uint32_t none = UINT32_MAX;
  std::vector<uint32_t> positions_;  // by -id-1
};

/// The same of mirrors that are one.
struct mirror_run {
  int32_t first, last;
  template <class F>
  void each(std::span<const int32_t> neighbors, F&& f) const {
    auto at = std::lower_bound(neighbors.begin(), neighbors.end(), first);
    for (; at != neighbors.end() && *at <= last; ++at) f(size_t(at - neighbors.begin()), uint32_t(*at - first));
  }
};

template <class Positions>
byte_buffer edges_to_mirrors(const graph::body& b, const peer_mirrors& peer, const Positions& positions, const numbers_by_page* given) {
  std::vector<uint32_t> sources, counts, targets;
  std::vector<double> numbers;
  targets.reserve(b.out.edges / b.peers.size());  // about as many as there are
  for (uint32_t e = 0; e < peer.exported.size(); ++e) {
    auto v = peer.exported[e];
    auto before = targets.size();
    auto page = size_t(v) >> vertices_per_page_bits;
    auto row = b.out.directory[page]->off[v & (vertices_per_page - 1)];
    positions.each(b.out_of(v), [&](size_t slot, uint32_t position) {
      targets.push_back(position);
      if (given) numbers.push_back((*given)[page][row + slot]);
    });
    if (targets.size() == before) continue;
    sources.push_back(e);
    counts.push_back(uint32_t(targets.size() - before));
  }
  byte_buffer message;
  message.reserve((sources.size() + counts.size() + targets.size()) * sizeof(uint32_t) + numbers.size() * sizeof(double) + 64);
  put_array(message, sources);
  put_array(message, counts);
  put_array(message, targets);
  if (given) put_array(message, numbers);
  return message;
}

int32_t at_position(const std::vector<int32_t>& ids, uint32_t position) {
  if (position >= ids.size()) throw failure{errc::protocol, "a partition sent an edge of a node that is not mirrored"};
  return ids[position];
}

}  // namespace

byte_buffer edges_to_peer(const graph::body& b, const peer_mirrors& peer, const numbers_by_page* numbers) {
  if (peer.mirrors.empty()) return {};
  if (peer.is_run()) return edges_to_mirrors(b, peer, mirror_run{peer.mirrors.front(), peer.mirrors.back()}, numbers);
  return edges_to_mirrors(b, peer, scattered_mirrors{b, peer}, numbers);
}

peer_edges edges_from_peer(const peer_mirrors& peer, const byte_buffer& message, bool with_numbers) {
  peer_edges edges;
  if (message.empty()) return edges;
  array_reader reader{message};
  auto sources = reader.get<uint32_t>(), counts = reader.get<uint32_t>(), targets = reader.get<uint32_t>();
  if (with_numbers) edges.numbers = reader.get<double>();
  if (sources.size() != counts.size()) throw failure{errc::protocol, "a partition sent edges without counts"};
  edges.sources.reserve(targets.size());
  edges.targets.reserve(targets.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    if (counts[i] > targets.size() - edges.sources.size()) throw failure{errc::protocol, "a partition counted more edges than it sent"};
    edges.sources.insert(edges.sources.end(), counts[i], at_position(peer.mirrors, sources[i]));
  }
  for (auto t : targets) edges.targets.push_back(at_position(peer.exported, t));
  if (edges.sources.size() != edges.targets.size()) throw failure{errc::protocol, "a partition sent more edges than it counted"};
  if (with_numbers && edges.numbers.size() != edges.targets.size()) throw failure{errc::protocol, "a partition sent edges without numbers"};
  return edges;
}

}  // namespace gli
