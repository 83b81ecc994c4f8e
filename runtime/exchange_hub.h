#pragma once
// Behind exchange: who the peers are, the connections to them, and what came for the job that runs or will run.
//
// Threads: any. `mutex` guards everything but the counters; it is never held together with a link's own lock.

#include <atomic>
#include <condition_variable>
#include <optional>

#include "runtime/exchange.h"
#include "runtime/exchange_link.h"

namespace gli {

class exchange_hub : public exchange_link::owner, public std::enable_shared_from_this<exchange_hub> {
 public:
  using link_ptr = std::shared_ptr<exchange_link>;

  exchange_hub(asio::io_context& io, identity who, std::string own_address, exchange::beyond_host beyond, double connect_seconds);

  void place(uint32_t term, uint32_t rank, std::vector<std::string> doors);
  void adopt(const hello& greeting, local_socket socket);
  void abort(uint64_t up_to_job, errc code, const std::string& why);
  void stop();

  /// What a job talks with: fixed while it runs.
  struct members { uint32_t term = 0, rank = 0; std::vector<link_ptr> links; };  // by partition; own: null
  members begin(uint64_t id);
  void end(uint64_t id);
  /// The job has reached `round`: what waited for it costs no credit any longer. Throws when the job was aborted.
  void enter(const members& m, uint32_t round);
  /// The message of this round, when it is there. Throws when the job was aborted, or the peer is gone before.
  bulk_message take(exchange_link& from, uint32_t round);
  void check_running();

  std::atomic<uint64_t> sent{0}, received_bytes{0}, rounds{0};

 private:
  struct peer {
    std::string door;
    link_ptr link;
    bool connecting = false;
    std::string why_not = {};  // of the last knock at that door, until there is a link
    bool live() const { return link && !link->box.broken; }
  };
  using refunds = std::vector<std::pair<link_ptr, uint64_t>>;
  struct visitor { hello greeting; local_socket socket; };

  bool stale(const frame_header& header) override;
  bool received(exchange_link& from, const frame_header& header) override;
  void arrived(exchange_link& from, bulk_message message) override;
  void broken(exchange_link& which) override;
  void starved(uint64_t job) override;
  void count_sent(uint64_t bytes) override { sent += bytes; }
  void count_received(uint64_t bytes) override { received_bytes += bytes; }

  // With the mutex held.
  bool past(uint32_t term, uint64_t job) const;
  void throw_if_aborted() const;
  void set_aborted(errc code, const std::string& why);
  uint64_t forget(exchange_link& link);
  refunds pass(uint64_t job);
  bool wants(uint32_t partition) const;
  void connect_missing(std::chrono::milliseconds delay);
  std::vector<link_ptr> renew_peers(const std::vector<std::string>& doors, bool keep);
  std::optional<uint32_t> missing() const;

  link_ptr attach(uint32_t partition, const std::string& address, local_socket& socket);
  static asio::awaitable<void> connect(std::shared_ptr<exchange_hub> self, uint32_t partition, std::chrono::milliseconds delay);
  void failed_at(uint32_t partition, const std::string& door, const std::string& why);
  std::optional<hello> greeting_for(uint32_t partition, std::string& door);

  asio::io_context& io_;
  const identity who_;
  const std::string own_address_;
  const exchange::beyond_host beyond_;
  const std::chrono::duration<double> connect_patience_;

  std::mutex mutex;
  std::condition_variable changed_;
  bool placed_ = false, stopped_ = false;
  uint32_t term_ = 0, rank_ = 0;
  std::vector<peer> peers_;
  std::vector<visitor> early_;  // connected here before the placement that names them
  uint64_t job_ = 0;            // running, or 0
  uint32_t round_ = 0;          // that it has reached
  uint64_t past_job_ = 0;       // frames of jobs up to it are dropped
  uint64_t starved_job_ = 0;    // so are those of this one, for which there was no memory
  std::optional<failure_note> aborted_;  // why the running job must fail, or the last one of the past did
};

/// Calls that all ranks make alike, numbered by round.
class job_communicator final : public communicator {
 public:
  job_communicator(std::shared_ptr<exchange_hub> hub, uint64_t id, exchange::progress_sink sink);
  ~job_communicator() override;
  uint32_t rank() const override { return members_.rank; }
  uint32_t size() const override { return uint32_t(members_.links.size()); }
  std::vector<byte_buffer> all_to_all(std::vector<byte_buffer> outgoing) override;
  void all_to_all(const std::function<byte_buffer(uint32_t)>& make, const std::function<void(uint32_t, byte_buffer)>& take) override;
  void all_reduce(std::span<uint64_t> values, reduction how) override;
  void progress(std::string_view what, uint64_t done, uint64_t total, std::string_view detail) override;

 private:
  void reduce_piece(std::span<uint64_t> values, reduction how);
  void send(uint32_t to, frame_kind kind, byte_buffer bytes);
  void send(uint32_t to, std::span<const uint64_t> values);
  byte_buffer take(uint32_t from, frame_kind kind);
  void take(uint32_t from, std::span<uint64_t> values);

  std::shared_ptr<exchange_hub> hub_;
  uint64_t id_;
  exchange::progress_sink sink_;
  exchange_hub::members members_;
  uint32_t round_ = 0;
};

}  // namespace gli
