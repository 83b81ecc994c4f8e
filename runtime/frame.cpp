#include "runtime/frame.h"

#include <xxhash.h>

#include <cstddef>

#include "runtime/error.h"

namespace gli {

namespace {

uint64_t checksum_of(const frame_header& header) { return XXH3_64bits(&header, offsetof(frame_header, checksum)); }

[[noreturn]] void refuse(const std::string& why) { throw failure{errc::protocol, "bad frame: " + why}; }

}  // namespace

uint64_t cluster_hash(std::string_view cluster) { return XXH3_64bits(cluster.data(), cluster.size()); }

void seal(frame_header& header) { header.checksum = checksum_of(header); }

void check_header(const frame_header& header, uint64_t limit) {
  if (header.magic != frame_magic) refuse("it does not begin with GLI1");
  if (header.checksum != checksum_of(header)) refuse("the header's checksum does not match");
  if (header.length > limit) refuse("a body of " + std::to_string(header.length) + " bytes, over the limit of " + std::to_string(limit));
  if (header.length % 8 != 0) refuse("a body of " + std::to_string(header.length) + " bytes, no multiple of 8");
  if ((header.flags & ~flag_last) != 0 || header.reserved != 0) refuse("reserved bits are set");
}

void check_origin(const frame_header& header, uint64_t cluster, uint32_t epoch) {
  if (header.cluster != cluster) throw failure{errc::protocol, "bad frame: of another cluster"};
  if (header.epoch != epoch)
    throw failure{errc::protocol, "bad frame: of epoch " + std::to_string(header.epoch) + ", this is epoch " + std::to_string(epoch)};
}

}  // namespace gli
