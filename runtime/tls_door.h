#pragma once
// The door beyond the host: TCP with mutual TLS 1.3 and the cluster's secret, beside the Unix socket of runtime/door.h.
//
// Threads: TLS runs on the bridge's thread; the handler is called on the io_context.

#include "runtime/door.h"
#include "runtime/tls_bridge.h"

namespace gli {

class tls_door {
 public:
  /// Listens at `at`, a name or an address of this host; port 0: any that is free. Throws failure{io} naming it. The handler gets local sockets for `io`,
  /// whose other ends the bridge relays.
  tls_door(asio::io_context& io, std::shared_ptr<tls_bridge> bridge, const host_port& at);
  ~tls_door();  // closes; from any thread
  /// gli://HOST:PORT as given, with the port that it has; where HOST stands for all addresses, by this host's name.
  const std::string& address() const { return address_; }

  /// Begins to admit; who knocked before has waited. The identity's cluster must be that of the bridge's credentials, else failure{value}. Once.
  void open(identity who, door::handler on_connection, door_options options = {});

 private:
  struct state;
  std::string address_;
  std::unique_ptr<state> state_;
};

}  // namespace gli
