#pragma once
// Roots whose pages are stored and which no commit names yet: each process notes its latest beside the pages, so that gc() leaves them alone.
// storage/FORMAT.md, "Garbage". For storage/ alone.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "storage/ordered_store.h"
#include "runtime/hash.h"

namespace gli::storage {

/// A process as others on its host can tell whether it lives. `host` says boot and process namespace, and is empty where that is not known.
struct process_name {
  std::string host;
  uint64_t id = 0, started = 0;  // in the system's clock ticks since it booted
  friend bool operator==(const process_name&, const process_name&) = default;
};
process_name this_process();
/// Only what is sure: a process of another host or namespace may live.
bool is_known_dead(const process_name& p);

struct pending_batch { int64_t time = 0; std::vector<hash128> roots; };  // microseconds since 1970, UTC
/// The latest batches of one process, oldest first.
struct pending_record {
  process_name process;
  std::vector<pending_batch> batches;
};
constexpr size_t most_pending_batches = 16;
constexpr int64_t pending_for = int64_t{24} * 3600 * 1'000'000;  // microseconds; then its commit is not waited for

byte_buffer encode(const pending_record& r);
pending_record decode_pending(bytes_view record);
/// Its row: one for each process.
hash128 pending_key(const process_name& p);

/// Adds a batch of this process to its row, at a time after its others; of more than the latest ones the oldest goes. Returns the batch's time.
int64_t note_pending(writer& pages, std::span<const hash128> roots, int64_t now);
std::vector<pending_record> pending_in(reader& pages);
/// Whether nobody is going to name the batch: too much time went by, or its process is dead.
bool is_over(const process_name& process, const pending_batch& batch, int64_t now);
void drop_pending(writer& pages, const std::function<bool(const process_name&, const pending_batch&)>& goes);

constexpr std::string_view gc_key = "gc";
/// The right to collect a store's garbage, which one has at a time: a row of the manifest with its process. failure{conflict} when another has it.
class gc_lease {
 public:
  explicit gc_lease(ordered_store& manifest);
  ~gc_lease();
  gc_lease(const gc_lease&) = delete;
  gc_lease& operator=(const gc_lease&) = delete;

 private:
  ordered_store& manifest_;
};

}  // namespace gli::storage
