#pragma once
// One door per process: a Unix socket in a 0700 directory. It accepts, checks the peer's credentials (same user), reads the Hello within
// limits::hello_seconds and limits::before_welcome, answers Welcome or Failure, and only then passes the connected socket on.
//
// Threads: everything runs on the io_context given; the handler is called there.

#include <functional>
#include <memory>
#include <string>

#include "runtime/channel.h"
#include "runtime/entrance.h"

namespace gli {

class door {
 public:
  /// Called once for each authenticated connection, after its Welcome was sent. Whoever takes it owns it.
  using handler = std::function<void(hello, local_socket)>;

  /// Listens at `path` (its directory is made as make_private_folder() does; what that refuses, and a path over 107 bytes, is failure{io}).
  /// A socket file at `path` is replaced when nobody answers there. Strangers beyond limits::strangers wait in the kernel's queue.
  door(asio::io_context& io, std::string path, identity who, handler on_connection, door_options options = {});
  ~door();  // closes and unlinks; from any thread, before the io_context
  const std::string& path() const;
  void close();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Connects to the door at `path`, checks that it is owned by this user, sends `greeting` and waits for the Welcome, for at most
/// `timeout_seconds`. Blocking. Throws failure{unavailable | protocol | timeout} naming the path.
std::pair<local_socket, welcome> knock(asio::io_context& io, const std::string& path, const hello& greeting, double timeout_seconds);

/// The same as a coroutine on an io_context.
asio::awaitable<std::pair<local_socket, welcome>> async_knock(std::string path, hello greeting, double timeout_seconds);

/// Blocking frame I/O on a socket, for tests and simple peers. Throw failure{unavailable} when the peer is gone. All writers here fill in magic,
/// length and checksum.
void write_frame(local_socket& socket, frame_header header, bytes_view body);
frame read_frame(local_socket& socket, uint64_t limit);

}  // namespace gli
