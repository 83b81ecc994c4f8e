#pragma once
// What this program, and LMDB within it, does to the files below one directory: recorded, or made to fail. The program's own write, fdatasync … take
// the place of libc's (file_calls.cpp). Lock files do not count: they are no part of what a store keeps.
//
// Set up while no other thread writes files; the calls themselves may come from any thread.

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/communicator.h"

namespace gli::durability {

struct file_call {
  enum class what : uint8_t {
    write,         // `bytes` at `at` of `file`
    synced_write,  // the same through a descriptor with O_DSYNC: kept when the call returns
    resize,        // to `at` bytes
    sync,          // of `file`
    rename,        // of `path` to `to`
    sync_directory,
    mark,          // `path` is what the test says happens now
  };
  what kind = what::mark;
  uint64_t file = 0;  // its inode
  std::string path, to;  // from the directory on
  uint64_t at = 0;
  byte_buffer bytes;
};

void record_file_calls(const std::string& directory);
void mark_file_calls(const std::string& text);
/// The calls since record_file_calls, and an end of recording.
std::vector<file_call> recorded_file_calls();

byte_buffer to_bytes(const std::vector<file_call>& calls);
std::vector<file_call> calls_from(const byte_buffer& bytes);

enum class faulty { writes, short_writes, syncs };
/// The nth such call on a file below `directory` fails once with `error` (a short write writes half and says so).
void fail_file_call(const std::string& directory, faulty which, uint64_t n, int error);
/// Whether it has happened; none happens any more.
bool end_file_faults();

}  // namespace gli::durability
