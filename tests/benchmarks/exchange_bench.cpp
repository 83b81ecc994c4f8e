// The exchange between two workers of one process: the time of an empty all_reduce, the bytes of a large all_to_all, and what a round over the mirrors of a
// Kronecker graph puts on the wire.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "partitions/load_sources.h"
#include "partitions/mirror_exchange.h"
#include "tests/runtime/exchange_peers.h"

namespace {

using namespace gli;
double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Of this process: what a busy machine does not falsify.
double cpu_seconds() {
  rusage used;
  ::getrusage(RUSAGE_SELF, &used);
  return double(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1e-6 * double(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

double median_of(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + long(times.size() / 2), times.end());
  return times[times.size() / 2];
}

/// Seconds of each of `n` calls on rank 0.
template <class Call> std::vector<double> time_calls(gli::testing::exchange_peers& peers, uint64_t job, int n, Call&& call) {
  std::vector<double> times;
  peers.run_well(job, [&](communicator& all) {
    for (int i = 0; i < n; ++i) {
      auto begin = now();
      call(all);
      if (all.rank() == 0) times.push_back(now() - begin);
    }
  });
  return times;
}

/// Bytes that both ranks send in one call, by what exchange::bytes_sent() says: frames' headers, credit and all.
template <class Call> uint64_t bytes_of(gli::testing::exchange_peers& peers, communicator& all, Call&& call) {
  auto sent = [&] {
    all.all_reduce({}, reduction::sum);  // behind it all that was sent before has arrived
    std::array<uint64_t, 1> sum{peers.peers[all.rank()]->bulk->bytes_sent()};
    all.all_reduce(sum, reduction::sum);
    return sum[0];
  };
  sent();
  auto idle = sent(), before = sent();  // two calls tell what the counting itself sends
  call();
  return sent() - before - (before - idle);
}

void mirrors_on_the_wire(gli::testing::exchange_peers& peers, int64_t scale) {
  read_sources what;
  what.kind.directed = false;
  what.origin = "bench";
  what.sources.push_back({"kronecker", "", {{"scale", scale}, {"edge_factor", int64_t{16}}, {"seed", int64_t{1}}}});
  peers.run_well(3, [&](communicator& all) {
    sources_report report;
    auto g = load_sources(what, report, all);
    graph_view view{g};
    vertex_array<double> dense{view, 1};
    vertex_array<uint32_t> sparse{view, 1};
    std::array<uint64_t, 2> counts{uint64_t(view.mirrors()), 0};
    auto chosen = [](int32_t v) { return (uint32_t(v) * 2654435761u >> 8) % 100 == 0; };
    for (auto& peer : view.peers()) counts[1] += uint64_t(std::count_if(peer.exported.begin(), peer.exported.end(), chosen));
    all.all_reduce(counts, reduction::sum);
    auto round = bytes_of(peers, all, [&] { broadcast(dense, view, all); });
    auto updates = bytes_of(peers, all, [&] { broadcast_changed(sparse, view, all, chosen, [](int32_t, uint32_t) {}); });
    if (all.rank() != 0) return;
    std::printf("a dense round of float64 over %lu mirrors: bytes on the wire / (8 x mirrors) = %.4f (goal 1.1)\n", (unsigned long)counts[0],
                double(round) / (8 * double(counts[0])));
    std::printf("a sparse round, 4 bytes for one mirror in 100: %.2f bytes an update (goal 6)\n", double(updates) / double(counts[1]));
  });
}

}  // namespace

int main() {
  gli::testing::exchange_peers peers{2};
  auto ping = time_calls(peers, 1, 20'000, [](communicator& all) { all.all_reduce({}, reduction::sum); });
  std::printf("empty all_reduce, 2 workers: median %.1f us\n", median_of(ping) * 1e6);
  constexpr size_t bytes = 64u << 20;
  std::vector<double> cpu;
  auto bulk = time_calls(peers, 2, 11, [&](communicator& all) {
    std::vector<byte_buffer> out(2);
    out[1 - all.rank()].resize(bytes);
    all.all_reduce({}, reduction::sum);
    auto begin = now(), cpu_begin = cpu_seconds();
    all.all_to_all(std::move(out));
    all.all_reduce({}, reduction::sum);
    if (all.rank() != 0) return;
    std::printf("  all_to_all of 64 MiB each way: %.2f GB/s a direction\n", double(bytes) / (now() - begin) / 1e9);
    cpu.push_back(cpu_seconds() - cpu_begin);
  });
  std::printf("with making the buffers: median %.2f GB/s a direction\n", double(bytes) / median_of(bulk) / 1e9);
  std::printf("processor time of sending and receiving: %.2f s for a GB sent\n", median_of(cpu) / (2 * double(bytes) / 1e9));
  mirrors_on_the_wire(peers, 18);
}
