#include "partitions/shared_columns.h"

#include <bit>
#include <utility>

#include "runtime/error.h"
#include "runtime/list_text.h"

namespace gli {

namespace {

bool element_is_fixed(column_type list) { return list != column_type::list_boolean && list != column_type::list_utf8; }

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

shared_column share_lists(column_type type, int64_t length, const int64_t* offsets, const uint8_t* values, std::shared_ptr<const void> owner) {
  auto ends = std::make_shared<std::vector<int64_t>>(size_t(length) + 1);
  auto elements = std::make_shared<shared_column>();
  if (element_is_fixed(type)) {
    for (int64_t i = 0; i < length; ++i) (*ends)[size_t(i) + 1] = (offsets[i + 1] - offsets[0]) / 8;
    elements->length = ends->back();
    elements->values = values + offsets[0];
    elements->owner = std::move(owner);
  } else {
    column_builder copied{"", element_type(type)};
    for (int64_t i = 0; i < length; ++i) {
      std::string_view row{reinterpret_cast<const char*>(values) + offsets[i], size_t(offsets[i + 1] - offsets[i])};
      each_element(type, row, [&](std::string_view bytes) {
        if (type == column_type::list_boolean) copied.append_bool(bytes[0] != 0);
        else copied.append_bytes(bytes);
      });
      (*ends)[size_t(i) + 1] = copied.length();
    }
    *elements = share(copied.finish());
  }
  shared_column to;
  to.length = length;
  to.offsets = ends->data();
  to.elements = std::move(elements);
  to.owner = std::move(ends);
  return to;
}

shared_column share(column c) {
  auto kept = std::make_shared<const column>(std::move(c));
  shared_column to;
  if (is_list(kept->type)) to = share_lists(kept->type, kept->length, kept->offsets.data(), kept->values.data(), kept);
  to.length = kept->length;
  to.nulls = count_nulls(*kept);
  to.validity = to.nulls ? kept->validity.data() : nullptr;
  if (is_list(kept->type)) {
    to.owner = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(std::move(kept), std::move(to.owner));
    return to;
  }
  to.offsets = is_variable(kept->type) ? kept->offsets.data() : nullptr;
  to.values = kept->values.data();
  static constexpr uint8_t no_ints = 0;
  if (kept->type == column_type::number) to.ints = kept->ints.empty() ? &no_ints : kept->ints.data();
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
