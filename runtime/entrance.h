#pragma once
// What every listener does with whoever is not admitted yet: limits::strangers places, limits::hello_seconds to be admitted in. When all places are taken
// the one who has had his for longest, and at least crowded_patience, loses it; the others wait in the kernel's queue.
//
// Threads: everything runs on one strand of the io_context; close() may be called from any thread.

#include <fcntl.h>

#include <atomic>
#include <functional>
#include <list>
#include <memory>

#include "runtime/greeting.h"

namespace gli {

struct door_options {
  double hello_seconds = limits::hello_seconds;     // from accept to Welcome
  std::function<void(const std::string&)> refused;  // one line on each connection that was turned away; from any thread
};

/// Closes the socket unless this object ends before.
template <class Socket>
class closing_timer {
 public:
  closing_timer(asio::any_io_executor executor, double seconds, std::shared_ptr<Socket> socket) : timer_{executor} {
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>{seconds}));
    timer_.async_wait([expired = expired_, socket](boost::system::error_code error) {
      if (error || *expired) return;
      *expired = true;
      boost::system::error_code ignored;
      socket->close(ignored);
    });
  }
  ~closing_timer() { *expired_ = true; }  // the handler may wait to run already
  closing_timer(const closing_timer&) = delete;
  bool expired() const { return *expired_; }

 private:
  std::shared_ptr<bool> expired_ = std::make_shared<bool>(false);
  asio::steady_timer timer_;
};

template <class Protocol>
class entrance : public std::enable_shared_from_this<entrance<Protocol>> {
 public:
  using socket_ptr = std::shared_ptr<typename Protocol::socket>;
  using acceptor = typename Protocol::acceptor;
  /// Admits a stranger or throws. What it answers is called when he has left his place.
  using greeter = std::function<asio::awaitable<std::function<void()>>(socket_ptr)>;

  entrance(asio::io_context& io, greeter greet, door_options options)
      : io_{io}, strand_{asio::make_strand(io)}, acceptor_{io}, vacancy_{strand_}, greet_{std::move(greet)}, options_{std::move(options)} {}

  /// To be opened by whoever knows how; before start().
  acceptor& listener() { return acceptor_; }

  void start() {
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    asio::co_spawn(strand_, accept(this->shared_from_this()), asio::detached);
  }

  void close() {
    if (closed_.exchange(true)) return;
    asio::post(strand_, [self = this->shared_from_this()] {
      boost::system::error_code ignored;
      self->acceptor_.close(ignored);
      self->vacancy_.cancel();
      for (auto& s : self->strangers_) s.socket->close(ignored);
    });
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds crowded_patience{250};
  struct stranger {
    socket_ptr socket;
    clock::time_point since = clock::now();
    bool displaced = false;
  };
  using place = typename std::list<stranger>::iterator;

  asio::awaitable<void> accept(std::shared_ptr<entrance> self) {  // which keeps this alive
    for (bool failed = false; !closed_;) try {
        if (std::exchange(failed, false)) co_await pause(std::chrono::milliseconds{100});  // out of descriptors or memory, say: the next may go better
        if (strangers_.size() >= limits::strangers) co_await pause(displace_oldest());
        else failed = !co_await accept_one(self);
      } catch (const std::exception&) {
        failed = true;
      }
  }

  asio::awaitable<bool> accept_one(std::shared_ptr<entrance> self) {
    auto socket = std::make_shared<typename Protocol::socket>(io_);
    boost::system::error_code error;
    co_await acceptor_.async_accept(*socket, asio::redirect_error(asio::use_awaitable, error));
    if (error || closed_) co_return false;
    ::fcntl(socket->native_handle(), F_SETFD, FD_CLOEXEC);
    auto where = strangers_.insert(strangers_.end(), stranger{socket});
    try {
      asio::co_spawn(strand_, admit(self, where), asio::detached);
    } catch (...) {
      strangers_.erase(where);
      throw;
    }
    co_return true;
  }

  /// How long to wait for the next vacancy; whoever is displaced makes one as soon as he hears of it.
  clock::duration displace_oldest() {
    auto& oldest = strangers_.front();
    auto left = oldest.since + crowded_patience - clock::now();
    if (left > clock::duration::zero()) return left;
    oldest.displaced = true;
    boost::system::error_code ignored;
    oldest.socket->close(ignored);
    return std::chrono::hours{1};
  }

  /// Until a stranger leaves, the door closes, or the time is over.
  asio::awaitable<void> pause(clock::duration time) {
    boost::system::error_code ignored;
    vacancy_.expires_after(time);
    co_await vacancy_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::awaitable<void> admit([[maybe_unused]] std::shared_ptr<entrance> self, place where) {
    std::function<void()> pass_on;
    try {
      closing_timer timer{strand_, options_.hello_seconds, where->socket};
      try {
        pass_on = co_await greet_(where->socket);
      } catch (const std::exception& e) {
        tell(where->displaced ? "a stranger who had not said Hello yet made room for another"
             : timer.expired() ? "a stranger said no Hello in time"
                               : std::string{"a stranger was refused: "} + e.what());
      }
    } catch (const std::exception&) {  // the listener of refusals failed; the connection ends all the same
    }
    strangers_.erase(where);
    vacancy_.cancel();
    if (!pass_on || closed_) co_return;
    try {
      pass_on();
    } catch (const std::exception& e) {
      tell(std::string{"a connection could not be served: "} + e.what());
    }
  }

  void tell(const std::string& line) {
    if (options_.refused) options_.refused(line);
  }

  asio::io_context& io_;
  asio::strand<asio::io_context::executor_type> strand_;
  acceptor acceptor_;
  asio::steady_timer vacancy_;
  greeter greet_;
  door_options options_;
  std::list<stranger> strangers_;  // who came first is in front
  std::atomic<bool> closed_{false};
};

}  // namespace gli
