// graph_store::unbundle: the file is checked whole, then its pages are written, then one transaction of the manifest takes over its commits and names.
#include <algorithm>
#include <utility>

#include "runtime/error.h"
#include "storage/bundle_file.h"
#include "storage/history.h"
#include "storage/pending.h"

namespace gli::storage {
namespace {

struct bundled_commit {
  commit_record commit;
  byte_buffer row, patch;
};

/// All but the pages.
struct bundle_content {
  bundle_header header;
  std::vector<bundled_commit> commits;
};

void add_commit(const bundle_reader& file, const bundle_item& item, bundle_content& to) {
  auto commit = decode_commit(item.content, item.name);
  if (!to.commits.empty() && to.commits.back().commit.is_patch() && to.commits.back().patch.empty()) file.fail("a patch is missing");
  to.commits.push_back({std::move(commit), item.content, {}});
}

void add_patch(const bundle_reader& file, const bundle_item& item, bundle_content& to) {
  if (to.commits.empty() || to.commits.back().commit.id != item.name || !to.commits.back().commit.is_patch() || !to.commits.back().patch.empty())
    file.fail("a patch does not stand behind its commit");
  decode_patch(item.content, item.name);
  to.commits.back().patch = item.content;
}

void add_item(const bundle_reader& file, const bundle_item& item, bundle_content& to) {
  try {
    if (item.kind == item_kind::header) to.header = decode_bundle_header(item.content, "header");
    if (item.kind == item_kind::commit) add_commit(file, item, to);
    if (item.kind == item_kind::patch) add_patch(file, item, to);
  } catch (const failure& f) {
    if (std::string_view{f.what()}.starts_with(file.path())) throw;
    file.fail(f.what());
  }
}

/// The header first, then pages by partition, then commits, each with its patch.
bundle_content check_bundle(const std::string& path) {
  constexpr auto order = [](item_kind kind) { return kind == item_kind::header ? 0 : kind == item_kind::page ? 1 : 2; };
  bundle_reader file{path};
  bundle_content content;
  bundle_item item;
  int last = -1;
  uint32_t partition = 0;
  while (file.next(item)) {
    auto now = order(item.kind);
    if (now < last || (now == 0 && last == 0) || (now == 1 && item.partition < partition)) file.fail("an item that does not belong here");
    last = now;
    if (now == 1) partition = item.partition;
    add_item(file, item, content);
  }
  if (!content.commits.empty() && content.commits.back().commit.is_patch() && content.commits.back().patch.empty()) file.fail("a patch is missing");
  return content;
}

// --- names --------------------------------------------------------------------------------------------------------------------

std::optional<hash128> where_is(reader& manifest, const unbundled_ref& ref, bool& is_there) {
  auto branch = ref.is_tag ? std::nullopt : find_branch(manifest, ref.name);
  auto tag = ref.is_tag ? find_tag(manifest, ref.name) : std::nullopt;
  is_there = branch || tag;
  return branch ? branch->head : tag;
}

ref_change change_of(reader& manifest, const unbundled_ref& ref) {
  bool is_there = false;
  auto at = where_is(manifest, ref, is_there);
  if (!is_there) return ref_change::created;
  if (at == ref.commit) return ref_change::unchanged;
  if (ref.is_tag) return ref_change::forced;
  if (!at || reaches(manifest, ref.commit, *at)) return ref_change::forward;
  return reaches(manifest, *at, ref.commit) ? ref_change::ahead : ref_change::forced;
}

std::string action_of(ref_change change) {
  return change == ref_change::created ? "bundle: created" : change == ref_change::forward ? "bundle: fast-forward" : "bundle: forced";
}

void move_ref(writer& manifest, const unbundled_ref& ref, const std::string& description) {
  if (ref.change == ref_change::unchanged || ref.change == ref_change::ahead) return;
  auto key = as_bytes(ref.name);
  if (ref.is_tag) return manifest.put(table::tags, key, encode(branch_record{ref.name, ref.commit}));
  auto branch = find_branch(manifest, ref.name).value_or(branch_record{ref.name, {}, description});
  auto before = std::exchange(branch.head, ref.commit);
  manifest.put(table::branches, key, encode(branch));
  append_reflog(manifest, {0, ref.name, before, ref.commit, microseconds_now(), action_of(ref.change)});
}

/// The bundle's commits are in the manifest already, within this transaction.
std::vector<unbundled_ref> move_refs(writer& manifest, const bundle_header& header, const unbundle_options& options, const std::string& path) {
  std::vector<unbundled_ref> refs;
  std::string refused;
  for (auto& from : header.refs) {
    auto of = from.is_tag ? "tag" : "branch";
    unbundled_ref ref{options.prefix + from.name, from.is_tag, ref_change::unchanged, from.commit};
    check_name(of, ref.name);
    if (!manifest.get(table::commits, key_of(ref.commit))) throw failure{errc::corrupt, path + ": " + of + " '" + from.name + "' is at a commit that is missing"};
    ref.change = change_of(manifest, ref);
    if (ref.change == ref_change::forced && !options.force && options.prefix.empty()) refused += (refused.empty() ? "" : ", ") + std::string{of} + " '" + ref.name + "'";
    move_ref(manifest, ref, from.description);
    refs.push_back(std::move(ref));
  }
  if (!refused.empty())
    throw failure{errc::conflict, path + ": " + refused + " went another way here: unbundle with a prefix and merge, or with force=True to move there"};
  return refs;
}

// --- the store ----------------------------------------------------------------------------------------------------------------

void check_needs(reader& manifest, const bundle_header& header, const std::string& path) {
  for (auto& id : header.needs)
    if (!manifest.get(table::commits, key_of(id)))
      throw failure{errc::value, path + ": the bundle stands on commit " + to_hex(id) + ", which this store does not have: bundle again, with since= what it has"};
}

/// Adds what is not there. Every parent, and where a patch begins, must be.
std::vector<const commit_record*> put_commits(writer& manifest, const bundle_content& content, const std::string& path) {
  std::vector<const commit_record*> added;
  for (auto& c : content.commits) {
    if (manifest.get(table::commits, key_of(c.commit.id))) continue;
    for (auto& parent : c.commit.parents)
      if (!manifest.get(table::commits, key_of(parent))) throw failure{errc::corrupt, path + ": commit " + to_hex(c.commit.id) + " comes before its parent " + to_hex(parent)};
    manifest.put(table::commits, key_of(c.commit.id), c.row);
    if (c.commit.is_patch()) manifest.put(table::patches, key_of(c.commit.id), c.patch);
    if (c.commit.is_patch()) read_patch(manifest, c.commit);
    added.push_back(&c.commit);
  }
  return added;
}

/// One partition's transaction, and when its batch was noted as pending.
struct receiver {
  uint32_t partition;
  std::unique_ptr<writer> pages;
  int64_t noted = 0;
};

uint32_t partitions_of(const bundle_content& content) {
  uint32_t most = 0;
  for (auto& c : content.commits) most = std::max(most, storage::partitions_of(owner_of(c.commit)));
  return most;
}

void put_pages(const std::string& path, std::vector<receiver>& to, unbundle_report& report) {
  bundle_reader file{path};
  bundle_item item;
  while (file.next(item)) {
    if (item.kind != item_kind::page) continue;
    if (item.partition >= to.size()) file.fail("a page of partition " + std::to_string(item.partition) + ", which no commit has");
    auto& pages = *to[item.partition].pages;
    if (!write_page(pages, item.name, item.content)) continue;
    ++report.pages, report.bytes += item.content.size();
  }
}

/// All that the commits need must be there now; noted as pending until the manifest names it.
void finish_pages(const std::string& path, const bundle_content& content, receiver& to, const root_format& format) {
  page_walk walk{path + ": partition " + std::to_string(to.partition), format};
  std::vector<hash128> all;
  for (auto& c : content.commits)
    for (auto& root : roots_in(owner_of(c.commit), to.partition)) {
      walk.mark(*to.pages, root);
      all.push_back(root);
    }
  to.noted = note_pending(*to.pages, all, microseconds_now());
}

page_owner owner_of_all(const std::vector<const commit_record*>& commits) {
  page_owner all;
  for (auto c : commits)
    for (auto& roots : owner_of(*c).roots) all.roots.push_back(roots);
  return all;
}

/// All that changes in the manifest. Returns the commits that were not there.
std::vector<const commit_record*> take_over(writer& manifest, const bundle_content& content, const unbundle_options& options, const std::string& path,
                                            unbundle_report& report) {
  check_needs(manifest, content.header, path);
  auto added = put_commits(manifest, content, path);
  report.commits = added.size();
  report.refs = move_refs(manifest, content.header, options, path);
  return added;
}

}  // namespace

/// Before anything is committed the file was read to its end, the manifest's part was tried, and all that the commits need was found.
unbundle_report graph_store::unbundle(const std::string& path, const unbundle_options& options, const root_format& roots) {
  auto content = check_bundle(path);
  unbundle_report report;
  take_over(*state_->manifest->write(), content, options, path, report);
  std::vector<receiver> receivers;
  for (uint32_t p = 0; p < partitions_of(content); ++p) receivers.push_back({p, pool(p).environment().write()});
  put_pages(path, receivers, report);
  for (auto& r : receivers) finish_pages(path, content, r, roots);
  for (auto& r : receivers) r.pages->commit();
  auto w = state_->manifest->write();
  auto added = take_over(*w, content, options, path, report);
  auto held = state_->hold_roots(owner_of_all(added));
  w->commit();
  held.clear();
  for (auto& r : receivers) {
    auto pages = pool(r.partition).environment().write();
    drop_pending(*pages, [&](auto& process, auto& batch) { return batch.time == r.noted && process == this_process(); });
    pages->commit();
  }
  return report;
}

}  // namespace gli::storage
