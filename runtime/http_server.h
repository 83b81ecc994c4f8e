#pragma once
// A small HTTP/1.1 server for a process's own page and numbers. Boost.Beast parses; one request a connection, GET only.
//
// Bounds: whoever connects is a stranger of runtime/entrance.h until his request is read, which has no body and at most http_limits::header bytes; then
// one of http_limits::readers, and ends when he takes nothing for http_limits::seconds.
// Threads: everything runs on the io_context given; the handler is called there.

#include <boost/asio/ssl.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/address.h"
#include "runtime/credentials.h"
#include "runtime/entrance.h"
#include "runtime/http_request.h"

namespace gli {

struct http_limits {
  static constexpr size_t header = 8192;   // bytes
  static constexpr unsigned readers = 64;  // being answered at once; the next one hears 503
  static constexpr unsigned seconds = 10;  // until a reader has taken what is to be written
};

struct http_answer {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8", body = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
  /// Where set, `body` is only the beginning, and this gives what follows, piece by piece, until it gives an empty one or the reader is gone.
  std::function<asio::awaitable<std::string>()> next = {};
};

/// What a browser may do with an answer of ours: nothing but what is ours, and nobody else's page may show or read it.
std::vector<std::pair<std::string, std::string>> safe_fields();

/// 401: a bearer token is needed.
http_answer unauthorized();

class http_server {
 public:
  using handler = std::function<asio::awaitable<http_answer>(const http_request&)>;

  /// Listens at `at`; port 0: any that is free. Beyond loopback it is TLS with the credentials given; without any failure{value}. failure{io} where it
  /// cannot be listened at. Both name `what`, such as "--metrics". `refused` is told of strangers. Requests that come from pages
  /// of other origins, and on loopback those whose Host is another, are refused before the handler.
  http_server(asio::io_context& io, const host_port& at, const std::string& what, const credentials* beyond, handler answer,
              std::function<void(const std::string&)> refused);
  ~http_server();
  /// "http://127.0.0.1:8787", or https.
  const std::string& url() const;
  const std::string& scheme() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace gli
