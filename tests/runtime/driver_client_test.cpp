#include "runtime/driver_client.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "runtime/batches.h"
#include "runtime/door.h"
#include "runtime/hash.h"

namespace gli {
namespace {

frame_header header_of(frame_kind kind, uint32_t sequence, bool last = true) {
  frame_header h;
  h.kind = uint16_t(kind);
  h.flags = last ? flag_last : 0;
  h.sequence = sequence;
  return h;
}

/// A process with a door where every connection has its own thread, which runs `serve` until the peer closes.
class host {
 public:
  using service = std::function<void(local_socket&)>;
  host(std::string path, service serve)
      : serve_{std::move(serve)}, entrance_{io_, std::move(path), identity{"c1", 3}, [this](hello, local_socket s) { take(std::move(s)); }} {
    loop_ = std::thread{[this] { io_.run(); }};
  }
  ~host() {
    io_.stop();
    loop_.join();
    for (auto& t : threads_) t.join();
  }

 private:
  void take(local_socket s) {
    threads_.emplace_back([this, socket = std::make_shared<local_socket>(std::move(s))] {
      try {
        for (;;) serve_(*socket);
      } catch (const failure&) {  // the peer left
      }
      boost::system::error_code ignored;
      socket->close(ignored);
    });
  }
  service serve_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<std::thread> threads_;
  door entrance_;
  std::thread loop_;
};

[[noreturn]] void hang_up() { throw failure{errc::unavailable, "hang up"}; }

struct client_test : testing::Test {
  client_test() {
    char name[] = "/tmp/gli-client-XXXXXX";
    directory = ::mkdtemp(name);
  }
  ~client_test() override { std::filesystem::remove_all(directory); }
  std::string door_at(uint32_t i) const { return (directory / std::to_string(i)).string(); }
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
  std::filesystem::path directory;
};

// --- driver_client ------------------------------------------------------------------------------------------------------------

void answer(local_socket& socket, uint32_t sequence, const reply& r) { write_frame(socket, header_of(frame_kind::reply, sequence), encode(r)); }

TEST_F(client_test, pings_and_asks_with_increasing_numbers) {
  std::vector<uint32_t> numbers;
  host coordinator{door_at(0), [&](local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    numbers.push_back(f.header.sequence);
    EXPECT_EQ(f.header.epoch, 3u);
    auto body = decode_request(f.body).body;
    if (std::holds_alternative<ask_status>(body)) answer(s, f.header.sequence, status_report{{}, 4, "c1", 3, "log"});
    else answer(s, f.header.sequence, done{});
  }};
  driver_client client{door_at(0), 30, {}};
  EXPECT_EQ(client.peer().cluster, "c1");
  EXPECT_TRUE(std::holds_alternative<done>(client.call(ping{})));
  EXPECT_EQ(std::get<status_report>(client.call(ask_status{}, 30)).partitions, 4u);
  EXPECT_TRUE(std::holds_alternative<done>(client.call(ping{}, 30)));
  EXPECT_EQ(numbers, (std::vector<uint32_t>{1, 2, 3}));
}

TEST_F(client_test, a_failure_reply_is_thrown_with_its_code) {
  host coordinator{door_at(0), [&](local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    answer(s, f.header.sequence, failure_note{errc::key, "Branch 'x' not found"});
  }};
  driver_client client{door_at(0), 30, {}};
  EXPECT_EQ(failure_of([&] { client.call(open_store{"s", "x"}); }, errc::key), "Branch 'x' not found");
}

TEST_F(client_test, progress_is_told_and_other_requests_frames_are_dropped) {
  host coordinator{door_at(0), [&](local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    auto n = f.header.sequence;
    answer(s, n - 1, failure_note{errc::internal, "late"});
    for (uint64_t i = 0; i < 3; ++i) {
      write_frame(s, header_of(frame_kind::progress, n), encode(progress_note{"pagerank", i, 3}));
      write_frame(s, header_of(frame_kind::progress, n + 7), encode(progress_note{"other", i, 3}));
    }
    answer(s, n, done{});
  }};
  driver_client client{door_at(0), 30, {}};
  std::string seen;
  client.call(ping{}, 0, [&](const progress_note& p) { seen += p.what + std::to_string(p.done); });
  EXPECT_EQ(seen, "pagerank0pagerank1pagerank2");
}

struct interrupted {};

TEST_F(client_test, an_interrupt_cancels_the_request_and_the_next_one_is_answered) {
  std::atomic<uint64_t> cancelled{0};
  host coordinator{door_at(0), [&](local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    auto r = decode_request(f.body);
    if (auto* c = std::get_if<cancel_request>(&r.body)) {
      cancelled = c->sequence;
      answer(s, uint32_t(c->sequence), failure_note{errc::cancelled, "too late to be heard"});
      answer(s, f.header.sequence, done{});
    } else if (std::holds_alternative<ping>(r.body)) {
      answer(s, f.header.sequence, done{});
    }
  }};
  int calls = 0;
  driver_client client{door_at(0), 30, [&] { if (++calls == 2) throw interrupted{}; }};
  EXPECT_THROW(client.call(ask_status{}), interrupted);
  EXPECT_TRUE(std::holds_alternative<done>(client.call(ping{})));
  EXPECT_EQ(cancelled, 1u);
}

TEST_F(client_test, an_interrupt_in_the_middle_of_a_reply_loses_no_frame) {
  std::atomic<bool> go_on{false};
  host coordinator{door_at(0), [&](local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    auto r = decode_request(f.body);
    if (std::holds_alternative<ping>(r.body)) return answer(s, f.header.sequence, done{});
    if (!std::holds_alternative<ask_status>(r.body)) return;
    auto body = encode(reply{done{}});
    auto h = header_of(frame_kind::reply, f.header.sequence);
    h.length = body.size();
    seal(h);
    byte_buffer bytes(sizeof h);
    std::memcpy(bytes.data(), &h, sizeof h);
    bytes.insert(bytes.end(), body.begin(), body.end());
    asio::write(s, asio::buffer(bytes.data(), 70));
    while (!go_on) std::this_thread::yield();
    asio::write(s, asio::buffer(bytes.data() + 70, bytes.size() - 70));
  }};
  driver_client client{door_at(0), 30, [&] { if (!go_on.exchange(true)) throw interrupted{}; }};
  EXPECT_THROW(client.call(ask_status{}), interrupted);
  EXPECT_TRUE(std::holds_alternative<done>(client.call(ping{})));
}

TEST_F(client_test, a_request_that_takes_too_long_times_out) {
  host coordinator{door_at(0), [&](local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    if (std::holds_alternative<ping>(decode_request(f.body).body)) answer(s, f.header.sequence, done{});
  }};
  driver_client client{door_at(0), 30, {}};
  failure_of([&] { client.call(ask_status{}, 0.02); }, errc::timeout);
  EXPECT_TRUE(std::holds_alternative<done>(client.call(ping{})));
}

TEST_F(client_test, a_coordinator_that_goes_is_noticed_at_once) {
  host coordinator{door_at(0), [&](local_socket& s) {
    read_frame(s, limits::driver_body);
    hang_up();
  }};
  driver_client client{door_at(0), 30, {}};
  for (int i = 0; i < 2; ++i) {
    auto why = failure_of([&] { client.call(ping{}); }, errc::unavailable);
    EXPECT_NE(why.find(door_at(0)), std::string::npos) << why;
  }
}

TEST_F(client_test, nobody_at_the_door_is_said) {
  auto why = failure_of([&] { driver_client(door_at(9), 1, {}); }, errc::unavailable);
  EXPECT_NE(why.find(door_at(9)), std::string::npos) << why;
}

// --- worker_client ------------------------------------------------------------------------------------------------------------

column numbers(std::string name, const std::vector<int64_t>& values) {
  column_builder b{std::move(name), column_type::int64};
  for (auto x : values) b.append_int64(x);
  return b.finish();
}

column texts(std::string name, const std::vector<std::string>& values) {
  column_builder b{std::move(name), column_type::utf8};
  for (auto& x : values) b.append_bytes(x);
  return b.finish();
}

column_batch batch_of(std::vector<column> columns) { return {columns.at(0).length, std::move(columns)}; }

TEST_F(client_test, at_most_four_batches_are_unanswered) {
  std::atomic<int> received{0};
  std::deque<uint32_t> owed;
  host worker{door_at(0), [&](local_socket& s) {
    if (owed.size() == 4) {  // the client must stop here until one is answered
      EXPECT_FALSE(readable(s));
      write_frame(s, header_of(frame_kind::ack, owed.front()), {});
      owed.pop_front();
    }
    owed.push_back(read_frame(s, limits::driver_body).header.sequence);
    if (++received < 20) return;
    for (auto n : owed) write_frame(s, header_of(frame_kind::ack, n), {});
    owed.clear();
  }};
  worker_client client{door_at(0), "c1", {}};
  for (int i = 0; i < 20; ++i) client.load({1, load_batch::what::nodes, batch_of({numbers("", {i})})});
  client.flush();
  EXPECT_EQ(received, 20);
}

TEST_F(client_test, a_failed_batch_is_thrown) {
  host worker{door_at(0), [&](local_socket& s) {
    auto n = read_frame(s, limits::driver_body).header.sequence;
    if (n == 2) write_frame(s, header_of(frame_kind::failure, n), encode(failure_note{errc::value, "file.e: line 7: bad"}));
    else write_frame(s, header_of(frame_kind::ack, n), {});
  }};
  worker_client client{door_at(0), "c1", {}};
  auto why = failure_of([&] {
    for (int i = 0; i < 3; ++i) client.load({1, load_batch::what::nodes, batch_of({numbers("", {i})})});
    client.flush();
  }, errc::value);
  EXPECT_EQ(why, "file.e: line 7: bad");
}

TEST_F(client_test, a_batch_over_the_limit_is_split_by_rows) {
  std::vector<column_batch> parts;
  host worker{door_at(0), [&](local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    parts.push_back(decode_load_batch(f.body).rows);
    write_frame(s, header_of(frame_kind::ack, f.header.sequence), {});
  }};
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(std::string(1'000'000, char('a' + i % 26)));
  worker_client client{door_at(0), "c1", {}};
  client.load({1, load_batch::what::nodes, batch_of({texts("", keys), numbers("_seq", std::vector<int64_t>(100, 5))})});
  client.flush();
  EXPECT_GT(parts.size(), 1u);
  size_t row = 0;
  for (auto& p : parts)
    for (int64_t i = 0; i < p.rows; ++i) ASSERT_TRUE(p.columns[0].bytes(i) == keys[row++]);
  EXPECT_EQ(row, keys.size());
}

TEST_F(client_test, a_row_over_the_limit_is_refused) {
  host worker{door_at(0), [](local_socket& s) { read_frame(s, limits::driver_body); }};
  worker_client client{door_at(0), "c1", {}};
  failure_of([&] { client.load({1, load_batch::what::nodes, batch_of({texts("", {std::string(limits::driver_body, 'x')})})}); }, errc::value);
}

TEST_F(client_test, an_answer_of_several_frames_comes_in_order) {
  host worker{door_at(0), [&](local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    auto q = decode_query(f.body);
    if (q.name == "bad") return write_frame(s, header_of(frame_kind::failure, f.header.sequence), encode(failure_note{errc::value, "no query 'bad'"}));
    for (int64_t i = 0; i < 5; ++i) write_frame(s, header_of(frame_kind::batch, f.header.sequence, i == 4), encode(batch_of({numbers("id", {i})})));
  }};
  worker_client client{door_at(0), "c1", {}};
  failure_of([&] { client.ask({"bad", 1, 0, 0, {}}); }, errc::value);
  auto all = client.ask({"nodes", 1, 0, 0, {}});
  ASSERT_EQ(all.size(), 5u);
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(all[size_t(i)].columns[0].int64(0), i);
}

TEST_F(client_test, a_worker_that_dies_is_named) {
  host worker{door_at(0), [&](local_socket& s) {
    read_frame(s, limits::driver_body);
    hang_up();
  }};
  worker_client client{door_at(0), "c1", {}};
  auto why = failure_of([&] {
    for (int i = 0; i < 100; ++i) client.load({1, load_batch::what::nodes, batch_of({numbers("", {i})})});
    client.flush();
  }, errc::worker_lost);
  EXPECT_NE(why.find(door_at(0)), std::string::npos) << why;
}

// --- scatter ------------------------------------------------------------------------------------------------------------------

/// Workers that keep the rows they get, as text, by partition.
struct scatter_test : client_test, testing::WithParamInterface<uint32_t> {
  scatter_test() {
    rows.resize(GetParam());
    for (uint32_t q = 0; q < GetParam(); ++q) {
      hosts.push_back(std::make_unique<host>(door_at(q), [this, q](local_socket& s) { serve(q, s); }));
      worker_info w;
      w.partition = q;
      w.address = door_at(q);
      workers.insert(workers.begin(), w);  // in no particular order
    }
  }
  void serve(uint32_t q, local_socket& s) {
    auto f = read_frame(s, limits::driver_body);
    auto b = decode_load_batch(f.body);
    std::lock_guard lock{mutex};
    if (b.part == load_batch::what::abort) ++aborted;
    for (int64_t i = 0; i < b.rows.rows; ++i) {
      std::string row = b.part == load_batch::what::nodes ? "node" : "edge";
      for (auto& c : b.rows.columns) row += " " + c.name + "=" + to_string(c.at(i));
      rows[q].push_back(row);
    }
    write_frame(s, header_of(frame_kind::ack, f.header.sequence), {});
  }
  std::vector<std::string> got(uint32_t q) {
    std::lock_guard lock{mutex};
    return rows[q];
  }
  std::mutex mutex;
  std::vector<std::vector<std::string>> rows;
  std::vector<worker_info> workers;
  int aborted = 0;
  std::vector<std::unique_ptr<host>> hosts;
};
INSTANTIATE_TEST_SUITE_P(workers, scatter_test, testing::Values(1, 2, 4));

TEST_P(scatter_test, nodes_go_to_their_owners_with_all_columns_and_nulls_in_order) {
  std::vector<std::vector<std::string>> expected(GetParam());
  std::mt19937_64 random{1};
  {
    scatter s{workers, "c1", 5, {}, {}};
    int64_t line = 0;
    for (int batch = 0; batch < 5; ++batch) {
      column_builder key{"", column_type::utf8}, age{"age", column_type::float64}, flag{"flag", column_type::boolean}, seq{"_seq", column_type::int64};
      for (int i = 0; i < 200; ++i, ++line) {
        auto name = std::to_string(random() % 1000);
        key.append_bytes(name);
        auto row = "node =" + to_string(value{name});
        bool known = random() % 3 != 0;
        known ? age.append_float64(double(line)) : age.append_null();
        flag.append_bool(line % 5 == 0);
        seq.append_int64(line);
        row += " age=" + to_string(known ? value{double(line)} : value{}) + " flag=" + to_string(value{line % 5 == 0}) + " _seq=" + std::to_string(line);
        expected[owner_of(key_hash(name), GetParam())].push_back(row);
      }
      s.add_nodes(batch_of({key.finish(), age.finish(), flag.finish(), seq.finish()}));
    }
    s.finish();
  }
  for (uint32_t q = 0; q < GetParam(); ++q) EXPECT_EQ(got(q), expected[q]);
}

TEST_P(scatter_test, edges_go_to_their_sources_owner_and_undirected_ones_to_the_smaller_keys) {
  for (bool directed : {true, false})
    for (bool text : {true, false}) {
      for (auto& r : rows) r.clear();
      std::vector<std::vector<std::string>> expected(GetParam());
      std::mt19937_64 random{7};
      std::vector<int64_t> from, to;
      std::vector<std::string> from_text, to_text;
      for (int64_t i = 0; i < 500; ++i) {
        from.push_back(int64_t(random() % 400) - 200);
        to.push_back(int64_t(random() % 400) - 200);
        from_text.push_back(std::to_string(from.back()));
        to_text.push_back(std::to_string(to.back()));
        bool swap = !directed && (text ? to_text.back() < from_text.back() : to.back() < from.back());
        key s = text ? key{from_text.back()} : key{from.back()}, t = text ? key{to_text.back()} : key{to.back()};
        if (swap) std::swap(s, t);
        expected[owner_of(key_hash(s), GetParam())].push_back("edge source=" + to_string(s) + " target=" + to_string(t) + " _seq=" + std::to_string(i));
      }
      scatter s{workers, "c1", 5, {.directed = directed}, {}};
      s.add_edges(text ? batch_of({texts("source", from_text), texts("target", to_text)}) : batch_of({numbers("source", from), numbers("target", to)}));
      s.finish();
      for (uint32_t q = 0; q < GetParam(); ++q) EXPECT_EQ(got(q), expected[q]);
    }
}

TEST_P(scatter_test, abort_tells_every_worker) {
  scatter s{workers, "c1", 5, {}, {}};
  s.add_nodes(batch_of({numbers("", {1, 2, 3})}));
  s.abort();
  hosts.clear();
  EXPECT_EQ(aborted, int(GetParam()));
}

TEST_P(scatter_test, keys_of_another_type_and_missing_columns_are_refused) {
  scatter s{workers, "c1", 5, {.directed = false}, {}};
  column_builder b{"", column_type::float64};
  b.append_float64(1);
  failure_of([&] { s.add_nodes(batch_of({b.finish()})); }, errc::type);
  failure_of([&] { s.add_edges(batch_of({numbers("source", {1})})); }, errc::value);
  failure_of([&] { s.add_edges(batch_of({numbers("source", {1}), texts("target", {"x"})})); }, errc::type);
}

TEST_F(client_test, a_load_without_all_workers_names_the_partition) {
  worker_info w;
  w.partition = 1;
  auto why = failure_of([&] { scatter({w}, "c1", 5, {}, {}); }, errc::unavailable);
  EXPECT_NE(why.find("partition 0"), std::string::npos) << why;
}

}  // namespace
}  // namespace gli
