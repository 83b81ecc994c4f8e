#pragma once
// What a store holds and how much room that takes.

#include <cstdint>
#include <vector>

#include "storage/ordered_store.h"

namespace gli::storage {

struct partition_space {
  uint32_t partition = 0;
  uint64_t pages = 0, bytes = 0;  // stored; equal ones once
  uint64_t named_bytes = 0;       // of the pages of each commit, summed over all commits: what storing each by itself would take
  space_usage disk;
};

struct store_space {
  uint64_t commits = 0, branches = 0, tags = 0, reflog = 0;
  space_usage manifest;
  std::vector<partition_space> partitions;
};

}  // namespace gli::storage
