#pragma once
// Strongly connected components, in turns. Every node that is left takes the highest mark among those that reach it and itself; a node that keeps its own
// mark is the head of a component: what can reach the head among the nodes of its mark. Marks are scrambled ids: as expected, O(log n) turns of O(m) steps.
// Any marks find the same components. A partition that no edge leaves, which a whole graph is, settles its own by one walk in depth before the first turn.
// [Orzan 2004; Barnat, Chaloupka, van de Pol 2011; Tarjan 1972]

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>
#include <vector>

#include "partitions/algorithms/components.h"
#include "partitions/headway.h"
#include "partitions/kernels/depth_first.h"
#include "partitions/kernels/union_find.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct strong_components {
  static constexpr const char* name = "strongly_connected_components";
  using totals = std::array<uint64_t, 2>;  // nodes with news after the last round; nodes that are left
  enum class phase : uint8_t { marking, gathering };

  vertex_array<uint64_t> mark;   // own and mirrors; 0: settled
  vertex_array<uint8_t> reaches; // the head of its mark; own and mirrors
  std::vector<uint64_t> head;    // own: global id of the component's head; of live nodes, once settled
  std::vector<int32_t> news;     // own nodes whose mark rose, or that were found to reach their head
  std::vector<uint8_t> fresh;    // mirrors to be told of, by -id-1
  phase now = phase::marking;
  uint64_t left = 0;

  totals begin(const graph_view& g) {
    mark = vertex_array<uint64_t>{g, 0};
    reaches = vertex_array<uint8_t>{g, 0};
    head.assign(size_t(g.size()), unsettled);
    fresh.assign(size_t(g.mirrors()), 0);
    left = g.mirrors() == 0 ? settle_alone(g) : g.nodes();
    begin_turn(g);
    return {1, left};
  }
  bool done(const totals& last, uint64_t) const { return last[1] == 0; }

  totals round(const graph_view& g, const totals& last, communicator& all) {
    if (last[0] == 0) change_phase(g, all);
    if (now == phase::marking) spread_marks(g, all);
    else spread_reaching(g, all);
    return {news.size(), left};
  }

  /// Sets and labels as smallest_keys() wants them, of settled components.
  union_find sets(const graph_view& g, vertex_array<uint64_t>& label) const {
    union_find made{g};
    label = vertex_array<uint64_t>{g, ~uint64_t{0}};
    std::unordered_map<uint64_t, int32_t> elsewhere;  // the first of those whose head is another partition's
    for (int32_t v = 0; v < g.size(); ++v) {
      if (!g.live(v)) continue;
      auto own = int32_t(head[size_t(v)] & 0xffffffff);
      made.link(head[size_t(v)] >> 32 == g.partition() ? own : elsewhere.try_emplace(head[size_t(v)], v).first->second, v);
    }
    made.compress();
    for (int32_t v = 0; v < g.size(); ++v)
      if (g.live(v)) label[made.root(v)] = head[size_t(v)];
    return made;
  }

  headway so_far(const graph_view& g, const totals& last, uint64_t) const { return {g.total_nodes() - last[1], g.total_nodes(), std::to_string(last[1]) + " nodes left"}; }

 private:
  static constexpr uint64_t unsettled = ~uint64_t{0};
  static constexpr uint64_t scramble = 0x9e3779b97f4a7c15, unscramble = 0xf1de83e19937733d;  // inverse modulo 2^64
  static_assert(scramble * unscramble == 1);

  bool is_left(const graph_view& g, int32_t v) const { return g.live(v) && head[size_t(v)] == unsettled; }

  /// How many are left: none.
  uint64_t settle_alone(const graph_view& g) {
    for_each_strong_component(g, [&](std::span<const int32_t> members) {
      for (auto v : members) head[size_t(v)] = connected_components::global_id(g, members.front());
    });
    return 0;
  }

  void begin_turn(const graph_view& g) {
    now = phase::marking;
    for (int32_t m = -g.mirrors(); m < 0; ++m) mark[m] = 0;
    for (int32_t v = 0; v < g.size(); ++v) {
      mark[v] = is_left(g, v) ? (connected_components::global_id(g, v) + 1) * scramble : 0;
      reaches[v] = 0;
      if (mark[v]) news.push_back(v);
    }
  }

  void change_phase(const graph_view& g, communicator& all) {
    if (now == phase::gathering) {
      settle(g);
      return begin_turn(g);
    }
    now = phase::gathering;
    broadcast(mark, g, all);
    for (int32_t m = -g.mirrors(); m < 0; ++m) reaches[m] = 0;
    for (int32_t v = 0; v < g.size(); ++v)
      if ((reaches[v] = is_left(g, v) && mark[v] == (connected_components::global_id(g, v) + 1) * scramble)) news.push_back(v);
  }

  void settle(const graph_view& g) {
    for (int32_t v = 0; v < g.size(); ++v)
      if (reaches[v]) head[size_t(v)] = mark[v] * unscramble - 1, --left;
  }

  /// The highest first, so that a node seldom rises twice.
  void spread_marks(const graph_view& g, communicator& all) {
    std::sort(news.begin(), news.end(), [&](int32_t a, int32_t b) { return mark[a] > mark[b]; });
    std::vector<int32_t> stack;
    for (auto from : news)
      for (stack.assign(1, from); !stack.empty();) {
        auto v = stack.back();
        stack.pop_back();
        g.for_each_forward(v, [&](int32_t u) {
          if (mark[u] >= mark[v] || (u >= 0 && !is_left(g, u))) return;
          mark[u] = mark[v];
          if (u >= 0) stack.push_back(u);
          else fresh[size_t(~u)] = 1;
        });
      }
    tell(mark, g, all, [&](int32_t v, uint64_t higher) {
      if (!is_left(g, v) || mark[v] >= higher) return;
      mark[v] = higher;
      news.push_back(v);
    });
  }

  void spread_reaching(const graph_view& g, communicator& all) {
    for (; !news.empty();) {
      auto v = news.back();
      news.pop_back();
      g.for_each_backward(v, [&](int32_t u) {
        if (reaches[u] || mark[u] != mark[v]) return;
        reaches[u] = 1;
        if (u >= 0) news.push_back(u);
        else fresh[size_t(~u)] = 1;
      });
    }
    tell(reaches, g, all, [&](int32_t v, uint8_t) {
      if (!reaches[v]) reaches[v] = 1, news.push_back(v);
    });
  }

  /// What became of mirrors, to their owners; news is then what the others told.
  template <class T, class Received>
  void tell(const vertex_array<T>& a, const graph_view& g, communicator& all, Received&& received) {
    news.clear();
    gather_changed(
        a, g, all, [&](int32_t m) { return fresh[size_t(~m)] != 0; }, received);
    std::fill(fresh.begin(), fresh.end(), uint8_t{0});
  }
};

}  // namespace gli
