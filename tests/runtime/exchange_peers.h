#pragma once
// Workers of one test process: each has its own io_context, io thread, door and exchange, over real sockets.

#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/exchange.h"

namespace gli::testing {

struct exchange_peer {
  exchange_peer(const std::string& path, uint32_t epoch = 1) : bulk{io, {"c1", epoch}, path} {
    entrance.emplace(io, path, identity{"c1", epoch}, [this](hello h, local_socket s) { bulk.adopt(h, std::move(s)); });
    thread = std::thread{[this] { io.run(); }};
  }
  ~exchange_peer() {
    io.stop();
    thread.join();
  }
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  exchange bulk;
  std::optional<door> entrance;
  std::thread thread;
};

class exchange_peers {
 public:
  explicit exchange_peers(uint32_t n) {
    char name[] = "/tmp/gli-exchange-XXXXXX";
    directory_ = ::mkdtemp(name);
    for (uint32_t q = 0; q < n; ++q) {
      doors.push_back(new_door());
      peers.push_back(std::make_unique<exchange_peer>(doors.back()));
    }
    place(1);
  }
  ~exchange_peers() {
    peers.clear();
    std::filesystem::remove_all(directory_);
  }
  void place(uint32_t term) {
    for (uint32_t q = 0; q < peers.size(); ++q)
      if (peers[q]) peers[q]->bulk.place(term, q, doors);
  }
  std::string new_door() { return directory_ / std::to_string(++made_).append(".sock"); }

  /// Runs body on a thread for each peer with the communicator of job `id`; answers what each threw.
  std::vector<std::exception_ptr> run(uint64_t id, const std::function<void(communicator&)>& body) {
    std::vector<std::exception_ptr> errors(peers.size());
    std::vector<std::thread> threads;
    for (uint32_t q = 0; q < peers.size(); ++q)
      if (peers[q])
        threads.emplace_back([&, q] {
          try {
            auto all = peers[q]->bulk.begin(id, {});
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
  int made_ = 0;
};

}  // namespace gli::testing
