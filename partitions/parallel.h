#pragma once
// Loops over vertices on all cores, which end early with what interruption::point() throws. Bodies must not communicate, and sums must be of a kind that any order adds to the same bytes
// (integers).

#include <algorithm>
#include <cstdint>

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>
#include <tbb/parallel_reduce.h>
#include <tbb/task_arena.h>

#include "partitions/interruption.h"
#include "partitions/page.h"

namespace gli {

#if defined(__SANITIZE_THREAD__)
constexpr bool one_by_one = true;  // TSan does not see how oneTBB hands its tasks on: everything would look like a race
#else
constexpr bool one_by_one = false;
#endif

/// Whether loops run in the thread that begins them: what they write no other one writes.
inline bool one_thread() { return one_by_one || tbb::this_task_arena::max_concurrency() == 1 || tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism) == 1; }

/// Calls f(begin, end) for ranges that cover [0, n), none shorter than `grain` but the last; in this thread when one range does.
template <class F>
void parallel_ranges(int64_t n, int64_t grain, F&& f) {
  if (one_by_one || n <= grain) {
    if (n > 0) f(int64_t{0}, n);
    return interruption::point();
  }
  tbb::parallel_for(tbb::blocked_range<int64_t>{0, n, size_t(grain)}, [&](const auto& r) {
    f(r.begin(), r.end());
    interruption::point();
  });
}

/// Calls both, which may have loops on all cores inside. Throws what one of them threw, when both have ended.
template <class F, class G>
void at_once(F&& f, G&& g) {
  if (one_thread()) return f(), g();
  tbb::parallel_invoke(f, g);
}

/// Sum of f(begin, end) over ranges that cover [0, n). T{} is zero, += adds.
template <class T, class F>
T parallel_sum(int64_t n, int64_t grain, F&& f) {
  if (one_by_one || n <= grain) return n > 0 ? f(int64_t{0}, n) : T{};
  return tbb::parallel_reduce(
      tbb::blocked_range<int64_t>{0, n, size_t(grain)}, T{},
      [&](const auto& r, T sum) {
        sum += f(r.begin(), r.end());
        interruption::point();
        return sum;
      },
      [](T a, const T& b) {
        a += b;
        return a;
      });
}

/// Topology pages of `size` vertices.
constexpr int64_t pages_of(int32_t size) { return (int64_t{size} + vertices_per_page - 1) >> vertices_per_page_bits; }

/// The vertices [first, last) of page p among `size`.
struct page_vertices {
  int32_t first, last;
  page_vertices(int64_t p, int32_t size)
      : first{int32_t(p << vertices_per_page_bits)}, last{int32_t(std::min<int64_t>(size, int64_t{first} + vertices_per_page))} {}
};

}  // namespace gli
