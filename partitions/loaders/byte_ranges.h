#pragma once
// A plain file whose lines are taken by byte ranges, in any order: a line belongs to the range in which it begins.
//
// Threads: one at a time.

#include <cstdint>
#include <string>
#include <vector>

#include "partitions/loaders/input.h"

namespace gli {

class ranged_file {
 public:
  /// Of `file`, which says is_plain(); it need not live on. Lines have at most `longest` bytes.
  explicit ranged_file(const input_file& file, size_t longest = longest_line);
  ~ranged_file();
  ranged_file(const ranged_file&) = delete;
  ranged_file& operator=(const ranged_file&) = delete;

  uint64_t size() const { return size_; }
  const std::string& name() const { return name_; }

  struct range_lines {
    text_piece text;
    uint64_t offset = 0;  // of the first line in the file
  };
  /// The lines that begin in [begin, end), in `buffer`, whose memory is used again; one begins at `begin` where the byte before ends a line, or `at_line` says so. The last may be one of more bytes than the longest may have, which
  /// is then not whole: whoever parses it refuses it. Throws failure{io} when the file has become shorter.
  range_lines lines(uint64_t begin, uint64_t end, std::vector<char>& buffer, bool at_line = false) const;

 private:
  void read(uint64_t from, char* to, size_t n) const;
  size_t finish_line(std::vector<char>& buffer, uint64_t from, size_t last, size_t filled) const;

  const std::string path_, name_;
  const uint64_t size_;
  const size_t longest_;
  int descriptor_ = -1;
};

}  // namespace gli
