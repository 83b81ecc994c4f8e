#include "runtime/driver_client.h"

#include <random>

#include "runtime/host.h"
#include "runtime/tls_bridge.h"

namespace gli {

namespace {

/// A request is small and the coordinator always reads: when it does not take one in this time, it is stuck.
constexpr double send_seconds = 10;

uint64_t random_client() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

reply as_reached(reply r) {
  auto reach = [](std::vector<worker_info>& workers) {
    for (auto& w : workers) w.address = door_for(this_host(), w);
  };
  if (auto* s = std::get_if<status_report>(&r)) reach(s->workers);
  if (auto* b = std::get_if<load_begun>(&r)) reach(b->workers);
  return r;
}

}  // namespace

struct driver_client::state {
  state(std::string a, double timeout_seconds, interrupt_check i, std::shared_ptr<tls_bridge> b)
      : address{std::move(a)}, interrupt{std::move(i)}, bridge{std::move(b)} {
    auto [s, w] = knock_at(io, address, driver_hello(""), timeout_seconds, bridge.get());
    socket = std::move(s);
    peer = std::move(w);
  }

  [[noreturn]] void lose() {
    boost::system::error_code ignored;
    socket.close(ignored);
    throw failure{errc::unavailable, "the coordinator at " + address + " is gone"};
  }

  uint32_t ask(const request_body& body) {
    if (!socket.is_open()) lose();
    frame_header h;
    h.kind = uint16_t(frame_kind::request);
    h.flags = flag_last;
    h.cluster = cluster_hash(peer.cluster);
    h.epoch = peer.epoch;
    h.sequence = ++sequence;
    auto bytes = encode(request{client, incarnation, body});
    if (bytes.size() > limits::driver_body) throw failure{errc::value, "a request of " + std::to_string(bytes.size()) + " bytes"};
    try {
      send(socket, h, bytes, patience::seconds(send_seconds));
    } catch (const failure&) { lose(); }
    return h.sequence;
  }

  /// Frames of other requests, given up before, are dropped.
  reply await(uint32_t asked, const patience& p, const progress_callback& progress) {
    for (;;) {
      auto f = reader.next(socket, limits::driver_body, p);
      if (f.header.sequence != asked) continue;
      if (f.header.kind == uint16_t(frame_kind::reply)) return as_reached(decode_reply(f.body));
      if (f.header.kind == uint16_t(frame_kind::progress) && progress) progress(decode_progress(f.body));
    }
  }

  reply call(const request_body& body, double timeout_seconds, const progress_callback& progress) {
    auto asked = ask(body);
    try {
      auto p = timeout_seconds > 0 ? patience::seconds(timeout_seconds) : patience{};
      p.interrupt = &interrupt;
      return await(asked, p, progress);
    } catch (const failure& e) {
      if (e.code() == errc::unavailable || e.code() == errc::protocol) lose();
      give_up(asked);
      if (e.code() == errc::timeout) throw failure{errc::timeout, "no reply from the coordinator within " + std::to_string(int(timeout_seconds)) + " s"};
      throw;
    } catch (...) {
      give_up(asked);
      throw;
    }
  }

  void give_up(uint32_t asked) noexcept {
    try {
      ask(cancel_request{asked});
    } catch (const std::exception&) {  // the next call says that the coordinator is gone
    }
  }

  asio::io_context io;
  std::string address;
  interrupt_check interrupt;
  std::shared_ptr<tls_bridge> bridge;
  local_socket socket{io};
  frame_reader reader;
  welcome peer;
  uint64_t client = random_client();
  uint32_t incarnation = 0, sequence = 0;
};

driver_client::driver_client(std::string address, double timeout_seconds, interrupt_check interrupt, std::shared_ptr<tls_bridge> bridge)
    : state_{std::make_unique<state>(std::move(address), timeout_seconds, std::move(interrupt), std::move(bridge))} {}

driver_client::~driver_client() = default;

const welcome& driver_client::peer() const { return state_->peer; }

reply driver_client::call(const request_body& body, double timeout_seconds, const progress_callback& progress) {
  auto r = state_->call(body, timeout_seconds, progress);
  if (auto* note = std::get_if<failure_note>(&r)) throw failure{note->code, note->message};
  return r;
}

}  // namespace gli
