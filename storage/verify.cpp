// graph_store::verify: everything that a store holds is read, decoded and rehashed, and what refers to something else is followed.
#include <set>

#include "runtime/error.h"
#include "storage/manifest.h"
#include "storage/pending.h"

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

struct pinned_pages {
  content_pool::snapshot pages;
  page_walk walk;
};

struct verifier {
  const std::string where;
  reader& manifest;
  const root_format& format;
  lines& damage;
  page_set complete;                                       // commits and results whose pages were there when the pools were pinned
  std::map<uint32_t, std::unique_ptr<pinned_pages>> pools;  // null: there, but cannot be opened

  void must_exist(const hash128& commit, const std::string& whose) {
    if (!manifest.get(table::commits, key_of(commit)))
      damage.push_back(where + ": " + whose + " is commit " + to_hex(commit) + ", which is missing");
  }
  void check_roots(const std::vector<hash128>& roots, const std::string& whose) {
    for (uint32_t p = 0; p < roots.size(); ++p) {
      auto pool = pools.find(p);
      if (pool == pools.end())
        damage.push_back(whose + ": partition " + std::to_string(p) + " is not in this store");
      else if (pool->second && !pool->second->pages.has(roots[p]))
        damage.push_back(whose + ": its root in partition " + std::to_string(p) + ", page " + to_hex(roots[p]) + ", is missing");
      else if (pool->second && format)
        note(damage, "", [&] { pool->second->walk.mark(pool->second->pages.transaction(), roots[p]); });
    }
  }
  void check_commit(const hash128& id, bytes_view value) {
    auto commit = decode_commit(value, id);
    auto name = where + ": commit " + to_hex(id);
    for (auto& parent : commit.parents) must_exist(parent, "a parent of commit " + to_hex(id));
    if (commit.is_patch()) read_patch(manifest, commit);
    if (!complete.contains(id)) return;
    check_roots(commit.roots, name);
    for (auto& result : commit.results) check_roots(result.roots, name + ", result " + result.info.algorithm);
  }
  void check_patch(const hash128& id, bytes_view value) {
    decode_patch(value, id);
    must_exist(id, "the one of a patch");
  }
  void check_kept(bytes_view key, bytes_view value) {
    auto kept = decode_result(value, key);
    if (!complete.contains(content_hash(value))) return;
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
    note(damage, where, [&] { check_tables(manifest, manifest_role, where); });
    note(damage, where, [&] {
      auto current = read_current(manifest);
      if (!manifest.get(table::branches, as_bytes(current))) damage.push_back(where + ": the current branch '" + current + "' is missing");
    });
    note(damage, where, [&] {
      if (auto lease = manifest.get(table::about, as_bytes(gc_key))) decode_pending(*lease);
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

/// Null when it cannot be opened, or its pages cannot be pinned.
std::unique_ptr<pinned_pages> check_pool(const std::function<content_pool&()>& open, const std::string& where, const root_format& format, lines& damage) {
  std::unique_ptr<pinned_pages> pinned;
  note(damage, where, [&] {
    auto& pool = open();
    pinned.reset(new pinned_pages{content_pool::snapshot{pool}, page_walk{pool.environment().name(), format}});
    note(damage, where, [&] { check_tables(pinned->pages.transaction(), pages_role, where); });
    pending_in(pinned->pages.transaction());
    pool.verify([&](const std::string& page, const std::string& reason) { damage.push_back(where + ": " + page + " " + reason); });
  });
  return pinned;
}

/// What two checks found alike is said once.
void drop_repeats(lines& damage) {
  std::set<std::string> said;
  std::erase_if(damage, [&](auto& line) { return !said.insert(line).second; });
}

}  // namespace

/// The manifest is read before and after the pages are pinned: a commit that is there both times has its pages in the pinned state. A pool that is
/// not there is never opened.
std::vector<std::string> graph_store::verify(const root_format& roots) const {
  lines damage;
  auto in_memory = path().empty();
  auto where = in_memory ? "memory" : path() + "/manifest";
  note(damage, where, [&] {
    state_->manifest->check();
    page_set complete;
    auto before = state_->manifest->read();
    before->scan(table::commits, {}, [&](bytes_view key, bytes_view) { return key.size() == 16 && complete.insert(hash_of(key)).second, true; });
    before->scan(table::results, {}, [&](bytes_view, bytes_view row) { return complete.insert(content_hash(row)), true; });
    before.reset();
    std::map<uint32_t, std::unique_ptr<pinned_pages>> pools;
    for (auto p : state_->partitions()) {
      auto pool_name = in_memory ? "memory, partition " + std::to_string(p) : state_->pool_path(p);
      pools[p] = check_pool([&]() -> content_pool& { return state_->pool(p); }, pool_name, roots, damage);
    }
    auto manifest = state_->manifest->read();
    verifier{where, *manifest, roots, damage, std::move(complete), std::move(pools)}.check_manifest();
  });
  drop_repeats(damage);
  return damage;
}

}  // namespace gli::storage
