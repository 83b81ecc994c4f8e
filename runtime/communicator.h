#pragma once
// How the partitions of one job talk in rounds. Algorithms are written against this and nothing else: `solo` makes them run in one
// process, runtime/exchange.h between workers. Every call is collective: all ranks make the same calls in the same order.
//
// Threads: one job thread per rank calls in; kernels never do. A call throws failure{worker_lost | cancelled} when the job was aborted.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace gli {

using byte_buffer = std::vector<uint8_t>;
enum class reduction : uint8_t { sum, min, max };

class communicator {
 public:
  virtual ~communicator() = default;
  virtual uint32_t rank() const = 0;  // = the partition
  virtual uint32_t size() const = 0;

  /// Sends outgoing[q] to rank q and returns what every rank sent here, by rank. Own slot is handed through. Each may be empty.
  virtual std::vector<byte_buffer> all_to_all(std::vector<byte_buffer> outgoing) = 0;

  /// The same, message by message, so that sending and receiving overlap what is done with them: sends make(q) to every other rank q when it is made, and calls
  /// take(q, bytes) for what each of them sent here, by rank.
  virtual void all_to_all(const std::function<byte_buffer(uint32_t)>& make, const std::function<void(uint32_t, byte_buffer)>& take) = 0;

  /// Combines values elementwise over all ranks; all ranks see the same result. Sums wrap modulo 2^64.
  virtual void all_reduce(std::span<uint64_t> values, reduction how) = 0;

  /// Tells whoever waits how far the job is (of `what` empty: nothing), with details for people, and throws if it was aborted. total 0: unknown. Cheap;
  /// not collective.
  virtual void progress(std::string_view what, uint64_t done, uint64_t total, std::string_view detail = {}) = 0;
};

/// The communicator of a graph that is whole in this process.
class solo final : public communicator {
 public:
  uint32_t rank() const override { return 0; }
  uint32_t size() const override { return 1; }
  std::vector<byte_buffer> all_to_all(std::vector<byte_buffer> outgoing) override { return outgoing; }
  void all_to_all(const std::function<byte_buffer(uint32_t)>&, const std::function<void(uint32_t, byte_buffer)>&) override {}
  void all_reduce(std::span<uint64_t>, reduction) override {}
  void progress(std::string_view, uint64_t, uint64_t, std::string_view) override {}
};

}  // namespace gli
