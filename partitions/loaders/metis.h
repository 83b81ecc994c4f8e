#pragma once
// Graphs in METIS's form: a header "nodes edges [fmt [ncon]]", then a line for each node with its neighbors, numbered from 1.
// [METIS 5 manual, section 4.1.1] Undirected, without self-loops; an edge stands in the lines of both its ends.

#include <functional>
#include <string>

#include "partitions/loaders/text.h"

namespace gli {

/// Streams nodes 1 … n, in order, and edges into `sink`. Nodes have the int64 columns "size" and "weight" ("weight_1" … with several) that
/// fmt announces, edges "weight". Lines that begin with '%' are comments. An edge comes once, from the line of its smaller end; with
/// skip_bad_lines from both, so that a line that is left out costs nothing that its neighbors tell; the header's number of edges is then
/// not checked, nor that both ends tell the same. Throws failure{not_found | io | value}, "FILE:LINE: what". The report counts edges.
void read_metis_text(const std::string& path, bool skip_bad_lines, const batch_sink& sink,
                     const std::function<void(uint64_t, uint64_t)>& progress, text_report* report = nullptr);

}  // namespace gli
