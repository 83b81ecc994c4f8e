#pragma once
// Parts of column batches: for splitting what is too large for one frame, and for sending rows to their owners. Sources must have passed
// column_batch::check().

#include <span>

#include "runtime/value.h"

namespace gli {

/// The buffers' bytes; about what a frame with the batch takes.
uint64_t bytes_of(const column_batch& b);

/// Rows of `c` in the order given.
column gather(const column& c, std::span<const uint32_t> rows);
column_batch gather(const column_batch& b, std::span<const uint32_t> rows);

/// Rows [begin, end).
column_batch slice(const column_batch& b, int64_t begin, int64_t end);

/// Row i of `a`, or of `b` where take_b[i]; equal types, name of `a`.
column choose(const column& a, const column& b, const std::vector<bool>& take_b);

}  // namespace gli
