#pragma once
// The frame: what every connection but CAF's carries. 64 bytes of header, then `length` bytes of one Cap'n Proto segment, so that the
// body can be read where it lies. docs/protocol.md explains every field.
//
// Bodies of data and reduce frames are the struct Bulk of schema/wire.capnp, laid without copying by runtime/exchange_link.h; an empty message is one
// frame without a body, and `credit` has none.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/communicator.h"

namespace gli {

constexpr uint32_t protocol_version = 1;
constexpr const char* software_name = "gli " GLI_VERSION;
constexpr uint32_t frame_magic = 0x31494c47;  // "GLI1"

/// What a connection is for, said in its Hello. Append only.
enum class purpose : uint8_t { control = 1, bulk = 2, driver = 3 };

enum class frame_kind : uint16_t {
  hello = 1, welcome = 2, failure = 3,          // every connection
  request = 10, reply = 11, progress = 12,      // driver and coordinator
  load_batch = 20, ack = 21,                    // driver and worker
  query = 22, batch = 23,                       // driver and worker; the last batch of an answer has flag `last`
  data = 30, credit = 31, reduce = 32,          // worker and worker
  page_have = 41, page_want = 42, page_data = 43,  // reserved: replication
};

/// Little endian, 64 bytes, checked by `check_header` before a byte of the body is read.
struct frame_header {
  uint32_t magic = frame_magic;
  uint16_t kind = 0;
  uint16_t flags = 0;      // bit 0: last frame of its message
  uint64_t length = 0;     // bytes of body, a multiple of 8
  uint64_t cluster = 0;    // XXH3-64 of the cluster's id; 0 in a Hello
  uint32_t epoch = 0;      // of the coordinator
  uint32_t term = 0;       // of the placement; frames of a lower term are refused
  uint64_t job = 0;        // job id, or 0
  uint32_t round = 0;      // collective call within the job, from 1
  uint32_t sequence = 0;   // request number (driver), frame of its message (data, from 0), body bytes given back (credit)
  uint32_t sender = 0;     // partition (bulk), else 0
  uint32_t reserved = 0;
  uint64_t checksum = 0;   // XXH3-64 of the 56 bytes before
};
static_assert(sizeof(frame_header) == 64);

constexpr uint16_t flag_last = 1;

struct limits {
  static constexpr uint64_t before_welcome = 4096;       // body bytes a stranger may send
  static constexpr uint64_t driver_body = 64ull << 20;   // body bytes of driver frames, either way
  static constexpr unsigned unanswered_requests = 64;    // of one driver at the coordinator
  static constexpr uint64_t unread_answers = 1ull << 20;    // bytes that wait for a driver, over which it is not read from
  static constexpr uint64_t hoarded_answers = 128ull << 20;  // over which it is hung up on
  static constexpr uint64_t bulk_body = (1ull << 20) + 4096;
  static constexpr uint64_t credit = 8ull << 20;         // unanswered bytes between two workers
  static constexpr uint64_t before_admission = 8192;     // bytes of TLS that a stranger may send
  static constexpr unsigned strangers = 64;              // connections not yet welcome
  static constexpr unsigned hello_seconds = 5;
};

/// frame_header::cluster of a cluster's id.
uint64_t cluster_hash(std::string_view cluster);
/// Sets the checksum. Call last.
void seal(frame_header& header);
/// Throws failure{protocol} naming what is wrong: magic, checksum, length over `limit` or not a multiple of 8, reserved bits.
void check_header(const frame_header& header, uint64_t limit);
/// Throws failure{protocol} for a frame of another cluster or of another life of the coordinator.
void check_origin(const frame_header& header, uint64_t cluster, uint32_t epoch);

struct frame { frame_header header; byte_buffer body; };

}  // namespace gli
