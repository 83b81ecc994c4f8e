#pragma once
// Conflicts of merges as Python sees them.

#include "convert.h"
#include "runtime/merge.h"

namespace gli::python {

/// (element, key, attribute, base, ours, theirs); of a whole element the last three say whether it is there.
py::tuple described(const merge_conflict& c);

/// Of "ours", "theirs", or (value,).
merge_choice choice_from(py::handle answer);

}  // namespace gli::python
