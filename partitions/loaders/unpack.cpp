#include "partitions/loaders/unpack.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <vector>

#include "runtime/error.h"

namespace gli {

namespace {

constexpr size_t bytes_at_once = size_t{256} << 10;

class gzip_unpacker final : public unpacker {
 public:
  gzip_unpacker(std::string path, source packed) : path_{std::move(path)}, source_{std::move(packed)}, packed_(bytes_at_once) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw failure{errc::memory, path_ + ": no memory to unpack gzip data"};
  }
  ~gzip_unpacker() override { inflateEnd(&stream_); }

  size_t read(char* to, size_t n) override {
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
    auto n = source_(packed_.data(), packed_.size());
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

  [[noreturn]] void fail(const char* how) const { throw failure{errc::value, path_ + ": " + how + " gzip data"}; }

  std::string path_;
  source source_;
  std::vector<char> packed_;
  z_stream stream_{};
  bool between_members_ = false, padded_ = false, ended_ = false;
};

/// One frame after the other. Frames that need a window over 128 MiB are refused, as zstd itself does by default.
class zstd_unpacker final : public unpacker {
 public:
  zstd_unpacker(std::string path, source packed) : path_{std::move(path)}, source_{std::move(packed)}, packed_(bytes_at_once) {
    if (!context_) throw failure{errc::memory, path_ + ": no memory to unpack zstd data"};
  }

  size_t read(char* to, size_t n) override {
    ZSTD_outBuffer out{to, n, 0};
    while (out.pos == 0 && n > 0) {
      if (in_.pos == in_.size && !flushing_ && !refill()) return 0;
      auto before = in_.pos;
      auto left = ZSTD_decompressStream(context_.get(), &out, &in_);
      if (ZSTD_isError(left)) throw failure{errc::value, path_ + ": damaged zstd data"};
      between_frames_ = left == 0;
      flushing_ = out.pos == out.size && !between_frames_;
      if (in_.pos == before && out.pos == 0) flushing_ = false;
    }
    return out.pos;
  }

 private:
  bool refill() {
    in_ = {packed_.data(), source_(packed_.data(), packed_.size()), 0};
    if (in_.size == 0 && !between_frames_) throw failure{errc::value, path_ + ": truncated zstd data"};
    return in_.size > 0;
  }

  struct closer {
    void operator()(ZSTD_DCtx* c) const { ZSTD_freeDCtx(c); }
  };
  std::string path_;
  source source_;
  std::vector<char> packed_;
  std::unique_ptr<ZSTD_DCtx, closer> context_{ZSTD_createDCtx()};
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool between_frames_ = true;
  bool flushing_ = false;  // plain bytes may be left inside that need no more packed ones
};

}  // namespace

std::unique_ptr<unpacker> make_unpacker(std::string_view magic, std::string path, unpacker::source source) {
  if (magic.starts_with("\x1f\x8b")) return std::make_unique<gzip_unpacker>(std::move(path), std::move(source));
  if (magic.starts_with("\x28\xb5\x2f\xfd")) return std::make_unique<zstd_unpacker>(std::move(path), std::move(source));
  return nullptr;
}

}  // namespace gli
