#include "partitions/shared_columns.h"

#include <bit>
#include <utility>

#include "runtime/error.h"

namespace gli {

namespace {

int64_t count_nulls(const column& c) {
  if (c.validity.empty()) return 0;
  int64_t valid = 0;
  for (int64_t i = 0; i < c.length / 8; ++i) valid += std::popcount(c.validity[size_t(i)]);
  for (auto i = c.length / 8 * 8; i < c.length; ++i) valid += c.valid(i);
  return c.length - valid;
}

std::vector<shared_field> fields_of(const column_batch& batch) {
  std::vector<shared_field> fields;
  for (auto& c : batch.columns) fields.push_back({c.name, c.type});
  return fields;
}

}  // namespace

shared_column share(column c) {
  auto kept = std::make_shared<const column>(std::move(c));
  shared_column to;
  to.length = kept->length;
  to.nulls = count_nulls(*kept);
  to.validity = to.nulls ? kept->validity.data() : nullptr;
  to.offsets = is_variable(kept->type) ? kept->offsets.data() : nullptr;
  to.values = kept->values.data();
  to.owner = std::move(kept);
  return to;
}

shared_table share(std::vector<column_batch> batches) {
  if (batches.empty()) throw failure{errc::internal, "a table needs at least one batch"};
  shared_table table{fields_of(batches.front()), {}};
  for (auto& batch : batches) {
    batch.check();
    if (fields_of(batch) != table.fields) throw failure{errc::internal, "the batches of a table have different columns"};
    auto& to = table.batches.emplace_back(shared_batch{batch.rows, {}});
    for (auto& c : batch.columns) to.columns.push_back(share(std::move(c)));
  }
  return table;
}

}  // namespace gli
