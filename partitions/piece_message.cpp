#include "partitions/piece_message.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "runtime/batches.h"

namespace gli {

namespace {

constexpr uint64_t note_bytes = 4096;  // of most, with what describes the columns

// --- notes -----------------------------------------------------------------------------------------------------------------

void put_line(byte_writer& to, const bad_line& line) {
  to.put(line.line);
  to.put_text(line.what);
}

bad_line get_line(byte_reader& from) {
  auto line = from.get<int64_t>();
  return {line, std::string{from.get_text()}};
}

void put_trouble(byte_writer& to, const std::optional<piece_note::trouble>& t) {
  to.put(t ? uint16_t(t->code) : uint16_t{0});
  if (t) to.put_text(t->what);
}

std::optional<piece_note::trouble> get_trouble(byte_reader& from) {
  auto code = from.get<uint16_t>();
  if (code == 0) return {};
  return piece_note::trouble{errc(code), std::string{from.get_text()}};
}

void put_note(byte_writer& to, const piece_note& note) {
  to.put(note.lines);
  to.put(note.places);
  to.put(note.report.rows);
  to.put(note.report.skipped);
  to.put_varint(note.report.first_skipped.size());
  for (auto& line : note.report.first_skipped) put_line(to, line);
  to.put(uint8_t(note.bad.has_value()));
  if (note.bad) put_line(to, *note.bad);
  to.put(uint8_t(note.last));
  put_trouble(to, note.earlier);
  put_trouble(to, note.failed);
  to.put(uint8_t(note.ids_are_text));
  to.put_varint(note.types.size());
  for (auto t : note.types) to.put(t);
}

piece_note get_note(byte_reader& from) {
  piece_note note;
  note.lines = from.get<uint64_t>();
  note.places = from.get<uint64_t>();
  note.report.rows = from.get<uint64_t>();
  note.report.skipped = from.get<uint64_t>();
  for (auto n = from.get_varint(); n > 0; --n) note.report.first_skipped.push_back(get_line(from));
  if (from.get<uint8_t>()) note.bad = get_line(from);
  note.last = from.get<uint8_t>();
  note.earlier = get_trouble(from);
  note.failed = get_trouble(from);
  note.ids_are_text = from.get<uint8_t>();
  for (auto n = from.get_varint(); n > 0; --n) note.types.push_back(from.get<column_type>());
  return note;
}

// --- rows ------------------------------------------------------------------------------------------------------------------

template <class T>
std::string_view bytes_of(const std::vector<T>& list) {
  return {reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T)};
}

/// Calls f(T{}) with the unsigned number of so many bytes.
template <class F>
void with_width(uint8_t width, F&& f) {
  switch (width) {
    case 1: return f(uint8_t{});
    case 2: return f(uint16_t{});
    case 4: return f(uint32_t{});
    case 8: return f(uint64_t{});
    default: throw failure{errc::protocol, "a partition sent numbers of " + std::to_string(width) + " bytes"};
  }
}

/// Numbers as how far each is above the lowest, in as few bytes as the highest needs.
void put_numbers(byte_writer& to, std::span<const int64_t> numbers) {
  auto lowest = numbers.empty() ? 0 : numbers[0], highest = lowest;
  for (auto x : numbers) lowest = std::min(lowest, x), highest = std::max(highest, x);
  auto bits = std::bit_width(uint64_t(highest) - uint64_t(lowest));
  auto width = uint8_t(bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8);
  to.put_varint(numbers.size());
  to.put(lowest);
  to.put(width);
  with_width(width, [&]<class T>(T) {
    auto* at = to.skip(numbers.size() * sizeof(T));
    for (size_t i = 0; i < numbers.size(); ++i) {
      auto above = T(uint64_t(numbers[i]) - uint64_t(lowest));
      std::memcpy(at + i * sizeof(T), &above, sizeof(T));
    }
  });
}

std::vector<int64_t> numbers_of(const column& c, std::span<const uint32_t> rows) {
  std::vector<int64_t> numbers(rows.size());
  auto* from = c.values.data();
  for (size_t i = 0; i < rows.size(); ++i) std::memcpy(&numbers[i], from + size_t(rows[i]) * sizeof(int64_t), sizeof(int64_t));
  return numbers;
}

/// Into `list`, an element a number, each `more` than it was.
template <class Element>
void get_numbers(byte_reader& from, std::vector<Element>& list, uint64_t more = 0) {
  auto count = from.get_varint();
  auto base = uint64_t(from.get<int64_t>()) + more;
  with_width(from.get<uint8_t>(), [&]<class T>(T) {
    auto* at = from.take(count, sizeof(T));
    list.resize(count * sizeof(int64_t) / sizeof(Element));
    auto* to = reinterpret_cast<uint8_t*>(list.data());
    for (size_t i = 0; i < count; ++i) {
      T above;
      std::memcpy(&above, at + i * sizeof(T), sizeof(T));
      auto number = base + above;
      std::memcpy(to + i * sizeof number, &number, sizeof number);
    }
  });
}

void get_bytes(byte_reader& from, std::vector<uint8_t>& list) {
  auto bytes = from.get_text();
  list.assign(bytes.begin(), bytes.end());
}

void put_column(byte_writer& to, const column& c, std::span<const uint32_t> rows) {
  to.put_text(c.name);
  to.put(c.type);
  if (c.type == column_type::int64 && c.validity.empty()) {
    to.put_text({});
    return put_numbers(to, numbers_of(c, rows));
  }
  auto chosen = gather(c, rows);
  to.put_text(bytes_of(chosen.validity));
  if (c.type == column_type::int64) return put_numbers(to, numbers_of(c, rows));
  to.put_text(bytes_of(chosen.values));
  put_numbers(to, chosen.offsets);
}

void get_column(byte_reader& from, column& c, int64_t rows, uint64_t later) {
  c.name = from.get_text();
  c.type = from.get<column_type>();
  c.length = rows;
  get_bytes(from, c.validity);
  if (c.type == column_type::int64) return c.offsets.clear(), get_numbers(from, c.values, c.name == "_seq" ? later : 0);
  get_bytes(from, c.values);
  get_numbers(from, c.offsets);
}

}  // namespace

byte_buffer encode_piece(const piece_note& note, const std::vector<chosen_rows>& rows) {
  byte_buffer bytes;
  auto size = note_bytes;
  for (auto& [batch, some] : rows) size += bytes_of(*batch) / std::max<uint64_t>(1, uint64_t(batch->rows)) * some.size() / 2 + note_bytes;
  bytes.reserve(size);
  byte_writer to{bytes};
  put_note(to, note);
  for (auto& [batch, some] : rows) {
    to.put_varint(some.size());
    to.put_varint(batch->columns.size());
    for (auto& c : batch->columns) put_column(to, c, some);
  }
  return bytes;
}

piece_reader::piece_reader(const byte_buffer& message) : from_{message} { note = get_note(from_); }

bool piece_reader::next(column_batch& rows, uint64_t later) {
  if (from_.at_end()) return false;
  rows.rows = int64_t(from_.get_varint());
  auto columns = from_.get_varint();
  if (columns > from_.left()) throw failure{errc::protocol, "a partition sent rows of " + std::to_string(columns) + " columns"};
  rows.columns.resize(columns);
  for (auto& c : rows.columns) get_column(from_, c, rows.rows, later);
  rows.check();
  return true;
}

}  // namespace gli
