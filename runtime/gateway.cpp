#include "runtime/gateway.h"

#include <deque>
#include <map>

namespace gli {

namespace {
struct outgoing { frame_header header; byte_buffer body; };
}  // namespace

struct gateway::state : std::enable_shared_from_this<gateway::state> {
  struct driver {
    local_socket socket;
    std::deque<outgoing> queue;
    bool writing = false;
  };

  state(asio::io_context& c, identity w, handlers h) : io{c}, cluster{cluster_hash(w.cluster)}, epoch{w.epoch}, handle{std::move(h)} {}

  asio::awaitable<void> read(session s, std::shared_ptr<driver> d) {
    try {
      for (;;) {
        auto f = co_await receive_frame(d->socket, limits::driver_body);
        take(s, d, f);
      }
    } catch (const std::exception&) {  // closed, or a frame that no driver of ours sends
    }
    boost::system::error_code ignored;
    d->socket.close(ignored);
    if (drivers.erase(s) && handle.gone) handle.gone(s);
  }

  void take(session s, const std::shared_ptr<driver>& d, const frame& f) {
    check_origin(f.header, cluster, epoch);
    if (f.header.kind != uint16_t(frame_kind::request)) throw failure{errc::protocol, "expected a request"};
    try {
      auto r = decode_request(f.body);
      if (std::holds_alternative<ping>(r.body)) return push(d, frame_kind::reply, f.header.sequence, encode(reply{done{}}));
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
    d->queue.push_back({h, std::move(body)});
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
      }
    } catch (const std::exception&) {  // the reader sees the closed socket too and ends the session
      d->queue.clear();
    }
    d->writing = false;
  }

  void push_later(session s, frame_kind kind, uint32_t sequence, byte_buffer body) {
    asio::post(io, [self = shared_from_this(), s, kind, sequence, body = std::move(body)]() mutable {
      if (auto found = self->drivers.find(s); found != self->drivers.end()) self->push(found->second, kind, sequence, std::move(body));
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

void gateway::serve(local_socket socket) {
  auto s = state_->next++;
  auto d = std::make_shared<state::driver>(state::driver{std::move(socket), {}, false});
  state_->drivers[s] = d;
  asio::co_spawn(state_->io, [self = state_, s, d] { return self->read(s, d); }, asio::detached);
}

void gateway::answer(session s, uint32_t sequence, const reply& r) { state_->push_later(s, frame_kind::reply, sequence, encode(r)); }
void gateway::tell(session s, uint32_t sequence, const progress_note& p) { state_->push_later(s, frame_kind::progress, sequence, encode(p)); }

}  // namespace gli
