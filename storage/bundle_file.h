#pragma once
// The file of a bundle: items one after the other, the last one the SHA-256 of all before. storage/FORMAT.md, "Bundles". For storage/ alone.

#include <cstdio>
#include <memory>
#include <string>

#include "storage/bundle.h"
#include "storage/record_bytes.h"

namespace gli::storage {

enum class item_kind : uint32_t {
  header = record_magic("GLBH"),
  page = record_magic("GLBP"),
  commit = record_magic("GLBC"),
  patch = record_magic("GLBD"),
  end = record_magic("GLBE"),
};

/// A page, commit or patch begins with its hash or commit_id, which `name` says; of the others it is zero.
struct bundle_item {
  item_kind kind = item_kind::end;
  uint32_t partition = 0;  // of a page
  hash128 name;
  byte_buffer content;
};

struct bundle_header {
  std::vector<hash128> needs;
  std::vector<bundle_ref> refs;
};
byte_buffer encode(const bundle_header& h);
bundle_header decode_bundle_header(bytes_view record, const std::string& where);

class sha256 {
 public:
  sha256();
  void add(bytes_view bytes);
  byte_buffer finish();  // 32 bytes

 private:
  struct context;
  std::shared_ptr<context> context_;
};

/// Writes beside `path`; finish() syncs and puts the file in its place. Destroyed before that, it leaves nothing. failure{io} naming the path.
class bundle_writer {
 public:
  explicit bundle_writer(std::string path);
  ~bundle_writer();
  bundle_writer(const bundle_writer&) = delete;
  bundle_writer& operator=(const bundle_writer&) = delete;
  void put(item_kind kind, uint32_t partition, const hash128& name, bytes_view content);
  void finish();

 private:
  void write(bytes_view bytes);
  [[noreturn]] void fail(const char* doing) const;
  void flush();
  std::string path_, partial_;
  int file_ = -1;
  byte_buffer waiting_;  // to be written
  sha256 hash_;
};

/// Gives the items in order and checks what can be checked of each: lengths against the file's, pages against their hashes, and at the end the
/// SHA-256 and that nothing follows. failure{corrupt} names file and byte. Memory: the largest item.
class bundle_reader {
 public:
  explicit bundle_reader(std::string path);
  bool next(bundle_item& item);  // false at the end, which was checked
  [[noreturn]] void fail(const std::string& reason) const;
  const std::string& path() const { return path_; }

 private:
  byte_buffer take(uint64_t bytes);
  void check_end(bytes_view stored, const byte_buffer& computed);

  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  uint64_t size_ = 0, at_ = 0, item_at_ = 0;
  sha256 hash_;
  bool begun_ = false;
};

}  // namespace gli::storage
