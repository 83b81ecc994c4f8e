#pragma once
// One bulk connection: messages cut into frames, gather-written from where they lie, received into the buffer that their job gets, under credit.
//
// Threads: send, give_back, drop and close from any thread (small frames leave on the caller's thread when the socket takes them); reading, and
// writing what did not fit, on the io_context. The owner's calls come from the io_context, with no lock held,
// but for count_sent.

#include <sys/uio.h>

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/door.h"

namespace gli {

/// How the body of a data or reduce frame begins: the Cap'n Proto struct Bulk of schema/wire.capnp, laid by hand so that the slice goes from where
/// it lies; the slice and zeros to a multiple of 8 follow. An empty body is an empty message.
struct bulk_layout {
  uint64_t root = uint64_t{1} << 32 | uint64_t{1} << 48;  // struct pointer: one data word, one pointer, right behind
  uint64_t total = 0;                                     // bytes of the whole message
  uint64_t bytes = 0;                                     // list pointer: bytes of this slice, right behind

  static bulk_layout of(uint64_t total, uint64_t slice) { return {uint64_t{1} << 32 | uint64_t{1} << 48, total, 1 | (uint64_t{2} | slice << 3) << 32}; }
  uint64_t slice() const { return bytes >> 35; }
};

/// One message of a collective call, whole.
struct bulk_message {
  uint32_t term = 0;
  uint64_t job = 0;
  uint32_t round = 0;
  frame_kind kind = frame_kind::data;  // or reduce: at most one frame
  byte_buffer bytes;
};

class exchange_link : public std::enable_shared_from_this<exchange_link> {
 public:
  class owner {
   public:
    virtual ~owner() = default;
    /// Whether the frame belongs to the past: its body is then skipped.
    virtual bool stale(const frame_header& header) = 0;
    /// A frame's body was received. True: its credit may go back at once; false: the owner gives it back later.
    virtual bool received(exchange_link& from, const frame_header& header) = 0;
    virtual void arrived(exchange_link& from, bulk_message message) = 0;
    virtual void broken(exchange_link& which) = 0;
    /// There was no memory for what a peer sent to this job, whose frames are stale from now on.
    virtual void starved(uint64_t job) = 0;
    virtual void count_sent(uint64_t bytes) = 0;
    virtual void count_received(uint64_t bytes) = 0;
  };

  /// What came and what it may cost; belongs to the owner, who guards it with its own lock.
  struct mailbox {
    struct debt { uint64_t job; uint32_t round; uint64_t bytes; };
    std::vector<bulk_message> messages;
    std::vector<debt> unreturned;  // body bytes of rounds that the job has not reached
    bool broken = false;
  };

  struct ends { uint64_t cluster; uint32_t epoch, here, there; };  // partitions
  exchange_link(local_socket socket, ends e, std::string address, std::shared_ptr<owner> o);

  void start();
  void send(bulk_message message);
  void give_back(uint64_t bytes);
  void drop(uint64_t up_to_job);  // what waits to be sent for them
  void close();                   // the owner hears `broken` on the io_context

  uint32_t peer() const { return ends_.there; }
  const std::string& address() const { return address_; }
  mailbox box;

 private:
  struct pending { bulk_message message; size_t offset = 0; uint32_t sequence = 0; };

  // Writing; mutex_ is held.
  void flush();
  bool next_frame();
  void lay_credit();
  bool lay_message();
  void set_pieces(const uint8_t* slice, size_t slice_bytes, size_t prefix_bytes);
  void advance(size_t sent);
  void await_write();
  void await_read();

  // Reading; one handler at a time.
  enum class step { go_on, wait, broken };
  void read_ready();
  step read_step();
  step take_step();
  step fill_stage();
  step fill_body();
  step body_came(size_t bytes);
  void begin_frame();
  void begin_message(const frame_header& h);
  void begin_slice();
  void finish_frame();
  void starve();
  void fail();
  size_t staged() const { return stage_end_ - stage_begin_; }

  const ends ends_;
  const std::string address_;
  const std::shared_ptr<owner> owner_;

  std::mutex mutex_;  // guards the socket object and the writing side
  local_socket socket_;
  const int descriptor_;  // closed only by the reading side
  bool open_ = true, write_awaited_ = false;
  std::deque<pending> queue_;
  uint64_t in_flight_ = 0;  // body bytes sent and not given back
  uint64_t due_ = 0;        // body bytes to give back
  frame_header out_header_;
  bulk_layout out_prefix_{};
  std::array<iovec, 4> pieces_{};  // header, layout, slice, padding
  size_t out_left_ = 0;
  bool out_is_last_ = false;       // the frame ends queue_.front()

  std::atomic<uint64_t> outstanding_{0};  // body bytes received and not given back
  std::array<uint8_t, 4096> stage_;
  size_t stage_begin_ = 0, stage_end_ = 0;
  frame_header in_header_;
  bool in_frame_ = false, in_prefix_ = false, skip_ = false;
  uint64_t body_left_ = 0, slice_left_ = 0;  // of the frame: bytes to come; of them, bytes of the message
  bulk_message message_;
  uint64_t message_total_ = 0, filled_ = 0;  // bytes of message_
  uint32_t next_sequence_ = 0;
};

}  // namespace gli
