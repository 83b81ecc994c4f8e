#pragma once
// Frames on a stream of Asio's, as coroutines: a local socket, or TLS. They fill in and check magic, length and checksum. Stream and body must outlive
// them. Throw failure{unavailable} when the peer is gone, failure{protocol} for a bad header.

#include <utility>  // Boost 1.74's awaitable.hpp forgets it

#include <array>
#include <boost/asio.hpp>

#include "runtime/codec.h"

namespace gli {

namespace asio = boost::asio;

/// TLS says why it ended; a socket just ends.
[[noreturn]] inline void peer_gone(const boost::system::error_code& error) {
  bool plain = error.category() == boost::system::system_category() || error.category() == asio::error::get_misc_category();
  throw failure{errc::unavailable, "the peer closed the connection" + (plain ? "" : ": " + error.message())};
}

template <class Stream>
asio::awaitable<void> send_frame(Stream& stream, frame_header header, bytes_view body) {
  header.length = body.size();
  seal(header);
  std::array<asio::const_buffer, 2> pieces{asio::buffer(&header, sizeof header), asio::buffer(body.data(), body.size())};
  boost::system::error_code error;
  co_await asio::async_write(stream, pieces, asio::redirect_error(asio::use_awaitable, error));
  if (error) peer_gone(error);
}

template <class Stream>
asio::awaitable<frame> receive_frame(Stream& stream, uint64_t limit) {
  frame f;
  boost::system::error_code error;
  co_await asio::async_read(stream, asio::buffer(&f.header, sizeof f.header), asio::redirect_error(asio::use_awaitable, error));
  if (error) peer_gone(error);
  check_header(f.header, limit);
  f.body.resize(f.header.length);
  co_await asio::async_read(stream, asio::buffer(f.body), asio::redirect_error(asio::use_awaitable, error));
  if (error) peer_gone(error);
  co_return f;
}

}  // namespace gli
