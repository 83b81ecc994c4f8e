#pragma once
// TLS over a socket that a stranger cannot use up.

#include <boost/asio/ssl.hpp>

#include <algorithm>
#include <memory>

#include "runtime/frame_io.h"

namespace gli {

/// A TCP socket from which no more than limits::before_admission bytes are read before trust(). For asio::ssl::stream.
class metered_socket {
 public:
  using tcp_socket = asio::ip::tcp::socket;
  using executor_type = tcp_socket::executor_type;
  using lowest_layer_type = tcp_socket::lowest_layer_type;

  explicit metered_socket(std::shared_ptr<tcp_socket> s) : socket_{std::move(s)} {}
  executor_type get_executor() { return socket_->get_executor(); }
  lowest_layer_type& lowest_layer() { return socket_->lowest_layer(); }
  const std::shared_ptr<tcp_socket>& socket() const { return socket_; }
  void trust() { allowance_ = unlimited; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    asio::mutable_buffer all = *asio::buffer_sequence_begin(buffers);
    auto read = [this, all, begun = false](auto& self, boost::system::error_code error = {}, size_t bytes = 0) mutable {
      if (!std::exchange(begun, true)) {
        if (allowance_ > 0) return socket_->async_read_some(asio::buffer(all, size_t(std::min<uint64_t>(allowance_, all.size()))), std::move(self));
        auto executor = socket_->get_executor();
        return asio::post(executor, [self = std::move(self)]() mutable { self.complete(asio::error::message_size, 0); });
      }
      if (allowance_ != unlimited) allowance_ -= bytes;
      self.complete(error, bytes);
    };
    return asio::async_compose<Token, void(boost::system::error_code, size_t)>(std::move(read), token, *socket_);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return socket_->async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  static constexpr uint64_t unlimited = UINT64_MAX;
  std::shared_ptr<tcp_socket> socket_;
  uint64_t allowance_ = limits::before_admission;
};

using tls_stream = asio::ssl::stream<metered_socket>;

}  // namespace gli
