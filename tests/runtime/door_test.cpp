#include "runtime/door.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <random>
#include <thread>

namespace gli {
namespace {

namespace fs = std::filesystem;

struct scratch_directory {
  scratch_directory() {
    char name[] = "/tmp/gli-door-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~scratch_directory() { fs::remove_all(path); }
  fs::path path;
};

/// A door with its io thread; welcomed peers are counted and answered with one `ack` frame that echoes the purpose.
struct open_door {
  explicit open_door(const std::string& at, door_options options = {}) {
    options.refused = [this](const std::string& line) {
      std::lock_guard lock{mutex};
      refusals.push_back(line);
      refused.notify_all();
    };
    entrance = std::make_unique<door>(io, at, identity{"c1", 7}, [](hello h, local_socket s) {
      frame_header header;
      header.kind = uint16_t(frame_kind::ack);
      header.sequence = uint32_t(h.what);
      write_frame(s, header, {});
    }, std::move(options));
    thread = std::thread{[this] { io.run(); }};
  }
  ~open_door() {
    entrance.reset();
    work.reset();
    thread.join();
  }
  std::string first_refusal() {
    std::unique_lock lock{mutex};
    refused.wait(lock, [this] { return !refusals.empty(); });
    return refusals[0];
  }
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::mutex mutex;
  std::condition_variable refused;
  std::vector<std::string> refusals;
  std::unique_ptr<door> entrance;
  std::thread thread;
};

struct door_test : testing::Test {
  scratch_directory scratch;
  std::string at = (scratch.path / "run" / "d.sock").string();
  asio::io_context io;

  hello greeting(purpose what = purpose::driver, std::string cluster = "c1") {
    hello h;
    h.software = "gli test";
    h.what = what;
    h.cluster = std::move(cluster);
    return h;
  }
  local_socket stranger() {
    local_socket s{io};
    s.connect(asio::local::stream_protocol::endpoint{at});
    return s;
  }
  void expect_open() {
    auto [socket, w] = knock(io, at, greeting(), 30);
    EXPECT_EQ(read_frame(socket, 0).header.sequence, uint32_t(purpose::driver));
  }
  std::pair<local_socket, welcome> knock_on_loop(double seconds) {
    std::optional<std::pair<local_socket, welcome>> answer;
    auto knocking = [&]() -> asio::awaitable<void> { answer.emplace(co_await async_knock(at, greeting(), seconds)); };
    auto done = asio::co_spawn(io, knocking(), asio::use_future);
    io.run();
    done.get();
    return std::move(*answer);
  }
  template <class F> std::string failure_of(F&& f, errc code) {
    try {
      f();
    } catch (const failure& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      return e.what();
    }
    ADD_FAILURE() << "nothing thrown";
    return {};
  }
  /// Reads until the door closes the connection.
  void expect_closed(local_socket& s) {
    std::array<char, 4096> sink;
    boost::system::error_code error;
    while (!error) s.read_some(asio::buffer(sink), error);
  }
};

TEST_F(door_test, welcomes_a_driver_and_passes_its_socket_on) {
  open_door d{at};
  auto [socket, w] = knock(io, at, greeting(), 30);
  EXPECT_EQ(w.cluster, "c1");
  EXPECT_EQ(w.epoch, 7u);
  EXPECT_EQ(w.version, protocol_version);
  EXPECT_EQ(read_frame(socket, 0).header.sequence, uint32_t(purpose::driver));
}

TEST_F(door_test, a_driver_need_not_know_the_cluster_but_a_worker_must) {
  open_door d{at};
  EXPECT_EQ(knock(io, at, greeting(purpose::driver, ""), 30).second.cluster, "c1");
  auto why = failure_of([&] { knock(io, at, greeting(purpose::bulk, ""), 30); }, errc::protocol);
  EXPECT_NE(why.find("'c1'"), std::string::npos) << why;
}

TEST_F(door_test, refuses_another_version_and_names_both) {
  open_door d{at};
  auto h = greeting();
  h.version = 99;
  auto why = failure_of([&] { knock(io, at, h, 30); }, errc::protocol);
  for (auto* part : {software_name, "gli test", "protocol 1", "protocol 99"}) EXPECT_NE(why.find(part), std::string::npos) << why;
  expect_open();
}

TEST_F(door_test, refuses_another_cluster_and_an_unknown_purpose) {
  open_door d{at};
  auto why = failure_of([&] { knock(io, at, greeting(purpose::control, "c2"), 30); }, errc::protocol);
  EXPECT_NE(why.find("'c2'"), std::string::npos) << why;
  failure_of([&] { knock(io, at, greeting(purpose(77)), 30); }, errc::protocol);
  expect_open();
}

TEST_F(door_test, survives_a_megabyte_of_random_bytes) {
  open_door d{at};
  std::mt19937_64 random{1};
  std::vector<uint64_t> junk(1 << 17);
  for (auto& x : junk) x = random();
  auto s = stranger();
  boost::system::error_code error;
  asio::write(s, asio::buffer(junk), error);
  expect_closed(s);
  expect_open();
}

TEST_F(door_test, a_header_that_announces_two_gigabytes_is_refused_unread) {
  open_door d{at};
  frame_header h;
  h.kind = uint16_t(frame_kind::hello);
  h.length = 2ull << 30;
  seal(h);
  auto s = stranger();
  asio::write(s, asio::buffer(&h, sizeof h));
  auto f = read_frame(s, limits::before_welcome);
  EXPECT_EQ(f.header.kind, uint16_t(frame_kind::failure));
  EXPECT_NE(decode_failure(f.body).message.find("2147483648 bytes"), std::string::npos);
  expect_closed(s);
  expect_open();
}

TEST_F(door_test, a_connection_that_begins_with_anything_else_or_with_a_bad_body_is_refused) {
  open_door d{at};
  for (auto kind : {frame_kind::request, frame_kind::hello}) {
    auto s = stranger();
    frame_header h;
    h.kind = uint16_t(kind);
    write_frame(s, h, byte_buffer(64, 0xff));
    EXPECT_EQ(read_frame(s, limits::before_welcome).header.kind, uint16_t(frame_kind::failure));
    expect_closed(s);
  }
  expect_open();
}

TEST_F(door_test, silence_is_ended) {
  open_door d{at, {.hello_seconds = 0.05, .refused = {}}};
  auto s = stranger();
  expect_closed(s);
  EXPECT_EQ(d.first_refusal(), "a stranger said no Hello in time");
}

TEST_F(door_test, a_hundred_silent_strangers_only_delay_the_next) {
  open_door d{at, {.hello_seconds = 0.2, .refused = {}}};
  std::vector<local_socket> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(stranger());
  expect_open();
}

TEST_F(door_test, serves_a_hundred_connections_at_once) {
  open_door d{at};
  std::vector<std::future<void>> peers;
  for (int i = 0; i < 100; ++i)
    peers.push_back(std::async(std::launch::async, [&] {
      asio::io_context own;
      auto [socket, w] = knock(own, at, greeting(), 30);
      EXPECT_EQ(read_frame(socket, 0).header.kind, uint16_t(frame_kind::ack));
    }));
  for (auto& p : peers) p.get();
}

TEST_F(door_test, makes_its_directory_private_and_removes_its_socket) {
  {
    open_door d{at};
    struct stat s;
    ASSERT_EQ(::stat(fs::path{at}.parent_path().c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777, 0700u);
  }
  EXPECT_FALSE(fs::exists(at));
}

TEST_F(door_test, refuses_a_directory_that_others_may_enter) {
  fs::create_directory(scratch.path / "run");
  fs::permissions(scratch.path / "run", fs::perms(0755));
  auto why = failure_of([&] { open_door d{at}; }, errc::io);
  EXPECT_NE(why.find("chmod 700 " + (scratch.path / "run").string()), std::string::npos) << why;
  EXPECT_NE(why.find(at), std::string::npos) << why;
}

TEST_F(door_test, refuses_a_path_that_is_too_long) {
  failure_of([&] { open_door d{(scratch.path / std::string(100, 'x') / "d.sock").string()}; }, errc::io);
}

TEST_F(door_test, replaces_a_stale_socket_but_neither_a_live_one_nor_a_file) {
  fs::create_directory(scratch.path / "run");
  fs::permissions(scratch.path / "run", fs::perms(0700));
  {
    asio::local::stream_protocol::acceptor dead{io, asio::local::stream_protocol::endpoint{at}};  // leaves its file behind
  }
  ASSERT_TRUE(fs::exists(at));
  open_door d{at};
  auto why = failure_of([&] { open_door second{at}; }, errc::io);
  EXPECT_NE(why.find("somebody listens"), std::string::npos) << why;
  auto file = (scratch.path / "run" / "file").string();
  std::ofstream{file} << "x";
  failure_of([&] { open_door third{file}; }, errc::io);
  expect_open();
}

TEST_F(door_test, knocking_where_nobody_is_names_the_path) {
  auto why = failure_of([&] { knock(io, at, greeting(), 1); }, errc::unavailable);
  EXPECT_NE(why.find(at), std::string::npos) << why;
}

TEST_F(door_test, knocks_as_a_coroutine) {
  open_door d{at};
  auto [socket, w] = knock_on_loop(30);
  EXPECT_EQ(w.epoch, 7u);
  EXPECT_EQ(read_frame(socket, 0).header.kind, uint16_t(frame_kind::ack));
}

TEST_F(door_test, a_coroutine_that_gets_no_answer_gives_up) {
  fs::create_directories(fs::path{at}.parent_path());
  asio::local::stream_protocol::acceptor deaf{io, asio::local::stream_protocol::endpoint{at}};
  failure_of([&] { knock_on_loop(0.05); }, errc::timeout);
}

}  // namespace
}  // namespace gli
