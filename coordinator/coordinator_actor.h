#pragma once
// The coordinator's one actor: carries out what the machines decide (membership, jobs, handles) and answers drivers.
//
// Threads: everything runs on the actor, but for the manifest's disk work, which runs on one disk thread and comes back as `later`.

#include <caf/all.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "coordinator/cluster_view.h"
#include "coordinator/job_runner.h"
#include "runtime/control.h"
#include "runtime/gateway.h"

namespace gli {

class coordinator_metrics;

/// Local messages, from the door and the gateway.
struct worker_came { hello greeting; int descriptor; };
struct driver_came { gateway::session session; std::string name; };  // for people: "pid 77 on host ann"
struct driver_asked { gateway::session session; uint32_t sequence; std::shared_ptr<request> what; };
struct look { std::function<void(cluster_view)> then; };  // called on the actor
struct driver_gone { gateway::session session; };
struct end_cluster { std::string why; };

struct coordinator_options {
  uint32_t partitions = 1;
  identity who;
  std::string log;                 // the coordinator's own log file, for status
  std::string stores;              // the file that lists the stores it committed to; empty: none does
  gateway* drivers = nullptr;      // outlives the actor, likewise metrics
  coordinator_metrics* metrics = nullptr;
  std::function<void()> on_quit;   // called once workers were told to quit
  std::chrono::seconds driver_lease{0};  // after so long without any driver the cluster ends; 0: never
  job_runner_options jobs;
  uint32_t max_jobs = 8;           // that run at a time
  double job_lease = 30;           // seconds that an attached job goes on without its drivers
  std::string job_credentials;     // a driver's, with which jobs ask workers of other hosts; empty: this cluster has none there
};

caf::actor spawn_coordinator(caf::actor_system& system, coordinator_options options);

}  // namespace gli

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(gli::worker_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(gli::driver_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(gli::driver_asked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(gli::look)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(gli::driver_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(gli::end_cluster)
