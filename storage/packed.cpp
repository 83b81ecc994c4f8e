#include "storage/packed.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "runtime/error.h"

namespace gli::storage {
namespace {

constexpr int level_to_choose = 3, level_to_keep = 12;
constexpr size_t least_bytes = 64;            // shorter values stay as they are
constexpr size_t header_bytes = 5;            // u8 layout, u32 length of the plain bytes
constexpr uint64_t most_from_a_byte = 32768;  // of plain bytes: zstd makes 128 KiB of 4 bytes at most

/// How the bytes are laid out before they are compressed.
enum class layout : uint8_t {
  plain = 0,
  steps_of_4 = 1,  // u32 numbers: each as its zigzag difference to the one before; first the lowest byte of all, then the next
  steps_of_8 = 2,  // u64 numbers likewise
  bytes_of_8 = 3,  // 8-byte values as they are: first the lowest byte of all, then the next
};
constexpr layout all_layouts[] = {layout::plain, layout::steps_of_4, layout::steps_of_8, layout::bytes_of_8};

size_t word_bytes(layout l) { return l == layout::plain ? 1 : l == layout::steps_of_4 ? 4 : 8; }

template <class Word>
Word zigzag(Word step) { return Word(step << 1) ^ Word(0 - (step >> (8 * sizeof(Word) - 1))); }
template <class Word>
Word from_zigzag(Word x) { return Word(x >> 1) ^ Word(0 - (x & 1)); }

/// What is left behind the last whole word stays at the end.
template <class Word, bool steps>
void split(bytes_view plain, uint8_t* to) {
  auto words = plain.size() / sizeof(Word);
  Word last = 0;
  for (size_t i = 0; i < words; ++i) {
    Word now;
    std::memcpy(&now, plain.data() + i * sizeof now, sizeof now);
    auto x = steps ? zigzag(Word(now - last)) : now;
    last = now;
    for (size_t b = 0; b < sizeof now; ++b) to[b * words + i] = uint8_t(x >> 8 * b);
  }
  std::copy(plain.begin() + ptrdiff_t(words * sizeof(Word)), plain.end(), to + words * sizeof(Word));
}

template <class Word, bool steps>
void join(bytes_view split, uint8_t* to) {
  auto words = split.size() / sizeof(Word);
  Word last = 0;
  for (size_t i = 0; i < words; ++i) {
    Word x = 0;
    for (size_t b = 0; b < sizeof x; ++b) x |= Word(split[b * words + i]) << 8 * b;
    last = steps ? Word(last + from_zigzag(x)) : x;
    std::memcpy(to + i * sizeof last, &last, sizeof last);
  }
  std::copy(split.begin() + ptrdiff_t(words * sizeof(Word)), split.end(), to + words * sizeof(Word));
}

byte_buffer laid_out(bytes_view plain, layout l) {
  byte_buffer bytes(plain.size());
  switch (l) {
    case layout::plain: std::ranges::copy(plain, bytes.begin()); break;
    case layout::steps_of_4: split<uint32_t, true>(plain, bytes.data()); break;
    case layout::steps_of_8: split<uint64_t, true>(plain, bytes.data()); break;
    case layout::bytes_of_8: split<uint64_t, false>(plain, bytes.data()); break;
  }
  return bytes;
}

byte_buffer put_back(byte_buffer bytes, layout l) {
  if (l == layout::plain) return bytes;
  byte_buffer plain(bytes.size());
  switch (l) {
    case layout::plain: break;
    case layout::steps_of_4: join<uint32_t, true>(bytes, plain.data()); break;
    case layout::steps_of_8: join<uint64_t, true>(bytes, plain.data()); break;
    case layout::bytes_of_8: join<uint64_t, false>(bytes, plain.data()); break;
  }
  return plain;
}

void check(size_t rc) {
  if (ZSTD_isError(rc)) throw failure{errc::memory, std::string{"zstd cannot compress: "} + ZSTD_getErrorName(rc)};
}

/// One frame, with its length. Bytes of one place in their words have statistics of their own, and so blocks.
byte_buffer compressed(bytes_view bytes, layout l, int level) {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), ZSTD_freeCCtx};
  if (!context) throw failure{errc::memory, "no memory to compress"};
  check(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
  check(ZSTD_CCtx_setPledgedSrcSize(context.get(), bytes.size()));
  auto blocks = word_bytes(l), each = bytes.size() / blocks;
  byte_buffer frame(ZSTD_compressBound(bytes.size()) + 64 * blocks);
  ZSTD_outBuffer out{frame.data(), frame.size(), 0};
  for (size_t b = 0; b < blocks; ++b) {
    auto last = b + 1 == blocks;
    ZSTD_inBuffer in{bytes.data() + b * each, last ? bytes.size() - b * each : each, 0};
    size_t left = 1;
    while (left > 0) check(left = ZSTD_compressStream2(context.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_flush));
  }
  frame.resize(out.pos);
  return frame;
}

/// Behind the layout.
uint32_t length_in(bytes_view packed) {
  uint32_t length = 0;
  for (size_t i = 0; i < 4; ++i) length |= uint32_t(packed[1 + i]) << 8 * i;
  return length;
}

struct content { layout bytes; uint32_t size; bytes_view frame; };

content content_of(bytes_view packed, const std::string& name) {
  auto fail = [&](const std::string& why) { throw failure{errc::corrupt, name + " " + why}; };
  if (packed.size() < header_bytes) fail("is packed in " + std::to_string(packed.size()) + " bytes");
  if (packed[0] > uint8_t(layout::bytes_of_8)) fail("is packed in an unknown layout, " + std::to_string(packed[0]));
  content c{layout(packed[0]), length_in(packed), packed.subspan(header_bytes)};
  if (c.size / most_from_a_byte > c.frame.size()) fail("says that " + std::to_string(c.frame.size()) + " packed bytes hold " + std::to_string(c.size));
  return c;
}

}  // namespace

std::optional<byte_buffer> pack(bytes_view plain) {
  if (plain.size() < least_bytes || plain.size() > UINT32_MAX) return {};
  auto best = layout::plain;
  auto least = SIZE_MAX;
  for (auto l : all_layouts)
    if (auto size = compressed(laid_out(plain, l), l, level_to_choose).size(); size < least) least = size, best = l;
  auto packed = compressed(laid_out(plain, best), best, level_to_keep);
  uint8_t header[header_bytes] = {uint8_t(best)};
  for (size_t i = 0; i < 4; ++i) header[1 + i] = uint8_t(plain.size() >> 8 * i);
  packed.insert(packed.begin(), header, header + header_bytes);
  return packed.size() <= plain.size() - plain.size() / 8 ? std::optional{std::move(packed)} : std::nullopt;
}

byte_buffer unpack(bytes_view packed, const std::string& name) {
  auto c = content_of(packed, name);
  byte_buffer bytes(c.size);
  auto size = ZSTD_decompress(bytes.data(), bytes.size(), c.frame.data(), c.frame.size());
  if (ZSTD_isError(size) || size != c.size)
    throw failure{errc::corrupt, name + " is damaged: its packed bytes do not make the " + std::to_string(c.size) + " that they say"};
  return put_back(std::move(bytes), c.bytes);
}

uint64_t unpacked_size(bytes_view packed) { return packed.size() < header_bytes ? 0 : length_in(packed); }

}  // namespace gli::storage
