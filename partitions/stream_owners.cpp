#include "partitions/stream_owners.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "partitions/mirror_exchange.h"
#include "partitions/rows.h"
#include "partitions/splitters.h"

namespace gli {

namespace {

constexpr int most_streams = 10;
constexpr int64_t blocks = 8;  // of a stream
constexpr uint64_t slack = 32;  // one part in so many
constexpr uint64_t least_gain = 100;

class streamer {
 public:
  streamer(const graph& g, communicator& all) : graph_{g}, g_{g}, all_{all}, to_{g_, 0}, moved_(size_t(g_.size())), load_(all.size()), beside_(all.size()) {
    uint64_t rows = 0;
    for (int32_t v = 0; v < g_.size(); ++v)
      if (g_.live(v)) rows += rows_of(g_, v);
    all.all_reduce({&rows, 1}, reduction::sum);
    capacity_ = rows / all.size() + rows / all.size() / slack + 1;
  }

  vertex_array<uint32_t> run() {
    take_chunks();
    auto best = to_;
    auto least = cut();
    for (int i = 0; i < most_streams; ++i) {
      all_.progress("partition", uint64_t(i), most_streams);
      stream();
      auto now = cut();
      bool gained = now + now / least_gain < least;
      if (now < least) best = to_, least = now;
      if (!gained) break;
    }
    return best;
  }

 private:
  /// In the order of insertion, which own ids need not be in.
  void take_chunks() {
    std::vector<weighted_key<uint64_t>> own;
    order_ = insertion_order(graph_);
    for (auto v : order_) own.push_back({place_of(graph_, v), rows_of(g_, v)});
    auto ends = even_splitters<uint64_t>(std::move(own), all_);
    for (auto v : order_) to_[v] = part_of<uint64_t>(ends, place_of(graph_, v));
    broadcast(to_, g_, all_);
  }

  void stream() {
    std::fill(load_.begin(), load_.end(), 0);
    auto nodes = int64_t(order_.size());
    for (int64_t b = 0; b < blocks; ++b) {
      std::vector<uint64_t> placed(all_.size());
      std::fill(moved_.begin(), moved_.end(), false);
      for (auto i = nodes * b / blocks; i < nodes * (b + 1) / blocks; ++i) {
        auto v = order_[size_t(i)];
        auto part = choose(v, placed);
        placed[part] += rows_of(g_, v);
        moved_[size_t(v)] = std::exchange(to_[v], part) != part;
      }
      all_.all_reduce(placed, reduction::sum);
      for (size_t q = 0; q < placed.size(); ++q) load_[q] += placed[q];
      broadcast_changed(
          to_, g_, all_, [&](int32_t v) { return moved_[size_t(v)]; }, [](int32_t, uint32_t) {});
    }
  }

  /// Of equals the partition where the node is, else the one with the fewest rows, else the first.
  uint32_t choose(int32_t v, const std::vector<uint64_t>& placed) {
    std::fill(beside_.begin(), beside_.end(), 0);
    g_.for_each_neighbor(v, [&](int32_t u) { ++beside_[to_[u]]; });
    auto rows = rows_of(g_, v);
    struct candidate { bool has_room; double gain; bool stays; uint64_t load; };
    auto better = [](const candidate& a, const candidate& b) {
      if (a.has_room != b.has_room) return a.has_room;
      if (a.has_room && a.gain != b.gain) return a.gain > b.gain;
      if (a.has_room && a.stays != b.stays) return a.stays;
      return a.load < b.load;
    };
    uint32_t found = 0;
    candidate best{};
    for (uint32_t q = 0; q < all_.size(); ++q) {
      auto load = load_[q] + placed[q] * all_.size();
      auto room = capacity_ - std::min(capacity_, load);
      candidate c{rows <= room, double(beside_[q]) * (double(room) / double(capacity_)), to_[v] == q, load};
      if (q == 0 || better(c, best)) found = q, best = c;
    }
    return found;
  }

  uint64_t cut() const {
    uint64_t edges = parallel_sum<uint64_t>(g_.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      uint64_t away = 0;
      for (; v < end; ++v)
        for (auto u : g_.out(int32_t(v))) away += to_[u] != to_[int32_t(v)];
      return away;
    });
    all_.all_reduce({&edges, 1}, reduction::sum);
    return edges;
  }

  const graph& graph_;
  const graph_view g_;
  communicator& all_;
  vertex_array<uint32_t> to_;
  std::vector<int32_t> order_;      // live own nodes as they stream
  std::vector<bool> moved_;         // in this block
  std::vector<uint64_t> load_;      // rows by partition, of the stream so far
  std::vector<uint64_t> beside_;    // neighbors by partition
  uint64_t capacity_ = 0;
};

}  // namespace

vertex_array<uint32_t> stream_owners(const graph& g, communicator& all) { return streamer{g, all}.run(); }

}  // namespace gli
