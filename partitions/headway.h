#pragma once
// How far an algorithm has come, for those who wait for it.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

#include "runtime/communicator.h"

namespace gli {

/// `done` of `total` (0: unknown), in rounds or in nodes, and in words what the last round left.
struct headway {
  uint64_t done = 0, total = 0;
  std::string left;
};

inline std::string residual(double change) {
  char text[40];
  std::snprintf(text, sizeof text, "residual %.2e", change);
  return text;
}

/// In how many rounds in all a change that was `before` and is `change` after `rounds` will be below `limit`, if it goes on to fall as fast; at most `most`.
inline uint64_t rounds_until(double limit, double before, double change, uint64_t rounds, uint64_t most) {
  if (!(limit > 0 && change > limit)) return change > limit ? most : std::min(rounds, most);
  if (!(before > change)) return most;
  auto left = std::ceil(std::log(limit / change) / std::log(change / before));
  return left < double(most) ? std::min(most, rounds + uint64_t(left)) : most;
}

/// Tells of the rounds that are done.
inline void tell(communicator& all, const char* name, uint64_t rounds, const headway& h) {
  auto detail = "round " + std::to_string(rounds);
  if (!h.left.empty()) detail += ", " + h.left;
  all.progress(name, h.done, h.total, detail);
}

}  // namespace gli
