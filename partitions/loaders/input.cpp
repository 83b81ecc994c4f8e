#include "partitions/loaders/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gli {

namespace {

constexpr size_t first_read = size_t{64} << 10;

}  // namespace

void fail_system(const std::string& name, int error) {
  if (error == ENOENT || error == ENOTDIR) throw failure{errc::not_found, name + ": no such file"};
  if (error == EISDIR) throw failure{errc::io, name + ": is a directory"};
  throw failure{errc::io, name + ": " + std::strerror(error)};
}

char* without_last_letter(char* end) {
  if (!(end[-1] & 0x80)) return end;
  for (int i = 0; i < 3 && (uint8_t(end[-1]) & 0xc0) == 0x80; ++i) --end;
  return end - 1;
}

input_file::input_file(std::string path, std::string name) : path_{std::move(path)}, name_{name.empty() ? path_ : std::move(name)} {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_system(name_, errno);
  try {
    struct stat facts {};
    if (::fstat(descriptor_, &facts) != 0) fail_system(name_, errno);
    if (S_ISDIR(facts.st_mode)) fail_system(name_, EISDIR);
    is_regular_ = S_ISREG(facts.st_mode);
    bytes_total_ = is_regular_ ? uint64_t(facts.st_size) : 0;
    std::string magic(magic_bytes, '\0');
    size_t got = 0;
    while (got < magic.size()) {
      auto n = read_raw(magic.data() + got, magic.size() - got);
      if (n == 0) break;
      got += n;
    }
    head_ = magic.substr(0, got);
    unpacker_ = make_unpacker(head_, name_, [this](char* to, size_t n) { return read_raw(to, n); });
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

input_file::~input_file() { ::close(descriptor_); }

size_t input_file::read(char* to, size_t n) { return unpacker_ ? unpacker_->read(to, n) : read_raw(to, n); }

size_t input_file::read_raw(char* to, size_t n) {
  if (!head_.empty()) {
    n = std::min(n, head_.size());
    std::memcpy(to, head_.data(), n);
    head_.erase(0, n);
    return n;
  }
  for (;;) {
    auto got = ::read(descriptor_, to, n);
    if (got >= 0) {
      bytes_read_ += uint64_t(got);
      return size_t(got);
    }
    if (errno != EINTR) fail_system(name_, errno);
  }
}

/// Puts the rest of the last piece and new bytes into `buffer`; returns how many bytes lie there. The buffer grows with what is read, so
/// that small files cost little.
size_t line_reader::fill(std::vector<char>& buffer) {
  constexpr size_t slack = 1 + readable_past_end;  // a line end that was missing, and what follows the piece
  auto size = rest_.size();
  const auto wanted = size + bytes_per_piece;
  if (buffer.size() < size + slack) buffer.resize(size + slack);
  std::copy(rest_.begin(), rest_.end(), buffer.begin());
  while (size < wanted && !ended_) {
    if (buffer.size() == size + slack) buffer.resize(std::min(wanted, std::max(size * 2, first_read)) + slack);
    auto n = file_.read(buffer.data() + size, std::min(wanted, buffer.size() - slack) - size);
    ended_ = n == 0;
    size += n;
  }
  return size;
}

text_piece line_reader::next(std::vector<char>& buffer) {
  for (;;) {
    auto size = fill(buffer);
    rest_.clear();
    auto* begin = buffer.data();
    if (first_ && size >= 3 && std::memcmp(begin, "\xef\xbb\xbf", 3) == 0) begin += 3;
    first_ = false;
    auto* end = buffer.data() + size;
    if (ended_ && begin != end && end[-1] != '\n') *end++ = '\n';
    if (!ended_) {
      auto* cut = end;
      while (cut != begin && cut[-1] != '\n') --cut;
      if (size_t(end - cut) > longest_) {
        end = without_last_letter(end);
        *end++ = '\n';
        ended_ = true;
      } else {
        rest_.assign(cut, end);
        end = cut;
      }
    }
    std::memset(end, 0, readable_past_end);
    if (begin != end || ended_) return {begin, end};  // else a long line has only begun
  }
}

}  // namespace gli
