#pragma once
// What C++ throws, as Python's exceptions.

#include "runtime/error.h"

namespace gli::python {

void set_error(const failure& f);  // needs the GIL

}  // namespace gli::python
