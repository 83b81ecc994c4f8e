#pragma once
// What a disk may hold after a crash: made from the calls that a program made until then.
//
// What was synced is there. Of what was not, any part may be: each write whole, not at all, or some of its sectors of 512 bytes. Names of files (made,
// renamed) come in the order in which they were given, those since the last sync of their directory or not.

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/durability/file_calls.h"

namespace gli::durability {

enum class unsynced { kept, lost, mixed };

class disk {
 public:
  void apply(const file_call& call);
  /// The files, by path, with what was not synced as `fate` says.
  std::map<std::string, byte_buffer> image(unsynced fate, std::mt19937_64& random) const;

 private:
  struct file {
    byte_buffer kept;
    std::vector<file_call> pending;
  };
  struct name {
    std::string directory, path;
    uint64_t file;
    std::string before;  // renamed from
  };
  void know(const file_call& call);
  static void write(byte_buffer& to, const file_call& call);
  static void write_some_sectors(byte_buffer& to, const file_call& call, std::mt19937_64& random);
  static void change(std::map<std::string, uint64_t>& names, const name& n);

  std::map<uint64_t, file> files_;
  std::map<std::string, uint64_t> names_, now_;  // those that were synced, and all
  std::vector<name> pending_names_;
};

}  // namespace gli::durability
