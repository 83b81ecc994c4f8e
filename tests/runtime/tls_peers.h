#pragma once
// A cluster's credentials in a scratch folder, and a TLS door with threads of its own, for tests.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/tls_door.h"

namespace gli::testing {

struct made_credentials {
  explicit made_credentials(const std::string& cluster = "c1", const credentials_days& days = {}) {
    char name[] = "/tmp/gli-tls-XXXXXX";
    folder = ::mkdtemp(name);
    make_credentials(folder + "/credentials", cluster, days);
  }
  ~made_credentials() { std::filesystem::remove_all(folder); }
  std::string file(role r) const { return folder + "/credentials/" + name_of(r) + ".pem"; }
  std::shared_ptr<tls_bridge> bridge(role r) const { return std::make_shared<tls_bridge>(load_credentials(file(r))); }
  std::string folder;
};

/// Whoever is admitted hears one `ack` that echoes his purpose, and then his own frames.
struct open_tls_door {
  open_tls_door(std::shared_ptr<tls_bridge> bridge, const std::string& cluster = "c1", door_options options = {}) {
    options.refused = [this](const std::string& line) {
      std::lock_guard lock{mutex};
      refusals.push_back(line);
      changed.notify_all();
    };
    entrance = std::make_unique<tls_door>(io, std::move(bridge), host_port{"127.0.0.1", 0});
    entrance->open({cluster, 7}, [this](hello h, local_socket s) {
      auto socket = std::make_shared<local_socket>(std::move(s));
      asio::co_spawn(io, [h, socket]() { return echo(h, socket); }, asio::detached);
    }, std::move(options));
    thread = std::thread{[this] { io.run(); }};
  }
  ~open_tls_door() {
    entrance.reset();
    io.stop();
    thread.join();
  }

  static asio::awaitable<void> echo(hello h, std::shared_ptr<local_socket> socket) {
    try {
      frame_header header;
      header.kind = uint16_t(frame_kind::ack);
      header.sequence = uint32_t(h.what);
      co_await send_frame(*socket, header, {});
      for (;;) {
        auto f = co_await receive_frame(*socket, limits::driver_body);
        co_await send_frame(*socket, f.header, f.body);
      }
    } catch (const failure&) {  // hung up
    }
  }

  std::string last_refusal(size_t count = 1) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return refusals.size() >= count; });
    return refusals.back();
  }

  host_port at() const { return parse_host_port(entrance->address()); }
  const std::string& address() const { return entrance->address(); }

  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> refusals;
  std::unique_ptr<tls_door> entrance;
  std::thread thread;
};

}  // namespace gli::testing
