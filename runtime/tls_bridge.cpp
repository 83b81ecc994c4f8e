#include "runtime/tls_bridge.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <future>

#include "runtime/door.h"
#include "runtime/look_up.h"

namespace gli {

namespace {

using asio::use_awaitable;
using tcp = asio::ip::tcp;
using proof = std::array<uint8_t, 32>;

constexpr std::string_view exporter_label = "EXPORTER-gli-door";
constexpr const char* ciphers = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr long largest_chain = 4096;

[[noreturn]] void refuse(errc code, const std::string& why) { throw failure{code, why}; }

asio::ssl::context make_context(const credentials& c) {
  asio::ssl::context context{asio::ssl::context::tlsv13};
  auto* x = context.native_handle();
  bool made = SSL_CTX_use_certificate(x, c.own.get()) == 1 && SSL_CTX_use_PrivateKey(x, c.own_key.get()) == 1 &&
              X509_STORE_add_cert(SSL_CTX_get_cert_store(x), c.authority.get()) == 1 && SSL_CTX_set_ciphersuites(x, ciphers) == 1 &&
              SSL_CTX_set_num_tickets(x, 0) == 1;
  if (!made) refuse(errc::value, "the credentials in " + c.path + " are not accepted by OpenSSL");
  SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(x, largest_chain);
  context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  return context;
}

/// Of the secret, for this session alone.
proof prove(SSL* session, const shared_secret& secret) {
  std::array<uint8_t, 32> material;
  proof p;
  unsigned length = 0;
  bool made = SSL_export_keying_material(session, material.data(), material.size(), exporter_label.data(), exporter_label.size(), nullptr, 0, 0) == 1 &&
              HMAC(EVP_sha256(), secret.data(), int(secret.size()), material.data(), material.size(), p.data(), &length) && length == p.size();
  OPENSSL_cleanse(material.data(), material.size());
  if (!made) refuse(errc::internal, "OpenSSL cannot derive a proof");
  return p;
}

role peer_role(SSL* session) {
  std::unique_ptr<X509, void (*)(X509*)> certificate{SSL_get1_peer_certificate(session), X509_free};
  if (!certificate) refuse(errc::protocol, "the peer has no certificate");
  return role_of(certificate.get());
}

void check_caller(role who, const hello& h) {
  auto needed = h.what == purpose::driver ? role::driver : role::worker;
  if (who != needed) refuse(errc::protocol, std::string{"these are the credentials of a "} + name_of(who) + "; this takes those of a " + name_of(needed));
}

void check_called(role who, const hello& h) {
  bool right = h.what == purpose::control ? who == role::coordinator : h.what == purpose::bulk ? who == role::worker : who != role::driver;
  if (!right) refuse(errc::protocol, std::string{"a "} + name_of(who) + " is there, which this connection is not for");
}

/// TLS's own word for a connection that ends on purpose, so that whoever hears it need not try again; then until it has hung up.
asio::awaitable<void> say_goodbye(tls_stream& stream) {
  boost::system::error_code error;
  co_await stream.async_shutdown(asio::redirect_error(use_awaitable, error));
  std::array<char, 512> unread;
  for (error = {}; !error;) co_await stream.next_layer().async_read_some(asio::buffer(unread), asio::redirect_error(use_awaitable, error));
}

/// What it means that a connection ended where a Welcome was due: an alert, of which goodbye is one, is meant; else the peer, or the way there, may be gone.
failure explained_end(tls_stream& stream, const failure& end, const std::string& path) {
  bool alerted = end.code() == errc::unavailable && (SSL_get_shutdown(stream.native_handle()) & SSL_RECEIVED_SHUTDOWN) != 0;
  if (!alerted) return end;
  std::string text = end.what();
  if (auto colon = text.find(": "); colon != text.npos) return {errc::protocol, "it refuses the credentials in " + path + " (" + text.substr(colon + 2) + ")"};
  return {errc::protocol, "it does not take the secret in " + path + ": copy the file again"};
}

/// What a failed handshake or a hang-up after it means to the one who knocked: protocol for what a second try would not change.
failure explained(const boost::system::error_code& error, const std::string& path) {
  auto text = error.message();
  auto says = [&](const char* part) { return text.find(part) != text.npos; };
  if (says("certificate verify failed")) return {errc::protocol, "what listens there is of another cluster than the credentials in " + path};
  if (says("wrong version number") || says("packet length too long") || says("unsupported protocol"))
    return {errc::protocol, "what listens there does not speak TLS 1.3"};
  if (says("alert")) return {errc::protocol, "it refuses the credentials in " + path + " (" + text + ")"};
  return {errc::unavailable, "it closed the connection" + (error == asio::error::eof ? "" : ": " + text)};
}

}  // namespace

tls_bridge::engine::engine(const credentials& c) : context{make_context(c)} {}

tls_bridge::tls_bridge(credentials c) : own_{std::move(c)}, process_{::getpid()}, engine_{std::make_unique<engine>(own_)} {}

tls_bridge::~tls_bridge() {
  if (::getpid() != process_) {
    engine_->thread.detach();
    engine_.release();
    return;
  }
  engine_->io.stop();
  engine_->thread.join();
}

// --- who listens -----------------------------------------------------------------------------------------------------------

asio::awaitable<std::pair<std::shared_ptr<tls_stream>, hello>> tls_bridge::admit(std::shared_ptr<tcp::socket> socket, const identity& who) {
  auto stream = std::make_shared<tls_stream>(metered_socket{std::move(socket)}, engine_->context);
  boost::system::error_code error;
  co_await stream->async_handshake(tls_stream::server, asio::redirect_error(use_awaitable, error));
  if (error) refuse(errc::protocol, "no TLS with it: " + error.message());
  auto caller = peer_role(stream->native_handle());
  proof shown;
  co_await asio::async_read(*stream, asio::buffer(shown), asio::redirect_error(use_awaitable, error));
  if (error) refuse(errc::protocol, "it proved nothing: " + error.message());
  auto expected = prove(stream->native_handle(), own_.secret);
  if (CRYPTO_memcmp(shown.data(), expected.data(), expected.size()) != 0) {
    co_await say_goodbye(*stream);
    refuse(errc::protocol, "it does not know the cluster's secret");
  }
  auto h = co_await answer_hello(*stream, who, [caller](const hello& said) { check_caller(caller, said); });
  co_return std::pair{std::move(stream), std::move(h)};
}

// --- who knocks ------------------------------------------------------------------------------------------------------------

/// The timer closes the socket, but only looking at it tells that nothing may be opened any more.
asio::awaitable<void> tls_bridge::connect(const host_port& at, double timeout_seconds, tcp::socket& socket, const closing_timer<tcp::socket>& timer) {
  auto error = make_error_code(asio::error::timed_out);
  for (auto& endpoint : co_await look_up(io(), at, timeout_seconds)) {
    if (timer.expired()) break;
    boost::system::error_code ignored;
    socket.close(ignored);
    socket.open(endpoint.protocol(), error);
    if (error) continue;
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    co_await socket.async_connect(endpoint, asio::redirect_error(use_awaitable, error));
    if (!error) break;
  }
  if (timer.expired()) refuse(errc::timeout, "no answer in time");
  if (error) refuse(errc::unavailable, error.message());
}

asio::awaitable<std::pair<std::shared_ptr<tls_stream>, welcome>> tls_bridge::introduce(tcp_socket socket, const hello& greeting) {
  boost::system::error_code error;
  auto stream = std::make_shared<tls_stream>(metered_socket{socket}, engine_->context);
  co_await stream->async_handshake(tls_stream::client, asio::redirect_error(use_awaitable, error));
  if (error) throw explained(error, own_.path);
  check_called(peer_role(stream->native_handle()), greeting);
  auto shown = prove(stream->native_handle(), own_.secret);
  co_await asio::async_write(*stream, asio::buffer(shown), asio::redirect_error(use_awaitable, error));
  if (error) throw explained(error, own_.path);
  try {
    auto w = co_await say_hello(*stream, greeting);
    co_return std::pair{stream, std::move(w)};
  } catch (const failure& e) {
    throw explained_end(*stream, e, own_.path);
  }
}

asio::awaitable<tls_bridge::answer> tls_bridge::knock_there(host_port at, hello greeting, double timeout_seconds) {
  auto socket = std::make_shared<tcp::socket>(io());
  closing_timer timer{io().get_executor(), timeout_seconds, socket};
  try {
    co_await connect(at, timeout_seconds, *socket, timer);
    auto [stream, w] = co_await introduce(socket, greeting);
    co_return answer{std::pair{start_relay(stream, io()), w}, {}};
  } catch (const failure& e) {
    if (timer.expired()) co_return answer{{}, {errc::timeout, "no answer in time"}};
    co_return answer{{}, {e.code(), e.what()}};
  }
}

/// For `io`, or what went wrong with the address in it.
std::pair<local_socket, welcome> tls_bridge::take(asio::io_context& io, answer a, const std::string& address) {
  if (!a.opened) refuse(a.why.code, "the door at " + address + ": " + a.why.message);
  return {local_socket{io, asio::local::stream_protocol{}, a.opened->first.release()}, std::move(a.opened->second)};
}

asio::awaitable<std::pair<local_socket, welcome>> tls_bridge::async_knock(asio::io_context& io, std::string address, hello greeting, double timeout_seconds) {
  auto there = knock_there(parse_host_port(address), std::move(greeting), timeout_seconds);
  auto a = co_await asio::co_spawn(this->io(), std::move(there), use_awaitable);
  co_return take(io, std::move(a), address);
}

std::pair<local_socket, welcome> tls_bridge::knock(asio::io_context& io, const std::string& address, const hello& greeting, double timeout_seconds) {
  auto future = asio::co_spawn(this->io(), knock_there(parse_host_port(address), greeting, timeout_seconds), asio::use_future);
  return take(io, future.get(), address);
}

// --- any address -----------------------------------------------------------------------------------------------------------

namespace {

tls_bridge& needed(tls_bridge* bridge, const std::string& address) {
  parse_host_port(address);
  if (!bridge) refuse(errc::value, address + " needs credentials: a copy of what gli start made (--credentials, credentials= or GLI_CREDENTIALS)");
  return *bridge;
}

}  // namespace

std::pair<local_socket, welcome> knock_at(asio::io_context& io, const std::string& address, const hello& greeting, double timeout_seconds, tls_bridge* bridge) {
  if (!is_tls(address)) return knock(io, address, greeting, timeout_seconds);
  return needed(bridge, address).knock(io, address, greeting, timeout_seconds);
}

asio::awaitable<std::pair<local_socket, welcome>> async_knock_at(asio::io_context& io, std::string address, hello greeting, double timeout_seconds,
                                                                 tls_bridge* bridge) {
  if (!is_tls(address)) return async_knock(std::move(address), std::move(greeting), timeout_seconds);
  return needed(bridge, address).async_knock(io, std::move(address), std::move(greeting), timeout_seconds);
}

}  // namespace gli
