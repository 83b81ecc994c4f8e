#pragma once
// What Python holds of an algorithm's answer.

#include "partitions/values.h"

namespace gli::python {

struct values_handle {
  node_values_ptr values;
};

inline const node_values* pointer(const values_handle* h) { return h ? h->values.get() : nullptr; }

}  // namespace gli::python
