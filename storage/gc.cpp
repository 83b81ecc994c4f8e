// graph_store::gc. Reads first: what stays is walked in every partition, and a store that is damaged is left as it is. Then commits go in one
// transaction of the manifest, and then pages in many small ones. storage/FORMAT.md, "Garbage", says why readers and writers may go on.
#include "storage/gc.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "runtime/error.h"
#include "storage/manifest.h"
#include "storage/packing.h"
#include "storage/page_walk.h"
#include "storage/pending.h"

namespace gli::storage {
namespace {

// --- commits ------------------------------------------------------------------------------------------------------------------

/// What goes from the manifest.
struct dead_rows {
  std::vector<hash128> commits;
  std::vector<byte_buffer> results;  // their keys
  std::vector<uint64_t> reflog;
  page_set owners;  // the commits and results
};

/// Commits that the reflog's younger entries name, and the entries that are older.
std::vector<hash128> reflog_roots(reader& manifest, const gc_options& options, gc_count& entries, std::vector<uint64_t>& expired) {
  auto oldest = options.keep_reflog ? microseconds_now() - *options.keep_reflog : INT64_MIN;
  std::vector<hash128> roots;
  manifest.scan(table::reflog, {}, [&](bytes_view key, bytes_view value) {
    if (key.size() != 8) throw failure{errc::corrupt, "a reflog entry has a key of " + std::to_string(key.size()) + " bytes"};
    auto entry = decode_reflog(value, reflog_sequence(key));
    if (entry.time < oldest) return expired.push_back(entry.sequence), ++entries.removed, true;
    ++entries.kept;
    for (auto& commit : {entry.before, entry.after})
      if (commit) roots.push_back(*commit);
    return true;
  });
  return roots;
}

void add_names(reader& manifest, std::vector<hash128>& roots) {
  manifest.scan(table::branches, {}, [&](bytes_view key, bytes_view value) {
    if (auto head = decode_branch(value, std::string{as_text(key)}).head) roots.push_back(*head);
    return true;
  });
  manifest.scan(table::tags, {}, [&](bytes_view key, bytes_view value) {
    roots.push_back(decode_tag(value, std::string{as_text(key)}));
    return true;
  });
}

struct reached_commits { page_set ids, graphs; };

/// The roots and their ancestors.
reached_commits reached_from(reader& manifest, std::vector<hash128> roots) {
  reached_commits reached;
  while (!roots.empty()) {
    auto id = roots.back();
    roots.pop_back();
    if (!reached.ids.insert(id).second) continue;
    auto commit = read_commit(manifest, id);
    reached.graphs.insert(commit.graph_id);
    roots.insert(roots.end(), commit.parents.begin(), commit.parents.end());
  }
  return reached;
}

/// Results stay as long as a commit of their graph.
void find_dead_results(reader& manifest, const page_set& graphs, dead_rows& dead) {
  manifest.scan(table::results, {}, [&](bytes_view key, bytes_view row) {
    if (graphs.contains(decode_result(row, key).graph_id)) return true;
    dead.results.emplace_back(key.begin(), key.end());
    dead.owners.insert(content_hash(row));
    return true;
  });
}

dead_rows find_dead_rows(reader& manifest, const gc_options& options, gc_report& report) {
  dead_rows dead;
  report.commits = report.reflog = {};
  auto roots = reflog_roots(manifest, options, report.reflog, dead.reflog);
  add_names(manifest, roots);
  for (auto& id : options.keep)
    if (manifest.get(table::commits, key_of(id))) roots.push_back(id);
  auto reached = reached_from(manifest, std::move(roots));
  manifest.scan(table::commits, {}, [&](bytes_view key, bytes_view) {
    if (key.size() != 16) throw failure{errc::corrupt, "a commit has a key of " + std::to_string(key.size()) + " bytes"};
    if (!reached.ids.contains(hash_of(key))) dead.commits.push_back(hash_of(key));
    return true;
  });
  dead.owners.insert(dead.commits.begin(), dead.commits.end());
  find_dead_results(manifest, reached.graphs, dead);
  report.commits = {reached.ids.size(), dead.commits.size()};
  return dead;
}

// --- pages --------------------------------------------------------------------------------------------------------------------

/// Dead pages so that each stands behind all that name it: whatever is there at any time has all its pages. In each layer by key.
class removal_order {
 public:
  removal_order(reader& pages, const page_set& dead, const root_format& roots) : pages_{pages}, dead_{dead}, roots_{roots} {}
  std::vector<hash128> order() {
    for (auto& h : dead_)
      for (auto& child : children(h)) ++named_[child];
    std::vector<hash128> layer, all;
    for (auto& h : dead_)
      if (!named_.contains(h)) layer.push_back(h);
    for (; !layer.empty(); layer = below(layer)) {
      std::ranges::sort(layer);
      all.insert(all.end(), layer.begin(), layer.end());
    }
    return all;
  }

 private:
  std::vector<hash128> below(const std::vector<hash128>& layer) {
    std::vector<hash128> next;
    for (auto& h : layer)
      for (auto& child : children(h))
        if (--named_[child] == 0) next.push_back(child);
    return next;
  }
  std::vector<hash128> children(const hash128& h) {
    auto page = find_page(pages_, h);
    auto all = page ? possible_children(page->bytes_or_none(), roots_) : std::vector<hash128>{};
    std::erase_if(all, [&](auto& child) { return !dead_.contains(child); });
    return all;
  }

  reader& pages_;
  const page_set& dead_;
  const root_format& roots_;
  std::unordered_map<hash128, uint64_t, hash128_hasher> named_;  // by how many dead pages that are not yet in the order
};

/// One partition: what its commits need, and what goes.
class partition_sweep {
 public:
  partition_sweep(uint32_t partition, content_pool& pool, const root_format& roots)
      : partition_{partition}, environment_{pool.environment()}, roots_{roots}, walk_{environment_.name(), roots} {}

  void pin() { pinned_ = environment_.read(); }
  void mark(const page_owner& owner) { mark(*pinned_, owner); }
  void let_go(const page_owner& owner);  // one that does not stay: the pages that were written for it wait no longer
  void find_dead(gc_report& report);  // and lets go of the pinned state
  /// Removes the next pages, but for those that something came to need since; says false when none are left.
  bool sweep(ordered_store& manifest, const gc_options& options);

 private:
  void mark(reader& pages, const page_owner& owner);
  void find_over(reader& pages);
  void mark_pending(reader& pages);
  void mark_new_owners(reader& pages, reader& manifest);

  uint32_t partition_;
  ordered_store& environment_;
  const root_format& roots_;
  page_walk walk_;
  page_set owners_;                                             // that were marked
  std::unordered_map<hash128, int64_t, hash128_hasher> named_;  // roots here, and the latest owner's time
  std::set<std::pair<hash128, int64_t>> over_;                  // pending batches, by row and time, that nobody waits for
  std::unique_ptr<reader> pinned_;
  std::vector<hash128> order_;
  size_t next_ = 0;
};

void partition_sweep::mark(reader& pages, const page_owner& owner) {
  for (auto& root : roots_in(owner, partition_)) walk_.mark(pages, root);
  owners_.insert(owner.id);
  let_go(owner);
}

void partition_sweep::let_go(const page_owner& owner) {
  for (auto& root : roots_in(owner, partition_)) {
    auto& time = named_.try_emplace(root, owner.time).first->second;
    time = std::max(time, owner.time);
  }
}

/// An owner that is younger than the batch names each root, or nobody will.
void partition_sweep::find_over(reader& pages) {
  auto now = microseconds_now();
  for (auto& row : pending_in(pages))
    for (auto& batch : row.batches) {
      auto is_named = [&](auto& root) {
        auto at = named_.find(root);
        return at != named_.end() && at->second >= batch.time;
      };
      if (is_over(row.process, batch, now) || std::ranges::all_of(batch.roots, is_named)) over_.emplace(pending_key(row.process), batch.time);
    }
}

/// What came since the pages were pinned always stays: it may stand on pages that are in the order.
void partition_sweep::mark_pending(reader& pages) {
  for (auto& row : pending_in(pages))
    for (auto& batch : row.batches)
      if (!over_.contains({pending_key(row.process), batch.time}))
        for (auto& root : batch.roots) walk_.mark(pages, root);
}

void partition_sweep::mark_new_owners(reader& pages, reader& manifest) {
  for_each_owner(manifest, [&](auto& id) { return !owners_.contains(id); }, [&](auto& owner) { mark(pages, owner); });
}

void partition_sweep::find_dead(gc_report& report) {
  find_over(*pinned_);
  mark_pending(*pinned_);
  page_set dead;
  for_each_page(*pinned_, environment_.name(), [&](const stored_page& page) {
    auto stays = walk_.marked().contains(page.hash);
    ++(stays ? report.pages.kept : report.pages.removed);
    (stays ? report.bytes.kept : report.bytes.removed) += page.size();
    if (!stays) dead.insert(page.hash);
  });
  order_ = removal_order{*pinned_, dead, roots_}.order();
  pinned_.reset();
}

/// The manifest is read after the writer began: whoever publishes later looks for its roots while nobody sweeps (graph_store::publish).
bool partition_sweep::sweep(ordered_store& manifest, const gc_options& options) {
  if (next_ == order_.size()) return false;
  if (options.between) options.between();
  auto pages = environment_.write();
  mark_pending(*pages);
  mark_new_owners(*pages, *manifest.read());
  drop_pending(*pages, [&](auto& process, auto& batch) { return over_.contains({pending_key(process), batch.time}); });
  for (auto end = std::min<size_t>(order_.size(), next_ + options.sweep_pages); next_ < end; ++next_)
    if (!walk_.marked().contains(order_[next_])) erase_page(*pages, order_[next_]);
  pages->commit();
  return true;
}

void remove_rows(ordered_store& manifest, const gc_options& options, gc_report& report) {
  if (options.between) options.between();
  auto w = manifest.write();
  auto dead = find_dead_rows(*w, options, report);
  for (auto& id : dead.commits)
    for (auto table : {table::commits, table::patches}) w->erase(table, key_of(id));
  for (auto& key : dead.results) w->erase(table::results, key);
  for (auto sequence : dead.reflog) w->erase(table::reflog, reflog_key(sequence));
  if (!dead.owners.empty() || !dead.reflog.empty()) w->commit();
}

/// Marks what stays and was there before the pages were pinned: what comes later is met by the sweep.
void mark_kept(ordered_store& manifest, std::vector<partition_sweep>& sweeps, const gc_options& options, gc_report& report) {
  auto before = owners_in(*manifest.read());
  for (auto& s : sweeps) s.pin();
  auto now = manifest.read();
  auto goes = find_dead_rows(*now, options, report).owners;
  auto was_there = [&](const hash128& id) { return before.contains(id); };
  for_each_owner(*now, was_there, [&](const page_owner& owner) {
    for (auto& s : sweeps) goes.contains(owner.id) ? s.let_go(owner) : s.mark(owner);
  });
}

void compact(ordered_store& environment, gc_count& bytes) {
  auto before = environment.space().file;
  environment.compact(put_packed_rows);
  auto after = environment.space().file;
  bytes.kept += after;
  bytes.removed += before - std::min(before, after);
}

}  // namespace

gc_report graph_store::gc(const gc_options& options, const root_format& roots) {
  gc_report report;
  auto& manifest = *state_->manifest;
  std::optional<gc_lease> lease;
  if (!options.dry_run) lease.emplace(manifest);
  std::vector<partition_sweep> sweeps;
  for (auto p : state_->partitions()) sweeps.emplace_back(p, state_->pool(p), roots);
  mark_kept(manifest, sweeps, options, report);
  for (auto& s : sweeps) s.find_dead(report);
  if (options.dry_run) return report;
  remove_rows(manifest, options, report);
  for (auto& s : sweeps)
    while (s.sweep(manifest, options)) continue;
  lease.reset();
  if (options.compact) {
    compact(manifest, report.file_bytes);
    for (auto p : state_->partitions()) compact(state_->pool(p).environment(), report.file_bytes);
  }
  return report;
}

}  // namespace gli::storage
