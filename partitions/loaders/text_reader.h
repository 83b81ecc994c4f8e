#pragma once
// A text file from its beginning to its end, piece by piece, plain or packed.
//
// Threads: one at a time; bytes_total() beside them.

#include "partitions/loaders/input.h"
#include "partitions/loaders/text_head.h"
#include "partitions/loaders/text_runs.h"

namespace gli {

class text_reader {
 public:
  text_reader(const text_options& options, text_rows rows);

  /// One piece of the file; the memory is used again.
  struct slot {
    std::vector<char> buffer;
    text_runs runs;
    text_report before;  // of lines that came before the first row
    uint64_t bytes_done = 0;
  };

  /// The next piece, parsed; false at the end. Throws what is wrong with the file, or keys_are_text or columns_changed.
  bool fill(slot& s);

  uint64_t bytes_total() const { return lines_.file().bytes_total(); }

 private:
  bool settle(const slot& s, bool first);

  const text_options options_;
  line_reader lines_;
  text_head head_;
  int64_t next_line_ = 1;
};

}  // namespace gli
