#pragma once
// Little-endian bytes of one record: 16 bytes of header, content, 16 bytes of XXH3-128 over all before. storage/FORMAT.md.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/error.h"
#include "storage/keys.h"

namespace gli::storage {

/// Four letters as they lie in the file.
constexpr uint32_t record_magic(const char (&letters)[5]) {
  return uint32_t(uint8_t(letters[0])) | uint32_t(uint8_t(letters[1])) << 8 | uint32_t(uint8_t(letters[2])) << 16 |
         uint32_t(uint8_t(letters[3])) << 24;
}

class record_writer {
 public:
  /// Without a header: only content, for hashing.
  record_writer() { bytes_.reserve(usual_bytes); }
  record_writer(uint32_t magic, uint32_t version);
  void u8(uint8_t x) { bytes_.push_back(x); }
  void u32(uint32_t x) { append(x, 4); }
  void u64(uint64_t x) { append(x, 8); }
  void hash(const hash128& h);
  void text(std::string_view t);
  void raw(bytes_view b) { bytes_.insert(bytes_.end(), b.begin(), b.end()); }
  bytes_view bytes() const { return bytes_; }
  byte_buffer finish();

 private:
  static constexpr size_t usual_bytes = 256;
  void append(uint64_t x, int bytes);
  byte_buffer bytes_;
};

/// What messages call a record: a text, or words before its id, put together when there is something to say.
class record_name {
 public:
  record_name(std::string text) : text_{std::move(text)} {}
  record_name(const char* words) : words_{words} {}
  record_name(const char* words, const hash128& id) : words_{words}, id_{id} {}
  std::string text() const { return words_ + text_ + (id_ ? to_hex(*id_) : ""); }

 private:
  const char* words_ = "";
  std::string text_;
  std::optional<hash128> id_;
};

/// What is between a record's header and its checksum, unchecked.
bytes_view record_content(bytes_view record);

class record_reader {
 public:
  /// Checks length, checksum, magic and version (at most `version`).
  record_reader(bytes_view record, uint32_t magic, uint32_t version, record_name name);
  uint32_t version() const { return version_; }
  uint8_t u8() { return uint8_t(take(1)); }
  uint32_t u32() { return uint32_t(take(4)); }
  uint64_t u64() { return take(8); }
  bool flag();
  hash128 hash();
  std::string text() { return std::string{as_text(text_bytes())}; }
  bytes_view text_bytes();  // lives as long as the record
  bytes_view rest() { return std::exchange(left_, {}); }  // lives as long as the record
  /// A count of items that take at least `bytes_each`: never more than what is left can hold.
  uint32_t count(size_t bytes_each);
  void end() const;
  [[noreturn]] void fail(const std::string& reason) const;

 private:
  uint64_t take(size_t bytes);
  bytes_view left_;
  record_name name_;
  uint32_t version_ = 0;
};

}  // namespace gli::storage
