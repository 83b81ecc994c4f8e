#pragma once
#include <chrono>
#include <cstdint>

namespace gli::storage {

/// Since 1970, UTC.
inline int64_t microseconds_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace gli::storage
