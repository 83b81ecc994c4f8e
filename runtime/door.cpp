#include "runtime/door.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "runtime/private_folder.h"

namespace gli {

namespace {

using asio::use_awaitable;
using protocol = asio::local::stream_protocol;
using local_entrance = entrance<protocol>;

std::string why() { return std::strerror(errno); }

[[noreturn]] void refuse_path(const std::string& path, const std::string& reason) {
  throw failure{errc::io, "cannot open a door at " + path + ": " + reason};
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un a{};
  if (path.empty() || path.size() >= sizeof a.sun_path) refuse_path(path, "a socket's path has at most 107 bytes");
  a.sun_family = AF_UNIX;
  std::memcpy(a.sun_path, path.data(), path.size());
  return a;
}

/// errno of connecting there, 0 when somebody listens.
int try_connect(int descriptor, const std::string& path) {
  auto a = address_of(path);
  return ::connect(descriptor, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0 ? 0 : errno;
}

int make_socket() {
  int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw failure{errc::io, "no socket: " + why()};
  return descriptor;
}

void remove_stale(const std::string& path) {
  struct stat s;
  if (::lstat(path.c_str(), &s) != 0) return;
  if (!S_ISSOCK(s.st_mode)) refuse_path(path, "a file that is no socket is in the way");
  int descriptor = make_socket();
  int error = try_connect(descriptor, path);
  ::close(descriptor);
  if (error != ECONNREFUSED) refuse_path(path, "somebody listens there");
  ::unlink(path.c_str());
}

bool same_user(local_socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

/// Names the door in what went wrong there.
[[noreturn]] void rethrow_at(const std::string& path, const failure& e) {
  throw failure{e.code(), "the door at " + path + ": " + e.what()};
}

}  // namespace

struct door::state {
  void listen(local_entrance::acceptor& acceptor) {
    address_of(path);
    make_folder();
    remove_stale(path);
    boost::system::error_code error;
    acceptor.open(protocol{}, error);
    if (!error) acceptor.bind(protocol::endpoint{path}, error);
    if (!error) acceptor.listen(1024, error);
    if (error) refuse_path(path, error.message());
    ::chmod(path.c_str(), 0600);
    struct stat s;
    if (::lstat(path.c_str(), &s) == 0) inode = s.st_ino;
  }

  void make_folder() const {
    try {
      make_private_folder(std::filesystem::absolute(path).parent_path());
    } catch (const failure& e) { refuse_path(path, e.what()); }
  }

  void unlink_own() {
    struct stat s;
    if (::lstat(path.c_str(), &s) == 0 && s.st_ino == inode) ::unlink(path.c_str());
  }

  std::string path;
  std::shared_ptr<local_entrance> open;
  ino_t inode = 0;
  bool closed = false;
};

namespace {

asio::awaitable<std::function<void()>> greet(local_entrance::socket_ptr socket, const identity& who, const door::handler& handle) {
  if (!same_user(*socket)) throw failure{errc::protocol, "it runs as another user"};
  auto h = co_await answer_hello(*socket, who, [](const hello&) {});
  co_return [h, socket, &handle] { handle(h, std::move(*socket)); };
}

}  // namespace

door::door(asio::io_context& io, std::string path, identity who, handler on_connection, door_options options)
    : state_{std::make_unique<state>()} {
  state_->path = std::move(path);
  auto greeter = [who = std::move(who), handle = std::move(on_connection)](local_entrance::socket_ptr socket) {
    return greet(std::move(socket), who, handle);
  };
  state_->open = std::make_shared<local_entrance>(io, std::move(greeter), std::move(options));
  state_->listen(state_->open->listener());
  state_->open->start();
}

door::~door() { close(); }

const std::string& door::path() const { return state_->path; }

void door::close() {
  if (std::exchange(state_->closed, true)) return;
  state_->unlink_own();
  state_->open->close();
}

std::pair<local_socket, welcome> knock(asio::io_context& io, const std::string& path, const hello& greeting, double timeout_seconds) {
  auto p = patience::seconds(timeout_seconds);
  try {
    local_socket socket{io, protocol{}, make_socket()};
    int error;
    while ((error = try_connect(socket.native_handle(), path)) == EAGAIN && patience::clock::now() < p.until)  // its queue is full
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    if (error != 0) throw failure{errc::unavailable, error == EAGAIN ? "too many wait there" : std::strerror(error)};
    if (!same_user(socket)) throw failure{errc::unavailable, "it belongs to another user"};
    send(socket, plain_header(frame_kind::hello), encode(greeting), p);
    auto w = checked_welcome(receive(socket, limits::before_welcome, p), greeting);
    return {std::move(socket), std::move(w)};
  } catch (const failure& e) { rethrow_at(path, e); }
}

asio::awaitable<std::pair<local_socket, welcome>> async_knock(std::string path, hello greeting, double timeout_seconds) {
  auto executor = co_await asio::this_coro::executor;
  auto socket = std::make_shared<local_socket>(executor);
  closing_timer timer{executor, timeout_seconds, socket};
  try {
    boost::system::error_code error;
    address_of(path);
    co_await socket->async_connect(protocol::endpoint{path}, asio::redirect_error(use_awaitable, error));
    if (error) throw failure{errc::unavailable, error.message()};
    ::fcntl(socket->native_handle(), F_SETFD, FD_CLOEXEC);
    if (!same_user(*socket)) throw failure{errc::unavailable, "it belongs to another user"};
    auto w = co_await say_hello(*socket, greeting);
    co_return std::pair<local_socket, welcome>{std::move(*socket), std::move(w)};
  } catch (const failure& e) {
    if (timer.expired()) throw failure{errc::timeout, "the door at " + path + ": no answer in time"};
    rethrow_at(path, e);
  }
}

void write_frame(local_socket& socket, frame_header header, bytes_view body) { send(socket, header, body, {}); }

frame read_frame(local_socket& socket, uint64_t limit) { return receive(socket, limit, {}); }

}  // namespace gli
