#pragma once
// Garbage collection of a store: commits that no root reaches, then pages that no commit needs. storage/FORMAT.md, "Garbage".

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "runtime/hash.h"

namespace gli::storage {

struct gc_options {
  std::optional<int64_t> keep_reflog = {};  // microseconds; entries that are older go, and are no roots. Nothing: all stay
  std::vector<hash128> keep = {};           // commits that stay with their ancestors, as if a branch were there; those that are not there are no matter
  bool dry_run = false;                     // only the report
  bool compact = false;                     // then the files are rewritten, one after the other: ordered_store::compact
  uint64_t sweep_pages = 4096;              // at most so many go in one transaction
  std::function<void()> between = {};       // called before each write transaction, for tests
};

struct gc_count { uint64_t kept = 0, removed = 0; };
struct gc_report { gc_count commits, reflog, pages, bytes, file_bytes; };  // bytes: of pages; file_bytes: of files, if they were rewritten

}  // namespace gli::storage
