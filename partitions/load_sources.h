#pragma once
// Sources to a graph, read by all partitions together: each takes pieces in turn, parses them, and sends rows to their owners.

#include "partitions/loader.h"
#include "partitions/loaders/text.h"

namespace gli {

struct sources_report {
  load_report rows;
  std::vector<text_report> lines;  // by source
};

/// Collective. The graph, and every failure, is what an embedded load of the same sources gives; a file that one partition cannot read as the others do
/// is a failure that names it. Rows reach the loader in the order of the source. What is held beside the graph: at each partition two pieces of at most
/// `piece_bytes` of text (0: as many as suit) with their rows, and what came of a round's pieces for it.
graph load_sources(const read_sources& what, sources_report& report, communicator& all, uint64_t piece_bytes = 0);

}  // namespace gli
