#pragma once
// The bulk plane: one connection to every other worker, and the communicator of a job over them.
//
// Threads: sockets live on the io_context; the job thread blocks in the communicator's calls. Frames carry (epoch, term, job, round): those of
// a lower term or another epoch are dropped, those of a job that has not begun here wait in the inbox, within limits::credit.
// Credit: a sender has at most limits::credit unanswered bytes under way to a peer; the receiver returns credit as its job takes
// frames out. abort() wakes whoever blocks.

#include <functional>
#include <memory>
#include <string>

#include "runtime/communicator.h"
#include "runtime/door.h"

namespace gli {

class tls_bridge;

class exchange {
 public:
  /// What peers on other hosts need: this worker's TLS door, and what its own connections go through.
  struct beyond_host { std::string address; std::shared_ptr<tls_bridge> bridge; };

  /// `connect_seconds`: how long a job that begins waits for its peers' connections.
  exchange(asio::io_context& io, identity who, std::string own_address, beyond_host beyond = {}, double connect_seconds = 5);
  ~exchange();

  /// The placement of `term`: the workers' doors by partition, as this one reaches them, own partition `rank`. Connects to peers with a lower partition;
  /// those with a higher one connect here (adopt). Connections of peers that did not change stay. Aborts jobs of earlier terms.
  void place(uint32_t term, uint32_t rank, std::vector<std::string> doors);

  /// A peer's bulk connection that came through this process's door.
  void adopt(const hello& greeting, local_socket socket);

  using progress_sink = std::function<void(std::string_view what, uint64_t done, uint64_t total, std::string_view detail)>;

  /// The communicator of job `id` under the current term. One at a time. It waits for peers' connections for at most connect_seconds, then
  /// throws failure{worker_lost} naming the partition.
  std::unique_ptr<communicator> begin(uint64_t id, progress_sink sink);

  /// Makes the running job and those not after `up_to_job` fail with `why`; their frames are dropped.
  void abort(uint64_t up_to_job, errc code, const std::string& why);

  uint64_t bytes_sent() const;      // with headers, in this life, likewise
  uint64_t bytes_received() const;
  uint64_t rounds() const;          // collective calls begun here

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace gli
