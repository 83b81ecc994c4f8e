#pragma once
// How much the neighbors of two nodes have in common. Neighbors are distinct, in either direction; where a node has a self-loop it is its own. Two nodes of one
// partition are compared there, by ids, on all cores. Else the list of the first node goes, by name, to the owner of the second, which knows the degrees of all
// that both lists can have in common; what it finds goes back. O(the degrees of both) a pair. [Jaccard 1901; Adamic, Adar 2003]

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "partitions/algorithms/degree.h"
#include "partitions/array_message.h"
#include "partitions/dictionary.h"
#include "partitions/exact_sum.h"
#include "partitions/kernels/distinct_neighbors.h"
#include "partitions/mirror_exchange.h"
#include "partitions/ownership.h"

namespace gli {

enum class pair_score : uint8_t { jaccard, adamic_adar };

class common_neighbors {
 public:
  /// Two nodes: the hashes of their keys, and own ids where they are this partition's.
  struct node_pair {
    hash128 first, second;
    std::optional<int32_t> own_first, own_second;
  };

  common_neighbors(const graph_view& g, pair_score score, communicator& all) : g_{g}, score_{score} {
    if (!g.directed()) lists_ = g.forward();
    if (score == pair_score::jaccard) return;
    degree_ = {g, 0};
    for_each_own(g, [&](int32_t v) { degree_[v] = uint64_t(degree::of(g, v, degree::mode::total)); });
    broadcast(degree_, g, all);
  }

  /// The scores of pairs whose first node is own, by position; NaN for others. The same list on all partitions. Collective.
  std::vector<double> of(std::span<const node_pair> pairs, communicator& all) const {
    std::vector<double> made(pairs.size(), std::numeric_limits<double>::quiet_NaN());
    parallel_ranges(int64_t(pairs.size()), 64, [&](int64_t i, int64_t end) {
      for (std::vector<int32_t> first, second; i < end; ++i)
        if (auto& p = pairs[size_t(i)]; is_here(p)) made[size_t(i)] = score_here(*p.own_first, *p.own_second, first, second);
    });
    if (all.size() == 1) return made;
    auto found = find(pairs, all);
    std::vector<byte_buffer> replies(all.size());
    for (uint32_t q = 0; q < all.size(); ++q) put_array(replies[q], found[q]);
    for (auto& bytes : all.all_to_all(std::move(replies)))
      for (auto& s : array_reader{bytes}.get<scored>()) made.at(s.pair) = s.value;
    return made;
  }

 private:
  struct neighbor { hash128 name; int32_t id; };
  struct question { uint64_t pair, length; };  // of the list
  struct scored { uint64_t pair; double value; };

  static bool is_here(const node_pair& p) { return p.own_first && p.own_second; }

  /// Ascending.
  void list_beside(int32_t v, std::vector<int32_t>& made) const {
    made.clear();
    if (g_.directed())
      std::set_union(g_.out(v).begin(), g_.out(v).end(), g_.in(v).begin(), g_.in(v).end(), std::back_inserter(made));
    else
      made.assign(lists_.of(v).begin(), lists_.of(v).end());
    made.erase(std::unique(made.begin(), made.end()), made.end());
  }

  /// With room for the lists of both.
  double score_here(int32_t first, int32_t second, std::vector<int32_t>& a, std::vector<int32_t>& b) const {
    list_beside(first, a);
    list_beside(second, b);
    shared found;
    for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
      if (*x == *y) add(found, *x, *x == first || *x == second);
      auto least = std::min(*x, *y);
      x += *x == least;
      y += *y == least;
    }
    return score(found, a.size() + b.size());
  }

  hash128 name(int32_t v) const { return v >= 0 ? g_.body().keys->hash_of(v) : g_.body().mirror_hashes[size_t(~v)]; }

  /// By name.
  std::vector<neighbor> beside(int32_t v) const {
    std::vector<neighbor> made;
    for_each_distinct_neighbor(g_, v, [&](int32_t u, int) { made.push_back({name(u), u}); });
    auto out = g_.out(v);
    if (std::binary_search(out.begin(), out.end(), v)) made.push_back({name(v), v});
    std::sort(made.begin(), made.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return made;
  }

  /// Sends the lists of first nodes; by the partition that sent one, what there is to answer.
  std::vector<std::vector<scored>> find(std::span<const node_pair> pairs, communicator& all) const {
    std::vector<std::vector<question>> questions(all.size());
    std::vector<std::vector<hash128>> lists(all.size());
    std::vector<hash128> second;
    for (auto& p : pairs)
      if (p.own_first && !is_here(p)) second.push_back(p.second);
    auto owners = owners_of(g_.body(), second, all);
    auto owner = owners.begin();
    for (uint64_t i = 0; i < pairs.size(); ++i) {
      if (!pairs[i].own_first || is_here(pairs[i])) continue;
      auto q = *owner++;
      auto list = beside(*pairs[i].own_first);
      questions[q].push_back({i, list.size()});
      for (auto& n : list) lists[q].push_back(n.name);
    }
    std::vector<byte_buffer> outgoing(all.size());
    for (uint32_t q = 0; q < all.size(); ++q) {
      put_array(outgoing[q], questions[q]);
      put_array(outgoing[q], lists[q]);
    }
    std::vector<std::vector<scored>> found(all.size());
    auto incoming = all.all_to_all(std::move(outgoing));
    for (uint32_t q = 0; q < all.size(); ++q) {
      array_reader from{incoming[q]};
      auto asked = from.get<question>();
      auto names = from.get<hash128>();
      std::span<const hash128> left{names};
      for (auto& a : asked) {
        if (a.length > left.size() || a.pair >= pairs.size()) throw failure{errc::protocol, "a partition's list of neighbors ends early"};
        auto list = left.first(a.length);
        left = left.subspan(a.length);
        found[q].push_back({a.pair, score(pairs[a.pair], list)});
      }
    }
    return found;
  }

  double score(const node_pair& pair, std::span<const hash128> first) const {
    auto second = beside(pair.own_second.value());
    shared found;
    auto at = first.begin();
    for (auto& n : second) {
      while (at != first.end() && *at < n.name) ++at;
      if (at != first.end() && *at == n.name) add(found, n.id, n.name == pair.first || n.name == pair.second);
    }
    return score(found, first.size() + second.size());
  }

  /// What two lists have in common; of the pair itself only that it is there.
  struct shared {
    uint64_t all = 0, others = 0;
    uint128 sum = 0;
    bool endless = false;
  };
  void add(shared& to, int32_t v, bool of_pair) const {
    ++to.all;
    if (of_pair) return;
    ++to.others;
    if (score_ == pair_score::jaccard) return;
    if (degree_[v] < 2) to.endless = true;
    else to.sum += to_grid(1 / std::log(double(degree_[v])) / 2);
  }
  double score(const shared& found, uint64_t lengths) const {
    auto either = lengths - found.all;
    if (score_ == pair_score::jaccard) return either == 0 ? 0.0 : double(found.others) / double(either);
    return found.endless ? std::numeric_limits<double>::infinity() : double(found.sum) * 0x1p-61;
  }

  const graph_view g_;
  pair_score score_;
  adjacency lists_;                // undirected
  vertex_array<uint64_t> degree_;  // own and mirrors; Adamic, Adar
};

}  // namespace gli
