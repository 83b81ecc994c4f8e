#pragma once
// Names of hosts, looked up by the system on a thread that nobody waits for: an io_context's own resolver keeps whoever destroys it waiting, for as long as a
// name server that is silent.

#include <utility>  // Boost 1.74's awaitable.hpp forgets it

#include <boost/asio.hpp>
#include <vector>

#include "runtime/address.h"

namespace gli {

/// Where to connect to, best first; an address needs no look-up. Throws failure{unavailable} for a name that nobody has, failure{timeout} after that many seconds.
boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> look_up(boost::asio::io_context& io, host_port at, double timeout_seconds);

}  // namespace gli
