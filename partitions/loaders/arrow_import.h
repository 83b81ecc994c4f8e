#pragma once
// How arrays of an Arrow batch become columns. Inside of arrow_*.cpp only.

#include "partitions/loaders/arrow_abi.h"
#include "runtime/value.h"

namespace gli {

/// Rows [begin, begin + length) of an array, counted from its own offset.
column import_column(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length);
/// The type of such a column when it has no rows.
column_type type_without_rows(const ArrowSchema& schema);

bool is_nested(const ArrowSchema& schema);
/// Likewise, of lists (all but list views), and of the structs that stand for columns of numbers. Lists with null elements, and those whose elements
/// no list column holds, become json. `begin` counts from the start of the buffers, and the array's own length and offset fit.
column import_nested(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length);
column_type nested_type(const ArrowSchema& schema);

/// A column of nothing but the array's name and its validity: no bitmap when no row is null, and no bit set past the last row.
column import_validity(const ArrowArray& array, const ArrowSchema& schema, int64_t begin, int64_t length);

[[noreturn]] void refuse_arrow(const ArrowSchema& schema, const std::string& why);  // failure{value}

}  // namespace gli
