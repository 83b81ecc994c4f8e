// Rows of the manifest that name pages, and how readers and writers hold on to them while gc() is at work: storage/FORMAT.md, "Garbage".
#include <algorithm>

#include "runtime/error.h"
#include "storage/manifest.h"

namespace gli::storage {

page_owner owner_of(const commit_record& c) {
  page_owner owner{c.id, c.graph_id, c.time, {c.roots}};
  for (auto& result : c.results) owner.roots.push_back(result.roots);
  return owner;
}

std::vector<hash128> roots_in(const page_owner& owner, uint32_t partition) {
  std::vector<hash128> roots;
  for (auto& of : owner.roots)
    if (partition < of.size()) roots.push_back(of[partition]);
  return roots;
}

uint32_t partitions_of(const page_owner& owner) {
  size_t most = 0;
  for (auto& of : owner.roots) most = std::max(most, of.size());
  return uint32_t(most);
}

void for_each_owner(reader& manifest, const std::function<bool(const hash128&)>& wanted, const std::function<void(const page_owner&)>& visit) {
  manifest.scan(table::commits, {}, [&](bytes_view key, bytes_view row) {
    if (key.size() != 16) throw failure{errc::corrupt, "a commit has a key of " + std::to_string(key.size()) + " bytes"};
    if (wanted(hash_of(key))) visit(owner_of(decode_commit(row, hash_of(key))));
    return true;
  });
  manifest.scan(table::results, {}, [&](bytes_view key, bytes_view row) {
    auto id = content_hash(row);
    if (!wanted(id)) return true;
    auto kept = decode_result(row, key);
    visit({id, kept.graph_id, kept.time, {kept.result.roots}});
    return true;
  });
}

page_set owners_in(reader& manifest) {
  page_set ids;
  for_each_owner(manifest, [&](auto& id) { return ids.insert(id), false; }, [](auto&) {});
  return ids;
}

std::vector<std::unique_ptr<writer>> graph_store::state::hold_roots(const page_owner& owner) {
  std::vector<std::unique_ptr<writer>> held;
  auto present = partitions();
  for (uint32_t p = 0; p < partitions_of(owner); ++p) {
    if (!std::ranges::binary_search(present, p)) continue;
    auto& environment = pool(p).environment();
    held.push_back(environment.write());
    for (auto& root : roots_in(owner, p))
      if (!has_page(*held.back(), root))
        throw failure{errc::conflict, environment.name() + ": page " + to_hex(root) + ", a root of the commit, is not there, or gc() has removed it: write it again"};
  }
  return held;
}

std::vector<content_pool::snapshot> graph_store::pages_of(const commit_record& record) {
  std::vector<content_pool::snapshot> pages;
  for (uint32_t p = 0; p < partitions_of(owner_of(record)); ++p) pages.push_back(pages_of(record, p));
  return pages;
}

content_pool::snapshot graph_store::pages_of(const commit_record& record, uint32_t partition) {
  content_pool::snapshot pages{pool(partition)};
  if (!state_->manifest->read()->get(table::commits, key_of(record.id)))
    throw failure{errc::key, "commit " + to_hex(record.id) + " is no longer in the store: gc() has removed it"};
  return pages;
}

content_pool::snapshot graph_store::pages_of(const kept_result& result, uint32_t partition) {
  content_pool::snapshot pages{pool(partition)};
  auto now = find_result(result.graph_id, result.result.info);
  if (!now || now->result.roots != result.result.roots)
    throw failure{errc::key, "what was kept of " + result.result.info.algorithm + " is no longer in the store: compute() makes it anew"};
  return pages;
}

}  // namespace gli::storage
