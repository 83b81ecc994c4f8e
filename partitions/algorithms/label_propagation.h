#pragma once
// Community detection by label propagation, as LDBC Graphalytics defines CDLP: every node begins with its own key as label; each round all take, at the
// same time, the label that most of their neighbors had, the smallest of several. Edges count in both directions: a reciprocal pair counts twice.
// O(n + m) a round. [Raghavan et al. 2007, LDBC Graphalytics specification]

#include <array>
#include <bit>
#include <utility>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/key_labels.h"
#include "partitions/kernels/union_find.h"

namespace gli {

/// Finds the most frequent of some labels. Of one thread; memory is used again.
template <class T>
class label_counter {
 public:
  void begin(size_t most) {
    auto slots = std::bit_ceil(std::max<size_t>(16, most * 2));
    if (slots > slots_.size()) slots_.assign(slots, {});
    mask_ = slots - 1;
    ++round_;
    best_count_ = 0;
  }
  void count(const T& label) {
    for (auto i = place(label) & mask_;; i = (i + 1) & mask_) {
      auto& s = slots_[i];
      if (s.round != round_) s = {label, round_, 0};
      else if (s.label != label) continue;
      if (++s.count > best_count_ || (s.count == best_count_ && label < best_)) best_ = label, best_count_ = s.count;
      return;
    }
  }
  const T& best() const { return best_; }  // of one label at least

 private:
  struct slot { T label{}; uint64_t round = 0, count = 0; };
  static size_t place(int64_t label) { return size_t(uint64_t(label) * 0x9e3779b97f4a7c15 >> 20); }
  static size_t place(const hash128& label) { return size_t(label.low); }

  std::vector<slot> slots_;
  size_t mask_ = 0;
  uint64_t round_ = 0, best_count_ = 0;
  T best_{};
};

template <class T>
struct label_propagation {
  static constexpr const char* name = "label_propagation";
  using totals = std::array<uint64_t, 1>;  // labels that the last round changed

  uint64_t iterations;
  vertex_array<T> label;  // own and mirrors
  std::vector<T> next;    // own

  totals begin(const graph_view& g) {
    next.resize(size_t(g.size()));
    return {1};
  }
  bool done(const totals& changed, uint64_t rounds) const { return rounds == iterations || changed[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    auto changed = parallel_sum<uint64_t>(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
      label_counter<T> counter;
      uint64_t found = 0;
      for (; p < end; ++p)
        for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v) {
          next[size_t(v)] = chosen(g, v, counter);
          found += next[size_t(v)] != label[v];
        }
      return found;
    });
    for (int32_t v = 0; v < g.size(); ++v) label[v] = next[size_t(v)];
    broadcast(label, g, all);
    return {changed};
  }

  headway so_far(const graph_view&, const totals& changed, uint64_t rounds) const { return {rounds, iterations, rounds ? std::to_string(changed[0]) + " labels changed" : ""}; }

 private:
  T chosen(const graph_view& g, int32_t v, label_counter<T>& counter) const {
    auto edges = g.out(v).size() + g.in(v).size();
    if (edges == 0 || !g.live(v)) return label[v];
    counter.begin(edges);
    g.for_each_neighbor(v, [&](int32_t u) { counter.count(label[u]); });
    return counter.best();
  }
};

}  // namespace gli
