#pragma once
// Columns of one type as columns of another.

#include <optional>

#include "runtime/value.h"

namespace gli {

/// The same rows. Any type becomes json; numbers become number, and float64, where an int that no float64 is takes the next one; json becomes what
/// its values are of, null among them (type_bits_of says which): else failure{type}.
column converted(const column& c, column_type to);

/// The types of a column's values, as bits for common_type; those that stand in json as what they are.
uint32_t value_type_bits(const column& c);

/// What a column is that comes with both types in the rows of one load: float64 of int64 and float64, which files and frames use for one column
/// of floats; number where one is; json of lists of several types. Nothing for other pairs.
std::optional<column_type> loaded_type(column_type a, column_type b);

}  // namespace gli
