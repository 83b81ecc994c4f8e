#pragma once
// Driver connections at a worker: batches to load and queries. Each is answered in order on its connection.

#include "partitions/partition_actor_holdings.h"
#include "runtime/door.h"

namespace gli {

/// Serves one driver until it goes away. Runs on `io`, and computes there: give it a context of its own.
void serve_driver(asio::io_context& io, std::shared_ptr<holdings> held, const identity& who, local_socket socket);

}  // namespace gli
