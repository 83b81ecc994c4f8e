#pragma once
// Triangles: three nodes, each with an edge to or from both others; parallel edges and self-loops do not count. Each is found once, from its node of lowest
// degree a over the one between, b, at the owner of b. Lists of neighbors of higher degree go to whoever owns one of them, in batches of bounded size, and
// what a partition found of others' nodes goes to their owners in the end. Where lists are short the order is that of ids. O(m^1.5). [Schank, Wagner 2005; Latapy 2008; Suri, Vassilvitskii 2011]

#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tbb/enumerable_thread_specific.h>

#include "partitions/array_message.h"
#include "partitions/kernels/distinct_neighbors.h"
#include "partitions/kernels/oriented_lists.h"
#include "partitions/mirror_exchange.h"
#include "partitions/parallel.h"
#include "runtime/error.h"

namespace gli {

/// What a triangle adds to the counts of its nodes. ones: 1. directed: the ways to choose an edge for each of its sides. opposite: the edges between the
/// other two.
enum class triangle_weight : uint8_t { ones, directed, opposite };

class triangles {
 public:
  /// Collective. budget: bytes of lists that a partition sends at a time, about.
  triangles(const graph_view& g, triangle_weight how, communicator& all, size_t budget = size_t{8} << 20) : how_{how}, counts_{g, 0} {
    if (lists_are_short(g, all)) count_short(g);
    else count_by_degree(g, all, budget);
  }

  uint64_t of(int32_t own) const { return counts_[own]; }

  /// Distinct neighbors of an own node but itself.
  uint64_t degree(const graph_view& g, int32_t own) const {
    if (lists_) return lists_->degree(own);
    uint64_t found = 0;
    for_each_distinct_neighbor(g.forward(), own, [&](int32_t, int) { ++found; });
    return found;
  }

 private:
  // --- short lists ------------------------------------------------------------------------------------------------------------

  /// To order nodes by degree would take longer than to look at all pairs of neighbors.
  static bool lists_are_short(const graph_view& g, const communicator& all) {
    constexpr uint64_t few = 5;
    return all.size() == 1 && !g.directed() && !g.body().kind.multi && g.total_edges() < few * g.total_nodes();
  }

  /// Each triangle from its highest id on, of an undirected simple graph. O(m^1.5 log m).
  void count_short(const graph_view& g) {
    auto neighbors = g.forward();
    auto add = [&](int32_t v, uint64_t more) {
      if (more) std::atomic_ref{counts_[v]}.fetch_add(more, std::memory_order_relaxed);
    };
    parallel_ranges(g.size(), vertices_per_page, [&](int64_t begin, int64_t end) {
      for (auto a = int32_t(begin); a < end; ++a) {
        auto list = neighbors.of(a);
        uint64_t of_a = 0;
        for (size_t i = 1; i < list.size() && list[i] < a; ++i) {
          uint64_t of_b = 0;
          for_each_common(list.first(i), neighbors.of(list[i]), [&](int32_t c) { add(c, 1), ++of_b; });
          add(list[i], of_b);
          of_a += of_b;
        }
        add(a, of_a);
      }
    });
  }

  /// Of two ascending lists without repetitions.
  template <class F>
  static void for_each_common(std::span<const int32_t> a, std::span<const int32_t> b, F&& f) {
    if (a.size() > b.size()) std::swap(a, b);
    bool search = a.size() * 16 < b.size();
    auto at = b.begin();
    for (auto x : a) {
      if (search) at = std::lower_bound(at, b.end(), x);
      else while (at != b.end() && *at < x) ++at;
      if (at == b.end()) return;
      if (*at == x) f(x);
    }
  }

  // --- lists by degree --------------------------------------------------------------------------------------------------------

  void count_by_degree(const graph_view& g, communicator& all, size_t budget) {
    lists_.emplace(g, all);
    parallel_ranges(lists_->ranks(), 64, [&](int64_t r, int64_t end) {
      auto& w = own_worker();
      for (; r < end; ++r) count_from(w, uint32_t(r), lists_->of(uint32_t(r)), lists_->edges(uint32_t(r)));
    });
    if (all.size() > 1) count_between(g, all, budget);
    for (auto& w : workers_)
      for (uint32_t r = 0; r < lists_->ranks(); ++r) counts_[lists_->id(r)] += w.counts[r];
    gather_changed(
        counts_, g, all, [&](int32_t m) { return counts_[m] != 0; }, [&](int32_t own, uint64_t more) { counts_[own] += more; });
  }

  struct worker {
    std::vector<uint64_t> counts;  // by rank
    std::vector<uint8_t> marks;    // by rank: edges between it and the node at hand
  };
  worker& own_worker() {
    auto& w = workers_.local();
    if (w.counts.empty()) {
      w.counts.assign(lists_->ranks(), 0);
      w.marks.assign(lists_->ranks(), 0);
    }
    return w;
  }

  /// The triangles of `a` whose middle is an own node. list: its neighbors of higher degree; edges: with how many edges each.
  void count_from(worker& w, uint32_t a, std::span<const uint32_t> list, const uint8_t* edges) const {
    if (list.size() < 2) return;
    for (size_t i = 0; i < list.size(); ++i) w.marks[list[i]] = edges[i];
    for (size_t i = 1; i < list.size(); ++i) count_over(w, a, list[i], list.first(i), edges[i]);
    for (auto c : list) w.marks[c] = 0;
  }

  /// Those of a and b; before: the candidates for the third. Looks at the shorter of its lists.
  void count_over(worker& w, uint32_t a, uint32_t b, std::span<const uint32_t> before, uint64_t ab) const {
    auto of_b = lists_->of(b);
    auto edges = lists_->edges(b);
    if (before.size() * 16 > of_b.size()) {
      uint64_t sum_a = 0, sum_b = 0;
      for (size_t i = 0; i < of_b.size(); ++i) {
        auto ac = w.marks[of_b[i]];
        if (ac) add(w, of_b[i], ab, ac, edges[i], sum_a, sum_b);
      }
      w.counts[a] += sum_a, w.counts[b] += sum_b;
      return;
    }
    uint64_t sum_a = 0, sum_b = 0;
    auto at = of_b.begin();
    for (auto c : before) {
      at = std::lower_bound(at, of_b.end(), c);
      if (at == of_b.end()) break;
      if (*at == c) add(w, c, ab, w.marks[c], edges[at - of_b.begin()], sum_a, sum_b);
    }
    w.counts[a] += sum_a, w.counts[b] += sum_b;
  }

  void add(worker& w, uint32_t c, uint64_t ab, uint64_t ac, uint64_t bc, uint64_t& to_a, uint64_t& to_b) const {
    if (how_ == triangle_weight::ones) {
      ++to_a, ++to_b, ++w.counts[c];
    } else if (how_ == triangle_weight::directed) {
      auto ways = ab * ac * bc;
      to_a += ways, to_b += ways, w.counts[c] += ways;
    } else {
      to_a += bc, to_b += ac, w.counts[c] += ab;
    }
  }

  // --- lists of other partitions' nodes ---------------------------------------------------------------------------------------

  // A message: for each node its global id, the length of its list, and the list, each as (global id << 2 | edges).

  void count_between(const graph_view& g, communicator& all, size_t budget) {
    std::unordered_map<uint64_t, uint32_t> known;  // mirrors by global id
    for (int32_t m = -g.mirrors(); m < 0; ++m) known.emplace(lists_->global_id(m), lists_->rank(m));
    uint32_t next = 0;
    for (uint64_t left = 1; left > 0;) {
      auto incoming = all.all_to_all(next_lists(next, all, budget));
      for (uint32_t q = 0; q < all.size(); ++q)
        if (q != all.rank()) count_received(g, known, array_reader{incoming[q]}.get<uint64_t>());
      left = lists_->ranks() - next;
      all.all_reduce({&left, 1}, reduction::max);
    }
  }

  std::vector<byte_buffer> next_lists(uint32_t& next, communicator& all, size_t budget) const {
    std::vector<std::vector<uint64_t>> words(all.size());
    std::vector<uint32_t> last(all.size(), UINT32_MAX);
    for (size_t bytes = 0; next < lists_->ranks() && bytes < budget; ++next) {
      auto list = lists_->of(next);
      for (size_t i = 1; i < list.size(); ++i) {
        auto owner = uint32_t(lists_->global_id(lists_->id(list[i])) >> 32);
        if (owner == all.rank() || std::exchange(last[owner], next) == next) continue;
        append_list(words[owner], next);
        bytes += (list.size() + 2) * sizeof(uint64_t);
      }
    }
    std::vector<byte_buffer> outgoing(all.size());
    for (uint32_t q = 0; q < all.size(); ++q) put_array(outgoing[q], words[q]);
    return outgoing;
  }
  void append_list(std::vector<uint64_t>& to, uint32_t rank) const {
    auto list = lists_->of(rank);
    auto edges = lists_->edges(rank);
    to.push_back(lists_->global_id(lists_->id(rank)));
    to.push_back(list.size());
    for (size_t i = 0; i < list.size(); ++i) to.push_back(lists_->global_id(lists_->id(list[i])) << 2 | edges[i]);
  }

  void count_received(const graph_view& g, const std::unordered_map<uint64_t, uint32_t>& known, const std::vector<uint64_t>& words) {
    std::vector<size_t> starts;
    for (size_t at = 0; at < words.size(); at += 2 + words[at + 1]) {
      if (words.size() - at < 2 || words[at + 1] > words.size() - at - 2) throw failure{errc::protocol, "a partition's list of neighbors ends early"};
      starts.push_back(at);
    }
    auto rank_of = [&](uint64_t global) {
      if (global >> 32 == g.partition() && (global & UINT32_MAX) < uint64_t(g.size())) return lists_->rank(int32_t(global & UINT32_MAX));
      auto found = known.find(global);
      return found == known.end() ? UINT32_MAX : found->second;
    };
    parallel_ranges(int64_t(starts.size()), 16, [&](int64_t i, int64_t end) {
      auto& w = own_worker();
      std::vector<uint32_t> list;
      std::vector<uint8_t> edges;
      for (; i < end; ++i) {
        auto at = words.begin() + ptrdiff_t(starts[size_t(i)]);
        auto a = rank_of(at[0]);
        list.clear(), edges.clear();
        for (auto word = at + 2; word != at + 2 + ptrdiff_t(at[1]); ++word)
          if (auto r = rank_of(*word >> 2); r != UINT32_MAX) list.push_back(r), edges.push_back(uint8_t(*word & 3));  // no neighbor of an own node: no triangle
        if (a != UINT32_MAX) count_from(w, a, list, edges.data());
      }
    });
  }

  triangle_weight how_;
  std::optional<oriented_lists> lists_;
  vertex_array<uint64_t> counts_;
  tbb::enumerable_thread_specific<worker> workers_;
};

}  // namespace gli
