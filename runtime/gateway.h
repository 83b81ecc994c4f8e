#pragma once
// The coordinator's side of driver connections: reads requests, answers ping itself, hands the others on, writes replies in any order.
//
// Memory for each driver is bounded: it may have limits::unanswered_requests under way, of at most limits::driver_body bytes and one more request, else it
// hears failure{unavailable}; while more than limits::unread_answers of answers wait to be read by it nothing is read from it; over limits::hoarded_answers
// its connection is closed; progress is left out while anything waits.
//
// Threads: sockets live on the io_context, where the handlers are called; answer() and tell() may be called from any thread.

#include <functional>
#include <memory>

#include "runtime/door.h"

namespace gli {

class gateway {
 public:
  using session = uint64_t;  // one driver connection, never used twice
  struct handlers {
    std::function<void(session, uint32_t sequence, request)> ask;
    std::function<void(session)> gone;  // no more will come, and answers go nowhere
  };

  gateway(asio::io_context& io, identity who, handlers handle);
  ~gateway();
  session serve(local_socket socket);  // on the io_context
  void answer(session s, uint32_t sequence, const reply& r);
  void tell(session s, uint32_t sequence, const progress_note& p);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace gli
