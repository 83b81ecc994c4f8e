#include "storage/record_bytes.h"

#include <algorithm>

namespace gli::storage {
namespace {

constexpr size_t header_bytes = 16, checksum_bytes = 16;

uint32_t load_u32(const uint8_t* p) { return uint32_t(p[0]) | uint32_t(p[1]) << 8 | uint32_t(p[2]) << 16 | uint32_t(p[3]) << 24; }

}  // namespace

record_writer::record_writer(uint32_t magic, uint32_t version) : record_writer{} {
  u32(magic);
  u32(version);
  u64(0);  // length of the content, set by finish()
}

void record_writer::append(uint64_t x, int bytes) {
  for (int i = 0; i < bytes; ++i) bytes_.push_back(uint8_t(x >> 8 * i));
}

void record_writer::hash(const hash128& h) {
  auto key = key_of(h);
  bytes_.insert(bytes_.end(), key.begin(), key.end());
}

void record_writer::text(std::string_view t) {
  if (t.size() > UINT32_MAX) throw failure{errc::value, "a text of " + std::to_string(t.size()) + " bytes is too long to store"};
  u32(uint32_t(t.size()));
  bytes_.insert(bytes_.end(), t.begin(), t.end());
}

byte_buffer record_writer::finish() {
  uint64_t length = bytes_.size() - header_bytes;
  for (int i = 0; i < 8; ++i) bytes_[size_t(8 + i)] = uint8_t(length >> 8 * i);
  hash(content_hash(bytes_));
  return std::move(bytes_);
}

bytes_view record_content(bytes_view record) {
  return record.size() < header_bytes + checksum_bytes ? bytes_view{} : record.subspan(header_bytes, record.size() - header_bytes - checksum_bytes);
}

record_reader::record_reader(bytes_view record, uint32_t magic, uint32_t version, record_name name) : name_{std::move(name)} {
  if (record.size() < header_bytes + checksum_bytes) fail("has only " + std::to_string(record.size()) + " bytes");
  auto checked = record.first(record.size() - checksum_bytes);
  if (content_hash(checked) != hash_of(record.last(checksum_bytes))) fail("does not match its checksum");
  if (load_u32(record.data()) != magic) fail("is a record of another kind");
  version_ = load_u32(record.data() + 4);
  if (version_ == 0 || version_ > version)
    fail("has version " + std::to_string(version_) + "; this program reads up to version " + std::to_string(version));
  left_ = checked.subspan(8);
  auto length = u64();
  if (length != left_.size()) fail("says " + std::to_string(length) + " bytes and has " + std::to_string(left_.size()));
}

void record_reader::fail(const std::string& reason) const { throw failure{errc::corrupt, name_.text() + " " + reason}; }

uint64_t record_reader::take(size_t bytes) {
  if (left_.size() < bytes) fail("ends too early");
  uint64_t x = 0;
  for (size_t i = 0; i < bytes; ++i) x |= uint64_t(left_[i]) << 8 * i;
  left_ = left_.subspan(bytes);
  return x;
}

bool record_reader::flag() {
  auto x = u8();
  if (x > 1) fail("has a flag of " + std::to_string(x));
  return x == 1;
}

hash128 record_reader::hash() {
  if (left_.size() < 16) fail("ends too early");
  auto h = hash_of(left_.first(16));
  left_ = left_.subspan(16);
  return h;
}

bytes_view record_reader::text_bytes() {
  auto length = u32();
  if (left_.size() < length) fail("ends too early");
  auto bytes = left_.first(length);
  left_ = left_.subspan(length);
  return bytes;
}

uint32_t record_reader::count(size_t bytes_each) {
  auto n = u32();
  if (n > left_.size() / bytes_each) fail("counts " + std::to_string(n) + " items in " + std::to_string(left_.size()) + " bytes");
  return n;
}

void record_reader::end() const {
  if (!left_.empty()) fail("has " + std::to_string(left_.size()) + " bytes too many");
}

}  // namespace gli::storage
