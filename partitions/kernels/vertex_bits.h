#pragma once
// A set of own nodes and mirrors, a bit for each: a 32nd of an array of numbers, so that it stays in the cache where those do not.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "partitions/mirror_exchange.h"

namespace gli {

/// Threads: any number read; those that write hold whole pages of own nodes, whose bits are words of their own.
class vertex_bits {
 public:
  static constexpr int64_t words_per_page = vertices_per_page / 64;

  vertex_bits() = default;
  explicit vertex_bits(const graph_view& g) : mirrors_{(int64_t{g.mirrors()} + 63) & ~int64_t{63}}, words_(size_t(mirrors_ / 64 + pages_of(g.size()) * words_per_page)) {}

  bool operator[](int32_t v) const { return words_[place(v) >> 6] >> (place(v) & 63) & 1; }
  void set(int32_t v) { words_[place(v) >> 6] |= uint64_t{1} << (place(v) & 63); }
  void clear(int32_t v) { words_[place(v) >> 6] &= ~(uint64_t{1} << (place(v) & 63)); }
  /// Any number of threads, beside other calls of it.
  void set_shared(int32_t v) { std::atomic_ref{words_[place(v) >> 6]}.fetch_or(uint64_t{1} << (place(v) & 63), std::memory_order_relaxed); }

  /// Calls f(v) for those of the set in [first, end), ascending.
  template <class F>
  void for_each(int32_t first, int32_t end, F&& f) const { for_each_of(first, end, 0, f); }
  /// The same for those that are not of the set.
  template <class F>
  void for_each_other(int32_t first, int32_t end, F&& f) const { for_each_of(first, end, ~uint64_t{0}, f); }

  /// Makes the mirrors in the set those with in(m).
  template <class In>
  void assign_mirrors(int32_t mirrors, In&& in) {
    clear_mirrors();
    for (int32_t m = -mirrors; m < 0;) {
      uint64_t word = 0;
      auto at = place(m);
      for (auto end = std::min<int32_t>(0, m + 64 - int32_t(at & 63)); m < end; ++m) word |= uint64_t{in(m)} << (place(m) & 63);
      words_[at >> 6] = word;
    }
  }
  /// Makes the own nodes in the set those with in(v), which is asked on any number of threads.
  template <class In>
  void assign_own(const graph_view& g, In&& in) {
    parallel_ranges(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
      for (; p < end; ++p)
        for (auto [v, last] = page_vertices{p, g.size()}; v < last;) {
          uint64_t word = 0;
          auto& to = words_[place(v) >> 6];
          for (auto stop = std::min(last, v + 64); v < stop; ++v) word |= uint64_t{in(v)} << (v & 63);
          to = word;
        }
    });
  }
  void clear_mirrors() { std::fill_n(words_.begin(), mirrors_ / 64, uint64_t{0}); }

  /// Bit k: whether first + k is in the set, for k < n <= 64.
  uint64_t word(int32_t first, size_t n) const {
    auto at = place(first), shift = at & 63;
    auto bits = words_[at >> 6] >> shift;
    if (shift + n > 64) bits |= words_[(at >> 6) + 1] << (64 - shift);
    return n < 64 ? bits & ((uint64_t{1} << n) - 1) : bits;
  }

  /// Of the own nodes of page p: words_per_page of them; those beyond the last node are 0.
  uint64_t* page(int64_t p) { return words_.data() + mirrors_ / 64 + p * words_per_page; }
  const uint64_t* page(int64_t p) const { return words_.data() + mirrors_ / 64 + p * words_per_page; }

 private:
  /// f may change bits of vertices that it was called for.
  template <class F>
  void for_each_of(int32_t first, int32_t end, uint64_t flipped, F&& f) const {
    for (auto at = place(first), last = place(end); at < last;) {
      auto word = (words_[at >> 6] ^ flipped) >> (at & 63);
      if (word == 0) {
        at = (at | 63) + 1;
        continue;
      }
      at += size_t(std::countr_zero(word));
      if (at < last) f(int32_t(int64_t(at) - mirrors_));
      ++at;
    }
  }

  size_t place(int32_t v) const { return size_t(v + mirrors_); }
  int64_t mirrors_ = 0;
  std::vector<uint64_t> words_;
};

namespace detail {

constexpr size_t bytes_of_bits(size_t n) { return (n + 7) / 8; }

/// Calls f(first position of the word, its bits) for 64 positions at a time.
template <class F>
void for_each_word(std::span<const uint8_t> bits, F&& f) {
  for (size_t i = 0; i < bits.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bits.data() + i, std::min<size_t>(8, bits.size() - i));
    f(i * 8, word);
  }
}

template <class F>
void for_each_bit(std::span<const uint8_t> bits, F&& f) {
  for_each_word(bits, [&](size_t at, uint64_t word) {
    for (; word; word &= word - 1) f(at + size_t(std::countr_zero(word)));
  });
}

/// 1, then a bit for each id; or 0, then the distances between those in the set, where that is shorter. in_a_row: each id is one above the last.
inline byte_buffer encode_bits(const vertex_bits& bits, const std::vector<int32_t>& ids, bool in_a_row) {
  byte_buffer dense(1 + bytes_of_bits(ids.size())), sparse{0};
  dense[0] = 1;
  size_t count = 0;
  for (size_t i = 0; i < ids.size(); i += 64) {
    uint64_t word = 0;
    auto n = std::min<size_t>(64, ids.size() - i);
    if (in_a_row) word = bits.word(ids[i], n);
    else
      for (size_t k = 0; k < n; ++k) word |= uint64_t{bits[ids[i + k]]} << k;
    std::memcpy(dense.data() + 1 + i / 8, &word, bytes_of_bits(n));
    count += size_t(std::popcount(word));
  }
  if (1 + count >= dense.size()) return dense;
  byte_writer to{sparse};
  size_t next = 0;
  for_each_bit(std::span{dense}.subspan(1), [&](size_t i) {
    to.put_varint(i - next);
    next = i + 1;
  });
  return sparse.size() < dense.size() ? sparse : dense;
}

template <class F>
void decode_bits(const byte_buffer& bytes, const std::vector<int32_t>& ids, F&& f) {
  byte_reader from{bytes};
  if (from.get<uint8_t>() == 0) {
    for (size_t next = 0; !from.at_end(); ++next) {
      auto skip = from.get_varint();
      if (skip >= ids.size() - next) throw failure{errc::protocol, "a partition's message names a mirror that is not there"};
      next += skip;
      f(ids[next]);
    }
    return;
  }
  auto last = ids.size() % 8;
  if (from.left() != bytes_of_bits(ids.size()) || (last && bytes.back() >> last)) throw failure{errc::protocol, "a partition sent a set of other mirrors than these"};
  for_each_bit(std::span{bytes}.subspan(1), [&](size_t i) { f(ids[i]); });
}

}  // namespace detail

/// Owner to mirrors: makes the mirrors' bits their owners', and calls received(mirror) for each in the set. Collective.
template <class Received>
void broadcast_bits(vertex_bits& bits, const graph_view& g, communicator& all, Received&& received) {
  if (all.size() == 1) return;
  bits.clear_mirrors();
  detail::exchange_with_peers(
      g.peers(), all, [&](const peer_mirrors& peer) { return detail::encode_bits(bits, peer.exported, false); },
      [&](const peer_mirrors& peer, const byte_buffer& bytes) {
        detail::decode_bits(bytes, peer.mirrors, [&](int32_t m) {
          bits.set(m);
          received(m);
        });
      });
}

/// Mirrors to owner, those in the set: calls received(own) for each that a peer sent. Collective.
template <class Received>
void gather_bits(const vertex_bits& bits, const graph_view& g, communicator& all, Received&& received) {
  if (all.size() == 1) return;
  detail::exchange_with_peers(
      g.peers(), all, [&](const peer_mirrors& peer) { return detail::encode_bits(bits, peer.mirrors, peer.is_run()); },
      [&](const peer_mirrors& peer, const byte_buffer& bytes) { detail::decode_bits(bytes, peer.exported, received); });
}

/// The same with values: calls received(own, value) for each that a peer sent. Collective.
template <class T, class Received>
void gather_set(const vertex_array<T>& a, const vertex_bits& set, const graph_view& g, communicator& all, Received&& received) {
  if (all.size() == 1) return;
  auto in_set = [&](int32_t m) { return set[m]; };
  auto encode = [&](const peer_mirrors& peer) {
    if (!peer.is_run() || peer.mirrors.empty()) return detail::encode_changed(a, peer.mirrors, in_set);
    byte_buffer bytes;
    byte_writer to{bytes};
    auto first = peer.mirrors.front(), next = first;
    set.for_each(first, first + int32_t(peer.mirrors.size()), [&](int32_t m) {
      to.put_varint(uint64_t(m - next));
      to.put(a[m]);
      next = m + 1;
    });
    return bytes;
  };
  detail::exchange_with_peers(g.peers(), all, encode, [&](const peer_mirrors& peer, const byte_buffer& bytes) { detail::decode_changed<T>(bytes, peer.exported, received); });
}

}  // namespace gli
