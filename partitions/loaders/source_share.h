#pragma once
// A source of rows taken apart by the partitions of a cluster. In every round each takes one piece; those of a round, in the order of the partitions,
// follow those of the round before in the source.
//
// Threads: one at a time for each share.

#include <memory>
#include <optional>
#include <vector>

#include "partitions/loaders/gap.h"
#include "partitions/loaders/text.h"
#include "runtime/communicator.h"
#include "runtime/job.h"

namespace gli {

/// What a partition took of a source in one round. The batches live until the call after the next.
struct source_piece {
  std::vector<const column_batch*> batches;
  uint64_t lines = 0;           // in it; its bad lines then count from 1. 0: they count through the source
  uint64_t places = 0;          // by which its "_seq" take those of the pieces behind it further. 0: they count through the source
  text_report report;
  std::optional<bad_line> bad;  // the first line that ends the load
  bool ids_are_text = false;    // where they were guessed to be numbers; then, and with `types`, the batches are not what they should be
  std::vector<column_type> types;  // the wider ones that guessed columns need; empty: none does
  bool last = true;             // no round after this brings this partition another piece
  uint64_t done = 0, total = 0; // of the source, in its own measure
};

class source_share {
 public:
  virtual ~source_share() = default;
  /// The next piece, empty behind the last. Throws failure for what no line is to blame.
  virtual const source_piece& next() = 0;
  /// Collective, before the first next(): what the partitions have to hear of each other's pieces. Throws alike on all.
  virtual void agree(communicator&) {}
  /// Collective, behind the last piece: what must hold of all together. Throws alike on all.
  virtual void check(communicator&) {}
  /// What came before the first row: how many lines, and which were bad. The same at every partition.
  virtual int64_t lines_before() const { return 0; }
  virtual text_report report_before() const { return {}; }
  /// Bytes of the file, 0 where there is none.
  virtual uint64_t size() const { return 0; }
};

struct share_place {
  uint32_t rank = 0, ranks = 1;
  uint64_t bytes = 0;  // that a piece of text may have; 0: as many as suit
};

/// Partition `at.rank`'s share of a text file: byte ranges in turn; of a file that is packed the first partition takes all. Throws as the readers of text.
std::unique_ptr<source_share> share_text(const text_options& options, bool nodes, share_place at);

/// The same of the nodes, or the edges, of a METIS file, in the order of read_metis_text; bad lines are told with the nodes.
std::unique_ptr<source_share> share_metis(const text_options& options, bool nodes, share_place at);

/// Nothing of a file of that size, which another partition reads.
std::unique_ptr<source_share> share_nothing(uint64_t size);

/// What is no file that several can open, like a pipe, would hang or be torn apart: a failure.
void check_regular(const text_options& options);

/// Of the edges of generate_kronecker.
std::unique_ptr<source_share> share_kronecker(int scale, int edge_factor, uint64_t seed, share_place at);

/// Of the edges of generate_gap, whose repetitions come too: of those with the same ends the first by place is the one to keep. Each partition holds the
/// permutation of a Kronecker graph's nodes, 4 bytes each.
std::unique_ptr<source_share> share_gap(gap_kind kind, int scale, bool weighted, share_place at);

/// Of the edges of a serialized graph of the suite, `weighted` where it is a .wsg file; `name`: what messages call it. Of a file that is packed the first partition
/// takes all.
std::unique_ptr<source_share> share_gap_file(const std::string& path, const std::string& name, bool weighted, share_place at);

/// Of nodes with the keys first … first + count - 1.
std::unique_ptr<source_share> share_numbers(int64_t first, int64_t count, share_place at);

/// The same with each batch of edges followed by its negated mirror.
std::unique_ptr<source_share> with_negated_mirrors(std::unique_ptr<source_share> share);

/// How a text file of a source is to be read, in the words of its format: name (of the file in messages), delimiter, comment, header, names.0 …, types.0 …, skip_lines, skip_bad_lines,
/// types_may_widen, lowest_id, highest_id; `keys` as the load says. Throws failure{value} for what is no such format.
text_options text_options_of(const row_source& source, key_type keys);

}  // namespace gli
