#pragma once
// What a worker tells Prometheus at a scrape: what it holds, and what it exchanges with others. Any thread.

#include "partitions/partition_actor_holdings.h"
#include "runtime/exchange.h"
#include "runtime/metrics.h"

namespace gli {

metric_families partition_metrics(const holdings& held, const exchange& bulk);

}  // namespace gli
