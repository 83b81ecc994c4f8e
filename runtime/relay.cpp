#include "runtime/relay.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <vector>

#include "runtime/error.h"

namespace gli {

namespace {

using namespace std::chrono_literals;
using asio::use_awaitable;

constexpr size_t piece = 128u << 10;
constexpr auto between_looks = 1s;
constexpr auto farewell = 5s;               // for the other side to end too
constexpr uint32_t unanswered_probes = 4;  // of a closed window: the kernel's intervals grow from 200 ms

struct relay {
  relay(std::shared_ptr<tls_stream> s, asio::any_io_executor executor) : stream{std::move(s)}, far{executor}, timer{executor} {}

  asio::ip::tcp::socket& tcp() { return *stream->next_layer().socket(); }

  void close() {
    boost::system::error_code ignored;
    tcp().close(ignored);
    far.close(ignored);
    timer.cancel();
  }

  std::shared_ptr<tls_stream> stream;
  local_socket far;
  asio::steady_timer timer;
  int pumps = 2;
  std::vector<char> outward = std::vector<char>(piece), inward = std::vector<char>(piece);
};

template <class From, class To>
asio::awaitable<void> pump(From& from, To& to, std::vector<char>& buffer) {
  boost::system::error_code error;
  for (;;) {
    auto bytes = co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(use_awaitable, error));
    if (error) co_return;
    co_await asio::async_write(to, asio::buffer(buffer, bytes), asio::redirect_error(use_awaitable, error));
    if (error) co_return;
  }
}

/// One pump has ended: nothing more goes that way. Both: the relay has.
void pump_ended(relay& r) {
  if (--r.pumps == 0) return r.close();
  r.timer.expires_after(farewell);  // in place of the next look
}

asio::awaitable<void> pump_out(std::shared_ptr<relay> r) {
  co_await pump(r->far, *r->stream, r->outward);
  boost::system::error_code ignored;
  r->tcp().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  pump_ended(*r);
}

asio::awaitable<void> pump_in(std::shared_ptr<relay> r) {
  co_await pump(*r->stream, r->far, r->inward);
  boost::system::error_code ignored;
  r->far.shutdown(local_socket::shutdown_send, ignored);
  pump_ended(*r);
}

bool other_kernel_is_silent(asio::ip::tcp::socket& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return true;
  auto patience = uint32_t(std::chrono::milliseconds{relay_patience}.count());
  return (info.tcpi_unacked > 0 && info.tcpi_last_ack_recv > patience && info.tcpi_retransmits > 0) || info.tcpi_probes >= unanswered_probes;
}

asio::awaitable<void> watch(std::shared_ptr<relay> r) {
  boost::system::error_code error;
  for (;;) {
    r->timer.expires_after(between_looks);
    do co_await r->timer.async_wait(asio::redirect_error(use_awaitable, error));
    while (r->pumps == 1 && r->timer.expiry() > std::chrono::steady_clock::now());  // a pump ended and changed the time
    if (r->pumps == 0) co_return;
    if (r->pumps == 1 || other_kernel_is_silent(r->tcp())) co_return r->close();
  }
}

void set_options(asio::ip::tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  socket.set_option(asio::socket_base::keep_alive{true}, ignored);
  for (auto [option, value] : {std::pair{TCP_KEEPIDLE, 2}, {TCP_KEEPINTVL, 1}, {TCP_KEEPCNT, 2}})
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
}

}  // namespace

local_socket start_relay(std::shared_ptr<tls_stream> stream, asio::io_context& io) {
  auto executor = stream->get_executor();
  auto r = std::make_shared<relay>(std::move(stream), executor);
  local_socket near{io};
  boost::system::error_code error;
  asio::local::connect_pair(near, r->far, error);
  if (error) throw failure{errc::unavailable, "no socket for a connection: " + error.message()};
  for (auto descriptor : {near.native_handle(), r->far.native_handle()}) ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  r->stream->next_layer().trust();
  set_options(r->tcp());
  asio::co_spawn(executor, pump_out(r), asio::detached);
  asio::co_spawn(executor, pump_in(r), asio::detached);
  asio::co_spawn(executor, watch(r), asio::detached);
  return near;
}

}  // namespace gli
