#include "partitions/loader_columns.h"

#include <algorithm>
#include <tuple>

#include "partitions/byte_stream.h"
#include "partitions/convert_column.h"
#include "partitions/together.h"
#include "runtime/error.h"

namespace gli {

namespace {

[[noreturn]] void clash(const std::string& name, column_type first, column_type then) {
  throw failure{errc::type, "column '" + name + "' is " + type_name(first) + " in one batch and " + type_name(then) + " in another"};
}

void check_names(const column_batch& batch) {
  std::vector<std::string_view> names;
  for (auto& c : batch.columns) names.push_back(c.name);
  std::sort(names.begin(), names.end());
  auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) throw failure{errc::value, "two columns named '" + std::string{*twice} + "'"};
}

}  // namespace

void column_table::convert(entry& e, column_type to) {
  if (e.kept == to) return;
  auto wide = converted(e.built.finish(), to);
  e.kept = to;
  e.built = column_builder{e.name, to};
  e.built.append_rows(wide, 0, wide.length);
}

column_table::entry& column_table::entry_of(const std::string& name, column_type type, uint64_t place, uint32_t position) {
  for (auto& e : entries_) {
    if (e.name != name) continue;
    auto joined = loaded_type(e.type, type);
    if (!joined) clash(name, e.type, type);
    if (e.kept != type) convert(e, common_type(e.kept, type));
    e.type = *joined;
    std::tie(e.place, e.position) = std::min(std::tuple{e.place, e.position}, std::tuple{place, position});
    return e;
  }
  return entries_.emplace_back(entry{name, type, place, position, type, column_builder{name, type}});
}

void column_table::begin_batch(const column_batch& batch, std::span<const std::string_view> ignored, uint64_t place) {
  check_names(batch);
  sources_.clear();
  sources_.reserve(batch.columns.size());
  for (uint32_t i = 0; i < batch.columns.size(); ++i) {
    auto& c = batch.columns[i];
    if (std::find(ignored.begin(), ignored.end(), c.name) != ignored.end()) continue;
    auto& e = entry_of(c.name, c.type, place, i);
    auto& s = sources_.emplace_back(source{size_t(&e - entries_.data()), &c, {}});
    if (e.kept == c.type) continue;
    s.converted = converted(c, e.kept);
    s.from = nullptr;
  }
}

void column_table::append(int64_t begin, int64_t end) {
  for (auto& s : sources_) {
    auto& built = entries_[s.entry].built;
    built.append_nulls(rows_ - built.length());
    built.append_rows(s.from ? *s.from : s.converted, begin, end);
  }
  rows_ += end - begin;
}

/// `bits`: of the entries' values, by entry.
void column_table::adopt(const byte_buffer& entries, std::vector<uint32_t>& bits) {
  for (byte_reader from{entries}; !from.at_end();) {
    auto place = from.get<uint64_t>();
    auto position = from.get<uint32_t>();
    auto type = from.get<column_type>();
    auto values = from.get<uint32_t>();
    auto& e = entry_of(std::string{from.get_text()}, type, place, position);
    bits.resize(entries_.size());
    bits[size_t(&e - entries_.data())] |= values;
  }
}

void column_table::narrow(std::vector<uint32_t> bits) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    auto& e = entries_[i];
    if (e.type == column_type::json && bits[i]) e.type = common_type(bits[i]);
  }
}

void column_table::agree(communicator& all) {
  sources_.clear();
  std::vector<uint32_t> bits;
  for (auto& e : entries_) bits.push_back(value_type_bits(e.built.so_far()));
  if (all.size() > 1) {
    byte_buffer mine;
    byte_writer to{mine};
    for (size_t i = 0; i < entries_.size(); ++i) {
      auto& e = entries_[i];
      to.put(e.place);
      to.put(e.position);
      to.put(e.type);
      to.put(bits[i]);
      to.put_text(e.name);
    }
    auto told = all.all_to_all(std::vector<byte_buffer>(all.size(), mine));
    together(all, [&] {
      for (auto& bytes : told) adopt(bytes, bits);
    });
  }
  narrow(std::move(bits));
  std::sort(entries_.begin(), entries_.end(),
            [](const entry& a, const entry& b) { return std::tie(a.place, a.position, a.name) < std::tie(b.place, b.position, b.name); });
}

std::vector<column> column_table::finish() {
  std::vector<column> columns;
  for (auto& e : entries_) {
    e.built.append_nulls(rows_ - e.built.length());
    columns.push_back(e.kept == e.type ? e.built.finish() : converted(e.built.finish(), e.type));
  }
  entries_.clear();
  rows_ = 0;
  return columns;
}

}  // namespace gli
