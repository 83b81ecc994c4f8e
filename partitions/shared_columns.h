#pragma once
// Columns whose buffers belong to someone: what goes out through the Arrow C data interface without a copy.

#include <memory>
#include <string>
#include <vector>

#include "runtime/value.h"

namespace gli {

/// A column of one batch in Arrow layout. Buffers live as long as `owner`; any thread may read them and drop it.
struct shared_column {
  int64_t length = 0, offset = 0;     // `offset`: rows to skip in all buffers
  int64_t nulls = 0;                  // -1: not counted
  const void* validity = nullptr;     // null: no nulls
  const int64_t* offsets = nullptr;   // utf8, binary, json: in `values`; lists: in `elements`
  const void* values = nullptr;       // lists: none
  const void* ints = nullptr;         // number: which values are int64
  std::shared_ptr<const shared_column> elements;  // lists
  std::shared_ptr<const void> owner;
};

struct shared_batch {
  int64_t rows = 0;
  std::vector<shared_column> columns;
};

struct shared_field {
  std::string name;
  column_type type = column_type::int64;
  friend bool operator==(const shared_field&, const shared_field&) = default;
};

struct shared_table {
  std::vector<shared_field> fields;
  std::vector<shared_batch> batches;  // any number
};

shared_column share(column c);
/// Rows of lists whose bytes lie in `values` at `offsets`, length + 1 of them; both live as long as `owner`. Elements of 8 bytes are not copied.
shared_column share_lists(column_type type, int64_t length, const int64_t* offsets, const uint8_t* values, std::shared_ptr<const void> owner);
shared_table share(std::vector<column_batch> batches);  // all of one schema, else failure{internal}; at least one

}  // namespace gli
