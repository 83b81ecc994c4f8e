#pragma once
// Who is in the cluster and which partition each worker has. A pure machine: events in, actions out; no I/O, no clock.
//
//   joined ──assign──▶ placed? ──all partitions taken──▶ announce(term+1) ──all placed()──▶ ready
//   left: the partition is vacant and the cluster not ready until a worker joins and a new term is announced.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/codec.h"

namespace gli {

class membership {
 public:
  explicit membership(uint32_t partitions) : seats_(partitions) {}

  struct assign { uint32_t worker, partition; };
  struct refuse { std::string why; bool for_good = false; };               // no partition is vacant, or the others could not reach it; for_good: nor ever will
  struct announce { uint32_t term; };                                      // to all workers, each with doors_for() its partition
  struct ready { uint32_t term; std::vector<uint32_t> fresh; };            // partitions whose worker is new since the last ready
  struct lost { uint32_t worker, partition; };
  using action = std::variant<assign, refuse, announce, ready, lost>;
  using actions = std::vector<action>;

  actions joined(const hello& greeting);
  actions placed(uint32_t term, uint32_t partition);
  actions left(uint32_t worker);

  bool is_ready() const { return ready_; }
  uint32_t term() const { return term_; }
  uint32_t partitions() const { return uint32_t(seats_.size()); }
  std::optional<uint32_t> worker_of(uint32_t partition) const;
  /// The doors by partition, as the worker of `partition` reaches them. All partitions have workers.
  std::vector<std::string> doors_for(uint32_t partition) const;
  /// One row for each partition that has or had a worker, by partition.
  std::vector<worker_info> report() const;
  /// Why the cluster cannot answer now: "partition 2 has no worker: worker 3 (pid 77) died". Empty when it can.
  std::string why_not_ready() const;
  /// "worker 3 (pid 77, partition 2) on host ann"
  std::string name_of_partition(uint32_t partition) const;
  /// What status says of a lost worker from now on.
  void explain(uint32_t partition, std::string why) { seats_[partition].info.last_error = std::move(why); }
  void uses(uint32_t worker, uint64_t memory, uint64_t sent, uint64_t received);
  const std::string& host_of_partition(uint32_t partition) const { return seats_[partition].info.host_id; }
  /// Whether all workers that there are run on the host with that id.
  bool all_on(const std::string& host_id) const;
  std::string log_of_partition(uint32_t partition) const { return seats_[partition].log; }

 private:
  struct seat {
    worker_info info;
    std::string log;
    bool taken = false, was_taken = false, placed = false, fresh = false;
  };
  actions announce_if_complete();
  std::string out_of_reach(const hello& greeting) const;

  std::vector<seat> seats_;
  uint32_t next_worker_ = 1, term_ = 0;
  bool ready_ = false;
};

}  // namespace gli
