#include "storage/manifest.h"

#include <algorithm>
#include <cstdio>
#include <span>

#include "runtime/error.h"
#include "storage/lmdb_compaction.h"

namespace gli::storage {
namespace {

void put_fresh_manifest(writer& w) {
  w.put(table::branches, as_bytes(first_branch), encode(branch_record{std::string{first_branch}, {}}));
  w.put(table::about, as_bytes(current_key), encode(current_record{std::string{first_branch}}));
}

/// Bytes that are no ASCII text as \xNN.
std::string printable(std::string_view bytes) {
  std::string text;
  for (uint8_t c : bytes) {
    char shown[5];
    std::snprintf(shown, sizeof shown, c >= ' ' && c < 127 ? "%c" : "\\x%02x", c);
    text += shown;
  }
  return text;
}

std::string list_of(const std::vector<std::string>& tables) {
  std::string list;
  for (auto& name : tables) list += (list.empty() ? "; its tables are '" : ", '") + printable(name) + "'";
  return list;
}

}  // namespace

bool check_format(reader& environment, std::string_view role, const std::string& where) {
  auto stored = environment.get(table::about, as_bytes(format_key));
  if (!stored) return false;
  auto format = decode_format(*stored, where);
  if (format.version > format_version)
    throw failure{errc::corrupt, where + ": the store has format version " + std::to_string(format.version) +
                                     "; this program reads up to version " + std::to_string(format_version)};
  if (format.role != role) throw failure{errc::corrupt, where + ": holds '" + format.role + "', not '" + std::string{role} + "'"};
  return true;
}

void check_tables(reader& environment, std::string_view role, const std::string& where) {
  std::span<const std::string_view> known = table::of_pages;
  auto always = known.first(table::always_in_pages);
  if (role == manifest_role) known = table::of_manifest, always = known.first(table::always_in_manifest);
  auto there = environment.tables();
  for (auto& name : there)
    if (std::ranges::find(known, name) == known.end()) throw failure{errc::corrupt, where + ": the name of table '" + printable(name) + "' is damaged, or another program's"};
  for (auto name : always)
    if (std::ranges::find(there, name) == there.end()) throw failure{errc::corrupt, where + ": table '" + std::string{name} + "' is missing"};
}

void initialize(ordered_store& environment, std::string_view role, const std::string& where) {
  auto w = environment.write();
  if (check_format(*w, role, where)) return;
  w->put(table::about, as_bytes(format_key), encode(format_record{plain_version, std::string{role}}));
  if (role == manifest_role) put_fresh_manifest(*w);
  w->commit();
}

std::shared_ptr<ordered_store> open_environment(const std::string& path, std::string_view role, bool create) {
  auto environment = open_compactable(path, create);
  auto r = environment->read();
  auto has_format = check_format(*r, role, path);
  if (has_format)
    check_tables(*r, role, path);
  else if (!create || !r->tables().empty())
    throw failure{errc::corrupt, path + ": not a store of this program, or damaged (no format record" + list_of(r->tables()) + ")"};
  r.reset();
  if (!has_format) initialize(*environment, role, path);
  return environment;
}

std::string read_current(reader& manifest) {
  auto stored = manifest.get(table::about, as_bytes(current_key));
  if (!stored) throw failure{errc::corrupt, "the record of the current branch is missing"};
  return decode_current(*stored).branch;
}

std::optional<branch_record> find_branch(reader& manifest, const std::string& name) {
  if (name.empty() || name.size() > longest_key) return {};
  auto stored = manifest.get(table::branches, as_bytes(name));
  if (!stored) return {};
  return decode_branch(*stored, name);
}

branch_record read_branch(reader& manifest, const std::string& name) {
  auto found = find_branch(manifest, name);
  if (!found) throw failure{errc::key, "no branch '" + name + "'"};
  return *found;
}

/// A tag's record is a branch's, and has a commit.
hash128 decode_tag(bytes_view record, const std::string& name) {
  auto commit = decode_branch(record, name).head;
  if (!commit) throw failure{errc::corrupt, "tag '" + name + "' names no commit"};
  return *commit;
}

std::optional<hash128> find_tag(reader& manifest, const std::string& name) {
  if (name.empty() || name.size() > longest_key) return {};
  auto stored = manifest.get(table::tags, as_bytes(name));
  return stored ? std::optional{decode_tag(*stored, name)} : std::nullopt;
}

commit_record read_commit(reader& manifest, const hash128& id) {
  auto stored = manifest.get(table::commits, key_of(id));
  if (!stored) throw failure{errc::corrupt, "commit " + to_hex(id) + " is missing"};
  return decode_commit(*stored, id);
}

void append_reflog(writer& manifest, reflog_entry entry) {
  entry.sequence = 1;
  manifest.scan(table::reflog, {}, [&](bytes_view key, bytes_view) {
    if (key.size() != 8) throw failure{errc::corrupt, "a reflog entry has a key of " + std::to_string(key.size()) + " bytes"};
    entry.sequence = reflog_sequence(key) + 1;
    return false;
  });
  manifest.put(table::reflog, reflog_key(entry.sequence), encode(entry));
}

}  // namespace gli::storage
