#include "partitions/partition_actor_metrics.h"

namespace gli {

metric_families partition_metrics(const holdings& held, const exchange& bulk) {
  auto count = held.count();
  return {gauge("gli_held", "What this worker holds for drivers, by sort.",
                {{double(count.graphs), {{"sort", "graph"}}}, {double(count.results), {{"sort", "result"}}}, {double(count.loads), {{"sort", "load"}}}}),
          counter("gli_exchange_sent_bytes_total", "Bytes that this worker sent to others.", {{double(bulk.bytes_sent())}}),
          counter("gli_exchange_received_bytes_total", "Bytes that this worker got from others.", {{double(bulk.bytes_received())}}),
          counter("gli_exchange_rounds_total", "Collective calls that this worker made with others.", {{double(bulk.rounds())}})};
}

}  // namespace gli
