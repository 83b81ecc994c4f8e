#pragma once
// What leads from one graph to another, by keys: the edits to apply, in an order of their own. docs/versions.md, "Patches".

#include <optional>
#include <span>
#include <vector>

#include "runtime/edit.h"
#include "partitions/version.h"

namespace gli {

struct patch {
  bool directed = true, multi = false;
  /// Nodes removed (with all their edges), edges removed, nodes added as insertion goes on, edges added, nodes changed, edges changed, the graph's own
  /// attributes, if any changed; but for nodes added, by key. Each element is in one of them, save what is removed and comes again as new.
  std::vector<edit> edits;
  /// Whether the newer graph's insertion order comes out too: not where a node that only the newer has stands before others that both have.
  bool in_order = true;

  bool empty() const { return edits.empty(); }
};

/// O(k log k) for the k operations between versions that have a log or pages in common; for others the cost of visit_differences, where values are the same
/// when their facts are. failure{value} for graphs of different kinds or keys.
patch patch_between(const version& older, const version& newer);

/// The same for versions that have a log or pages in common, with the difference of their graph_ids; nothing for others.
struct logged_patch { patch changes; hash128 facts; };
std::optional<logged_patch> patch_along_logs(const version& older, const version& newer);

/// The other side. failure{value} naming what stands against it when the patch is of another graph.
version apply(const version& older, const patch& p);

/// docs/versions.md, "A patch as bytes". in_order is not kept.
byte_buffer encode(const patch& p);
patch decode_patch(std::span<const uint8_t> bytes);  // untrusted: failure{corrupt}

/// apply() of encoded patches, one after the other.
version apply_all(const version& older, std::span<const byte_buffer> patches);

}  // namespace gli
