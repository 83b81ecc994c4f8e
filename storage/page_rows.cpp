#include "storage/page_rows.h"

#include <algorithm>

#include "runtime/error.h"
#include "storage/keys.h"
#include "storage/packed.h"
#include "storage/record_bytes.h"

namespace gli::storage {
namespace {

constexpr auto packed_magic = record_magic("GLIZ");
constexpr uint32_t packed_version = 1;

std::string name_of(const hash128& h, const std::string& where) { return (where.empty() ? "" : where + ": ") + "page " + to_hex(h); }

bytes_view decode_packed(bytes_view row, const std::string& name) { return record_reader{row, packed_magic, packed_version, name}.rest(); }

bool is_sound(const stored_page& page, bytes_view bytes) {
  return page.is_packed ? std::ranges::equal(page.bytes_or_none(), bytes) : std::ranges::equal(page.row, bytes);
}

}  // namespace

std::optional<byte_buffer> packed_row(bytes_view page) {
  auto packed = pack(page);
  if (!packed) return {};
  record_writer w{packed_magic, packed_version};
  w.raw(*packed);
  return w.finish();
}

byte_buffer stored_page::bytes(const std::string& where) const {
  if (!is_packed) return {row.begin(), row.end()};
  auto name = name_of(hash, where);
  return unpack(decode_packed(row, name), name);
}

byte_buffer stored_page::bytes_or_none() const {
  try {
    return bytes("");
  } catch (const failure& f) {
    if (f.code() != errc::corrupt) throw;
    return {};
  }
}

uint64_t stored_page::size() const { return is_packed ? unpacked_size(record_content(row)) : row.size(); }

std::optional<stored_page> find_page(reader& pages, const hash128& h) {
  auto key = key_of(h);
  if (auto row = pages.get(table::pages, key)) return stored_page{h, *row, false};
  if (auto row = pages.get(table::packed, key)) return stored_page{h, *row, true};
  return {};
}

void for_each_page(reader& pages, const std::string& where, const std::function<void(const stored_page&)>& visit,
                   const std::function<void(bytes_view)>& bad_key) {
  for (auto table : {table::pages, table::packed})
    pages.scan(table, {}, [&](bytes_view key, bytes_view row) {
      if (key.size() == sizeof(hash_key)) return visit({hash_of(key), row, table == table::packed}), true;
      if (!bad_key) throw failure{errc::corrupt, where + ": a page has a key of " + std::to_string(key.size()) + " bytes"};
      return bad_key(key), true;
    });
}

bool write_page(writer& pages, const hash128& h, bytes_view bytes) {
  auto there = find_page(pages, h);
  if (there && is_sound(*there, bytes)) return false;
  if (there && there->is_packed) pages.erase(table::packed, key_of(h));
  pages.put(table::pages, key_of(h), bytes);
  return true;
}

void erase_page(writer& pages, const hash128& h) {
  for (auto table : {table::pages, table::packed}) pages.erase(table, key_of(h));
}

}  // namespace gli::storage
