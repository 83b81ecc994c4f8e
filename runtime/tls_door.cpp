#include "runtime/tls_door.h"

#include <fcntl.h>

#include "runtime/host.h"

namespace gli {

namespace {

using tcp = asio::ip::tcp;
using tcp_entrance = entrance<tcp>;

[[noreturn]] void refuse(const host_port& at, const std::string& why) {
  throw failure{errc::io, "cannot listen at " + at.host + ":" + std::to_string(at.port) + ": " + why};
}

tcp::endpoint endpoint_of(asio::io_context& io, const host_port& at) {
  boost::system::error_code error;
  auto found = tcp::resolver{io}.resolve(at.host, std::to_string(at.port), tcp::resolver::passive, error);
  if (error || found.empty()) refuse(at, "no host is called so");
  return found.begin()->endpoint();
}

void listen(tcp::acceptor& acceptor, asio::io_context& io, const host_port& at) {
  auto endpoint = endpoint_of(io, at);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error) refuse(at, error.message());
  auto is_name = (asio::ip::make_address(at.host, error), bool(error));
  if (is_name && at.host != "localhost" && endpoint.address().is_loopback())
    refuse(at, "that name is " + endpoint.address().to_string() + " on this host, which no other host reaches: name an address of it");
}

struct receiver : std::enable_shared_from_this<receiver> {
  receiver(asio::io_context& c, tls_bridge& b, identity w, door::handler h, std::function<void(const std::string&)> r)
      : io{c}, bridge{b}, who{std::move(w)}, handle{std::move(h)}, refused{std::move(r)} {}

  asio::awaitable<std::function<void()>> greet(std::shared_ptr<tcp::socket> socket) {
    auto [stream, h] = co_await bridge.admit(std::move(socket), who);
    auto near = std::make_shared<local_socket>(start_relay(stream, io));
    co_return [self = shared_from_this(), near, h = h] { asio::post(self->io, [self, near, h] { self->pass_on(h, std::move(*near)); }); };
  }

  void pass_on(const hello& h, local_socket socket) {
    try {
      handle(h, std::move(socket));
    } catch (const std::exception& e) {
      if (refused) refused(std::string{"a connection could not be served: "} + e.what());
    }
  }

  asio::io_context& io;
  tls_bridge& bridge;  // on whose thread this ends, so not its owner
  const identity who;
  const door::handler handle;
  const std::function<void(const std::string&)> refused;
};

}  // namespace

struct tls_door::state {
  asio::io_context& io;
  std::shared_ptr<tls_bridge> bridge;
  tcp::acceptor bound;
  std::shared_ptr<tcp_entrance> open = {};
};

tls_door::tls_door(asio::io_context& io, std::shared_ptr<tls_bridge> bridge, const host_port& at)
    : state_{std::make_unique<state>(state{io, bridge, tcp::acceptor{bridge->io()}})} {
  listen(state_->bound, bridge->io(), at);
  auto bound = state_->bound.local_endpoint();
  address_ = tls_address({bound.address().is_unspecified() ? host_name() : at.host, bound.port()});
}

tls_door::~tls_door() {
  if (state_->open) state_->open->close();
}

void tls_door::open(identity who, door::handler on_connection, door_options options) {
  auto& own = state_->bridge->own();
  if (who.cluster != own.cluster)
    throw failure{errc::value, "the credentials in " + own.path + " are of cluster '" + own.cluster + "', this is '" + who.cluster + "'"};
  auto to = std::make_shared<receiver>(state_->io, *state_->bridge, std::move(who), std::move(on_connection), options.refused);
  auto greet = [to](auto socket) { return to->greet(std::move(socket)); };
  state_->open = std::make_shared<tcp_entrance>(state_->bridge->io(), std::move(greet), std::move(options));
  state_->open->listener() = std::move(state_->bound);
  state_->open->start();
}

}  // namespace gli
