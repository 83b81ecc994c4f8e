#pragma once
// A relay pumps between a TLS stream and one of a pair of local sockets, whose other end is as good as a connection on this host.

#include "runtime/channel.h"
#include "runtime/tls_socket.h"

namespace gli {

/// Starts a relay on the stream's executor, which is one thread; answers the other end of the pair, for `io`. Whichever side ends, what it sent before still
/// arrives. A TCP connection whose other kernel has not answered for relay_patience is ended.
local_socket start_relay(std::shared_ptr<tls_stream> stream, asio::io_context& io);

constexpr std::chrono::seconds relay_patience{4};

}  // namespace gli
