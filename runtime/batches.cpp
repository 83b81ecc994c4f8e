#include "runtime/batches.h"

#include <cstring>

namespace gli {

namespace {

void set_bit(std::vector<uint8_t>& bits, size_t i) { bits[i >> 3] |= uint8_t(1 << (i & 7)); }

/// A column of `length` rows where row i is row_of(i) of source_of(i).
template <class SourceOf, class RowOf> column collect(const column& model, size_t length, bool nulls, SourceOf&& source_of, RowOf&& row_of) {
  column c;
  c.name = model.name;
  c.type = model.type;
  c.length = int64_t(length);
  if (nulls) {
    c.validity.resize((length + 7) / 8);
    for (size_t i = 0; i < length; ++i) if (source_of(i).valid(row_of(i))) set_bit(c.validity, i);
  }
  if (is_variable(c.type)) {
    c.offsets.resize(length + 1);
    for (size_t i = 0; i < length; ++i) c.offsets[i + 1] = c.offsets[i] + int64_t(source_of(i).bytes(row_of(i)).size());
    c.values.resize(size_t(c.offsets[length]));
    for (size_t i = 0; i < length; ++i) {
      auto bytes = source_of(i).bytes(row_of(i));
      if (!bytes.empty()) std::memcpy(c.values.data() + c.offsets[i], bytes.data(), bytes.size());
    }
  } else if (c.type == column_type::boolean) {
    c.values.resize((length + 7) / 8);
    for (size_t i = 0; i < length; ++i) if (source_of(i).boolean(row_of(i))) set_bit(c.values, i);
  } else {
    c.values.resize(length * 8);
    for (size_t i = 0; i < length; ++i) std::memcpy(c.values.data() + i * 8, source_of(i).values.data() + row_of(i) * 8, 8);
    if (c.type == column_type::number) c.ints.resize((length + 7) / 8);
    for (size_t i = 0; i < length && !c.ints.empty(); ++i) if (source_of(i).is_int(row_of(i))) set_bit(c.ints, i);
  }
  return c;
}

column slice(const column& c, int64_t begin, int64_t end) {
  return collect(c, size_t(end - begin), !c.validity.empty(), [&](size_t) -> const column& { return c; },
                 [&](size_t i) { return begin + int64_t(i); });
}

}  // namespace

uint64_t bytes_of(const column_batch& b) {
  uint64_t bytes = 0;
  for (auto& c : b.columns) bytes += c.name.size() + c.validity.size() + c.values.size() + c.offsets.size() * 8 + c.ints.size();
  return bytes;
}

column gather(const column& c, std::span<const uint32_t> rows) {
  return collect(c, rows.size(), !c.validity.empty(), [&](size_t) -> const column& { return c; }, [&](size_t i) { return int64_t(rows[i]); });
}

column_batch gather(const column_batch& b, std::span<const uint32_t> rows) {
  column_batch out{int64_t(rows.size()), {}};
  for (auto& c : b.columns) out.columns.push_back(gather(c, rows));
  return out;
}

column_batch slice(const column_batch& b, int64_t begin, int64_t end) {
  column_batch out{end - begin, {}};
  for (auto& c : b.columns) out.columns.push_back(slice(c, begin, end));
  return out;
}

column choose(const column& a, const column& b, const std::vector<bool>& take_b) {
  return collect(a, take_b.size(), !a.validity.empty() || !b.validity.empty(), [&](size_t i) -> const column& { return take_b[i] ? b : a; },
                 [](size_t i) { return int64_t(i); });
}

}  // namespace gli
