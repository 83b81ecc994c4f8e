#pragma once
// What partitions tell each other while they read a source together: what came of a piece, and the rows of it that the receiver owns.

#include <optional>
#include <string>
#include <vector>

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

byte_buffer encode_piece(const piece_note& note, const std::vector<const column_batch*>& rows);

struct piece_message { piece_note note; std::vector<column_batch> rows; };
/// Throws failure{protocol} for what is no such message; the batches were checked.
piece_message decode_piece(const byte_buffer& bytes);

}  // namespace gli
