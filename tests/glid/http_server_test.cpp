// The server of pages and numbers, asked over sockets.

#include "runtime/http_server.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "runtime/token.h"

namespace {

using namespace gli;
namespace fs = std::filesystem;
using tcp = asio::ip::tcp;

struct scratch_directory {
  scratch_directory() {
    char name[] = "/tmp/gli-http-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~scratch_directory() { fs::remove_all(path); }
  fs::path path;
};

/// A server with its thread. It answers the path; /endless goes on with "more" for ever.
struct running_server {
  running_server() : thread{[this] { io.run(); }} {}
  ~running_server() {
    io.stop();
    thread.join();
  }

  static asio::awaitable<http_answer> answer(const http_request& r) {
    if (r.target == "/endless") co_return http_answer{.body = "first", .next = [] { return more(); }};
    if (r.target == "/large") co_return http_answer{.body = std::string(64 << 20, 'x')};
    co_return http_answer{.body = r.target, .fields = safe_fields()};
  }
  static asio::awaitable<std::string> more() {
    std::string piece(1 << 16, 'm');
    co_return piece;
  }

  uint16_t port() const { return uint16_t(std::stoi(server.url().substr(server.url().rfind(':') + 1))); }

  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  http_server server{io, {"127.0.0.1", 0}, "--page", nullptr, answer, {}};
  std::thread thread;
};

struct caller {
  explicit caller(uint16_t port) { socket.connect({asio::ip::make_address("127.0.0.1"), port}); }
  void say(const std::string& text) {
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(text), ignored);
  }
  /// All that comes, until the server closes or `most` bytes are there.
  std::string hear(size_t most = SIZE_MAX) {
    std::string all;
    boost::system::error_code error;
    while (!error && all.size() < most) {
      char piece[4096];
      all.append(piece, socket.read_some(asio::buffer(piece), error));
    }
    return all;
  }
  asio::io_context io;
  tcp::socket socket{io};
};

std::string ask(uint16_t port, const std::string& text) {
  caller c{port};
  c.say(text);
  return c.hear();
}

std::string get(const std::string& path, const std::string& fields = "Host: 127.0.0.1\r\n") { return "GET " + path + " HTTP/1.1\r\n" + fields + "\r\n"; }

TEST(http_server, a_get_is_answered_and_the_connection_closed) {
  running_server s;
  auto heard = ask(s.port(), get("/here?x=1"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 OK\r\n")) << heard;
  EXPECT_TRUE(heard.ends_with("\r\n\r\n/here?x=1")) << heard;
  EXPECT_NE(heard.find("Content-Security-Policy: default-src 'none'"), heard.npos);
  EXPECT_NE(heard.find("Connection: close"), heard.npos);
}

TEST(http_server, anything_but_get_is_405) {
  running_server s;
  for (auto method : {"POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"})
    EXPECT_TRUE(ask(s.port(), std::string{method} + " / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").starts_with("HTTP/1.1 405 ")) << method;
}

TEST(http_server, other_names_and_other_origins_are_403) {
  running_server s;
  EXPECT_TRUE(ask(s.port(), get("/", "Host: evil.example\r\n")).starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(ask(s.port(), get("/", "")).starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(ask(s.port(), get("/", "Host: localhost\r\nOrigin: http://evil.example\r\n")).starts_with("HTTP/1.1 403 "));
}

TEST(http_server, what_is_no_request_or_too_long_is_hung_up_on) {
  running_server s;
  EXPECT_EQ(ask(s.port(), "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"), "");
  EXPECT_EQ(ask(s.port(), "GET / HTTP/9.9\r\n\r\n"), "");
  EXPECT_EQ(ask(s.port(), get("/", "Host: localhost\r\nX: " + std::string(2 * http_limits::header, 'x') + "\r\n")), "");
  EXPECT_EQ(ask(s.port(), "GET /" + std::string(2 * http_limits::header, 'x') + " HTTP/1.1\r\n\r\n"), "");
  EXPECT_TRUE(ask(s.port(), get("/")).starts_with("HTTP/1.1 200"));
}

TEST(http_server, silent_connections_make_room_for_who_asks) {
  running_server s;
  std::vector<std::unique_ptr<caller>> silent;
  for (unsigned i = 0; i < 3 * limits::strangers; ++i) silent.push_back(std::make_unique<caller>(s.port()));
  EXPECT_TRUE(ask(s.port(), get("/")).starts_with("HTTP/1.1 200"));
}

TEST(http_server, a_stream_goes_on_until_its_reader_goes_and_readers_are_bounded) {
  running_server s;
  std::vector<std::unique_ptr<caller>> readers;
  for (unsigned i = 0; i < http_limits::readers; ++i) {
    readers.push_back(std::make_unique<caller>(s.port()));
    readers.back()->say(get("/endless"));
    EXPECT_NE(readers.back()->hear(100'000).find("first"), std::string::npos);
  }
  EXPECT_TRUE(ask(s.port(), get("/")).starts_with("HTTP/1.1 503"));
  readers.clear();
  std::string heard;
  for (int tries = 0; tries < 3000 && !heard.starts_with("HTTP/1.1 200"); ++tries) {
    heard = ask(s.port(), get("/"));
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200")) << heard;
}

TEST(http_server, an_answer_of_many_bytes_arrives_whole) {
  running_server s;
  auto heard = ask(s.port(), get("/large"));
  EXPECT_EQ(heard.size() - heard.find("\r\n\r\n") - 4, size_t{64} << 20);
}

TEST(http_server, beyond_loopback_it_needs_credentials) {
  asio::io_context io;
  try {
    http_server{io, {"0.0.0.0", 0}, "--metrics", nullptr, running_server::answer, {}};
    FAIL();
  } catch (const failure& e) {
    EXPECT_EQ(e.code(), errc::value);
    EXPECT_NE(std::string{e.what()}.find("--metrics 0.0.0.0:0: other hosts would reach that without TLS"), std::string::npos) << e.what();
  }
}

TEST(token, is_drawn_once_kept_for_its_owner_alone_and_refused_when_others_may_read_it) {
  scratch_directory d;
  auto token = token_for(d.path, nullptr);
  EXPECT_EQ(token.size(), 64u);
  EXPECT_EQ(token_for(d.path, nullptr), token);
  EXPECT_EQ(fs::status(d.path / "token").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  fs::permissions(d.path / "token", fs::perms::group_read, fs::perm_options::add);
  EXPECT_THROW(token_for(d.path, nullptr), failure);
}

TEST(token, of_a_cluster_with_credentials_is_the_same_in_all_its_processes_and_another_clusters_is_another) {
  scratch_directory a, b, one, two;
  make_credentials(a.path, "c1");
  make_credentials(b.path, "c2");
  auto coordinator = load_credentials(a.path / "coordinator.pem"), worker = load_credentials(a.path / "worker.pem");
  auto foreign = load_credentials(b.path / "worker.pem");
  auto drawn = token_for(one.path, nullptr);
  EXPECT_NE(token_for(one.path, &coordinator), drawn);
  EXPECT_EQ(token_for(one.path, &coordinator), token_for(two.path, &worker));
  EXPECT_NE(token_for(two.path, &foreign), token_for(one.path, &worker));
}

}  // namespace
