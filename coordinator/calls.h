#pragma once
// What is known of the calls that wait or run: who asked, since when, how far they are. Pure: no I/O, and whoever tells says when.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/codec.h"

namespace gli {

class calls {
 public:
  using time = int64_t;  // microseconds since 1970

  /// `driver`: who asked, for people; empty: the coordinator itself.
  void asked(uint64_t id, std::string what, std::string driver, time now);
  void started(uint64_t id, time now);
  /// A partition's word on how far a running call is: of partition 0 all of it counts, of the others the bytes that they have sent so far.
  void progressed(uint64_t id, uint32_t partition, const progress_note& how_far);
  /// The last word on bytes of a partition that has finished.
  void sent(uint64_t id, uint32_t partition, uint64_t bytes);
  /// What was known of a call that is over.
  std::optional<call_info> ended(uint64_t id);

  const call_info* find(uint64_t id) const;
  /// What runs, then what waits, each as it was asked for.
  std::vector<call_info> report() const;
  size_t running() const;
  size_t waiting() const { return all_.size() - running(); }

 private:
  struct entry {
    call_info info;
    std::map<uint32_t, uint64_t> sent;  // by partition
  };
  std::map<uint64_t, entry> all_;
};

}  // namespace gli
