#pragma once
// What partitions tell each other while they read a source together: what came of a piece, and the rows of it that the receiver owns.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "partitions/byte_stream.h"
#include "partitions/loaders/text.h"
#include "runtime/communicator.h"
#include "runtime/error.h"

namespace gli {

/// What all must hear of one partition's piece.
struct piece_note {
  struct trouble { errc code; std::string what; };

  uint64_t lines = 0, places = 0;  // of source_piece, like report, bad and last
  text_report report;
  std::optional<bad_line> bad;
  bool last = true;
  std::optional<trouble> earlier;   // with rows of an earlier round
  std::optional<trouble> failed;    // with this piece
  bool ids_are_text = false;        // like types
  std::vector<column_type> types;
};

/// Some rows of a batch.
struct chosen_rows { const column_batch* batch; std::span<const uint32_t> rows; };

byte_buffer encode_piece(const piece_note& note, const std::vector<chosen_rows>& rows);

/// Reads a message while it lives. Throws failure{protocol} for what is none.
class piece_reader {
 public:
  explicit piece_reader(const byte_buffer& message);
  piece_note note;
  /// The next batch, checked, in `rows`, whose memory is used again; false behind the last. Its "_seq" are `later` more than they were.
  bool next(column_batch& rows, uint64_t later);

 private:
  byte_reader from_;
};

}  // namespace gli
