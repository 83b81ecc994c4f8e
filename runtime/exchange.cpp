#include "runtime/exchange.h"

#include "runtime/exchange_hub.h"

namespace gli {

struct exchange::state : exchange_hub { using exchange_hub::exchange_hub; };

exchange::exchange(asio::io_context& io, identity who, std::string own_address, beyond_host beyond, double connect_seconds)
    : state_{std::make_shared<state>(io, std::move(who), std::move(own_address), std::move(beyond), connect_seconds)} {}

exchange::~exchange() { state_->stop(); }

void exchange::place(uint32_t term, uint32_t rank, std::vector<std::string> doors) { state_->place(term, rank, std::move(doors)); }

void exchange::adopt(const hello& greeting, local_socket socket) { state_->adopt(greeting, std::move(socket)); }

std::unique_ptr<communicator> exchange::begin(uint64_t id, progress_sink sink) {
  return std::make_unique<job_communicator>(state_, id, std::move(sink));
}

void exchange::abort(uint64_t up_to_job, errc code, const std::string& why) { state_->abort(up_to_job, code, why); }

uint64_t exchange::bytes_sent() const { return state_->sent; }
uint64_t exchange::rounds() const { return state_->rounds; }
uint64_t exchange::bytes_received() const { return state_->received_bytes; }

}  // namespace gli
