#pragma once
// How GLI reports what cannot be done. An absent thing is a std::optional; a request that cannot be carried out throws
// `failure`, which unwinds to one of four boundaries (job runner, gateway, command line, Python binding) and is answered there.
// Foreign errors (LMDB, Cap'n Proto, Asio, CAF) become a `failure` where they enter.

#include <cstdint>
#include <stdexcept>
#include <string>

namespace gli {

/// What went wrong, as Python will see it. The numbers travel on the wire: append only.
enum class errc : uint16_t {
  key = 1,              // KeyError: a node, edge, branch or revision that is not there
  value = 2,            // ValueError: an argument or an input line that cannot be right
  type = 3,             // TypeError: a value of the wrong type
  io = 4,               // OSError: a file or socket that cannot be read or written
  not_found = 5,        // FileNotFoundError
  not_implemented = 6,  // NotImplementedError
  corrupt = 7,          // gli.CorruptError: stored or received bytes that fail their checks
  worker_lost = 8,      // gli.WorkerLostError: a worker died, froze or was cut off
  unavailable = 9,      // gli.ClusterError: the cluster is not ready, or ended
  protocol = 10,        // gli.ProtocolError: another version, a bad frame
  timeout = 11,         // TimeoutError
  cancelled = 12,       // KeyboardInterrupt or a cancelled job
  memory = 13,          // MemoryError: ids or memory would run out
  convergence = 14,     // gli.ConvergenceError
  conflict = 15,        // gli.ConflictError: a ref moved, another writer
  internal = 16,        // gli.GliError: a bug of ours
  program = 17,         // gli.ProgramError: a user's program raised, or ended its process
};

class failure : public std::runtime_error {
 public:
  failure(errc code, const std::string& message) : std::runtime_error{message}, code_{code} {}
  errc code() const { return code_; }

 private:
  errc code_;
};

}  // namespace gli
