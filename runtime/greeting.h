#pragma once
// What is said first on a connection, whatever it runs on: a Hello, and Welcome or Failure.

#include <string>

#include "runtime/frame_io.h"

namespace gli {

struct identity {
  std::string cluster;  // id; a Hello naming another one is refused
  uint32_t epoch = 0;
};

/// What a driver says; an empty cluster: whichever it is.
hello driver_hello(const std::string& cluster);

frame_header plain_header(frame_kind kind);
frame_header welcome_header(const identity& who);
/// Throws failure{protocol}, whose message the peer may see, for what is no Hello to `who`.
hello checked_hello(const frame& f, const identity& who);
/// Throws what the Failure says, or failure{protocol} for what is no Welcome to `greeting`.
welcome checked_welcome(const frame& f, const hello& greeting);

/// Reads the Hello, which `admit` may refuse too, and answers it. Throws after a refusal was sent.
template <class Stream, class Admit>
asio::awaitable<hello> answer_hello(Stream& stream, const identity& who, Admit admit) {
  hello h;
  failure_note refusal;
  try {
    auto f = co_await receive_frame(stream, limits::before_welcome);
    h = checked_hello(f, who);
    admit(h);
  } catch (const failure& e) {
    if (e.code() != errc::protocol) throw;
    refusal = {e.code(), e.what()};
  }
  if (!refusal.message.empty()) {
    auto body = encode(refusal);
    co_await send_frame(stream, plain_header(frame_kind::failure), body);
    throw failure{refusal.code, refusal.message};
  }
  auto body = encode(welcome{protocol_version, software_name, who.cluster, who.epoch});
  co_await send_frame(stream, welcome_header(who), body);
  co_return h;
}

template <class Stream>
asio::awaitable<welcome> say_hello(Stream& stream, const hello& greeting) {
  auto body = encode(greeting);
  co_await send_frame(stream, plain_header(frame_kind::hello), body);
  auto f = co_await receive_frame(stream, limits::before_welcome);
  co_return checked_welcome(f, greeting);
}

}  // namespace gli
