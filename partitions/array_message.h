#pragma once
// Messages between partitions that are a few plain arrays: u64 count, then the elements, padded to 8 bytes, one array after another.

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "runtime/communicator.h"
#include "runtime/error.h"

namespace gli {

template <class T>
void put_array(byte_buffer& to, std::span<const T> elements) {
  static_assert(std::is_trivially_copyable_v<T>);
  uint64_t count = elements.size();
  auto append = [&](const void* from, size_t bytes) {
    auto first = static_cast<const uint8_t*>(from);
    to.insert(to.end(), first, first + bytes);
  };
  append(&count, sizeof count);
  append(elements.data(), elements.size_bytes());
  append(std::array<uint8_t, 8>{}.data(), (8 - elements.size_bytes() % 8) % 8);
}

template <class T>
void put_array(byte_buffer& to, const std::vector<T>& elements) { put_array(to, std::span<const T>{elements}); }

/// Reads what put_array wrote, in the same order. Running past the end is failure{protocol}.
class array_reader {
 public:
  explicit array_reader(const byte_buffer& from) : left_{from} {}

  template <class T>
  std::vector<T> get() {
    uint64_t count = 0;
    std::memcpy(&count, take(sizeof count, 1), sizeof count);
    auto bytes = take(count, sizeof(T));
    std::vector<T> elements(count);
    if (count) std::memcpy(elements.data(), bytes, count * sizeof(T));
    return elements;
  }

 private:
  const uint8_t* take(uint64_t count, size_t width) {
    if (count > left_.size() / width) throw failure{errc::protocol, "a partition's message ends early"};
    auto at = left_.data();
    left_ = left_.subspan(std::min<size_t>(left_.size(), (count * width + 7) & ~size_t{7}));
    return at;
  }
  std::span<const uint8_t> left_;
};

}  // namespace gli
