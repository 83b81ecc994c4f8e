// graph_store::verify: everything that a store holds is read, decoded and rehashed, and what refers to something else is followed.
#include "storage/manifest.h"

#include "runtime/error.h"

namespace gli::storage {
namespace {

using lines = std::vector<std::string>;

/// Runs one check; what it throws becomes a line, and the next check goes on.
template <class Check>
void note(lines& damage, const std::string& where, Check&& check) {
  try {
    check();
  } catch (const failure& f) {
    std::string what = f.what();
    damage.push_back(what.starts_with(where) ? what : where + ": " + what);
  }
}

template <class Check>
void check_rows(reader& manifest, std::string_view table, size_t key_bytes, lines& damage, const std::string& where, Check&& check) {
  note(damage, where, [&] {
    manifest.scan(table, {}, [&](bytes_view key, bytes_view value) {
      if (key_bytes != 0 && key.size() != key_bytes)
        damage.push_back(where + ": table '" + std::string{table} + "' has a key of " + std::to_string(key.size()) + " bytes");
      else
        note(damage, where, [&] { check(key, value); });
      return true;
    });
  });
}

struct verifier {
  const std::string where;
  reader& manifest;
  lines& damage;
  std::map<uint32_t, content_pool*> pools;  // null: there, but cannot be opened

  void must_exist(const hash128& commit, const std::string& whose) {
    if (!manifest.get(table::commits, key_of(commit)))
      damage.push_back(where + ": " + whose + " is commit " + to_hex(commit) + ", which is missing");
  }
  void check_roots(const std::vector<hash128>& roots, const std::string& whose) {
    for (uint32_t p = 0; p < roots.size(); ++p) {
      auto pool = pools.find(p);
      if (pool == pools.end())
        damage.push_back(whose + ": partition " + std::to_string(p) + " is not in this store");
      else if (pool->second && !pool->second->has(roots[p]))
        damage.push_back(whose + ": its root in partition " + std::to_string(p) + ", page " + to_hex(roots[p]) + ", is missing");
    }
  }
  void check_commit(const hash128& id, bytes_view value) {
    auto commit = decode_commit(value, id);
    auto name = where + ": commit " + to_hex(id);
    for (auto& parent : commit.parents) must_exist(parent, "a parent of commit " + to_hex(id));
    if (commit.is_patch()) read_patch(manifest, commit);
    check_roots(commit.roots, name);
    for (auto& result : commit.results) check_roots(result.roots, name + ", result " + result.info.algorithm);
  }
  void check_patch(const hash128& id, bytes_view value) {
    decode_patch(value, id);
    must_exist(id, "the one of a patch");
  }
  void check_kept(bytes_view key, bytes_view value) {
    auto kept = decode_result(value, key);
    check_roots(kept.result.roots, where + ": the result " + kept.result.info.algorithm + " of graph " + to_hex(kept.graph_id));
  }
  void check_branch(const std::string& name, bytes_view value) {
    if (auto head = decode_branch(value, name).head) must_exist(*head, "the head of branch '" + name + "'");
  }
  void check_tag(const std::string& name, bytes_view value) { must_exist(decode_tag(value, name), "tag '" + name + "'"); }
  void check_reflog(uint64_t sequence, bytes_view value) {
    auto entry = decode_reflog(value, sequence);
    if (entry.after) must_exist(*entry.after, "reflog entry " + std::to_string(sequence));
  }
  void check_manifest() {
    note(damage, where, [&] {
      if (!check_format(manifest, manifest_role, where)) damage.push_back(where + ": the format record is missing");
    });
    note(damage, where, [&] {
      auto current = read_current(manifest);
      if (!manifest.get(table::branches, as_bytes(current))) damage.push_back(where + ": the current branch '" + current + "' is missing");
    });
    check_rows(manifest, table::commits, 16, damage, where, [&](bytes_view key, bytes_view value) { check_commit(hash_of(key), value); });
    check_rows(manifest, table::patches, 16, damage, where, [&](bytes_view key, bytes_view value) { check_patch(hash_of(key), value); });
    check_rows(manifest, table::results, 32, damage, where, [&](bytes_view key, bytes_view value) { check_kept(key, value); });
    check_rows(manifest, table::branches, 0, damage, where,
               [&](bytes_view key, bytes_view value) { check_branch(std::string{as_text(key)}, value); });
    check_rows(manifest, table::tags, 0, damage, where, [&](bytes_view key, bytes_view value) { check_tag(std::string{as_text(key)}, value); });
    check_rows(manifest, table::reflog, 8, damage, where,
               [&](bytes_view key, bytes_view value) { check_reflog(reflog_sequence(key), value); });
  }
};

void check_pool(const content_pool& pool, const std::string& where, lines& damage) {
  note(damage, where, [&] {
    pool.verify([&](const std::string& page, const std::string& reason) { damage.push_back(where + ": " + page + " " + reason); });
  });
}

}  // namespace

/// Pages first: the manifest's look at a pool then says what is missing, and never opens a pool that is not there.
std::vector<std::string> graph_store::verify() const {
  lines damage;
  auto in_memory = path().empty();
  auto where = in_memory ? "memory" : path() + "/manifest";
  note(damage, where, [&] {
    state_->manifest->check();
    auto manifest = state_->manifest->read();
    verifier all{where, *manifest, damage, {}};
    for (auto p : state_->partitions()) {
      auto& pool = all.pools[p] = nullptr;
      auto pool_name = in_memory ? "memory, partition " + std::to_string(p) : state_->pool_path(p);
      note(damage, pool_name, [&] { pool = &state_->pool(p); });
      if (pool) check_pool(*pool, pool_name, damage);
    }
    all.check_manifest();
  });
  return damage;
}

}  // namespace gli::storage
