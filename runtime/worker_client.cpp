#include "runtime/driver_client.h"

#include "runtime/batches.h"
#include "runtime/tls_bridge.h"

namespace gli {

namespace {

constexpr double connect_seconds = 10;
constexpr double abort_seconds = 2;
constexpr uint32_t unanswered_limit = 4;
constexpr uint64_t piece_bytes = 16ull << 20;  // of a larger batch, so that sending and reading overlap

}  // namespace

struct worker_client::state {
  state(std::string a, const std::string& cluster, interrupt_check i, std::shared_ptr<tls_bridge> b)
      : address{std::move(a)}, interrupt{std::move(i)}, bridge{std::move(b)} {
    auto [s, w] = knock_at(io, address, driver_hello(cluster), connect_seconds, bridge.get());
    socket = std::move(s);
    peer = std::move(w);
    forever.interrupt = &interrupt;
  }

  [[noreturn]] void lose() {
    close();
    throw failure{errc::worker_lost, "the worker at " + address + " is gone"};
  }

  void close() noexcept {
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  uint32_t put(frame_kind kind, const byte_buffer& body, const patience& p) {
    if (!socket.is_open()) lose();
    frame_header h;
    h.kind = uint16_t(kind);
    h.flags = flag_last;
    h.cluster = cluster_hash(peer.cluster);
    h.epoch = peer.epoch;
    h.sequence = ++sequence;
    try {
      send(socket, h, body, p);
    } catch (const failure& e) {
      if (e.code() == errc::unavailable) lose_in_sending();
      close();
      throw;
    } catch (...) {
      close();  // in the middle of a frame
      throw;
    }
    return h.sequence;
  }

  /// The worker may have said why before it closed.
  [[noreturn]] void lose_in_sending() {
    for (;;) {
      auto f = take(forever);
      if (f.header.kind == uint16_t(frame_kind::failure)) {
        close();
        throw_failure(f);
      }
    }
  }

  frame take(const patience& p) {
    if (!socket.is_open()) lose();
    try {
      return reader.next(socket, limits::driver_body, p);
    } catch (const failure& e) {
      if (e.code() == errc::unavailable) lose();
      if (e.code() == errc::protocol) close();
      throw;
    }
  }

  [[noreturn]] static void throw_failure(const frame& f) {
    auto note = decode_failure(f.body);
    throw failure{note.code, note.message};
  }

  void load(const load_batch& batch) {
    auto body = encode(batch);
    while (unanswered >= unanswered_limit) take_ack();
    put(frame_kind::load_batch, body, forever);
    ++unanswered;
    while (unanswered > 0 && readable(socket)) take_ack();
  }

  void take_ack() {
    auto f = take(forever);
    if (f.header.kind == uint16_t(frame_kind::failure)) {
      --unanswered;
      throw_failure(f);
    }
    if (f.header.kind == uint16_t(frame_kind::ack)) --unanswered;
  }

  void load_in_pieces(const load_batch& batch, int64_t begin, int64_t end) {
    auto rows = slice(batch.rows, begin, end);
    if (bytes_of(rows) <= piece_bytes) return load({batch.load, batch.part, std::move(rows)});
    if (end - begin == 1) {
      if (bytes_of(rows) > limits::driver_body - 65'536)
        throw failure{errc::value, "a row of " + std::to_string(bytes_of(rows)) + " bytes is over the limit of " + std::to_string(limits::driver_body)};
      return load({batch.load, batch.part, std::move(rows)});
    }
    rows = {};
    auto middle = begin + (end - begin) / 2;
    load_in_pieces(batch, begin, middle);
    load_in_pieces(batch, middle, end);
  }

  std::vector<column_batch> ask(const query& q) {
    auto asked = put(frame_kind::query, encode(q), forever);
    std::vector<column_batch> all;
    for (;;) {
      auto f = take(forever);
      if (f.header.sequence != asked) continue;  // of a question given up before
      if (f.header.kind == uint16_t(frame_kind::failure)) throw_failure(f);
      if (f.header.kind != uint16_t(frame_kind::batch)) continue;
      all.push_back(decode_batch(f.body));
      if (f.header.flags & flag_last) return all;
    }
  }

  asio::io_context io;
  std::string address;
  interrupt_check interrupt;
  std::shared_ptr<tls_bridge> bridge;
  patience forever;  // but for interrupts
  local_socket socket{io};
  frame_reader reader;
  welcome peer;
  uint32_t sequence = 0, unanswered = 0;
};

worker_client::worker_client(std::string address, std::string cluster, interrupt_check interrupt, std::shared_ptr<tls_bridge> bridge)
    : state_{std::make_unique<state>(std::move(address), cluster, std::move(interrupt), std::move(bridge))} {}

worker_client::~worker_client() = default;

void worker_client::load(const load_batch& batch) {
  if (batch.rows.rows > 0 && bytes_of(batch.rows) > piece_bytes) state_->load_in_pieces(batch, 0, batch.rows.rows);
  else state_->load(batch);
}

void worker_client::flush() {
  while (state_->unanswered > 0) state_->take_ack();
}

void worker_client::abort(handle load) noexcept {
  try {
    auto p = patience::seconds(abort_seconds);
    auto asked = state_->put(frame_kind::load_batch, encode(load_batch{load, load_batch::what::abort, {}}), p);
    while (state_->take(p).header.sequence != asked) {}
  } catch (const std::exception&) {  // the closed connection says the same
  }
  state_->close();
}

std::vector<column_batch> worker_client::ask(const query& q) {
  flush();
  return state_->ask(q);
}

}  // namespace gli
