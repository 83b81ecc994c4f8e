#include "storage/states.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "runtime/error.h"
#include "storage/file_checks.h"
#include "storage/history.h"
#include "storage/manifest.h"

namespace gli::storage {
namespace {

std::vector<std::string> hex(const std::vector<hash128>& hashes) {
  std::vector<std::string> texts;
  for (auto& h : hashes) texts.push_back(to_hex(h));
  return texts;
}

/// Not by std::filesystem, whose iterator ends the process when memory runs out.
std::vector<std::string> entries_of(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), ::closedir};
  std::vector<std::string> names;
  errno = 0;
  while (auto entry = directory ? ::readdir(directory.get()) : nullptr)
    if (std::string name = entry->d_name; name != "." && name != "..") names.push_back(std::move(name));
  if (errno == ENOMEM) throw failure{errc::memory, path + ": out of memory"};
  if (errno != 0) throw failure{errc::io, path + ": cannot read the directory: " + std::strerror(errno)};
  return names;
}

/// The partition of a directory `p0`, `p1` …
std::optional<uint32_t> partition_of(const std::string& name) {
  uint32_t partition = 0;
  auto begin = name.data() + 1, end = name.data() + name.size();
  if (!name.starts_with('p')) return {};
  auto [stop, error] = std::from_chars(begin, end, partition);
  auto plain = end - begin == 1 || *begin != '0';
  return error == std::errc{} && stop == end && plain ? std::optional{partition} : std::nullopt;
}

/// A directory may become a store when it holds nothing but what a store holds.
void refuse_foreign_directory(const std::string& path) {
  for (auto& name : entries_of(path))
    if (name != "manifest" && !partition_of(name))
      throw failure{errc::corrupt, path + ": not a store, and not empty: it holds '" + name + "'"};
}

[[noreturn]] void no_commits(const std::string& revision) {
  throw failure{errc::key, revision.empty() ? "the current branch has no commits" : "no revision '" + revision + "': the branch has no commits"};
}

std::string name_of(const std::optional<hash128>& head) { return head ? "commit " + to_hex(*head) : "no commit"; }

/// Two commits of one content in one microsecond would have one id. A commit is later than its parents, though the clock went back.
void set_identity(commit_record& record, reader& manifest) {
  auto given = record.time != 0;
  if (!given) {
    record.time = microseconds_now();
    for (auto& parent : record.parents) record.time = std::max(record.time, read_commit(manifest, parent).time + 1);
  }
  record.id = commit_id(record);
  while (manifest.get(table::commits, key_of(record.id))) {
    if (given) throw failure{errc::conflict, "commit " + to_hex(record.id) + " is in the store already"};
    ++record.time;
    record.id = commit_id(record);
  }
}

void check_unmoved(reader& manifest, const std::string& branch, const std::optional<hash128>& expected) {
  auto head = read_branch(manifest, branch).head;
  if (head != expected)
    throw failure{errc::conflict, "branch '" + branch + "' moved: it is at " + name_of(head) + ", not at " + name_of(expected)};
}

void check_parents(const commit_record& record, reader& manifest) {
  for (auto& parent : record.parents)
    if (!manifest.get(table::commits, key_of(parent))) throw failure{errc::key, "no commit " + to_hex(parent) + " to be a parent"};
}

/// Whether another branch or a tag reaches what this branch has.
bool reached_elsewhere(reader& manifest, const std::string& branch, const hash128& head) {
  std::vector<hash128> others;
  manifest.scan(table::branches, {}, [&](bytes_view key, bytes_view value) {
    std::string name{as_text(key)};
    if (auto other = decode_branch(value, name).head; other && name != branch) others.push_back(*other);
    return true;
  });
  manifest.scan(table::tags, {}, [&](bytes_view key, bytes_view value) {
    others.push_back(decode_tag(value, std::string{as_text(key)}));
    return true;
  });
  return std::ranges::any_of(others, [&](auto& other) { return reaches(manifest, other, head); });
}

void put_head(writer& manifest, const std::string& branch, const std::optional<hash128>& head) {
  auto record = read_branch(manifest, branch);
  record.head = head;
  manifest.put(table::branches, as_bytes(branch), encode(record));
}

void set_extent(commit_record& record, reader& manifest) {
  if (record.extent == graph_extent::begins_part || record.parents.empty()) return;
  auto parent = read_commit(manifest, record.parents.front());
  record.extent = parent.extent == graph_extent::whole ? graph_extent::whole : graph_extent::part;
}

}  // namespace

commit_info describe(const commit_record& record) {
  commit_info info{to_hex(record.id),
                   to_hex(record.graph_id),
                   hex(record.parents),
                   record.message,
                   record.author,
                   record.time,
                   record.nodes,
                   record.edges,
                   {}};
  for (auto& result : record.results) info.results.push_back(result.info);
  return info;
}

graph_store::graph_store(std::shared_ptr<state> s) : state_{std::move(s)} {}

std::shared_ptr<graph_store> graph_store::open(const std::string& path, bool create) {
  auto s = std::make_shared<state>();
  s->path = path;
  auto manifest = path + "/manifest";
  if (!file_id(manifest + "/data.mdb")) {
    if (!create) throw failure{errc::not_found, path + (file_id(path) ? ": not a store (no manifest)" : ": no such store")};
    make_directories(path);
    refuse_foreign_directory(path);
  }
  s->manifest = open_environment(manifest, manifest_role, create);
  return std::shared_ptr<graph_store>{new graph_store{std::move(s)}};
}

std::shared_ptr<graph_store> graph_store::in_memory() {
  auto s = std::make_shared<state>();
  s->manifest = make_memory_store();
  initialize(*s->manifest, manifest_role, "memory");
  return std::shared_ptr<graph_store>{new graph_store{std::move(s)}};
}

content_pool& graph_store::state::pool(uint32_t partition) {
  std::lock_guard lock{mutex};
  auto& pool = pools[partition];
  if (pool) return *pool;
  auto environment = path.empty() ? make_memory_store() : open_environment(pool_path(partition), pages_role, true);
  if (path.empty()) initialize(*environment, pages_role, environment->name());
  pool = std::make_unique<content_pool>(std::move(environment));
  return *pool;
}

std::vector<uint32_t> graph_store::state::partitions() {
  std::vector<uint32_t> found;
  if (path.empty()) {
    std::lock_guard lock{mutex};
    for (auto& [partition, pool] : pools) found.push_back(partition);
    return found;
  }
  for (auto& name : entries_of(path))
    if (auto partition = partition_of(name)) found.push_back(*partition);
  std::ranges::sort(found);
  return found;
}

content_pool& graph_store::pool(uint32_t partition) { return state_->pool(partition); }

commit_record graph_store::publish(commit_record record, const std::string& branch, const std::optional<hash128>& expected, bytes_view patch) {
  auto w = state_->manifest->write();
  check_unmoved(*w, branch, expected);
  check_parents(record, *w);
  set_identity(record, *w);
  set_extent(record, *w);
  if (!patch.empty()) put_patch(*w, record, patch);
  w->put(table::commits, key_of(record.id), encode(record));
  put_head(*w, branch, record.id);
  auto verb = record.parents.size() > 1 ? "merge: " : "commit: ";
  append_reflog(*w, {0, branch, expected, record.id, microseconds_now(), verb + record.message.substr(0, record.message.find('\n'))});
  auto held = state_->hold_roots(owner_of(record));
  w->commit();
  return record;
}

std::string graph_store::current_branch() const { return read_current(*state_->manifest->read()); }

void graph_store::switch_branch(const std::string& name) {
  auto w = state_->manifest->write();
  read_branch(*w, name);
  w->put(table::about, as_bytes(current_key), encode(current_record{name}));
  w->commit();
}

void graph_store::create_branch(const std::string& name, const std::string& from, const std::string& description) {
  check_name("branch", name);
  auto w = state_->manifest->write();
  if (find_branch(*w, name)) throw failure{errc::value, "branch '" + name + "' is there already"};
  auto head = find_revision(*w, from);
  w->put(table::branches, as_bytes(name), encode(branch_record{name, head, description}));
  append_reflog(*w, {0, name, {}, head, microseconds_now(), "branch: created from " + (from.empty() ? read_current(*w) : from)});
  w->commit();
}

std::string graph_store::description(const std::string& branch) const { return read_branch(*state_->manifest->read(), branch).description; }

void graph_store::move_branch(const std::string& name, const std::optional<hash128>& expected, const std::optional<hash128>& to, const std::string& action) {
  auto w = state_->manifest->write();
  check_unmoved(*w, name, expected);
  if (to && !w->get(table::commits, key_of(*to))) throw failure{errc::key, "no commit " + to_hex(*to)};
  put_head(*w, name, to);
  append_reflog(*w, {0, name, expected, to, microseconds_now(), action});
  w->commit();
}

void graph_store::delete_branch(const std::string& name, bool force) {
  auto w = state_->manifest->write();
  auto head = read_branch(*w, name).head;
  if (read_current(*w) == name) throw failure{errc::value, "branch '" + name + "' is the current one: switch to another first"};
  if (head && !force && !reached_elsewhere(*w, name, *head))
    throw failure{errc::value, "branch '" + name + "' has commits that no other branch or tag has: merge it, or delete it with force=True"};
  w->erase(table::branches, as_bytes(name));
  append_reflog(*w, {0, name, head, {}, microseconds_now(), "branch: deleted"});
  w->commit();
}

void graph_store::create_tag(const std::string& name, const std::string& revision) {
  check_name("tag", name);
  auto w = state_->manifest->write();
  if (w->get(table::tags, as_bytes(name))) throw failure{errc::value, "tag '" + name + "' is there already"};
  auto commit = find_revision(*w, revision);
  if (!commit) no_commits(revision);
  w->put(table::tags, as_bytes(name), encode(branch_record{name, commit}));
  w->commit();
}

void graph_store::delete_tag(const std::string& name) {
  auto w = state_->manifest->write();
  if (!find_tag(*w, name)) throw failure{errc::key, "no tag '" + name + "'"};
  w->erase(table::tags, as_bytes(name));
  w->commit();
}

std::vector<std::pair<std::string, hash128>> graph_store::tags() const {
  std::vector<std::pair<std::string, hash128>> all;
  state_->manifest->read()->scan(table::tags, {}, [&](bytes_view key, bytes_view value) {
    std::string name{as_text(key)};
    all.emplace_back(name, decode_tag(value, name));
    return true;
  });
  return all;
}

std::optional<hash128> graph_store::part_began(const hash128& newer, const hash128& older) const {
  auto manifest = state_->manifest->read();
  for (auto id = newer; id != older;) {
    auto commit = read_commit(*manifest, id);
    if (commit.extent == graph_extent::begins_part) return id;
    if (commit.extent == graph_extent::whole || commit.parents.empty()) break;
    id = commit.parents.front();
  }
  return {};
}

std::vector<hash128> graph_store::merge_bases(const hash128& a, const hash128& b) const { return storage::merge_bases(*state_->manifest->read(), a, b); }

std::vector<std::pair<std::string, std::optional<hash128>>> graph_store::branches() const {
  std::vector<std::pair<std::string, std::optional<hash128>>> all;
  state_->manifest->read()->scan(table::branches, {}, [&](bytes_view key, bytes_view value) {
    std::string name{as_text(key)};
    auto head = decode_branch(value, name).head;
    all.emplace_back(std::move(name), head);
    return true;
  });
  return all;
}

std::optional<hash128> graph_store::head(const std::string& branch) const { return read_branch(*state_->manifest->read(), branch).head; }

commit_record graph_store::resolve(const std::string& revision) const {
  auto r = state_->manifest->read();
  auto id = find_revision(*r, revision);
  if (!id) no_commits(revision);
  return read_commit(*r, *id);
}

std::vector<commit_record> graph_store::log(const std::string& revision, uint32_t limit) const {
  auto r = state_->manifest->read();
  auto head = find_revision(*r, revision);
  return head ? newest_first(*r, *head, limit) : std::vector<commit_record>{};
}

std::vector<commit_record> graph_store::commits() const {
  std::vector<commit_record> all;
  state_->manifest->read()->scan(table::commits, {}, [&](bytes_view key, bytes_view value) {
    if (key.size() != 16) throw failure{errc::corrupt, "a commit has a key of " + std::to_string(key.size()) + " bytes"};
    all.push_back(decode_commit(value, hash_of(key)));
    return true;
  });
  return all;
}

std::vector<reflog_entry> graph_store::reflog(uint32_t limit) const {
  std::vector<reflog_entry> entries;
  state_->manifest->read()->scan(table::reflog, {}, [&](bytes_view key, bytes_view value) {
    if (key.size() != 8) throw failure{errc::corrupt, "a reflog entry has a key of " + std::to_string(key.size()) + " bytes"};
    entries.push_back(decode_reflog(value, reflog_sequence(key)));
    return limit == 0 || entries.size() < limit;
  });
  return entries;
}

const std::string& graph_store::path() const { return state_->path; }

}  // namespace gli::storage
