#pragma once
// A user's program, round by round: the function is called once a round for all own nodes, by whoever runs it; what its nodes give goes over the edges
// here. docs/programs.md says what the function sees, who owns which memory, and where it lies.

#include <span>
#include <string>
#include <vector>

#include "partitions/kernels/edge_weights.h"
#include "partitions/values.h"
#include "runtime/communicator.h"
#include "runtime/program.h"

namespace gli {

/// Where an array lies in the memory that the function sees.
struct program_array {
  std::string name;   // as docs/programs.md lists them
  const char* type;   // NumPy's: "<i8", "<f8", "|b1", "|u1"
  uint64_t offset, rows;
};

struct program_layout {
  uint64_t bytes = 0, rows = 0, total_nodes = 0, total_edges = 0;  // rows: own nodes
  bool directed = true, text_keys = false;
  std::vector<program_array> arrays;
};

/// JSON: the layout and what there is to call, without the code.
std::string describe(const program_layout& layout, const run_program& what);

/// Whoever calls the function: Python in this process, or a child of a worker. One program at a time, one thread.
class program_host {
 public:
  virtual ~program_host() = default;
  /// Zero-filled memory that the function will see, aligned to 64 bytes, until the next call. With the guarantee that it never shrinks.
  virtual std::span<uint8_t> allocate(size_t bytes) = 0;
  virtual void begin(const run_program& what, const program_layout& layout, communicator& all) = 0;
  /// Calls the function for a round and returns once it did. Between calls nobody there touches the memory. Throws failure{program}, and whatever
  /// all.progress() throws.
  virtual void round(uint64_t number, communicator& all) = 0;
  /// The program is over, well or not; the memory is no longer looked at here.
  virtual void end() noexcept = 0;
};

/// Of every edge; finite where they are to be summed. Collective: failures as of edge_weights::of, and failure{value}.
edge_weights message_weights(const graph& g, const std::string& name, reduction combine, communicator& all);

/// The state columns' values, in their order. Collective; failure{program | value | type | key}, not alike on all partitions.
std::vector<node_values> run(const graph& g, const run_program& what, program_host& host, communicator& all);

}  // namespace gli
