#pragma once
// Which partition owns which node of a graph: docs/partitioning.md.
//
// Where a graph has no `ownership`, the hash of a node's key says it: owner_of. Else owner_of says a key's home, and each partition knows which of the keys
// whose home it is another one owns. What no home knows of its home owns: keys that edits bring need no entry.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "partitions/graph.h"
#include "runtime/communicator.h"
#include "runtime/hash.h"

namespace gli {

/// Immutable; all versions that edits make of a graph share it. 20 bytes for each key that is not owned at home.
struct ownership {
  std::string partitioner;       // what chose it: "range", "stream"
  hash128 id;                    // the same on all partitions; where it is equal, all keys have the same owners
  std::vector<hash128> hashes;   // of keys whose home is here and whose owner is not, ascending
  std::vector<uint32_t> owners;  // beside them

  std::optional<uint32_t> find(const hash128& key) const;
};

/// Owners that were told, of keys that their homes do not own. One thread writes it.
class told_owners {
 public:
  void add(const hash128& key, uint32_t owner) { known_.emplace(key, owner); }
  uint32_t of(const hash128& key, uint32_t partitions) const {
    auto found = known_.find(key);
    return found == known_.end() ? owner_of(key, partitions) : found->second;
  }

 private:
  std::unordered_map<hash128, uint32_t, hash128_hasher> known_;
};

/// "hash" where the hashes of keys say it.
std::string partitioner_of(const graph::body& g);
/// Throws failure{value} that says which partitioners two graphs have whose nodes are not owned alike.
void check_owned_alike(const graph::body& a, const graph::body& b);

/// The owners of nodes that are called by the hashes of their keys, there or not. Collective; communicates only where the graph has an ownership.
std::vector<uint32_t> owners_of(const graph::body& g, std::span<const hash128> names, communicator& all);
/// The same of a name whose home is this partition; failure{value} where it is not.
uint32_t owner_at_home(const graph::body& g, const hash128& name);

/// That of a graph with these nodes on this partition. Collective.
std::shared_ptr<const ownership> ownership_of(std::string partitioner, std::span<const hash128> own, communicator& all);

}  // namespace gli
