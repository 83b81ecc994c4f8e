#pragma once
// Blocking frames on a connected socket, with a deadline and an interrupt: for whoever has a thread to wait with and no event loop. While it waits it
// calls `interrupt`, if there is one, at least every 100 ms; that may throw.
//
// Throws failure{unavailable} when the peer is gone, failure{timeout} after the deadline, failure{protocol} for a bad header.

#include <utility>  // Boost 1.74's awaitable.hpp forgets it

#include <boost/asio.hpp>
#include <chrono>
#include <functional>

#include "runtime/codec.h"

namespace gli {

using local_socket = boost::asio::local::stream_protocol::socket;
using interrupt_check = std::function<void()>;

struct patience {
  using clock = std::chrono::steady_clock;
  clock::time_point until = clock::time_point::max();
  const interrupt_check* interrupt = nullptr;

  static patience seconds(double s);
  /// Blocks until the descriptor is ready for `events` (poll's), as long as this patience lasts.
  void wait(int descriptor, short events) const;
};

/// Fills in magic, length and checksum. After a throw the frame may be half written, and nothing can follow it.
void send(local_socket& socket, frame_header header, bytes_view body, const patience& p);
frame receive(local_socket& socket, uint64_t limit, const patience& p);

/// Receives frames one after the other; after a timeout or an interrupt the next call goes on where the last one stopped.
class frame_reader {
 public:
  frame next(local_socket& socket, uint64_t limit, const patience& p);

 private:
  void read(int descriptor, uint8_t* to, size_t bytes, const patience& p);
  frame frame_;
  size_t done_ = 0;  // bytes of the piece in hand
  bool in_body_ = false;
};
/// Whether receive() would find something now.
bool readable(local_socket& socket);

}  // namespace gli
