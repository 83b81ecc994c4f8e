#include "runtime/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace gli {

namespace {

constexpr int slice_milliseconds = 100;

[[noreturn]] void gone() { throw failure{errc::unavailable, "the peer closed the connection"}; }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

/// Takes `sent` bytes off the front of two pieces.
void advance(iovec (&pieces)[2], size_t sent) {
  for (auto& piece : pieces) {
    auto n = std::min(sent, piece.iov_len);
    piece.iov_base = static_cast<uint8_t*>(piece.iov_base) + n;
    piece.iov_len -= n;
    sent -= n;
  }
}

}  // namespace

patience patience::seconds(double s) {
  return {clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>{s}), nullptr};
}

void patience::wait(int descriptor, short events) const {
  for (;;) {
    int milliseconds = interrupt ? slice_milliseconds : -1;
    if (until != clock::time_point::max()) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
      if (left <= 0) throw failure{errc::timeout, "no answer in time"};
      milliseconds = int(std::min<int64_t>(left, interrupt ? slice_milliseconds : 60'000));
    }
    pollfd one{descriptor, events, 0};
    if (::poll(&one, 1, milliseconds) > 0) return;
    if (interrupt && *interrupt) (*interrupt)();
  }
}

void send(local_socket& socket, frame_header header, bytes_view body, const patience& p) {
  header.length = body.size();
  seal(header);
  iovec pieces[2] = {{&header, sizeof header}, {const_cast<uint8_t*>(body.data()), body.size()}};
  auto descriptor = socket.native_handle();
  while (pieces[0].iov_len + pieces[1].iov_len > 0) {
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
    auto sent = ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) advance(pieces, size_t(sent));
    else if (would_block()) p.wait(descriptor, POLLOUT);
    else if (errno != EINTR) gone();
  }
}

frame receive(local_socket& socket, uint64_t limit, const patience& p) { return frame_reader{}.next(socket, limit, p); }

frame frame_reader::next(local_socket& socket, uint64_t limit, const patience& p) {
  auto descriptor = socket.native_handle();
  if (!in_body_) {
    read(descriptor, reinterpret_cast<uint8_t*>(&frame_.header), sizeof frame_.header, p);
    check_header(frame_.header, limit);
    frame_.body.resize(frame_.header.length);
    in_body_ = true;
  }
  read(descriptor, frame_.body.data(), frame_.body.size(), p);
  in_body_ = false;
  return std::exchange(frame_, {});
}

void frame_reader::read(int descriptor, uint8_t* to, size_t bytes, const patience& p) {
  while (done_ < bytes) {
    auto got = ::recv(descriptor, to + done_, bytes - done_, MSG_DONTWAIT);
    if (got > 0) done_ += size_t(got);
    else if (got < 0 && would_block()) p.wait(descriptor, POLLIN);
    else if (got == 0 || errno != EINTR) gone();
  }
  done_ = 0;
}

bool readable(local_socket& socket) {
  pollfd one{socket.native_handle(), POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

}  // namespace gli
