#include "runtime/exchange_hub.h"

#include <algorithm>
#include <cstring>

namespace gli {

namespace {

constexpr size_t values_per_frame = size_t{1} << 16;

uint64_t combine(uint64_t a, uint64_t b, reduction how) {
  switch (how) {
    case reduction::sum: return a + b;
    case reduction::min: return std::min(a, b);
    case reduction::max: return std::max(a, b);
  }
  return a;
}

}  // namespace

job_communicator::job_communicator(std::shared_ptr<exchange_hub> hub, uint64_t id, exchange::progress_sink sink)
    : hub_{std::move(hub)}, id_{id}, sink_{std::move(sink)}, members_{hub_->begin(id)} {}

job_communicator::~job_communicator() { hub_->end(id_); }

void job_communicator::send(uint32_t to, frame_kind kind, byte_buffer bytes) {
  members_.links[to]->send({members_.term, id_, round_, kind, std::move(bytes)});
}

byte_buffer job_communicator::take(uint32_t from, frame_kind kind) {
  auto message = hub_->take(*members_.links[from], round_);
  if (message.kind != kind) throw failure{errc::internal, "partitions make different calls in round " + std::to_string(round_)};
  return std::move(message.bytes);
}

std::vector<byte_buffer> job_communicator::all_to_all(std::vector<byte_buffer> outgoing) {
  if (outgoing.size() != size()) throw failure{errc::internal, "all_to_all needs one buffer for each partition"};
  std::vector<byte_buffer> incoming(size());
  incoming[rank()] = std::move(outgoing[rank()]);
  all_to_all([&](uint32_t q) { return std::move(outgoing[q]); }, [&](uint32_t q, byte_buffer bytes) { incoming[q] = std::move(bytes); });
  return incoming;
}

void job_communicator::all_to_all(const std::function<byte_buffer(uint32_t)>& make, const std::function<void(uint32_t, byte_buffer)>& take_in) {
  hub_->enter(members_, ++round_);
  for (uint32_t d = 1; d < size(); ++d) {  // each begins with another peer
    auto to = (rank() + d) % size();
    send(to, frame_kind::data, make(to));
  }
  for (uint32_t from = 0; from < size(); ++from)
    if (from != rank()) take_in(from, take(from, frame_kind::data));
}

void job_communicator::send(uint32_t to, std::span<const uint64_t> values) {
  byte_buffer bytes(values.size_bytes());
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  send(to, frame_kind::reduce, std::move(bytes));
}

void job_communicator::take(uint32_t from, std::span<uint64_t> values) {
  auto bytes = take(from, frame_kind::reduce);
  if (bytes.size() != values.size_bytes())
    throw failure{errc::internal, "partitions reduce different numbers of values in round " + std::to_string(round_)};
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
}

void job_communicator::all_reduce(std::span<uint64_t> values, reduction how) {
  do {
    auto piece = values.first(std::min(values.size(), values_per_frame));
    reduce_piece(piece, how);
    values = values.subspan(piece.size());
  } while (!values.empty());
}

/// Up a binomial tree to rank 0, and down again: at bit b, ranks with that lowest bit talk to the rank without it.
void job_communicator::reduce_piece(std::span<uint64_t> values, reduction how) {
  hub_->enter(members_, ++round_);
  std::vector<uint64_t> theirs(values.size());
  uint32_t bit = 1;
  for (; bit < size() && !(rank() & bit); bit *= 2) {
    if (rank() + bit >= size()) continue;
    take(rank() + bit, theirs);
    for (size_t i = 0; i < values.size(); ++i) values[i] = combine(values[i], theirs[i], how);
  }
  if (rank() != 0) {
    send(rank() - bit, values);
    take(rank() - bit, values);
  }
  for (bit /= 2; bit > 0; bit /= 2)
    if (rank() + bit < size()) send(rank() + bit, values);
}

void job_communicator::progress(std::string_view what, uint64_t done, uint64_t total, std::string_view detail) {
  hub_->check_running();
  if (sink_ && !what.empty()) sink_(what, done, total, detail);
}

}  // namespace gli
