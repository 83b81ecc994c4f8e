#pragma once
// Small messages between partitions, byte by byte: varints, plain values, text. A reader that runs past the end throws failure{protocol}.

#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "runtime/communicator.h"
#include "runtime/error.h"

namespace gli {

class byte_writer {
 public:
  explicit byte_writer(byte_buffer& to) : to_{to} {}

  template <class T>
  void put(const T& x) {
    static_assert(std::is_trivially_copyable_v<T>);
    auto at = to_.size();
    to_.resize(at + sizeof(T));
    std::memcpy(to_.data() + at, &x, sizeof(T));
  }
  void put_varint(uint64_t x) {
    for (; x >= 0x80; x >>= 7) to_.push_back(uint8_t(x | 0x80));
    to_.push_back(uint8_t(x));
  }
  void put_text(std::string_view x) {
    put_varint(x.size());
    to_.insert(to_.end(), x.begin(), x.end());
  }
  /// Room for so many bytes, to be written before the next call.
  uint8_t* skip(size_t bytes) {
    to_.resize(to_.size() + bytes);
    return to_.data() + to_.size() - bytes;
  }

 private:
  byte_buffer& to_;
};

/// Views handed out live as long as the buffer.
class byte_reader {
 public:
  explicit byte_reader(std::span<const uint8_t> from) : at_{from.data()}, end_{from.data() + from.size()} {}

  bool at_end() const { return at_ == end_; }
  size_t left() const { return size_t(end_ - at_); }
  template <class T>
  T get() {
    T x;
    std::memcpy(&x, take(sizeof(T)), sizeof(T));
    return x;
  }
  uint64_t get_varint() {
    uint64_t x = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      auto b = *take(1);
      x |= uint64_t(b & 0x7f) << shift;
      if (b < 0x80) return x;
    }
    throw failure{errc::protocol, "number of more than 64 bits in a partition's message"};
  }
  std::string_view get_text() {
    auto n = get_varint();
    return {reinterpret_cast<const char*>(take(n)), size_t(n)};
  }
  /// Elements of `width` bytes.
  const uint8_t* take(uint64_t count, size_t width) {
    if (count > left() / width) throw failure{errc::protocol, "a partition's message ends early"};
    return take(count * width);
  }

 private:
  const uint8_t* take(uint64_t n) {
    if (n > uint64_t(end_ - at_)) throw failure{errc::protocol, "a partition's message ends early"};
    auto p = at_;
    at_ += n;
    return p;
  }
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace gli
