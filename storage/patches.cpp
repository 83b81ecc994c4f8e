// Commits whose graph is stored as what changed since another commit.
#include <algorithm>

#include "runtime/error.h"
#include "storage/manifest.h"

namespace gli::storage {
namespace {

constexpr uint64_t row_bytes = 512;  // what a commit takes beside its patch: its record, the reflog's, room in their pages

uint64_t cost(uint64_t patch) { return patch + row_bytes; }

}  // namespace

bool patch_is_due(const commit_record& parent, uint64_t bytes) {
  return parent.page_bytes > 0 && parent.patch_bytes + cost(bytes) <= parent.page_bytes;
}

void put_patch(writer& manifest, commit_record& record, bytes_view patch) {
  if (!record.roots.empty() || record.parents.empty())
    throw failure{errc::internal, "a commit has either pages or a patch on top of its parent"};
  auto base = read_commit(manifest, record.parents.front());
  record.page_bytes = base.page_bytes;
  record.patch_bytes = base.patch_bytes + cost(patch.size());
  manifest.put(table::patches, key_of(record.id), encode(patch_record{base.id, {patch.begin(), patch.end()}}));
}

namespace {

struct step_back { patch_record patch; commit_record base; };

/// Every patch begins nearer to the pages than it ends: the way back is finite.
step_back read_step(reader& manifest, const commit_record& of) {
  auto name = "the patch of commit " + to_hex(of.id);
  auto stored = manifest.get(table::patches, key_of(of.id));
  if (!stored) throw failure{errc::corrupt, name + " is missing"};
  auto patch = decode_patch(*stored, of.id);
  auto base = read_commit(manifest, patch.base);
  if (base.patch_bytes >= of.patch_bytes || base.page_bytes != of.page_bytes)
    throw failure{errc::corrupt, name + " cannot begin at commit " + to_hex(patch.base)};
  return {std::move(patch), std::move(base)};
}

}  // namespace

patch_record read_patch(reader& manifest, const commit_record& of) { return read_step(manifest, of).patch; }

patch_chain graph_store::patches_to(const commit_record& record, const std::function<bool(const hash128&)>& at_hand) const {
  auto manifest = state_->manifest->read();
  patch_chain way{record, {}};
  while (way.from.is_patch() && !(at_hand && at_hand(way.from.id))) {
    auto step = read_step(*manifest, way.from);
    way.patches.push_back(std::move(step.patch.patch));
    way.from = std::move(step.base);
  }
  std::ranges::reverse(way.patches);
  return way;
}

}  // namespace gli::storage
