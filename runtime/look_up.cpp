#include "runtime/look_up.h"

#include <netdb.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "runtime/channel.h"
#include "runtime/entrance.h"

namespace gli {

namespace {

using tcp = asio::ip::tcp;

struct answer {
  std::mutex mutex;
  bool is_there = false;
  std::vector<tcp::endpoint> found;
  std::string why_not;
};

void ask_system(const host_port& at, answer& a) {
  addrinfo wanted{}, *list = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG;
  int error = ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &wanted, &list);
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{list, ::freeaddrinfo};
  std::lock_guard lock{a.mutex};
  a.is_there = true;
  if (error) a.why_not = ::gai_strerror(error);
  for (auto* i = error ? nullptr : list; i; i = i->ai_next) {
    tcp::endpoint e;
    if (i->ai_addrlen > e.capacity()) continue;
    std::memcpy(e.data(), i->ai_addr, i->ai_addrlen);
    e.resize(i->ai_addrlen);
    a.found.push_back(e);
  }
}

}  // namespace

asio::awaitable<std::vector<tcp::endpoint>> look_up(asio::io_context& io, host_port at, double timeout_seconds) {
  boost::system::error_code error;
  if (auto address = asio::ip::make_address(at.host, error); !error) co_return std::vector{tcp::endpoint{address, at.port}};
  auto here = std::make_shared<local_socket>(io);
  auto a = std::make_shared<answer>();
  try {
    local_socket there{io};
    asio::local::connect_pair(*here, there);
    std::thread{[a, at, there = there.release()] {
      ask_system(at, *a);
      ::close(there);  // which wakes whoever waits
    }}.detach();
  } catch (const std::system_error& e) { throw failure{errc::unavailable, "'" + at.host + "' cannot be looked up: " + e.what()}; }
  closing_timer timer{io.get_executor(), timeout_seconds, here};
  char nothing;
  co_await here->async_read_some(asio::buffer(&nothing, 1), asio::redirect_error(asio::use_awaitable, error));
  std::lock_guard lock{a->mutex};
  if (!a->is_there) throw failure{errc::timeout, "'" + at.host + "' was not found in time"};
  if (a->found.empty()) throw failure{errc::unavailable, "no host is called '" + at.host + "': " + a->why_not};
  co_return a->found;
}

}  // namespace gli
