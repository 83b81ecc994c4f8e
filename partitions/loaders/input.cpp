#include "partitions/loaders/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gli {

namespace {

constexpr size_t first_read = size_t{64} << 10;

[[noreturn]] void fail_system(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR) throw failure{errc::not_found, path + ": no such file"};
  if (error == EISDIR) throw failure{errc::io, path + ": is a directory"};
  throw failure{errc::io, path + ": " + std::strerror(error)};
}

/// Moves `end` before the last UTF-8 sequence, which may have been cut, unless that is ASCII.
char* without_last_letter(char* end) {
  if (!(end[-1] & 0x80)) return end;
  for (int i = 0; i < 3 && (uint8_t(end[-1]) & 0xc0) == 0x80; ++i) --end;
  return end - 1;
}

}  // namespace

struct input_file::unpacker {
  explicit unpacker(input_file& file) : file_{file}, packed_(size_t{256} << 10) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw failure{errc::memory, file.path_ + ": no memory to unpack gzip data"};
  }
  ~unpacker() { inflateEnd(&stream_); }

  size_t read(char* to, size_t n) {
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = uInt(std::min<size_t>(n, 1u << 30));
    auto wanted = stream_.avail_out;
    while (stream_.avail_out == wanted && !ended_) step();
    return wanted - stream_.avail_out;
  }

 private:
  void step() {
    if (stream_.avail_in == 0) refill();
    if (between_members_) begin_member();
    if (ended_) return;
    auto status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_STREAM_END)
      between_members_ = true;
    else if (status != Z_OK && status != Z_BUF_ERROR)
      fail("damaged");
  }

  void refill() {
    auto n = file_.read_raw(packed_.data(), packed_.size());
    stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    stream_.avail_in = uInt(n);
    if (n > 0) return;
    if (!between_members_) fail("truncated");
    ended_ = true;
  }

  /// A gzip file may hold several members, and zero bytes that pad it at the end.
  void begin_member() {
    while (stream_.avail_in > 0 && *stream_.next_in == 0) {
      padded_ = true;
      ++stream_.next_in;
      --stream_.avail_in;
    }
    if (stream_.avail_in == 0) return;
    if (padded_ || inflateReset(&stream_) != Z_OK) fail("damaged");
    between_members_ = false;
  }

  [[noreturn]] void fail(const char* how) const { throw failure{errc::value, file_.path_ + ": " + how + " gzip data"}; }

  input_file& file_;
  std::vector<char> packed_;
  z_stream stream_{};
  bool between_members_ = false, padded_ = false, ended_ = false;
};

input_file::input_file(std::string path) : path_{std::move(path)} {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_system(path_, errno);
  try {
    struct stat facts {};
    if (::fstat(descriptor_, &facts) != 0) fail_system(path_, errno);
    if (S_ISDIR(facts.st_mode)) fail_system(path_, EISDIR);
    bytes_total_ = S_ISREG(facts.st_mode) ? uint64_t(facts.st_size) : 0;
    std::string magic(2, '\0');
    size_t got = 0;
    while (got < 2) {
      auto n = read_raw(magic.data() + got, 2 - got);
      if (n == 0) break;
      got += n;
    }
    head_ = magic.substr(0, got);
    if (head_ == "\x1f\x8b") unpacker_ = std::make_unique<unpacker>(*this);
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
    if (errno != EINTR) fail_system(path_, errno);
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
    if (size_t(end - cut) > longest_line) {
      end = without_last_letter(end);
      *end++ = '\n';
      ended_ = true;
    } else {
      rest_.assign(cut, end);
      end = cut;
    }
  }
  std::memset(end, 0, readable_past_end);
  return {begin, end};
}

}  // namespace gli
