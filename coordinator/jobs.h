#pragma once
// Jobs, one after the other, on all or some partitions. A pure machine: events in, actions out; no I/O, no clock.
//
// Those of one owner run in the order they came; owners take turns, one job each, so that whoever has many waiting keeps nobody else waiting for them all.
// The coordinator's own go before all others'.
//
//   submit ──▶ queued ──start──▶ running ──all finished──▶ finish(results)
//                                   │ a partition failed ──▶ abort, finish(its failure)
//                                   │ ... because a peer is gone ──▶ await_death ──worker_lost or grace_over──▶ abort, finish
//                                   └ worker_lost, cancelled ──▶ abort, finish(failure)

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/codec.h"

namespace gli {

class jobs {
 public:
  struct start { uint64_t id; std::vector<uint32_t> partitions; };
  struct abort { uint64_t id; std::vector<uint32_t> partitions; failure_note why; };
  struct await_death { uint64_t id; };  // call grace_over(id) in a second
  struct finish { uint64_t id; std::variant<std::vector<job_result>, failure_note> outcome; };
  using action = std::variant<start, abort, await_death, finish>;
  using actions = std::vector<action>;

  static constexpr uint64_t own = 0;  // the coordinator, as an owner

  /// Ids grow. Partitions: who takes part. Owner: whose turn it takes.
  actions submit(uint64_t id, std::vector<uint32_t> partitions, uint64_t owner);
  actions finished(uint64_t id, uint32_t partition, job_result result);
  actions failed(uint64_t id, uint32_t partition, failure_note why);
  /// `why` names the worker. Queued jobs that need the partition fail too.
  actions worker_lost(uint32_t partition, const std::string& why);
  actions grace_over(uint64_t id);
  actions cancelled(uint64_t id, const std::string& why);

  size_t waiting() const;

 private:
  struct entry {
    uint64_t id;
    std::vector<uint32_t> partitions;
    std::map<uint32_t, job_result> results;
    std::optional<failure_note> suspicion;  // a survivor's word that a peer is gone
  };
  actions end_running(failure_note why);
  void start_next(actions& out);
  entry take_next();
  void remove_if(const std::function<bool(const entry&)>& unwanted);
  bool is_running(uint64_t id) const { return running_ && running_->id == id; }

  std::map<uint64_t, std::deque<entry>> queues_;  // by owner; none is empty
  std::deque<uint64_t> turns_;                    // the owners of queues_ but `own`, whose turn comes first in front
  std::optional<entry> running_;
};

}  // namespace gli
