#pragma once
// The Arrow C data interface, both ways. https://arrow.apache.org/docs/format/CDataInterface.html

#include <functional>
#include <vector>

#include "partitions/loaders/arrow_abi.h"
#include "partitions/shared_columns.h"
#include "runtime/value.h"

namespace gli {

/// Copies one struct array (a record batch) into a column batch and releases it. Integer types widen to int64, floats to float64, utf8 and
/// large_utf8, string dictionaries, bool, timestamps (to microseconds; other units converted), binary. Others: failure{type} naming column
/// and format. Also string and binary views, dates (midnight UTC), other dictionaries, and null columns (utf8 without a value). Time zones
/// are dropped: values stay instants; nanoseconds round down. A uint64 beyond int64, a time beyond int64 microseconds and text that is not
/// UTF-8 are failure{value}. The array is released even when this throws; the schema stays the caller's.
column_batch import_batch(ArrowArray* array, ArrowSchema* schema);

/// Calls `batch` for each record batch of a stream, and once without rows when there is none; then, or on a throw, releases the stream.
void import_stream(ArrowArrayStream* stream, const std::function<void(const column_batch&)>& batch);

/// Exports without copying: the buffers live until the consumer releases. json is exported as large_utf8 with field metadata "gli:json".
void export_batch(column_batch batch, ArrowArray* array, ArrowSchema* schema);
void export_stream(std::vector<column_batch> batches, ArrowArrayStream* stream);  // all of one schema; at least one batch
void export_table(shared_table table, ArrowArrayStream* stream);  // a record batch for each of its batches

}  // namespace gli
