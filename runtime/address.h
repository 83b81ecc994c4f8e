#pragma once
// Where a door is (docs/hosts.md, "Addresses"). A door's address is the path of a Unix socket, or gli://HOST:PORT.
//
// Thread-safe. Throw failure{value} naming the address.

#include <cstdint>
#include <string>

#include "runtime/codec.h"

namespace gli {

struct host_port {
  std::string host;
  uint16_t port = 0;
  friend bool operator==(const host_port&, const host_port&) = default;
};

bool is_tls(const std::string& address);
/// HOST:PORT or [IPV6]:PORT, with "gli://" before it or not; `what` is how a message calls it.
host_port parse_host_port(const std::string& text, const std::string& what = "address");
std::string tls_address(const host_port& at);

/// The door of a worker as whoever is on `host` (this_host() of host.h) reaches it.
const std::string& door_for(const std::string& host, const worker_info& worker);

}  // namespace gli
