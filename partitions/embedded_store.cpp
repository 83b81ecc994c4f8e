#include "partitions/embedded_store.h"

#include <algorithm>
#include <map>

#include "partitions/dictionary.h"
#include "partitions/patch.h"
#include "partitions/root_trees.h"
#include "partitions/version_facts.h"
#include "runtime/error.h"

namespace gli {

namespace {

using storage::commit_record;
using storage::content_pool;
using storage::graph_store;

template <class Write>
hash128 put_pages(content_pool::batch& batch, Write write) {
  return write([&](const hash128& h) { return batch.has(h); },
               [&](const hash128& h, std::span<const uint8_t> bytes) { batch.put(h, bytes); });
}

uint64_t bytes_of(const std::vector<page_ptr>& pages) {
  uint64_t bytes = 0;
  for (auto& p : pages) bytes += p ? p->size() : 0;
  return bytes;
}

uint64_t bytes_of(const std::vector<paged_column>& columns) {
  uint64_t bytes = 0;
  for (auto& c : columns) bytes += bytes_of(c.pages);
  return bytes;
}

/// About what the pages of a graph take in a store.
uint64_t page_bytes(const graph& g) {
  auto bytes = bytes_of(g->out.pages) + bytes_of(g->in.pages) + bytes_of(g->node_columns) + bytes_of(g->edge_columns) + g->sequence.size() * 8;
  if (g->edge_keys) bytes += bytes_of(g->edge_keys->pages);
  if (g->kind.keys == key_type::int64) return bytes + uint64_t(g->size) * 8;
  for (int32_t v = 0; v < g->size && g->kind.keys == key_type::utf8; ++v) bytes += g->keys->text_key(v).size() + 4;
  return bytes;
}

version patched(const version& from, std::span<const byte_buffer> patches, const commit_record& to) {
  try {
    return apply_all(from, patches);
  } catch (const failure& f) {
    if (f.code() == errc::memory) throw;
    throw failure{errc::corrupt, "commit " + to_hex(to.id) + ": " + f.what()};
  }
}

void expect_identity(const version& v, const commit_record& record) {
  if (auto id = v.identity(); id != record.graph_id)
    throw failure{errc::corrupt, "commit " + to_hex(record.id) + ": what is stored is graph " + to_hex(id) + ", not " + to_hex(record.graph_id)};
}

}  // namespace

// --- writing ---------------------------------------------------------------------------------------------------------------

std::optional<stored_graph> embedded_store::at_hand(const hash128& commit) const {
  std::lock_guard lock{mutex_};
  auto known = std::find_if(recent_.begin(), recent_.end(), [&](auto& r) { return r.first == commit; });
  return known == recent_.end() ? std::nullopt : std::optional{known->second};
}

void embedded_store::keep(const hash128& commit, stored_graph g) {
  std::lock_guard lock{mutex_};
  std::erase_if(recent_, [&](auto& r) { return r.first == commit; });
  recent_.emplace_front(commit, std::move(g));
  if (recent_.size() > kept) recent_.pop_back();
}

/// What leads here from the first parent, if that is less than pages would be.
std::optional<byte_buffer> embedded_store::patch_on_parent(const version& v, const commit_record& record) const {
  auto base = record.parents.empty() ? std::nullopt : at_hand(record.parents.front());
  if (!base) return {};
  auto kind = base->at.root()->kind, own = v.root()->kind;
  if (kind.directed != own.directed || kind.multi != own.multi) return {};
  auto patch = patch_along_logs(base->at, v);
  if (!patch || !patch->changes.in_order) return {};
  note_identity(v, base->at.identity() += patch->facts);
  auto bytes = encode(patch->changes);
  auto parent = resolve(to_hex(record.parents.front()));
  return storage::patch_is_due(parent, bytes.size()) ? std::optional{std::move(bytes)} : std::nullopt;
}

/// Of results, and of the whole graph.
void embedded_store::write_pages(const version& v, bool whole, std::span<const node_values_ptr> results, commit_record& record) {
  if (!whole && results.empty()) return;
  pool(0).store([&](content_pool::batch& batch) {
    record.roots.clear();
    record.results.clear();
    if (whole) {
      auto g = v.fold();
      record.roots.push_back(put_pages(batch, [&](auto&& has, auto&& put) { return write_graph(g, has, put); }));
      record.page_bytes = page_bytes(g);
    }
    for (auto& r : results)
      record.results.push_back({r->provenance, {put_pages(batch, [&](auto&& has, auto&& put) { return write_values(*r, has, put); })}});
    auto roots = record.roots;
    for (auto& r : record.results) roots.push_back(r.roots.front());
    return roots;
  });
}

commit_record embedded_store::commit(const version& v, std::span<const node_values_ptr> results, commit_record record, const std::string& branch,
                                     const std::optional<hash128>& expected) {
  auto patch = patch_on_parent(v, record);
  record.graph_id = v.identity();
  record.nodes = v.nodes();
  record.edges = v.edges();
  record.kind = v.kind();
  write_pages(v, !patch, results, record);
  auto done = publish(std::move(record), branch, expected, patch.value_or(byte_buffer{}));
  keep(done.id, {v, {}});
  return done;
}

// --- reading ---------------------------------------------------------------------------------------------------------------

stored_graph embedded_store::read_pages(const commit_record& record) {
  std::vector<graph> parts;
  auto pages = pages_of(record);
  for (uint32_t p = 0; p < record.roots.size(); ++p)
    parts.push_back(read_graph(record.roots[p], [&](const hash128& h, const page_room& room) { pages[p].get(h, room); }));
  if (parts.empty()) throw failure{errc::corrupt, "commit " + to_hex(record.id) + " names no partitions"};
  if (parts.size() == 1) return {version{parts[0]}, {}};
  return {version{gather(parts)}, std::move(parts)};
}

stored_graph embedded_store::read(const commit_record& record) {
  if (auto known = at_hand(record.id)) return *known;
  std::optional<stored_graph> known;
  auto way = patches_to(record, [&](auto& id) { return (known = at_hand(id)).has_value(); });
  if (!known) known = at_hand(way.from.id);
  auto found = known ? *known : read_pages(way.from);
  if (!known) note_facts(found.at.root(), way.from.graph_id);
  if (!way.patches.empty()) {
    found.at = patched(found.at, way.patches, record);
    expect_identity(found.at, record);
    found.parts.clear();
  }
  keep(record.id, found);
  return found;
}

node_values embedded_store::read_result(const commit_record& record, size_t index, const stored_graph& of) {
  if (index >= record.results.size()) throw failure{errc::key, "commit " + to_hex(record.id) + " has no result " + std::to_string(index)};
  auto whole = of.at.fold();
  auto& roots = record.results[index].roots;
  auto pages = pages_of(record);
  std::vector<stored_values> parts;
  for (uint32_t p = 0; p < roots.size(); ++p)
    parts.push_back({roots[p], [&, p](const hash128& h, const page_room& room) { pages[p].get(h, room); }, [&, p] { return of.parts.empty() ? whole : of.parts[p]; }});
  return read_values(parts, whole, 0);
}

std::optional<node_values> embedded_store::read_kept_result(const hash128& graph_id, const result_info& what, const graph& of) {
  auto kept = find_result(graph_id, what);
  if (!kept) return {};
  std::vector<content_pool::snapshot> pages;
  try {
    for (uint32_t p = 0; p < kept->result.roots.size(); ++p) pages.push_back(pages_of(*kept, p));
  } catch (const failure& f) {
    if (f.code() == errc::key) return {};  // it went, or another came, just now
    throw;
  }
  std::vector<stored_values> parts;
  for (uint32_t p = 0; p < pages.size(); ++p)
    parts.push_back({kept->result.roots[p], [&, p](const hash128& h, const page_room& room) { pages[p].get(h, room); }, [&] { return of; }});
  return read_values(parts, of, 0);
}

// --- verifying -------------------------------------------------------------------------------------------------------------

namespace {

/// Applies every patch once, beginning at the commits with pages.
class patch_verifier {
 public:
  patch_verifier(const graph_store& store, std::vector<std::string>& damage) : store_{store}, damage_{damage} {}

  void note_base(const commit_record& patch) {
    check([&] {
      auto way = store_.patches_to(patch, [&](auto& id) { return id != patch.id; });
      above_[way.from.id].push_back({patch, std::move(way.patches.front())});
    });
  }
  template <class Read>
  void follow(const commit_record& pages, Read&& read) {
    if (!above_.contains(pages.id)) return;
    check([&] {
      version v = read(pages).at;
      expect_identity(v, pages);
      follow(v, pages.id);
    });
  }

 private:
  struct step { commit_record to; byte_buffer patch; };

  template <class Check>
  void check(Check&& check) {
    try {
      check();
    } catch (const failure& f) {
      damage_.push_back(f.what());
    }
  }
  void follow(const version& from, const hash128& commit) {
    std::vector<std::pair<version, hash128>> left{{from, commit}};
    while (!left.empty()) {
      auto at = std::move(left.back());
      left.pop_back();
      for (auto& s : above_[at.second]) {
        check([&] {
          auto next = patched(at.first, {&s.patch, 1}, s.to);
          expect_identity(next, s.to);
          left.emplace_back(next, s.to.id);
        });
      }
    }
  }

  const graph_store& store_;
  std::vector<std::string>& damage_;
  std::map<hash128, std::vector<step>> above_;
};

}  // namespace

std::vector<std::string> embedded_store::verify() {
  auto damage = graph_store::verify(root_trees);
  if (!damage.empty()) return damage;
  patch_verifier all{*this, damage};
  auto every = commits();
  for (auto& c : every)
    if (c.is_patch()) all.note_base(c);
  for (auto& c : every)
    if (!c.is_patch()) all.follow(c, [&](auto& pages) { return read_pages(pages); });
  return damage;
}

}  // namespace gli
