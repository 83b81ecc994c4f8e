#pragma once
// The serialized graphs of the GAP Benchmark Suite, read by pieces; python/gli/_formats/gap.py says their layout. Inside of loaders/gap*.cpp only.
//
// Threads: one at a time.

#include <span>
#include <string>
#include <vector>

#include "partitions/loaders/gap.h"
#include "partitions/loaders/input.h"

namespace gli {

/// Entries of a file, one after the other.
struct gap_entries {
  int64_t first = 0;           // the number of the first one
  int64_t node = 0;            // of which it is an entry
  std::vector<int64_t> ends;   // of `node` and those behind it: the number behind its last entry
  std::vector<int32_t> words;  // the neighbor; in .wsg files the neighbor and the weight
};

class gap_file {
 public:
  /// `weighted`: whether it is a .wsg file. `name`: what messages call it; empty: its path. Throws as input_file, and failure{value} that names the file and what
  /// does not hold.
  gap_file(const std::string& path, bool weighted, const std::string& name = {});

  const gap_file_head& head() const { return head_; }
  uint64_t size() const { return file_.bytes_total(); }
  bool weighted() const { return weighted_; }
  bool packed() const { return plain_.descriptor < 0; }

  /// That the offsets of part `part` of `parts` ascend, and those of all lead from 0 to the number of entries. Of a packed file all at once, and first.
  void check_offsets(int64_t part, int64_t parts);
  /// Entries [begin, end) of a file all of whose offsets hold; of a packed file those behind the ones before. Neighbors are checked.
  void read_entries(int64_t begin, int64_t end, gap_entries& to);

 private:
  void read(uint64_t from, void* to, size_t bytes);
  void read_offsets(int64_t first, std::span<int64_t> to);
  void read_ends(int64_t begin, int64_t end, gap_entries& to);
  int64_t node_of(int64_t entry);
  [[noreturn]] void refuse(const std::string& why) const;

  input_file file_;
  const bool weighted_;
  struct plain_file {
    int descriptor = -1;
    plain_file() = default;
    plain_file(const plain_file&) = delete;
    plain_file& operator=(const plain_file&) = delete;
    ~plain_file();
  } plain_;                       // none of a packed one
  uint64_t at_ = 0;               // how much of a packed one was read
  std::vector<int64_t> offsets_;  // of a packed one
  gap_file_head head_;
};

}  // namespace gli
