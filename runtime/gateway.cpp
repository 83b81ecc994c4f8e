#include "runtime/gateway.h"

#include <deque>
#include <map>

namespace gli {

namespace {
struct outgoing { frame_header header; byte_buffer body; };
}  // namespace

struct gateway::state : std::enable_shared_from_this<gateway::state> {
  struct driver {
    driver(local_socket s, asio::io_context& io) : socket{std::move(s)}, drained{io} {}

    local_socket socket;
    std::deque<outgoing> queue;
    uint64_t queued = 0;  // bytes
    bool writing = false;
    asio::steady_timer drained;                      // cancelled whenever a frame has left
    std::multimap<uint32_t, uint64_t> unanswered;    // sequence and bytes of requests handed on
    uint64_t unanswered_bytes = 0;

    bool over = false;  // hung up on

    /// Cancelling is possible when nothing else is.
    bool asks_too_much(const request& next) const {
      if (std::holds_alternative<cancel_request>(next.body)) return unanswered.size() >= 2 * limits::unanswered_requests;
      return unanswered.size() >= limits::unanswered_requests || unanswered_bytes > limits::driver_body;
    }
  };

  state(asio::io_context& c, identity w, handlers h) : io{c}, cluster{cluster_hash(w.cluster)}, epoch{w.epoch}, handle{std::move(h)} {}

  asio::awaitable<void> read(session s, std::shared_ptr<driver> d) {
    try {
      for (;;) {
        while (d->queued > limits::unread_answers && !d->over) co_await drain(*d);
        auto f = co_await receive_frame(d->socket, limits::driver_body);
        take(s, d, f);
      }
    } catch (const std::exception&) {  // closed, or a frame that no driver of ours sends
    }
    boost::system::error_code ignored;
    d->socket.close(ignored);
    if (drivers.erase(s) && handle.gone) handle.gone(s);
  }

  /// Until an answer has left. A driver that reads none is not read from either.
  static asio::awaitable<void> drain(driver& d) {
    boost::system::error_code ignored;
    d.drained.expires_at(asio::steady_timer::time_point::max());
    co_await d.drained.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  void take(session s, const std::shared_ptr<driver>& d, const frame& f) {
    check_origin(f.header, cluster, epoch);
    if (f.header.kind != uint16_t(frame_kind::request)) throw failure{errc::protocol, "expected a request"};
    try {
      auto r = decode_request(f.body);
      if (std::holds_alternative<ping>(r.body)) return push(d, frame_kind::reply, f.header.sequence, encode(reply{done{}}));
      if (d->asks_too_much(r))
        throw failure{errc::unavailable, "this driver has " + std::to_string(d->unanswered.size()) + " requests of " + std::to_string(d->unanswered_bytes) +
                                             " bytes under way: it must wait for answers before it asks more"};
      d->unanswered.emplace(f.header.sequence, f.body.size());
      d->unanswered_bytes += f.body.size();
      handle.ask(s, f.header.sequence, std::move(r));
    } catch (const failure& e) {
      push(d, frame_kind::reply, f.header.sequence, encode(reply{failure_note{e.code(), e.what()}}));
    }
  }

  void push(const std::shared_ptr<driver>& d, frame_kind kind, uint32_t sequence, byte_buffer body) {
    frame_header h;
    h.kind = uint16_t(kind);
    h.flags = flag_last;
    h.cluster = cluster;
    h.epoch = epoch;
    h.sequence = sequence;
    if (d->over) return;
    d->queued += sizeof h + body.size();
    d->queue.push_back({h, std::move(body)});
    if (d->queued > limits::hoarded_answers) return hang_up(*d);
    if (d->writing) return;
    d->writing = true;
    asio::co_spawn(io, write(d), asio::detached);
  }

  asio::awaitable<void> write(std::shared_ptr<driver> d) {
    try {
      while (!d->queue.empty()) {
        auto next = std::move(d->queue.front());
        d->queue.pop_front();
        co_await send_frame(d->socket, next.header, next.body);
        if (d->over) break;
        d->queued -= sizeof next.header + next.body.size();
        d->drained.cancel();
      }
    } catch (const std::exception&) {  // the reader sees the closed socket too and ends the session
      forget(*d);
    }
    d->writing = false;
  }

  static void forget(driver& d) {
    d.over = true;
    d.queue.clear();
    d.queued = 0;
    d.drained.cancel();
  }

  static void hang_up(driver& d) {
    boost::system::error_code ignored;
    d.socket.shutdown(local_socket::shutdown_both, ignored);
    forget(d);
  }

  static void settle(driver& d, uint32_t sequence) {
    auto found = d.unanswered.find(sequence);
    if (found == d.unanswered.end()) return;
    d.unanswered_bytes -= found->second;
    d.unanswered.erase(found);
  }

  void answer_later(session s, uint32_t sequence, byte_buffer body) {
    asio::post(io, [self = shared_from_this(), s, sequence, body = std::move(body)]() mutable {
      auto found = self->drivers.find(s);
      if (found == self->drivers.end()) return;
      settle(*found->second, sequence);
      self->push(found->second, frame_kind::reply, sequence, std::move(body));
    });
  }

  /// Progress is told only to who has read what he was told before.
  void tell_later(session s, uint32_t sequence, byte_buffer body) {
    asio::post(io, [self = shared_from_this(), s, sequence, body = std::move(body)]() mutable {
      auto found = self->drivers.find(s);
      if (found != self->drivers.end() && found->second->queue.empty()) self->push(found->second, frame_kind::progress, sequence, std::move(body));
    });
  }

  asio::io_context& io;
  uint64_t cluster;
  uint32_t epoch;
  handlers handle;
  std::map<session, std::shared_ptr<driver>> drivers;
  session next = 1;
};

gateway::gateway(asio::io_context& io, identity who, handlers handle) : state_{std::make_shared<state>(io, std::move(who), std::move(handle))} {}
gateway::~gateway() = default;

gateway::session gateway::serve(local_socket socket) {
  auto s = state_->next++;
  auto d = std::make_shared<state::driver>(std::move(socket), state_->io);
  state_->drivers[s] = d;
  asio::co_spawn(state_->io, [self = state_, s, d] { return self->read(s, d); }, asio::detached);
  return s;
}

void gateway::answer(session s, uint32_t sequence, const reply& r) { state_->answer_later(s, sequence, encode(r)); }
void gateway::tell(session s, uint32_t sequence, const progress_note& p) { state_->tell_later(s, sequence, encode(p)); }

}  // namespace gli
