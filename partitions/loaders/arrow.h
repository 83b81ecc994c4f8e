#pragma once
// The Arrow C data interface, both ways. https://arrow.apache.org/docs/format/CDataInterface.html

#include "partitions/loaders/arrow_abi.h"
#include "runtime/value.h"

namespace gli {

/// Copies one struct array (a record batch) into a column batch and releases it. Integer types widen to int64, floats to float64, utf8 and large_utf8,
/// string dictionaries, bool, timestamps (to microseconds; other units converted), binary. Others: failure{type} naming column and format.
column_batch import_batch(ArrowArray* array, ArrowSchema* schema);

/// Exports without copying: the buffers live until the consumer releases. json is exported as large_utf8 with field metadata "gli:json".
void export_batch(column_batch batch, ArrowArray* array, ArrowSchema* schema);
void export_stream(std::vector<column_batch> batches, ArrowArrayStream* stream);  // all of one schema; at least one batch

}  // namespace gli
