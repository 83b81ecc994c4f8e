#include "partitions/piece_message.h"

#include <span>

#include "partitions/byte_stream.h"
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

template <class T>
std::vector<T> list_of(std::string_view bytes) {
  if (bytes.size() % sizeof(T)) throw failure{errc::protocol, "a partition sent half a value"};
  std::vector<T> list(bytes.size() / sizeof(T));
  if (!list.empty()) std::memcpy(list.data(), bytes.data(), bytes.size());
  return list;
}

void put_column(byte_writer& to, const column& c) {
  to.put_text(c.name);
  to.put(c.type);
  to.put_text(bytes_of(c.validity));
  to.put_text(bytes_of(c.values));
  to.put_text(bytes_of(c.offsets));
}

column get_column(byte_reader& from, int64_t rows) {
  column c;
  c.name = from.get_text();
  c.type = from.get<column_type>();
  c.length = rows;
  c.validity = list_of<uint8_t>(from.get_text());
  c.values = list_of<uint8_t>(from.get_text());
  c.offsets = list_of<int64_t>(from.get_text());
  return c;
}

column_batch get_batch(byte_reader& from) {
  column_batch batch{int64_t(from.get_varint()), {}};
  for (auto n = from.get_varint(); n > 0; --n) batch.columns.push_back(get_column(from, batch.rows));
  batch.check();
  return batch;
}

}  // namespace

byte_buffer encode_piece(const piece_note& note, const std::vector<const column_batch*>& rows) {
  byte_buffer bytes;
  auto size = note_bytes;
  for (auto batch : rows) size += bytes_of(*batch) + note_bytes;
  bytes.reserve(size);
  byte_writer to{bytes};
  put_note(to, note);
  for (auto batch : rows) {
    to.put_varint(uint64_t(batch->rows));
    to.put_varint(batch->columns.size());
    for (auto& c : batch->columns) put_column(to, c);
  }
  return bytes;
}

piece_message decode_piece(const byte_buffer& bytes) {
  byte_reader from{bytes};
  piece_message message{get_note(from), {}};
  while (!from.at_end()) message.rows.push_back(get_batch(from));
  return message;
}

}  // namespace gli
