// The exchange between two workers of one process: the time of an empty all_reduce, and the bytes of a large all_to_all.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

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
template <class Call> std::vector<double> time_calls(testing::exchange_peers& peers, uint64_t job, int n, Call&& call) {
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

}  // namespace

int main() {
  testing::exchange_peers peers{2};
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
}
