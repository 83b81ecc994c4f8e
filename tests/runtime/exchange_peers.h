#pragma once
// Workers of one test process: each has its own io_context, io thread, door and exchange, over real sockets.

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/exchange.h"
#include "tests/runtime/tls_peers.h"

namespace gli::testing {

struct exchange_peer {
  /// With a bridge the peer has a TLS door too, which placed addresses then are of.
  exchange_peer(const std::string& path, uint32_t epoch = 1, std::shared_ptr<tls_bridge> tls = {}) : bridge{std::move(tls)}, address{path} {
    if (bridge) beyond.emplace(io, bridge, host_port{"127.0.0.1", 0});
    if (bridge) address = beyond->address();
    bulk.emplace(io, identity{"c1", epoch}, path, exchange::beyond_host{address, bridge});
    auto adopt = [this](hello h, local_socket s) {
      if (bulk) bulk->adopt(h, std::move(s));
    };
    entrance.emplace(io, path, identity{"c1", epoch}, adopt);
    if (bridge) beyond->open({"c1", epoch}, adopt);
    thread = std::thread{[this] { io.run(); }};
  }
  /// What the bridge still does for this peer ends on `io`, which therefore runs until then.
  ~exchange_peer() {
    std::promise<void> closed;
    asio::post(io, [&] {
      entrance.reset();
      beyond.reset();
      bulk.reset();
      closed.set_value();
    });
    closed.get_future().wait();
    while (bridge && bridge.use_count() > 1) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    io.stop();
    thread.join();
  }
  std::shared_ptr<tls_bridge> bridge;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::string address;
  std::optional<tls_door> beyond;
  std::optional<exchange> bulk;
  std::optional<door> entrance;
  std::thread thread;
};

class exchange_peers {
 public:
  explicit exchange_peers(uint32_t n, bool tls = false) {
    if (tls) made_.emplace();
    char name[] = "/tmp/gli-exchange-XXXXXX";
    directory_ = ::mkdtemp(name);
    for (uint32_t q = 0; q < n; ++q) {
      peers.push_back(std::make_unique<exchange_peer>(new_door(), 1, made_ ? made_->bridge(role::worker) : nullptr));
      doors.push_back(peers.back()->address);
    }
    place(1);
  }
  ~exchange_peers() {
    peers.clear();
    std::filesystem::remove_all(directory_);
  }
  void place(uint32_t term) {
    for (uint32_t q = 0; q < peers.size(); ++q)
      if (peers[q]) peers[q]->bulk->place(term, q, doors);
  }
  std::string new_door() { return directory_ / std::to_string(++sockets_).append(".sock"); }

  /// Runs body on a thread for each peer with the communicator of job `id`; answers what each threw.
  std::vector<std::exception_ptr> run(uint64_t id, const std::function<void(communicator&)>& body) {
    std::vector<std::exception_ptr> errors(peers.size());
    std::vector<std::thread> threads;
    for (uint32_t q = 0; q < peers.size(); ++q)
      if (peers[q])
        threads.emplace_back([&, q] {
          try {
            auto all = peers[q]->bulk->begin(id, {});
            body(*all);
          } catch (...) { errors[q] = std::current_exception(); }
        });
    for (auto& t : threads) t.join();
    return errors;
  }
  void run_well(uint64_t id, const std::function<void(communicator&)>& body) {
    for (auto& e : run(id, body)) if (e) std::rethrow_exception(e);
  }

  std::vector<std::string> doors;
  std::vector<std::unique_ptr<exchange_peer>> peers;

 private:
  std::filesystem::path directory_;
  std::optional<made_credentials> made_;
  int sockets_ = 0;
};

}  // namespace gli::testing
