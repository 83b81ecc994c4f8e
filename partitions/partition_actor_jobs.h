#pragma once
// One job on one partition: runs it against what the worker holds and says what came of it.

#include "partitions/partition_actor_holdings.h"
#include "partitions/program.h"
#include "runtime/communicator.h"
#include "runtime/job.h"

namespace gli {

/// Collective. Puts the output into `held` and returns the summary. Throws failure; then `held` is as it was. `programs` runs users' functions.
job_result run_job(const job& j, holdings& held, program_host& programs, communicator& all);

}  // namespace gli
