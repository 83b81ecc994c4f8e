#include "runtime/door.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <list>
#include <thread>

namespace gli {

namespace {

using asio::use_awaitable;
using protocol = asio::local::stream_protocol;

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

/// Makes the directory with mode 0700, or checks that one that exists is ours and has it.
void prepare_directory(const std::string& path) {
  auto directory = std::filesystem::absolute(path).parent_path();
  std::error_code ignored;
  std::filesystem::create_directories(directory.parent_path(), ignored);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) refuse_path(path, why());
  struct stat s;
  if (::lstat(directory.c_str(), &s) != 0) refuse_path(path, why());
  if (!S_ISDIR(s.st_mode)) refuse_path(path, directory.string() + " is no directory");
  if (s.st_uid != ::geteuid()) refuse_path(path, directory.string() + " belongs to another user");
  if ((s.st_mode & 0777) != 0700) refuse_path(path, directory.string() + " must have mode 0700");
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

/// What a peer calls itself, short enough for an answer.
std::string clip(const std::string& name) { return name.size() <= 100 ? name : name.substr(0, 100) + "…"; }

std::string numbers(const std::string& software, uint32_t version) { return clip(software) + " with protocol " + std::to_string(version); }

void check(const hello& h, const identity& who) {
  if (h.version != protocol_version)
    throw failure{errc::protocol, "this is " + numbers(software_name, protocol_version) + ", you are " + numbers(h.software, h.version)};
  if (h.what < purpose::control || h.what > purpose::driver) throw failure{errc::protocol, "no purpose " + std::to_string(int(h.what))};
  if (h.cluster != who.cluster && !(h.cluster.empty() && h.what == purpose::driver))
    throw failure{errc::protocol, "this is cluster '" + who.cluster + "', you ask for '" + clip(h.cluster) + "'"};
}

frame_header plain_header(frame_kind kind) {
  frame_header h;
  h.kind = uint16_t(kind);
  h.flags = flag_last;
  return h;
}

hello checked_hello(const frame& f, const identity& who) {
  if (f.header.kind != uint16_t(frame_kind::hello)) throw failure{errc::protocol, "a connection begins with a Hello"};
  auto h = decode_hello(f.body);
  check(h, who);
  return h;
}

welcome checked_welcome(const frame& f, const hello& greeting) {
  if (f.header.kind == uint16_t(frame_kind::failure)) {
    auto note = decode_failure(f.body);
    throw failure{note.code, note.message};
  }
  if (f.header.kind != uint16_t(frame_kind::welcome)) throw failure{errc::protocol, "a Hello was answered by frame kind " + std::to_string(f.header.kind)};
  auto w = decode_welcome(f.body);
  if (w.version != protocol_version)
    throw failure{errc::protocol, "this is " + numbers(software_name, protocol_version) + ", the peer is " + numbers(w.software, w.version)};
  if (!greeting.cluster.empty() && greeting.cluster != w.cluster)
    throw failure{errc::protocol, "the door belongs to cluster '" + w.cluster + "', not to '" + greeting.cluster + "'"};
  return w;
}

/// Names the door in what went wrong there.
[[noreturn]] void rethrow_at(const std::string& path, const failure& e) {
  throw failure{e.code(), "the door at " + path + ": " + e.what()};
}

/// The socket belongs to a timer as well, which closes it unless `done` comes first.
class closing_timer {
 public:
  closing_timer(asio::any_io_executor executor, double seconds, std::shared_ptr<local_socket> socket) : timer_{executor} {
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>{seconds}));
    timer_.async_wait([expired = expired_, socket](boost::system::error_code error) {
      if (error || *expired) return;
      *expired = true;
      boost::system::error_code ignored;
      socket->close(ignored);
    });
  }
  bool expired() const { return *expired_; }

 private:
  std::shared_ptr<bool> expired_ = std::make_shared<bool>(false);
  asio::steady_timer timer_;
};

}  // namespace

// All but the constructor and close() run on the strand.
struct door::state : std::enable_shared_from_this<door::state> {
  state(asio::io_context& c, std::string p, identity w, handler h, door_options o)
      : io{c}, strand{asio::make_strand(c)}, acceptor{c}, vacancy{strand}, path{std::move(p)}, who{std::move(w)}, handle{std::move(h)},
        options{std::move(o)} {}

  void listen() {
    address_of(path);
    prepare_directory(path);
    remove_stale(path);
    boost::system::error_code error;
    acceptor.open(protocol{}, error);
    ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) acceptor.bind(protocol::endpoint{path}, error);
    if (!error) acceptor.listen(1024, error);
    if (error) refuse_path(path, error.message());
    ::chmod(path.c_str(), 0600);
    struct stat s;
    if (::lstat(path.c_str(), &s) == 0) inode = s.st_ino;
  }

  asio::awaitable<void> accept(std::shared_ptr<state> self) {  // which keeps the state alive
    while (!closed) {
      if (strangers.size() >= limits::strangers) {
        co_await pause(std::chrono::hours{1});
        continue;
      }
      auto socket = std::make_shared<local_socket>(io);
      boost::system::error_code error;
      co_await acceptor.async_accept(*socket, asio::redirect_error(use_awaitable, error));
      if (error && !closed) co_await pause(std::chrono::milliseconds{100});  // out of descriptors, say: the next may go better
      if (error || closed) continue;
      ::fcntl(socket->native_handle(), F_SETFD, FD_CLOEXEC);
      auto place = strangers.insert(strangers.end(), socket);
      asio::co_spawn(strand, admit(self, place), asio::detached);
    }
  }

  /// Until a stranger leaves, the door closes, or the time is over.
  asio::awaitable<void> pause(std::chrono::milliseconds time) {
    boost::system::error_code ignored;
    vacancy.expires_after(time);
    co_await vacancy.async_wait(asio::redirect_error(use_awaitable, ignored));
  }

  asio::awaitable<void> admit([[maybe_unused]] std::shared_ptr<state> self, std::list<std::shared_ptr<local_socket>>::iterator place) {
    auto socket = *place;
    hello greeting;
    bool welcome_sent = false;
    try {
      closing_timer timer{strand, options.hello_seconds, socket};
      try {
        greeting = co_await greet(*socket);
        welcome_sent = true;
      } catch (const std::exception& e) {
        tell(timer.expired() ? "a stranger said no Hello in time" : std::string{"a stranger was refused: "} + e.what());
      }
    } catch (const std::exception&) {  // the listener of refusals failed; the connection ends all the same
    }
    strangers.erase(place);
    vacancy.cancel();
    if (!welcome_sent || closed) co_return;
    try {
      handle(std::move(greeting), std::move(*socket));
    } catch (const std::exception& e) {
      tell(std::string{"a connection could not be served: "} + e.what());
    }
  }

  /// Reads the Hello and answers it. Throws after a refusal was sent.
  asio::awaitable<hello> greet(local_socket& socket) {
    if (!same_user(socket)) throw failure{errc::protocol, "it runs as another user"};
    hello h;
    failure_note refusal;
    try {
      auto f = co_await receive_frame(socket, limits::before_welcome);
      h = checked_hello(f, who);
    } catch (const failure& e) {
      if (e.code() != errc::protocol) throw;
      refusal = {e.code(), e.what()};
    }
    if (!refusal.message.empty()) {
      auto body = encode(refusal);
      co_await send_frame(socket, plain_header(frame_kind::failure), body);
      throw failure{refusal.code, refusal.message};
    }
    auto body = encode(welcome{protocol_version, software_name, who.cluster, who.epoch});
    auto header = plain_header(frame_kind::welcome);
    header.cluster = cluster_hash(who.cluster);
    header.epoch = who.epoch;
    co_await send_frame(socket, header, body);
    co_return h;
  }

  void tell(const std::string& line) {
    if (options.refused) options.refused(line);
  }

  /// On the strand: ends everything that is under way.
  void stop() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    vacancy.cancel();
    for (auto& s : strangers) s->close(ignored);
  }

  void unlink_own() {
    struct stat s;
    if (::lstat(path.c_str(), &s) == 0 && s.st_ino == inode) ::unlink(path.c_str());
  }

  asio::io_context& io;
  asio::strand<asio::io_context::executor_type> strand;
  protocol::acceptor acceptor;
  asio::steady_timer vacancy;
  std::string path;
  identity who;
  handler handle;
  door_options options;
  ino_t inode = 0;
  std::list<std::shared_ptr<local_socket>> strangers;
  std::atomic<bool> closed{false};
};

door::door(asio::io_context& io, std::string path, identity who, handler on_connection, door_options options)
    : path_{std::move(path)},
      state_{std::make_shared<state>(io, path_, std::move(who), std::move(on_connection), std::move(options))} {
  state_->listen();
  asio::co_spawn(state_->strand, state_->accept(state_), asio::detached);
}

door::~door() { close(); }

void door::close() {
  if (state_->closed.exchange(true)) return;
  state_->unlink_own();
  asio::post(state_->strand, [s = state_] { s->stop(); });
}

hello driver_hello(const std::string& cluster) {
  hello h;
  h.software = software_name;
  h.what = purpose::driver;
  h.cluster = cluster;
  h.pid = uint32_t(::getpid());
  return h;
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
    auto body = encode(greeting);
    co_await send_frame(*socket, plain_header(frame_kind::hello), body);
    auto f = co_await receive_frame(*socket, limits::before_welcome);
    auto w = checked_welcome(f, greeting);
    co_return std::pair<local_socket, welcome>{std::move(*socket), std::move(w)};
  } catch (const failure& e) {
    if (timer.expired()) throw failure{errc::timeout, "the door at " + path + ": no answer in time"};
    rethrow_at(path, e);
  }
}

void write_frame(local_socket& socket, frame_header header, bytes_view body) { send(socket, header, body, {}); }

frame read_frame(local_socket& socket, uint64_t limit) { return receive(socket, limit, {}); }

asio::awaitable<void> send_frame(local_socket& socket, frame_header header, bytes_view body) {
  header.length = body.size();
  seal(header);
  std::array<asio::const_buffer, 2> pieces{asio::buffer(&header, sizeof header), asio::buffer(body.data(), body.size())};
  boost::system::error_code error;
  co_await asio::async_write(socket, pieces, asio::redirect_error(use_awaitable, error));
  if (error) throw failure{errc::unavailable, "the peer closed the connection"};
}

asio::awaitable<frame> receive_frame(local_socket& socket, uint64_t limit) {
  frame f;
  boost::system::error_code error;
  co_await asio::async_read(socket, asio::buffer(&f.header, sizeof f.header), asio::redirect_error(use_awaitable, error));
  if (error) throw failure{errc::unavailable, "the peer closed the connection"};
  check_header(f.header, limit);
  f.body.resize(f.header.length);
  co_await asio::async_read(socket, asio::buffer(f.body), asio::redirect_error(use_awaitable, error));
  if (error) throw failure{errc::unavailable, "the peer closed the connection"};
  co_return f;
}

}  // namespace gli
