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

[[noreturn]] void fail(const hash128& commit, const std::string& why) {
  throw failure{errc::corrupt, "the patch of commit " + to_hex(commit) + " " + why};
}

/// A commit as far as its patch is asked for.
struct place { hash128 id; uint64_t patch_bytes; };

/// A patch says by its length how many patch bytes there are before it, and at zero of them are the pages: the way back is finite.
patch_record read_step(reader& manifest, const place& of) {
  auto stored = manifest.get(table::patches, key_of(of.id));
  if (!stored) fail(of.id, "is missing");
  auto patch = decode_patch(*stored, of.id);
  auto bytes = cost(patch.patch.size());
  if (of.patch_bytes != bytes && of.patch_bytes < bytes + cost(0)) fail(of.id, "cannot begin at commit " + to_hex(patch.base));
  return patch;
}

place begin_of(const patch_record& patch, const place& of) { return {patch.base, of.patch_bytes - cost(patch.patch.size())}; }

/// The commit that a patch begins at.
commit_record read_begin(reader& manifest, const place& at, const commit_record& of, const hash128& patched) {
  auto base = read_commit(manifest, at.id);
  if (base.patch_bytes != at.patch_bytes || base.page_bytes != of.page_bytes) fail(patched, "cannot begin at commit " + to_hex(at.id));
  return base;
}

}  // namespace

patch_record read_patch(reader& manifest, const commit_record& of) {
  place at{of.id, of.patch_bytes};
  auto patch = read_step(manifest, at);
  read_begin(manifest, begin_of(patch, at), of, of.id);
  return patch;
}

/// Of the commits on the way, the last one's record is read and no other.
patch_chain graph_store::patches_to(const commit_record& record, const std::function<bool(const hash128&)>& at_hand) const {
  patch_chain way{record, {}};
  place at{record.id, record.patch_bytes};
  auto is_end = [&] { return at.patch_bytes == 0 || (at_hand && at_hand(at.id)); };
  if (is_end()) return way;
  auto manifest = state_->manifest->read();
  hash128 patched;
  do {
    patched = at.id;
    auto step = read_step(*manifest, at);
    at = begin_of(step, at);
    way.patches.push_back(std::move(step.patch));
  } while (!is_end());
  way.from = read_begin(*manifest, at, record, patched);
  std::ranges::reverse(way.patches);
  return way;
}

}  // namespace gli::storage
