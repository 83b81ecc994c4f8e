#pragma once
// The manifest of a graph store: commits, branches, reflog. Partition pages lie beside it, in content pools. storage/FORMAT.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/codec.h"
#include "runtime/hash.h"
#include "storage/bundle.h"
#include "storage/content_pool.h"
#include "storage/gc.h"
#include "storage/page_walk.h"
#include "storage/space.h"

namespace gli::storage {

/// A result kept beside a commit.
struct stored_result { result_info info; std::vector<hash128> roots; };  // roots by partition

/// A branch of a subgraph holds a part of the graph: what is missing there was left out, not removed.
enum class graph_extent : uint8_t { whole = 0, begins_part = 1, part = 2 };

struct commit_record {
  hash128 id;        // over graph_id, parents, message, author and time: not over how the graph is partitioned
  hash128 graph_id;
  std::vector<hash128> parents;
  std::string message, author;
  int64_t time = 0;  // microseconds since 1970, UTC
  uint64_t nodes = 0, edges = 0;
  graph_kind kind;
  std::vector<hash128> roots;  // by partition; none where a patch says what the graph is
  std::vector<stored_result> results;
  graph_extent extent = graph_extent::whole;  // publish() says `part` of what stands on a part
  uint64_t page_bytes = 0;   // of the graph's pages, its own or those that its patches begin at; 0: not known
  uint64_t patch_bytes = 0;  // of all patches from there to here; 0: it has pages of its own

  bool is_patch() const { return patch_bytes > 0; }
};

commit_info describe(const commit_record& record);

/// Whether a patch of so many bytes may stand for the graph of a commit on top of `parent`, so that all patches since the last pages stay below those
/// pages: then reading a commit costs at most about twice what reading them does.
bool patch_is_due(const commit_record& parent, uint64_t bytes);

/// How to come by a commit's graph: the graph of `from`, and what leads from it to the commit, one patch after the other.
struct patch_chain {
  commit_record from;
  std::vector<byte_buffer> patches;
};

/// A result kept beside the commits of its graph, for whoever asks the same again.
struct kept_result {
  hash128 graph_id;
  stored_result result;
  int64_t time = 0;  // microseconds since 1970, UTC
};

/// One move of a branch.
struct reflog_entry {
  uint64_t sequence = 0;  // 1, 2, 3 …
  std::string branch;
  std::optional<hash128> before, after;
  int64_t time = 0;    // microseconds since 1970, UTC
  std::string action;  // "commit: MESSAGE", "merge: MESSAGE" (its first line), "branch: created from REVISION", "branch: deleted", or what moved it
};

/// A store directory: `manifest/`, and `p0/`, `p1/` … for the partitions written here. Threads: any; one writer at a time waits for
/// the other.
class graph_store {
 public:
  /// Opens or, with create, makes the directory. failure{not_found} when there is none, failure{corrupt} when it is another program's or a
  /// newer format's, naming both versions.
  static std::shared_ptr<graph_store> open(const std::string& path, bool create);
  static std::shared_ptr<graph_store> in_memory();

  content_pool& pool(uint32_t partition);  // opened (and made) on first use; lives as long as the store

  /// The commit point: one transaction that adds the record and moves the branch from `expected` (nothing: a branch without commits).
  /// Fills id, and time if 0. failure{conflict} when the branch has moved since, failure{key} naming a branch or parent that is not there,
  /// failure{conflict} when a root is not in its pool.
  /// With a patch, which leads from the first parent's graph to this one, instead of roots: page_bytes and patch_bytes are filled too.
  commit_record publish(commit_record record, const std::string& branch, const std::optional<hash128>& expected, bytes_view patch = {});

  /// From the newest commit on the way to this one that has pages, or that `at_hand` holds for. failure{corrupt} where the way does not hold.
  patch_chain patches_to(const commit_record& record, const std::function<bool(const hash128&)>& at_hand = {}) const;

  /// The pages of each partition that the commit has roots in, pinned: they stay readable, whatever gc() removes. failure{key} when gc() has
  /// removed the commit since it was resolved.
  std::vector<content_pool::snapshot> pages_of(const commit_record& record);
  content_pool::snapshot pages_of(const commit_record& record, uint32_t partition);

  std::string current_branch() const;
  void switch_branch(const std::string& name);
  /// from: a revision; empty: the current branch, which may be without commits. failure{value} for a bad name or one that is there.
  void create_branch(const std::string& name, const std::string& from, const std::string& description = "");
  std::string description(const std::string& branch) const;  // failure{key}
  /// One transaction that moves a branch from `expected` to a commit of the store (nothing: to none), noted in the reflog as `action`. failure{conflict}
  /// when it has moved since, failure{key} for a branch or commit that is not there.
  void move_branch(const std::string& name, const std::optional<hash128>& expected, const std::optional<hash128>& to, const std::string& action);
  /// failure{value} for the current branch, and unless `force` for one whose commits no other branch or tag reaches.
  void delete_branch(const std::string& name, bool force);
  std::vector<std::pair<std::string, std::optional<hash128>>> branches() const;  // by name
  std::optional<hash128> head(const std::string& branch) const;                  // failure{key}

  /// A name for a commit that stays where it is. failure{value} for a bad name or one that is there, failure{key} for a revision or tag that is not.
  void create_tag(const std::string& name, const std::string& revision);
  void delete_tag(const std::string& name);
  std::vector<std::pair<std::string, hash128>> tags() const;  // by name

  /// Where the part of a graph that `newer` holds began, on the way back along first parents to `older`; nothing where it holds the whole, or the part
  /// began before.
  std::optional<hash128> part_began(const hash128& newer, const hash128& older) const;

  /// The best common ancestors of two commits, several after criss-cross merges; by id.
  std::vector<hash128> merge_bases(const hash128& a, const hash128& b) const;

  /// A branch, a tag, a unique prefix of a commit id (4 digits or more), or `name@{2}`: where the branch was two moves ago (the reflog); any of them with
  /// `~3` behind: so many first parents back. Empty: the current branch. Where a branch and a tag have one name, the branch. failure{key} naming the
  /// revision.
  commit_record resolve(const std::string& revision) const;
  /// A revision's commit and all that it reaches, newest first, at most `limit` (0: all). Empty for a branch without commits.
  std::vector<commit_record> log(const std::string& revision, uint32_t limit) const;
  /// Everything that was ever committed, by id.
  std::vector<commit_record> commits() const;
  /// Newest first, at most `limit` (0: all).
  std::vector<reflog_entry> reflog(uint32_t limit) const;

  /// What the algorithm answered on a graph of that graph_id, if it was kept: of the same version, with the same arguments.
  std::optional<kept_result> find_result(const hash128& graph_id, const result_info& info) const;
  std::vector<kept_result> results_of(const hash128& graph_id) const;
  /// As for commits: its pages in one partition. failure{key} when it is not there any more, or another is in its place.
  content_pool::snapshot pages_of(const kept_result& result, uint32_t partition);
  /// Keeps a result of a commit's graph, whose pages are there, in the place of one that was kept before. One transaction. failure{key}: no such commit.
  void keep_result(const hash128& commit, stored_result result);

  /// Removes the commits that no branch, tag, reflog entry or option reaches, then the pages that no commit needs. Safe beside readers and writers
  /// of any process. failure{corrupt} before anything was removed when what stays does not hold.
  gc_report gc(const gc_options& options, const root_format& roots);

  /// Counts everything, and the pages of every commit. failure{corrupt} naming a page that does not hold.
  store_space space(const root_format& roots);

  /// Writes the history behind branches and tags to a file that appears when it is whole, without what the other side has. failure{key} for a name
  /// that is not there or has no commit, failure{io | corrupt}.
  bundle_report bundle(const std::string& path, const bundle_options& options, const root_format& roots);
  /// Takes a bundle's history over: pages first, then one transaction of the manifest. Branches go forward; failure{conflict} naming those that
  /// would go elsewhere, failure{value} when the store lacks what the bundle stands on, failure{corrupt} naming file and place.
  unbundle_report unbundle(const std::string& path, const unbundle_options& options, const root_format& roots);

  /// Rereads and rehashes everything; returns what is damaged, one line each. Empty: all is well.
  /// With a format of roots also whether all pages that commits lead to are there.
  std::vector<std::string> verify(const root_format& roots = {}) const;
  const std::string& path() const;  // empty in memory

 private:
  struct state;
  explicit graph_store(std::shared_ptr<state> s);
  std::shared_ptr<state> state_;
};

}  // namespace gli::storage
