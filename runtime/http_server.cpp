#include "runtime/http_server.h"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "runtime/host.h"

namespace gli {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::use_awaitable;
using tcp = asio::ip::tcp;
using socket_ptr = std::shared_ptr<tcp::socket>;
using tls_socket = asio::ssl::stream<tcp::socket&>;

std::string text(beast::string_view v) { return {v.data(), v.size()}; }

/// Throws for what is no request, or too long. A body is not waited for.
template <class Stream>
asio::awaitable<http_request> read_request(Stream& stream) {
  beast::flat_static_buffer<http_limits::header> buffer;
  http::request_parser<http::empty_body> parser;
  parser.header_limit(http_limits::header);
  parser.body_limit(0);
  co_await http::async_read_header(stream, buffer, parser, use_awaitable);
  auto& r = parser.get();
  http_request request{text(r.method_string()),       text(r.target()), text(r[http::field::host]), text(r[http::field::origin]), text(r["Sec-Fetch-Site"]),
                       text(r[http::field::authorization])};
  co_return request;
}

http::response<http::string_body> head_of(const http_answer& a) {
  http::response<http::string_body> head{http::int_to_status(a.status), 11};
  head.set(http::field::server, software_name);
  head.set(http::field::content_type, a.type);
  for (auto& [name, value] : a.fields) head.set(name, value);
  head.keep_alive(false);
  return head;
}

/// Writes within http_limits::seconds, or the socket is closed.
template <class Stream, class Write>
asio::awaitable<void> write_in_time(socket_ptr socket, Stream& stream, Write write) {
  closing_timer<tcp::socket> timer{socket->get_executor(), http_limits::seconds, socket};
  co_await write(stream);
}

template <class Stream>
asio::awaitable<void> write_whole(socket_ptr socket, Stream& stream, http_answer a) {
  auto response = head_of(a);
  response.body() = std::move(a.body);
  response.prepare_payload();
  co_await write_in_time(socket, stream, [&](Stream& s) -> asio::awaitable<void> { co_await http::async_write(s, response, use_awaitable); });
}

template <class Stream>
asio::awaitable<void> write_piece(socket_ptr socket, Stream& stream, const std::string& piece) {
  auto chunk = http::make_chunk(asio::buffer(piece));
  co_await write_in_time(socket, stream, [&](Stream& s) -> asio::awaitable<void> { co_await asio::async_write(s, chunk, use_awaitable); });
}

template <class Stream>
asio::awaitable<void> write_stream(socket_ptr socket, Stream& stream, http_answer a) {
  http::response<http::empty_body> head{head_of(a).base()};
  head.chunked(true);
  http::response_serializer<http::empty_body> serializer{head};
  co_await write_in_time(socket, stream, [&](Stream& s) -> asio::awaitable<void> { co_await http::async_write_header(s, serializer, use_awaitable); });
  for (auto piece = std::move(a.body); !piece.empty(); piece = co_await a.next()) co_await write_piece(socket, stream, piece);
  auto last = http::make_chunk_last();
  co_await write_in_time(socket, stream, [&](Stream& s) -> asio::awaitable<void> { co_await asio::async_write(s, last, use_awaitable); });
}

asio::ssl::context tls_context(const credentials& c) {
  asio::ssl::context context{asio::ssl::context::tls_server};
  auto* x = context.native_handle();
  bool made = SSL_CTX_use_certificate(x, c.own.get()) == 1 && SSL_CTX_use_PrivateKey(x, c.own_key.get()) == 1 &&
              SSL_CTX_set_min_proto_version(x, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(x, 0) == 1;
  if (!made) throw failure{errc::value, "the credentials in " + c.path + " are not accepted by OpenSSL"};
  return context;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> safe_fields() {
  return {{"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
                                      "form-action 'none'; frame-ancestors 'none'"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

http_answer unauthorized() {
  auto fields = safe_fields();
  fields.emplace_back("WWW-Authenticate", "Bearer");
  return {.status = 401, .body = "this needs the token: open the link that gli start printed, or send Authorization: Bearer TOKEN\n", .fields = fields};
}

struct http_server::state : std::enable_shared_from_this<http_server::state> {
  state(asio::io_context& c, handler h) : io{c}, handle{std::move(h)} {}

  tcp::endpoint listen(tcp::acceptor& acceptor, const host_port& at, const std::string& what, const credentials* beyond) {
    auto refuse = [&](errc code, const std::string& why) { throw failure{code, what + " " + at.host + ":" + std::to_string(at.port) + ": " + why}; };
    boost::system::error_code error;
    auto found = tcp::resolver{io}.resolve(at.host, std::to_string(at.port), tcp::resolver::passive, error);
    if (error || found.empty()) refuse(errc::io, "no such address: " + error.message());
    auto endpoint = found.begin()->endpoint();
    if (!endpoint.address().is_loopback()) {
      if (!beyond) refuse(errc::value, "other hosts would reach that without TLS: name 127.0.0.1, or give credentials (gli start: --listen)");
      tls.emplace(tls_context(*beyond));
    }
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) refuse(errc::io, error.message());
    return acceptor.local_endpoint();
  }

  void open(const host_port& at, const std::string& what, const credentials* beyond, std::function<void(const std::string&)> refused) {
    auto greet = [weak = weak_from_this()](socket_ptr socket) {
      auto self = weak.lock();
      if (!self) throw failure{errc::unavailable, "this listens no longer"};
      return self->greet(self, std::move(socket));
    };
    strangers = std::make_shared<entrance<tcp>>(io, greet, door_options{.refused = std::move(refused)});
    auto bound = listen(strangers->listener(), at, what, beyond);
    bool everywhere = bound.address().is_unspecified();
    scheme = tls ? "https" : "http";
    auto host = everywhere ? host_name() : at.host;
    url = scheme + "://" + (host.find(':') == host.npos ? host : "[" + host + "]") + ":" + std::to_string(bound.port());
    strangers->start();
  }

  asio::awaitable<std::function<void()>> greet(std::shared_ptr<state> self, socket_ptr socket) {
    socket->set_option(tcp::no_delay{true});
    if (!tls) {
      auto request = co_await read_request(*socket);
      co_return [self, socket, request] { asio::co_spawn(self->io, self->answer(self, socket, socket, request), asio::detached); };
    }
    auto stream = std::make_shared<tls_socket>(*socket, *tls);
    co_await stream->async_handshake(tls_socket::server, use_awaitable);
    auto request = co_await read_request(*stream);
    co_return [self, socket, stream, request] { asio::co_spawn(self->io, self->answer(self, socket, stream, request), asio::detached); };
  }

  struct reader {
    unsigned& count;
    explicit reader(unsigned& c) : count{c} { ++count; }
    ~reader() { --count; }
  };

  template <class Stream>
  asio::awaitable<void> answer([[maybe_unused]] std::shared_ptr<state> self, socket_ptr socket, std::shared_ptr<Stream> stream, http_request request) {
    reader one{readers};
    try {
      auto a = co_await answer_to(request);
      if (a.next) co_await write_stream(socket, *stream, std::move(a));
      else co_await write_whole(socket, *stream, std::move(a));
    } catch (const std::exception&) {  // the reader is gone
    }
    boost::system::error_code ignored;
    socket->shutdown(tcp::socket::shutdown_send, ignored);
  }

  asio::awaitable<http_answer> answer_to(const http_request& request) {
    if (readers > http_limits::readers) co_return http_answer{.status = 503, .body = "too many readers\n"};
    if (request.method != "GET") co_return http_answer{.status = 405, .body = "GET only\n", .fields = {{"Allow", "GET"}}};
    if (!is_same_origin(request, scheme) || (!tls && !names_loopback(request.host)))
      co_return http_answer{.status = 403, .body = "requests from elsewhere are not answered\n", .fields = safe_fields()};
    auto a = co_await handle(request);
    co_return a;
  }

  asio::io_context& io;
  const handler handle;
  std::optional<asio::ssl::context> tls;
  std::shared_ptr<entrance<tcp>> strangers;
  std::string url, scheme;
  unsigned readers = 0;
};

http_server::http_server(asio::io_context& io, const host_port& at, const std::string& what, const credentials* beyond, handler answer,
                         std::function<void(const std::string&)> refused)
    : state_{std::make_shared<state>(io, std::move(answer))} {
  state_->open(at, what, beyond, std::move(refused));
}

http_server::~http_server() { state_->strangers->close(); }

const std::string& http_server::url() const { return state_->url; }
const std::string& http_server::scheme() const { return state_->scheme; }

}  // namespace gli
