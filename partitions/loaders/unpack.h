#pragma once
// Packed bytes to plain ones, as they come: gzip and zstd, told by their magic bytes.
//
// Threads: one at a time.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gli {

constexpr size_t magic_bytes = 4;  // as many of a file as tell how it is packed

class unpacker {
 public:
  /// Gives up to n of the packed bytes; 0 at their end.
  using source = std::function<size_t(char* to, size_t n)>;

  virtual ~unpacker() = default;
  /// Up to n plain bytes; 0 at the end. Throws failure{value} "PATH: damaged gzip data", "PATH: truncated zstd data".
  virtual size_t read(char* to, size_t n) = 0;
};

/// What unpacks data that begin with `magic`; null when they are not packed. `source` gives all bytes, the magic ones too.
std::unique_ptr<unpacker> make_unpacker(std::string_view magic, std::string path, unpacker::source source);

}  // namespace gli
