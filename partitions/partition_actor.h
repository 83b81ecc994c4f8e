#pragma once
// The worker's one actor: takes orders from the coordinator, runs jobs one after the other on the job thread, answers by message.
//
//   assign ─▶ place (term) ─▶ placed        start_job ─▶ job thread ─▶ job_finished | job_failed        quit, or the coordinator's death ─▶ on_end

#include <caf/all.hpp>
#include <functional>
#include <memory>

#include "partitions/partition_actor_holdings.h"
#include "runtime/control.h"
#include "runtime/exchange.h"

namespace gli {

struct partition_options {
  std::shared_ptr<holdings> held;
  exchange* bulk = nullptr;                        // outlives the actor
  std::string python = "python3";                  // the interpreter of users' programs
  unsigned threads = 1;                            // that jobs use
  std::function<void(const std::string& why, control::ending how)> on_end;
};

caf::actor spawn_partition(caf::actor_system& system, partition_options options);

}  // namespace gli
