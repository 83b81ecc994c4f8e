#pragma once
// Modularity of a given division: the part of edges inside of communities, less what it would be if edges went anywhere. Each partition adds up its own
// nodes' arcs by community; the communities' numbers have homes, where the sums meet. O(m), two exchanges of what a community has on a partition.
// [Newman 2004; Leicht, Newman 2008]

#include <array>
#include <unordered_map>
#include <vector>

#include "partitions/array_message.h"
#include "partitions/kernels/arc_weights.h"
#include "partitions/kernels/union_find.h"
#include "runtime/error.h"
#include "runtime/hash.h"

namespace gli {

class given_communities {
 public:
  /// number: of own nodes, not negative; those of the same number are a community. failure{value} without edges. Collective.
  given_communities(const graph_view& g, const edge_weights* weights, const std::vector<double>& number, communicator& all) : g_{g}, number_{g, 0}, part_(size_t(g.size())), sets_{g} {
    for_each_own(g, [&](int32_t v) { number_[v] = number[size_t(v)] + 0.0; });  // no -0
    broadcast(number_, g, all);
    find_parts();
    add_up({g, weights, all}, all);
    meet(all);
  }

  double modularity(double resolution) const {
    auto whole = double(whole_);
    return double(inside_) / 2 / whole - resolution * (double(expected_) / whole / whole);
  }
  uint64_t count() const { return count_; }
  /// As smallest_keys() wants them.
  const union_find& sets() const { return sets_; }
  uint64_t leader(int32_t root) const { return parts_[part_[size_t(root)]].leader; }

 private:
  struct part { double number; uint64_t leader, out, in; };  // leader: global id of a node; the smallest that is known

  void find_parts() {
    std::unordered_map<double, uint32_t> known;
    for (int32_t v = 0; v < g_.size(); ++v) {
      if (!g_.live(v)) continue;
      auto [at, is_new] = known.try_emplace(number_[v], uint32_t(parts_.size()));
      if (is_new) parts_.push_back({number_[v], uint64_t{g_.partition()} << 32 | uint64_t(v), 0, 0});
      part_[size_t(v)] = at->second;
      sets_.link(int32_t(parts_[at->second].leader & 0xffffffff), v);
    }
    sets_.compress();
  }

  void add_up(const arc_weights& arcs, communicator& all) {
    struct sums { uint64_t out = 0, in = 0; };
    std::vector<sums> at(size_t(g_.size()));
    std::array<uint64_t, 2> totals{};
    totals[0] = parallel_sum<uint64_t>(pages_of(g_.size()), 1, [&](int64_t p, int64_t end) {
      uint64_t inside = 0;
      for (; p < end; ++p)
        for (auto [v, last] = page_vertices{p, g_.size()}; v < last; ++v) {
          auto own = number_[v];
          auto& [out, in] = at[size_t(v)];
          arcs.for_each(v, [&, v = v](int32_t u, uint64_t weight) { inside += u == v ? 2 * weight : number_[u] == own ? weight : 0; }, out, in);
        }
      return inside;
    });
    for (int32_t v = 0; v < g_.size(); ++v) {
      if (!g_.live(v)) continue;
      auto& mine = parts_[part_[size_t(v)]];
      mine.out += at[size_t(v)].out;
      mine.in += at[size_t(v)].in;
      totals[1] += at[size_t(v)].out;
    }
    all.all_reduce(totals, reduction::sum);
    inside_ = totals[0];
    whole_ = totals[1];
    if (whole_ == 0) throw failure{errc::value, "modularity is of graphs that have edges"};
  }

  void meet(communicator& all) {
    std::vector<std::vector<part>> told(all.size());
    auto home_of = [&](double number) { return owner_of(value_hash(value{number}), all.size()); };
    for (auto& p : parts_) told[home_of(p.number)].push_back(p);
    std::vector<byte_buffer> outgoing(all.size()), replies(all.size());
    for (uint32_t q = 0; q < all.size(); ++q) put_array(outgoing[q], told[q]);
    std::vector<std::vector<part>> heard;
    std::unordered_map<double, part> here;
    for (auto& bytes : all.all_to_all(std::move(outgoing))) {
      heard.push_back(array_reader{bytes}.get<part>());
      for (auto& p : heard.back()) {
        auto [at, is_new] = here.try_emplace(p.number, p);
        if (is_new) continue;
        auto& sum = at->second;
        sum = {p.number, std::min(sum.leader, p.leader), sum.out + p.out, sum.in + p.in};
      }
    }
    uint128 expected = 0;
    for (auto& [number, p] : here) expected += uint128{p.out} * p.in;
    expected_ = total_of(expected, all);
    count_ = here.size();
    all.all_reduce({&count_, 1}, reduction::sum);
    for (uint32_t q = 0; q < all.size(); ++q) {
      std::vector<uint64_t> leaders;
      for (auto& p : heard[q]) leaders.push_back(here.at(p.number).leader);
      put_array(replies[q], leaders);
    }
    std::vector<std::vector<uint64_t>> leaders;
    for (auto& bytes : all.all_to_all(std::move(replies))) leaders.push_back(array_reader{bytes}.get<uint64_t>());
    std::vector<size_t> next(all.size());
    for (auto& p : parts_) {
      auto home = home_of(p.number);
      p.leader = leaders[home].at(next[home]++);
    }
  }

  const graph_view& g_;
  vertex_array<double> number_;  // own and mirrors
  std::vector<uint32_t> part_;   // by own id
  union_find sets_;              // own nodes of one community
  std::vector<part> parts_;      // what communities have here
  uint64_t inside_ = 0, whole_ = 0, count_ = 0;
  uint128 expected_ = 0;
};

}  // namespace gli
