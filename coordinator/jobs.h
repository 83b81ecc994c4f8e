#pragma once
// Jobs, one after the other, on all or some partitions. A pure machine: events in, actions out; no I/O, no clock.
//
//   submit ──▶ queued ──start──▶ running ──all finished──▶ finish(results)
//                                   │ a partition failed ──▶ abort, finish(its failure)
//                                   │ ... because a peer is gone ──▶ await_death ──worker_lost or grace_over──▶ abort, finish
//                                   └ worker_lost, cancelled ──▶ abort, finish(failure)

#include <cstdint>
#include <deque>
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

  /// Ids grow. Partitions: who takes part.
  actions submit(uint64_t id, std::vector<uint32_t> partitions);
  actions finished(uint64_t id, uint32_t partition, job_result result);
  actions failed(uint64_t id, uint32_t partition, failure_note why);
  /// `why` names the worker. Queued jobs that need the partition fail too.
  actions worker_lost(uint32_t partition, const std::string& why);
  actions grace_over(uint64_t id);
  actions cancelled(uint64_t id, const std::string& why);

  size_t waiting() const { return queue_.size() + (running_ ? 1 : 0); }

 private:
  struct entry {
    uint64_t id;
    std::vector<uint32_t> partitions;
    std::map<uint32_t, job_result> results;
    std::optional<failure_note> suspicion;  // a survivor's word that a peer is gone
  };
  actions end_running(failure_note why);
  void start_next(actions& out);
  bool is_running(uint64_t id) const { return running_ && running_->id == id; }

  std::deque<entry> queue_;
  std::optional<entry> running_;
};

}  // namespace gli
