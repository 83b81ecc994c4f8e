#pragma once
// Attribute columns while a graph loads: rows of many batches, whose columns may differ.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/communicator.h"
#include "runtime/value.h"

namespace gli {

/// Rows are added batch by batch. A column that a batch does not have is null there. Batches may differ in a column's type as loaded_type has it
/// (partitions/convert_column.h); any other change of type is failure{type} naming the column.
class column_table {
 public:
  /// Takes the columns of `batch` whose names `ignored` does not list; `place` is the batch's first row's, and orders columns.
  void begin_batch(const column_batch& batch, std::span<const std::string_view> ignored, uint64_t place);
  /// Appends rows [begin, end) of that batch, which must still live.
  void append(int64_t begin, int64_t end);
  int64_t rows() const { return rows_; }

  /// Gives all partitions the same columns in the same order, with the same types: the order is that of the first appearance in the input. A column
  /// of json whose values are all of another type, or are numbers, becomes one of that. Collective.
  void agree(communicator& all);
  /// The columns, each of rows() rows. Leaves the table empty.
  std::vector<column> finish();

 private:
  struct entry {
    std::string name;
    column_type type;   // loaded_type of all batches
    uint64_t place;     // of the first batch with it
    uint32_t position;  // in that batch
    column_type kept;   // while rows come: number where batches have ints and floats, so that no int is lost should number be the type
    column_builder built;
  };
  struct source { size_t entry; const column* from; column converted; };

  entry& entry_of(const std::string& name, column_type type, uint64_t place, uint32_t position);
  void adopt(const byte_buffer& entries, std::vector<uint32_t>& bits);
  void narrow(std::vector<uint32_t> bits);
  static void convert(entry& e, column_type to);

  std::vector<entry> entries_;
  std::vector<source> sources_;
  int64_t rows_ = 0;
};

}  // namespace gli
