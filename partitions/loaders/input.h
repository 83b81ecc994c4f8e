#pragma once
// Files as pieces of whole lines, plain or packed with gzip or zstd (told by the magic bytes), in bounded memory.
//
// Threads: one at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "partitions/loaders/unpack.h"
#include "runtime/error.h"

namespace gli {

/// Throws what the system says of a file: failure{not_found} "NAME: no such file", failure{io} "NAME: is a directory", …
[[noreturn]] void fail_system(const std::string& name, int error);
/// `end` before the last UTF-8 sequence, which may have been cut, unless that is ASCII.
char* without_last_letter(char* end);

/// The bytes of a file. Throws as fail_system.
class input_file {
 public:
  /// `name`: what messages call it; empty: its path.
  explicit input_file(std::string path, std::string name = {});
  ~input_file();
  input_file(const input_file&) = delete;
  input_file& operator=(const input_file&) = delete;

  /// Up to n bytes of text, unpacked; 0 at the end. Throws failure{value} "NAME: damaged gzip data", "NAME: truncated zstd data" and
  /// the like.
  size_t read(char* to, size_t n);

  const std::string& path() const { return path_; }
  const std::string& name() const { return name_; }
  bool is_regular() const { return is_regular_; }
  bool is_plain() const { return is_regular_ && !unpacker_; }  // whose bytes on disk are the text
  uint64_t bytes_read() const { return bytes_read_; }  // of the file as it lies on disk
  uint64_t bytes_total() const { return bytes_total_; }

 private:
  size_t read_raw(char* to, size_t n);

  std::string path_, name_;
  bool is_regular_ = false;
  int descriptor_ = -1;
  uint64_t bytes_read_ = 0, bytes_total_ = 0;
  std::string head_;  // bytes read to look at the magic, not yet handed out
  std::unique_ptr<unpacker> unpacker_;
};

constexpr size_t bytes_per_piece = size_t{4} << 20;
constexpr size_t longest_line = size_t{1} << 20;
constexpr size_t readable_past_end = 16;  // zero bytes after a piece, so that scanners may load whole words

/// Whole lines: [begin, end) ends with '\n' (added when the file's last line has none), and readable_past_end bytes follow it.
struct text_piece {
  const char* begin = nullptr;
  const char* end = nullptr;
  bool empty() const { return begin == end; }
};

/// Cuts a file into pieces at line ends; skips a UTF-8 byte order mark.
class line_reader {
 public:
  explicit line_reader(const std::string& path, size_t longest = longest_line, const std::string& name = {}) : file_{path, name}, longest_{longest} {}

  /// The next piece, in `buffer`, whose memory is used again; empty at the end. It may begin with a line over `longest`, which is then
  /// not whole: whoever parses it refuses it.
  text_piece next(std::vector<char>& buffer);

  const input_file& file() const { return file_; }

 private:
  size_t fill(std::vector<char>& buffer);

  input_file file_;
  size_t longest_;
  std::vector<char> rest_;  // the beginning of a line whose end was not read yet
  bool first_ = true, ended_ = false;
};

}  // namespace gli
