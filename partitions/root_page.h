#pragma once
// Root pages: what a stored graph or result is, in one page that names the trees of all others. docs/graph-format.md.

#include <string>

#include "partitions/page_tree.h"
#include "runtime/value.h"

namespace gli {

constexpr uint32_t graph_root_magic = 0x31524747;   // "GGR1"
constexpr uint32_t values_root_magic = 0x31525647;  // "GVR1"
constexpr uint32_t graph_root_version = 3, values_root_version = 3;  // the newest; all before are read
constexpr uint32_t graph_owned_at_home = 2;                          // what is written of a graph without an ownership

/// Appends fields in order, little endian, unaligned.
class root_writer {
 public:
  root_writer(uint32_t magic, uint32_t version);
  template <class T> root_writer& put(T x) {
    auto at = bytes_.size();
    bytes_.resize(at + sizeof x);
    std::memcpy(bytes_.data() + at, &x, sizeof x);
    return *this;
  }
  root_writer& put_text(std::string_view x);  // u32 length, bytes
  root_writer& put_tree(const tree_ref& t);
  root_writer& put_value(const value& v);
  root_writer& put_parameters(const parameters& p);
  const byte_buffer& bytes() const { return bytes_; }

 private:
  byte_buffer bytes_;
};

/// Takes them back. Throws failure{corrupt} past the end, and for a wrong magic or a version beyond `newest`.
class root_reader {
 public:
  root_reader(const byte_buffer& bytes, uint32_t magic, const char* what, uint32_t newest);
  uint32_t version() const { return version_; }
  template <class T> T get() {
    T x;
    std::memcpy(&x, take(sizeof x), sizeof x);
    return x;
  }
  bool get_flag();  // 0 or 1
  std::string get_text();
  column_type get_type();
  tree_ref get_tree();
  value get_value();
  parameters get_parameters();
  void expect_end() const;

 private:
  const uint8_t* take(size_t bytes);
  const byte_buffer& bytes_;
  size_t at_ = 0;
  uint32_t version_ = 0;
};

}  // namespace gli
