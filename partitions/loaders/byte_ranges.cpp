#include "partitions/loaders/byte_ranges.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime/error.h"

namespace gli {

namespace {

constexpr size_t past_range = size_t{4} << 10;    // read with a range, as its last line mostly ends there
constexpr size_t at_once = size_t{256} << 10;     // of a line that goes on
constexpr size_t slack = 1 + readable_past_end;   // a line end that was missing, and what follows a piece

/// Where the line that byte `at` belongs to ends: behind its '\n'; npos when that is not there.
size_t behind_line(const std::vector<char>& buffer, size_t at, size_t filled) {
  auto found = static_cast<const char*>(at < filled ? std::memchr(buffer.data() + at, '\n', filled - at) : nullptr);
  return found ? size_t(found - buffer.data()) + 1 : std::string::npos;
}

}  // namespace

ranged_file::ranged_file(const input_file& file, size_t longest)
    : path_{file.path()}, name_{file.name()}, size_{file.bytes_total()}, longest_{longest} {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_system(name_, errno);
}

ranged_file::~ranged_file() { ::close(descriptor_); }

void ranged_file::read(uint64_t from, char* to, size_t n) const {
  while (n > 0) {
    auto got = ::pread(descriptor_, to, n, off_t(from));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_system(name_, errno);
    if (got == 0) throw failure{errc::io, name_ + ": became shorter while it was read"};
    from += uint64_t(got);
    to += got;
    n -= size_t(got);
  }
}

/// Reads on until the line of byte `last` is whole, or too long; answers where it ends. `filled` bytes are there, the first at `from` in the file.
size_t ranged_file::finish_line(std::vector<char>& buffer, uint64_t from, size_t last, size_t filled) const {
  auto scanned = last;
  for (;;) {
    if (auto end = behind_line(buffer, scanned, filled); end != std::string::npos) return end;
    bool ended = from + filled == size_;
    if (!ended && filled - last <= longest_ + at_once) {
      auto more = size_t(std::min<uint64_t>(at_once, size_ - from - filled));
      buffer.resize(filled + more + slack);
      read(from + filled, buffer.data() + filled, more);
      scanned = std::exchange(filled, filled + more);
      continue;
    }
    auto end = ended ? filled : size_t(without_last_letter(buffer.data() + filled) - buffer.data());
    buffer[end] = '\n';
    return end + 1;
  }
}

ranged_file::range_lines ranged_file::lines(uint64_t begin, uint64_t end, std::vector<char>& buffer, bool at_line) const {
  end = std::min(end, size_);
  if (begin >= end) return {};
  at_line = at_line || begin == 0;
  auto from = at_line ? begin : begin - 1;
  auto inside = size_t(end - from), filled = size_t(std::min<uint64_t>(size_ - from, inside + past_range));
  if (buffer.size() < filled + slack) buffer.resize(filled + slack);
  read(from, buffer.data(), filled);
  size_t first = at_line ? 0 : behind_line(buffer, 0, inside);
  if (first >= inside) return {};
  bool has_mark = begin == 0 && filled >= 3 && std::memcmp(buffer.data(), "\xef\xbb\xbf", 3) == 0;
  if (has_mark) first = 3;
  auto last = finish_line(buffer, from, inside - 1, filled);
  std::memset(buffer.data() + last, 0, readable_past_end);
  if (first >= last) return {};
  return {{buffer.data() + first, buffer.data() + last}, from + first};
}

}  // namespace gli
