#include "runtime/tls_door.h"

#include <openssl/hmac.h>
#include <poll.h>
#include <sys/resource.h>

#include <fstream>
#include <future>
#include <random>
#include <sstream>

#include "tests/runtime/tls_peers.h"

namespace gli {
namespace {

using testing::made_credentials;
using testing::open_tls_door;
using tcp = asio::ip::tcp;

constexpr double long_enough = 30;

hello greeting(purpose what = purpose::driver, std::string cluster = "c1") {
  hello h;
  h.software = "gli test";
  h.what = what;
  h.cluster = std::move(cluster);
  return h;
}

struct tls_door_test : ::testing::Test {
  made_credentials made;
  asio::io_context io;

  template <class F>
  std::string failure_of(F&& f, errc code) {
    try {
      f();
    } catch (const failure& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      return e.what();
    }
    ADD_FAILURE() << "nothing thrown";
    return {};
  }
  void expect_open(open_tls_door& d) {
    auto driver = made.bridge(role::driver);
    auto [socket, w] = driver->knock(io, d.address(), greeting(), long_enough);
    EXPECT_EQ(read_frame(socket, 0).header.sequence, uint32_t(purpose::driver));
  }
  tcp::socket stranger(const open_tls_door& d) {
    tcp::socket s{io};
    s.connect({asio::ip::make_address(d.at().host), d.at().port});
    return s;
  }
  /// All that comes until the door hangs up.
  std::string heard(tcp::socket& s) {
    std::string all;
    std::array<char, 4096> some;
    boost::system::error_code error;
    while (!error) all.append(some.data(), s.read_some(asio::buffer(some), error));
    return all;
  }
};

TEST_F(tls_door_test, every_role_is_admitted_to_what_it_is_for_and_to_nothing_else) {
  open_tls_door at_coordinator{made.bridge(role::coordinator)}, at_worker{made.bridge(role::worker)};
  for (auto r : {role::coordinator, role::worker, role::driver})
    for (auto what : {purpose::control, purpose::bulk, purpose::driver})
      for (auto* d : {&at_coordinator, &at_worker}) {
        auto bridge = made.bridge(r);
        bool admitted = what == purpose::driver ? r == role::driver : r == role::worker && (what == purpose::bulk) == (d == &at_worker);
        auto knock = [&] { return bridge->knock(io, d->address(), greeting(what), long_enough); };
        if (admitted) {
          auto [socket, w] = knock();
          EXPECT_EQ(w.cluster, "c1");
          EXPECT_EQ(w.epoch, 7u);
          EXPECT_EQ(read_frame(socket, 0).header.sequence, uint32_t(what));
        } else {
          auto why = failure_of(knock, errc::protocol);
          EXPECT_NE(why.find(d->address()), std::string::npos) << why;
        }
      }
}

TEST_F(tls_door_test, megabytes_arrive_both_ways_as_they_were_sent) {
  open_tls_door d{made.bridge(role::worker)};
  auto bridge = made.bridge(role::worker);
  auto [socket, w] = bridge->knock(io, d.address(), greeting(purpose::bulk), long_enough);
  read_frame(socket, 0);
  std::mt19937_64 random{1};
  for (size_t words : {0u, 1u, 2000u, 100'000u, 3'000'000u}) {
    byte_buffer body(8 * words);
    for (size_t i = 0; i < words; ++i) {
      auto x = random();
      std::memcpy(body.data() + 8 * i, &x, 8);
    }
    auto sent = std::async(std::launch::async, [&] { write_frame(socket, plain_header(frame_kind::data), body); });
    EXPECT_TRUE(read_frame(socket, limits::driver_body).body == body);
    sent.get();
  }
}

TEST_F(tls_door_test, what_was_sent_before_hanging_up_still_arrives) {
  open_tls_door d{made.bridge(role::worker)};
  auto bridge = made.bridge(role::worker);
  for (int i = 0; i < 50; ++i) {
    auto [socket, w] = bridge->knock(io, d.address(), greeting(purpose::bulk), long_enough);
    read_frame(socket, 0);
    write_frame(socket, plain_header(frame_kind::data), byte_buffer(80'000));
    socket.shutdown(local_socket::shutdown_send);
    EXPECT_EQ(read_frame(socket, limits::driver_body).body.size(), 80'000u);
    EXPECT_THROW(read_frame(socket, 0), failure);  // and then the end
  }
}

TEST_F(tls_door_test, another_clusters_certificate_hears_nothing_of_ours) {
  open_tls_door d{made.bridge(role::coordinator)};
  made_credentials other;
  auto why = failure_of([&] { other.bridge(role::driver)->knock(io, d.address(), greeting(), long_enough); }, errc::protocol);
  EXPECT_NE(why.find("of another cluster than the credentials in " + other.file(role::driver)), std::string::npos) << why;
  expect_open(d);
}

std::string text_of(const std::string& path) {
  std::stringstream all;
  all << std::ifstream{path}.rdbuf();
  return all.str();
}

std::string block(const std::string& text, const std::string& name, size_t from = 0) {
  auto begin = text.find("-----BEGIN " + name, from), end = text.find("-----END " + name, begin);
  return text.substr(begin, text.find('\n', end) + 1 - begin);
}

/// What `mine` says of itself with the authority and the secret of `theirs`.
std::string blend(const std::string& mine, const std::string& theirs, const std::string& secret, const std::string& path) {
  auto own = text_of(mine), other = text_of(theirs);
  std::ofstream{path} << block(own, "CERTIFICATE") << block(own, "PRIVATE KEY") << block(other, "CERTIFICATE", other.rfind("-----BEGIN CERT"))
                      << block(text_of(secret), "GLI SECRET");
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  return path;
}

TEST_F(tls_door_test, a_foreign_certificate_is_refused_even_by_whoever_trusts_the_clusters_authority) {
  open_tls_door d{made.bridge(role::coordinator)};
  made_credentials other;
  auto path = blend(other.file(role::driver), made.file(role::driver), made.file(role::driver), made.folder + "/blend.pem");
  tls_bridge forger{load_credentials(path)};
  try {
    forger.knock(io, d.address(), greeting(), long_enough);
    FAIL() << "nothing thrown";
  } catch (const failure& e) {  // as an alert, where that outran the hang-up
    auto said = e.code() == errc::protocol ? "it refuses the credentials in " + path : "closed the connection";
    EXPECT_TRUE(e.code() == errc::protocol || e.code() == errc::unavailable) << e.what();
    EXPECT_NE(std::string{e.what()}.find(said), std::string::npos) << e.what();
  }
  EXPECT_NE(d.last_refusal().find("certificate verify failed"), std::string::npos) << d.last_refusal();
  expect_open(d);
}

TEST_F(tls_door_test, a_wrong_secret_is_hung_up_on_without_a_word) {
  open_tls_door d{made.bridge(role::coordinator)};
  made_credentials other;
  auto path = blend(made.file(role::driver), made.file(role::driver), other.file(role::driver), made.folder + "/blend.pem");
  tls_bridge guesser{load_credentials(path)};
  auto why = failure_of([&] { guesser.knock(io, d.address(), greeting(), long_enough); }, errc::protocol);
  EXPECT_NE(why.find("does not take the secret in " + path), std::string::npos) << why;
  EXPECT_NE(d.last_refusal().find("secret"), std::string::npos) << d.last_refusal();
  expect_open(d);
}

TEST_F(tls_door_test, an_expired_certificate_is_refused) {
  made_credentials aged{"c1", {{366, 366, -1}}};
  open_tls_door d{aged.bridge(role::coordinator)};
  failure_of([&] { load_credentials(aged.file(role::driver)); }, errc::value);
  asio::ssl::context context{asio::ssl::context::tlsv13};
  context.use_certificate_file(aged.file(role::driver), asio::ssl::context::pem);
  context.use_private_key_file(aged.file(role::driver), asio::ssl::context::pem);
  asio::ssl::stream<tcp::socket> s{stranger(d), context};
  s.handshake(asio::ssl::stream_base::client);  // by TLS 1.3 the client is done before it is judged
  boost::system::error_code error;
  char byte;
  asio::read(s, asio::buffer(&byte, 1), error);
  EXPECT_NE(error.message().find("expired"), std::string::npos) << error.message();
  EXPECT_NE(d.last_refusal().find("certificate verify failed"), std::string::npos) << d.last_refusal();
}

TEST_F(tls_door_test, whoever_has_no_certificate_or_an_older_tls_hears_an_alert) {
  open_tls_door d{made.bridge(role::coordinator)};
  for (auto method : {asio::ssl::context::tlsv13, asio::ssl::context::tlsv12}) {
    asio::ssl::context context{method};
    asio::ssl::stream<tcp::socket> s{stranger(d), context};
    boost::system::error_code error;
    s.handshake(asio::ssl::stream_base::client, error);
    char byte;
    if (!error) asio::read(s, asio::buffer(&byte, 1), error);
    EXPECT_NE(error.message().find("alert"), std::string::npos) << error.message();
  }
  expect_open(d);
}

TEST_F(tls_door_test, plaintext_hears_no_frame) {
  open_tls_door d{made.bridge(role::coordinator)};
  auto s = stranger(d);
  auto body = encode(greeting());
  auto header = plain_header(frame_kind::hello);
  header.length = body.size();
  seal(header);
  boost::system::error_code error;
  asio::write(s, std::array<asio::const_buffer, 2>{asio::buffer(&header, sizeof header), asio::buffer(body)}, error);
  auto answer = heard(s);
  EXPECT_LE(answer.size(), 7u);  // a TLS alert at most
  EXPECT_EQ(answer.find("GLI"), std::string::npos);
  expect_open(d);
}

TEST_F(tls_door_test, knocking_where_something_else_listens_says_so) {
  tcp::acceptor other{io, {asio::ip::make_address("127.0.0.1"), 0}};
  auto speaks = std::async(std::launch::async, [&] {
    auto s = other.accept();
    boost::system::error_code error;
    asio::write(s, asio::buffer(std::string{"HTTP/1.1 400 Bad Request\r\n\r\n"}), error);
    heard(s);
  });
  auto bridge = made.bridge(role::driver);
  auto address = tls_address({"127.0.0.1", other.local_endpoint().port()});
  auto why = failure_of([&] { bridge->knock(io, address, greeting(), long_enough); }, errc::protocol);
  EXPECT_NE(why.find(address), std::string::npos) << why;
  EXPECT_NE(why.find("does not speak TLS 1.3"), std::string::npos) << why;
  speaks.get();
}

TEST_F(tls_door_test, knocking_where_nobody_is_or_nobody_answers_says_so) {
  auto bridge = made.bridge(role::driver);
  tcp::acceptor deaf{io, {asio::ip::make_address("127.0.0.1"), 0}};
  auto address = tls_address({"127.0.0.1", deaf.local_endpoint().port()});
  auto why = failure_of([&] { bridge->knock(io, address, greeting(), 0.05); }, errc::timeout);
  EXPECT_NE(why.find("no answer in time"), std::string::npos) << why;
  deaf.close();
  why = failure_of([&] { bridge->knock(io, address, greeting(), long_enough); }, errc::unavailable);
  EXPECT_NE(why.find("refused"), std::string::npos) << why;
  why = failure_of([&] { bridge->knock(io, "gli://no.such.host.invalid:1", greeting(), long_enough); }, errc::unavailable);
  EXPECT_NE(why.find("no.such.host.invalid"), std::string::npos) << why;
  why = failure_of([&] { knock_at(io, address, greeting(), long_enough, nullptr); }, errc::value);
  EXPECT_NE(why.find("credentials"), std::string::npos) << why;
}

TEST_F(tls_door_test, an_older_version_is_told_both_once_it_is_authenticated) {
  open_tls_door d{made.bridge(role::coordinator)};
  auto h = greeting();
  h.version = 0;
  auto why = failure_of([&] { made.bridge(role::driver)->knock(io, d.address(), h, long_enough); }, errc::protocol);
  for (auto* part : {software_name, "gli test", "protocol 1", "protocol 0"}) EXPECT_NE(why.find(part), std::string::npos) << why;
  expect_open(d);
}

TEST_F(tls_door_test, nobody_gets_more_than_eight_kibibytes_in_before_he_is_admitted) {
  open_tls_door d{made.bridge(role::coordinator)};
  auto s = stranger(d);
  std::string flood = "\x16\x03\x01\x3f\xff\x01\x02\x00\x00\x03\x03";  // a ClientHello of 128 KiB, in records of 16 KiB
  flood.resize(1 << 20, 'x');
  boost::system::error_code error;
  asio::write(s, asio::buffer(flood), error);
  EXPECT_LE(heard(s).size(), 7u);
  EXPECT_NE(d.last_refusal().find("Message too long"), std::string::npos) << d.last_refusal();
  expect_open(d);
}

TEST_F(tls_door_test, a_port_that_is_taken_and_a_host_that_is_not_here_are_named) {
  open_tls_door d{made.bridge(role::coordinator)};
  auto bridge = made.bridge(role::coordinator);
  auto why = failure_of([&] { tls_door{io, bridge, d.at()}; }, errc::io);
  EXPECT_NE(why.find(std::to_string(d.at().port)), std::string::npos) << why;
  EXPECT_NE(why.find("in use"), std::string::npos) << why;
  failure_of([&] { tls_door{io, bridge, {"192.0.2.1", 0}}; }, errc::io);
  tls_door other{io, bridge, {"127.0.0.1", 0}};
  EXPECT_NE(failure_of([&] { other.open({"c2", 1}, {}); }, errc::value).find("'c2'"), std::string::npos);
}

/// Somebody with credentials who says what he likes after TLS and the proof.
struct insider {
  insider(asio::io_context& io, const credentials& own, host_port at) : context{context_of(own)}, socket{io, context} {
    socket.lowest_layer().connect({asio::ip::make_address(at.host), at.port});
    socket.handshake(asio::ssl::stream_base::client);
    std::array<uint8_t, 32> material, proof;
    std::string label = "EXPORTER-gli-door";
    SSL_export_keying_material(socket.native_handle(), material.data(), material.size(), label.data(), label.size(), nullptr, 0, 0);
    HMAC(EVP_sha256(), own.secret.data(), int(own.secret.size()), material.data(), material.size(), proof.data(), nullptr);
    asio::write(socket, asio::buffer(proof));
  }
  static asio::ssl::context context_of(const credentials& own) {
    asio::ssl::context c{asio::ssl::context::tlsv13};
    SSL_CTX_use_certificate(c.native_handle(), own.own.get());
    SSL_CTX_use_PrivateKey(c.native_handle(), own.own_key.get());
    return c;
  }
  /// Sends that and no more; the frames that come back.
  std::vector<frame_header> answers_to(const std::string& bytes) {
    boost::system::error_code error;
    asio::write(socket, asio::buffer(bytes), error);
    socket.lowest_layer().shutdown(tcp::socket::shutdown_send, error);
    std::string all;
    std::array<char, 4096> some;
    for (error = {}; !error;) all.append(some.data(), socket.read_some(asio::buffer(some), error));
    std::vector<frame_header> headers;
    for (size_t at = 0; at + sizeof(frame_header) <= all.size(); at += sizeof(frame_header) + headers.back().length)
      std::memcpy(&headers.emplace_back(), all.data() + at, sizeof(frame_header));
    return headers;
  }
  asio::ssl::context context;
  asio::ssl::stream<tcp::socket> socket;
};

std::string framed(frame_header h, const byte_buffer& body) {
  h.length = body.size();
  seal(h);
  return std::string(reinterpret_cast<const char*>(&h), sizeof h) + std::string(body.begin(), body.end());
}

TEST_F(tls_door_test, who_proves_himself_and_then_sends_malformed_frames_hears_at_most_why_not) {
  open_tls_door d{made.bridge(role::coordinator)};
  auto own = load_credentials(made.file(role::driver));
  auto whole = framed(plain_header(frame_kind::hello), encode(greeting()));
  auto welcomed = insider{io, own, d.at()}.answers_to(whole);
  ASSERT_EQ(welcomed.size(), 2u);
  EXPECT_EQ(welcomed[0].kind, uint16_t(frame_kind::welcome));
  std::mt19937 random{11};
  for (int i = 0; i < 500; ++i) {
    auto bytes = whole;
    switch (random() % 4) {
      case 0: bytes.resize(random() % bytes.size()); break;                                                   // cut
      case 1: bytes[random() % sizeof(frame_header)] ^= char(1u << random() % 8); break;                      // a header that is wrong
      case 2: bytes = framed(plain_header(frame_kind(random() % 50)), byte_buffer(8 * (random() % 60), uint8_t(random()))); break;
      default:
        for (auto& c : bytes) c = char(random());
    }
    auto answers = insider{io, own, d.at()}.answers_to(bytes);
    EXPECT_LE(answers.size(), 1u);
    for (auto& a : answers) EXPECT_EQ(a.kind, uint16_t(frame_kind::failure));
  }
  expect_open(d);
}

// --- strangers in numbers --------------------------------------------------------------------------------------------------

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

TEST_F(tls_door_test, a_thousand_idle_connections_cost_little_and_keep_nobody_out) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
  ::setrlimit(RLIMIT_NOFILE, &files);
  open_tls_door d{made.bridge(role::coordinator)};
  auto admitted = made.bridge(role::driver);
  auto [socket, w] = admitted->knock(io, d.address(), greeting(), long_enough);
  read_frame(socket, 0);
  auto before = processor_seconds();
  std::vector<tcp::socket> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(stranger(d));
  for (int i = 0; i < 100; ++i) {  // who was there before hears answers as ever
    write_frame(socket, plain_header(frame_kind::data), byte_buffer(64));
    EXPECT_EQ(read_frame(socket, 64).body.size(), 64u);
  }
  expect_open(d);  // behind them all
  EXPECT_LT(processor_seconds() - before, 5.0);
}

/// Lets bytes through from one side to the other, `limit` of them in all, and then hangs up on both.
void cut_after(tcp::acceptor& entrance, host_port to, size_t limit) {
  asio::io_context io;
  tcp::socket inner{io, tcp::v4()}, outer{io, tcp::v4()};
  auto accepted = entrance.accept();
  outer.connect({asio::ip::make_address(to.host), to.port});
  std::array<char, 512> some;
  while (limit > 0) {
    pollfd both[2] = {{accepted.native_handle(), POLLIN, 0}, {outer.native_handle(), POLLIN, 0}};
    ::poll(both, 2, -1);
    bool out = both[0].revents != 0;
    boost::system::error_code error;
    auto bytes = (out ? accepted : outer).read_some(asio::buffer(some.data(), std::min(some.size(), limit)), error);
    if (!error) asio::write(out ? outer : accepted, asio::buffer(some, bytes), error);
    if (error) return;
    limit -= bytes;
  }
}

/// Knocks through somebody who cuts; how many times that went well all the same.
int knock_and_be_cut(const open_tls_door& d, std::shared_ptr<tls_bridge> bridge, unsigned seed, int times) {
  asio::io_context io;
  std::mt19937 random{seed};
  tcp::acceptor between{io, {asio::ip::make_address("127.0.0.1"), 0}};
  auto address = tls_address({"127.0.0.1", between.local_endpoint().port()});
  int whole = 0;
  for (int i = 0; i < times; ++i) {
    auto cutter = std::async(std::launch::async, [&, limit = random() % 12'000] { cut_after(between, d.at(), limit); });
    try {
      auto [socket, w] = bridge->knock(io, address, greeting(purpose::bulk), long_enough);
      read_frame(socket, 0);
      write_frame(socket, plain_header(frame_kind::data), byte_buffer(2048));
      EXPECT_EQ(read_frame(socket, 4096).body.size(), 2048u);
      ++whole;
    } catch (const failure& e) { EXPECT_TRUE(e.code() == errc::unavailable || e.code() == errc::protocol) << e.what(); }
    cutter.get();
  }
  return whole;
}

TEST_F(tls_door_test, connections_that_are_cut_at_a_thousand_bytes_leave_nothing_behind) {
  open_tls_door d{made.bridge(role::worker)};
  auto bridge = made.bridge(role::worker);
  std::vector<std::future<int>> lanes;
  for (unsigned lane = 0; lane < 10; ++lane) lanes.push_back(std::async(std::launch::async, [&, lane] { return knock_and_be_cut(d, bridge, lane, 100); }));
  int whole = 0;
  for (auto& lane : lanes) whole += lane.get();
  EXPECT_GT(whole, 0);
  EXPECT_LT(whole, 1000);
  auto [socket, w] = bridge->knock(io, d.address(), greeting(purpose::bulk), long_enough);
  EXPECT_EQ(read_frame(socket, 0).header.sequence, uint32_t(purpose::bulk));
}

}  // namespace
}  // namespace gli
