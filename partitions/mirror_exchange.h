#pragma once
// Values between owners and mirrors, in the memoised order of peer_mirrors. All calls are collective.

#include <type_traits>
#include <utility>

#include "partitions/byte_stream.h"
#include "partitions/graph_view.h"
#include "partitions/parallel.h"
#include "runtime/communicator.h"

namespace gli {

namespace detail {

constexpr int64_t exchange_grain = 1 << 13;

/// What lies in an array of a value for each vertex.
template <class Values>
using value_in = std::remove_cvref_t<decltype(std::declval<const Values&>()[0])>;

/// Positions with changed(ids[i]): varint of the distance to the last one, then the value.
template <class Values, class Changed>
byte_buffer encode_changed(const Values& a, const std::vector<int32_t>& ids, Changed& changed) {
  byte_buffer bytes;
  byte_writer to{bytes};
  size_t next = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!changed(ids[i])) continue;
    to.put_varint(i - next);
    to.put(a[ids[i]]);
    next = i + 1;
  }
  return bytes;
}

/// Calls f(id, value) for each entry of encode_changed.
template <class T, class F>
void decode_changed(const byte_buffer& bytes, const std::vector<int32_t>& ids, F&& f) {
  size_t next = 0;
  for (byte_reader from{bytes}; !from.at_end(); ++next) {
    auto skip = from.get_varint();
    if (skip >= ids.size() - next) throw failure{errc::protocol, "a partition's message names a mirror that is not there"};
    next += skip;
    f(ids[next], from.get<T>());
  }
}

/// Calls encode(peer) for every other partition, and decode(peer, bytes) for what each sent: what one sends is under way while the next one's is encoded.
template <class Encode, class Decode>
void exchange_with_peers(std::span<const peer_mirrors> peers, communicator& all, Encode&& encode, Decode&& decode) {
  all.all_to_all([&](uint32_t q) { return byte_buffer{encode(peers[q])}; }, [&](uint32_t q, byte_buffer bytes) { decode(peers[q], bytes); });
}

}  // namespace detail

/// Owner to mirrors, every value (a dense round: values only, no ids). T is trivially copyable.
template <class T>
void broadcast(vertex_array<T>& a, const graph_view& g, communicator& all) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (all.size() == 1) return;
  auto encode = [&](const peer_mirrors& peer) {
    byte_buffer bytes(peer.exported.size() * sizeof(T));
    parallel_ranges(int64_t(peer.exported.size()), detail::exchange_grain, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) std::memcpy(bytes.data() + size_t(i) * sizeof(T), &a[peer.exported[size_t(i)]], sizeof(T));
    });
    return bytes;
  };
  auto decode = [&](const peer_mirrors& peer, const byte_buffer& bytes) {
    if (bytes.size() != peer.mirrors.size() * sizeof(T))
      throw failure{errc::protocol, "a partition sent values for other mirrors than these"};
    if (bytes.empty()) return;
    if (peer.is_run()) return void(std::memcpy(&a[peer.mirrors.front()], bytes.data(), bytes.size()));
    for (size_t i = 0; i < peer.mirrors.size(); ++i) std::memcpy(&a[peer.mirrors[i]], bytes.data() + i * sizeof(T), sizeof(T));
  };
  detail::exchange_with_peers(g.peers(), all, encode, decode);
}

/// Owner to mirrors, of g.peers() or of the part of each that both sides know, only own nodes with changed(v): delta-coded positions with values. Calls received(mirror, value) for each, after
/// storing it.
template <class Values, class Changed, class Received>
void broadcast_changed(Values& a, std::span<const peer_mirrors> peers, communicator& all, Changed&& changed, Received&& received) {
  if (all.size() == 1) return;
  detail::exchange_with_peers(
      peers, all, [&](const peer_mirrors& peer) { return detail::encode_changed(a, peer.exported, changed); },
      [&](const peer_mirrors& peer, const byte_buffer& bytes) {
        detail::decode_changed<detail::value_in<Values>>(bytes, peer.mirrors, [&](int32_t m, const auto& x) {
          a[m] = x;
          received(m, x);
        });
      });
}

template <class T, class Changed, class Received>
void broadcast_changed(vertex_array<T>& a, const graph_view& g, communicator& all, Changed&& changed, Received&& received) {
  broadcast_changed(a, g.peers(), all, changed, received);
}

/// Mirrors to owner, only mirrors with changed(m): calls received(own, value) for each that a peer sent.
template <class Values, class Changed, class Received>
void gather_changed(const Values& a, std::span<const peer_mirrors> peers, communicator& all, Changed&& changed, Received&& received) {
  if (all.size() == 1) return;
  detail::exchange_with_peers(
      peers, all, [&](const peer_mirrors& peer) { return detail::encode_changed(a, peer.mirrors, changed); },
      [&](const peer_mirrors& peer, const byte_buffer& bytes) { detail::decode_changed<detail::value_in<Values>>(bytes, peer.exported, received); });
}

template <class T, class Changed, class Received>
void gather_changed(const vertex_array<T>& a, const graph_view& g, communicator& all, Changed&& changed, Received&& received) {
  gather_changed(a, g.peers(), all, changed, received);
}

}  // namespace gli
