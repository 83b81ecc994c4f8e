#pragma once
// Reading the manifest within one transaction. For storage/ alone.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/clock.h"
#include "storage/ordered_store.h"
#include "storage/records.h"
#include "storage/states.h"

namespace gli::storage {

/// What names pages: a commit or a kept result. `id` is the commit's, or the hash of the result's row.
struct page_owner {
  hash128 id, graph_id;
  int64_t time = 0;
  std::vector<std::vector<hash128>> roots;  // of the graph and of results, each by partition
};
page_owner owner_of(const commit_record& c);
std::vector<hash128> roots_in(const page_owner& owner, uint32_t partition);
uint32_t partitions_of(const page_owner& owner);
/// Those whose id is wanted; the others are not decoded.
void for_each_owner(reader& manifest, const std::function<bool(const hash128& id)>& wanted, const std::function<void(const page_owner&)>& visit);
page_set owners_in(reader& manifest);

struct graph_store::state {
  std::string path;  // empty in memory
  std::shared_ptr<ordered_store> manifest;
  std::mutex mutex;
  std::map<uint32_t, std::unique_ptr<content_pool>> pools;

  std::string pool_path(uint32_t partition) const { return path + "/p" + std::to_string(partition); }
  content_pool& pool(uint32_t partition);
  std::vector<uint32_t> partitions();  // those that are there, in order
  /// While these live, nobody removes pages. failure{conflict} when a root is missing. A partition that is not on this machine is not looked at.
  std::vector<std::unique_ptr<writer>> hold_roots(const page_owner& owner);
};

constexpr std::string_view manifest_role = "manifest", pages_role = "pages";
constexpr std::string_view format_key = "format", current_key = "current";
constexpr std::string_view first_branch = "main";

/// Opens or makes the environment in directory `path` and its format record. failure{corrupt} for another role or a newer version.
std::shared_ptr<ordered_store> open_environment(const std::string& path, std::string_view role, bool create);
/// Writes what a fresh environment holds, unless it is there.
void initialize(ordered_store& environment, std::string_view role, const std::string& where);
/// False when there is no format record.
bool check_format(reader& environment, std::string_view role, const std::string& where);
/// What no record says of itself: failure{corrupt} for a table whose name is none of the format's, or one that is missing though every store has it.
void check_tables(reader& environment, std::string_view role, const std::string& where);

/// Throws failure{value}, "OF name ...", unless `name` can be a branch's or tag's: as in git, no spaces or control characters, none of ~ ^ : ? * [ \, no "..",
/// "//" or "@{"; no part begins with "." or "-" or ends with "." or ".lock"; neither empty nor "@"; at most 255 bytes.
void check_name(std::string_view of, const std::string& name);

std::string read_current(reader& manifest);
std::optional<branch_record> find_branch(reader& manifest, const std::string& name);
branch_record read_branch(reader& manifest, const std::string& name);  // failure{key}
hash128 decode_tag(bytes_view record, const std::string& name);
std::optional<hash128> find_tag(reader& manifest, const std::string& name);
commit_record read_commit(reader& manifest, const hash128& id);        // failure{corrupt} when it is missing

/// The patch of a commit that is one. failure{corrupt} when it is missing, or cannot begin where it says.
patch_record read_patch(reader& manifest, const commit_record& of);
void put_patch(writer& manifest, commit_record& record, bytes_view patch);  // sets page_bytes and patch_bytes
/// What a revision names; nothing for a branch without commits. failure{key}.
std::optional<hash128> find_revision(reader& manifest, const std::string& revision);

/// Reflog keys descend, so that the newest entry is the first.
inline sequence_key reflog_key(uint64_t sequence) { return key_of(UINT64_MAX - sequence); }
inline uint64_t reflog_sequence(bytes_view key) { return UINT64_MAX - load_big_endian(key.data()); }
void append_reflog(writer& manifest, reflog_entry entry);  // sets sequence

}  // namespace gli::storage
