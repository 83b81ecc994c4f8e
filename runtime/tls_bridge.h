#pragma once
// What a process needs to talk beyond its host: its credentials, and a thread that runs TLS (docs/hosts.md, "Who checks what, when").
//
// Threads: any; TLS, listeners and relays run on the bridge's own thread. Ending it ends all connections that it carries, but for a bridge that came into this
// process by fork: that one belongs to the parent, and is left alone.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "runtime/address.h"
#include "runtime/credentials.h"
#include "runtime/entrance.h"
#include "runtime/relay.h"

namespace gli {

class tls_bridge {
 public:
  explicit tls_bridge(credentials c);
  ~tls_bridge();
  tls_bridge(const tls_bridge&) = delete;

  const credentials& own() const { return own_; }
  asio::io_context& io() { return engine_->io; }

  /// Connects to gli://HOST:PORT, checks who is there, proves who this is, and says the Hello. The socket is for `io`. Throws failure{value} for what is no
  /// address, failure{unavailable | protocol | timeout} naming it.
  asio::awaitable<std::pair<local_socket, welcome>> async_knock(asio::io_context& io, std::string address, hello greeting, double timeout_seconds);
  std::pair<local_socket, welcome> knock(asio::io_context& io, const std::string& address, const hello& greeting, double timeout_seconds);

  /// Takes one stranger's connection through TLS, proof and Hello, answered for `who`; throws when he is refused. For the bridge's thread.
  asio::awaitable<std::pair<std::shared_ptr<tls_stream>, hello>> admit(std::shared_ptr<asio::ip::tcp::socket> socket, const identity& who);

 private:
  using tcp_socket = std::shared_ptr<asio::ip::tcp::socket>;
  struct answer { std::optional<std::pair<local_socket, welcome>> opened; failure_note why; };  // why not, as a value: it goes from thread to thread
  /// On the bridge's thread, and for it: whoever asked may be gone by then.
  asio::awaitable<answer> knock_there(host_port at, hello greeting, double timeout_seconds);
  static std::pair<local_socket, welcome> take(asio::io_context& io, answer a, const std::string& address);
  asio::awaitable<void> connect(const host_port& at, double timeout_seconds, asio::ip::tcp::socket& socket, const closing_timer<asio::ip::tcp::socket>& timer);
  asio::awaitable<std::pair<std::shared_ptr<tls_stream>, welcome>> introduce(tcp_socket socket, const hello& greeting);

  struct engine {
    explicit engine(const credentials& c);
    asio::ssl::context context;
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::thread thread{[this] { io.run(); }};
  };
  const credentials own_;
  const pid_t process_;
  std::unique_ptr<engine> engine_;
};

/// knock() and async_knock() at any address: with `bridge`, which may be null, beyond this host.
std::pair<local_socket, welcome> knock_at(asio::io_context& io, const std::string& address, const hello& greeting, double timeout_seconds, tls_bridge* bridge);
asio::awaitable<std::pair<local_socket, welcome>> async_knock_at(asio::io_context& io, std::string address, hello greeting, double timeout_seconds,
                                                                 tls_bridge* bridge);

}  // namespace gli
