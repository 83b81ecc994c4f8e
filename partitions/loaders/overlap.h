#pragma once
// Two slots in turn: while the calling thread empties one, another thread fills the next.

#include <tbb/task_group.h>

#include <utility>

namespace gli {

/// Calls fill(slot) → bool (false: there was nothing more) and empty(slot) alternately; every slot that was filled is emptied once, in
/// order, on the calling thread. The next fill runs beside. The first throw of either ends it, after both have come to rest.
template <class Slot, class Fill, class Empty>
void overlap(const Fill& fill, const Empty& empty) {
  Slot now, next;
  bool more = fill(now);
  while (more) {
    tbb::task_group beside;
    bool filled = false;
    beside.run([&] { filled = fill(next); });
    try {
      empty(std::as_const(now));
    } catch (...) {
      try {
        beside.wait();
      } catch (...) {
      }
      throw;
    }
    beside.wait();
    std::swap(now, next);
    more = filled;
  }
}

}  // namespace gli
