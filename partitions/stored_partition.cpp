#include "partitions/stored_partition.h"

#include "partitions/partition_edit.h"
#include "partitions/patch.h"
#include "partitions/reshard.h"
#include "partitions/rows_at_home.h"
#include "partitions/together.h"
#include "runtime/error.h"

namespace gli {

namespace {

using storage::commit_record;

/// The graph of a commit with pages.
graph graph_of_pages(shared_store& store, const commit_record& record, communicator& all) {
  auto stored = uint32_t(record.roots.size());
  if (stored == 0) throw failure{errc::corrupt, "commit " + to_hex(record.id) + " names no partitions"};
  std::vector<shared_store::wanted> own;
  for (uint32_t p = 0; p < stored; ++p)
    if (reader_of(p, stored, all.size()) == all.rank()) own.push_back({p, record.roots[p]});
  auto pages = store.pages_of(record, own);
  if (stored == all.size()) return read_graph(record.roots[all.rank()], pages(all.rank()));
  std::vector<graph> parts;
  together(all, [&] {
    for (auto& part : own) parts.push_back(read_graph(part.root, pages(part.pool)));
  });
  return reshard(std::move(parts), stored, all);
}

/// The edits of all patches, one after the other.
std::vector<edit> edits_of(const std::vector<byte_buffer>& patches, graph_kind kind) {
  std::vector<edit> edits;
  for (auto& bytes : patches) {
    auto p = decode_patch(bytes);
    if (p.directed != kind.directed || p.multi != kind.multi) throw failure{errc::value, "the patch is of a graph of another kind (directed, multi)"};
    edits.insert(edits.end(), std::make_move_iterator(p.edits.begin()), std::make_move_iterator(p.edits.end()));
  }
  return edits;
}

graph patched(const graph& from, const std::vector<byte_buffer>& patches, communicator& all) {
  std::vector<edit> edits;
  together(all, [&] { edits = edits_of(patches, from->kind); });
  edit_report report;
  auto g = apply(from, edits, report, all);
  if (report.duplicates > 0) throw failure{errc::value, "the patch is of another graph: it adds what is there"};
  return g;
}

/// How many nodes have their home on lower partitions, where `here` have it on this one: those with smaller key hashes.
int64_t nodes_before(int64_t here, communicator& all) {
  std::vector<uint64_t> nodes(all.size());
  nodes[all.rank()] = uint64_t(here);
  all.all_reduce(nodes, reduction::sum);
  int64_t before = 0;
  for (uint32_t q = 0; q < all.rank(); ++q) before += int64_t(nodes[q]);
  return before;
}

/// A result's values for a graph whose nodes others own than their homes. `at(p)` is where partition p wrote it.
node_values read_from_homes(size_t parts, const std::function<stored_values(uint32_t)>& at, const graph& of, communicator& all) {
  rows_at_home home{of, all};
  auto before = nodes_before(home.count(), all);
  std::optional<node_values> read;
  together(all, [&] {
    if (parts == all.size()) {
      std::vector<stored_values> own{at(all.rank())};
      read = read_value_rows(own, of, 0, home.count(), uint64_t(home.count()));
      return;
    }
    std::vector<stored_values> stored;
    for (uint32_t p = 0; p < parts; ++p) stored.push_back(at(p));
    read = read_value_rows(stored, of, before, home.count(), of->total_nodes);
  });
  read->data = home.send_back(read->data);
  return *read;
}

/// What a partition reads of a result that `roots` lead to: its own, or all where another number of partitions wrote it.
std::vector<shared_store::wanted> to_read(const std::vector<hash128>& roots, communicator& all) {
  if (roots.size() == all.size()) return {{all.rank(), roots[all.rank()]}};
  std::vector<shared_store::wanted> every;
  for (uint32_t p = 0; p < roots.size(); ++p) every.push_back({p, roots[p]});
  return every;
}

/// A result's values for `of`. `pages(p)` are those of partition p, `part(p)` is its part of the graph that they were written for.
node_values read_roots(const std::vector<hash128>& roots, const graph& of, const shared_store::pool_pages& pages, const std::function<graph(uint32_t)>& part,
                       communicator& all) {
  auto at = [&](uint32_t p) -> stored_values { return {roots[p], pages(p), [&, p] { return part(p); }}; };
  if (of->owners) return read_from_homes(roots.size(), at, of, all);
  if (roots.size() == all.size()) {
    auto own = at(all.rank());
    return read_values(own.root, of, own.get);
  }
  auto before = nodes_before(int64_t(of->nodes), all);
  std::vector<stored_values> stored;
  for (uint32_t p = 0; p < roots.size(); ++p) stored.push_back(at(p));
  return read_values(stored, of, before);
}

}  // namespace

graph committed_graph(shared_store& store, const hash128& commit, communicator& all) {
  auto record = store.resolve(commit);
  if (!record.is_patch()) return graph_of_pages(store, record, all);
  storage::patch_chain way;
  if (store.reached_by_all()) together(all, [&] { way = store.patches_to(record); });
  else way = store.patches_to(record);
  auto base = graph_of_pages(store, way.from, all);
  auto wrong = [&](const std::string& why) { return failure{errc::corrupt, "commit " + to_hex(commit) + ": " + why}; };
  try {
    base = patched(base, way.patches, all);
  } catch (const failure& f) {
    if (f.code() == errc::memory || f.code() == errc::worker_lost || f.code() == errc::cancelled) throw;
    throw wrong(f.what());
  }
  auto id = identity_of(base, all);
  if (id != record.graph_id) throw wrong("what is stored is graph " + to_hex(id) + ", not " + to_hex(record.graph_id));
  return base;
}

node_values committed_values(shared_store& store, const hash128& commit, size_t index, const graph& of, communicator& all) {
  auto record = store.resolve(commit);
  if (index >= record.results.size()) throw failure{errc::key, "commit " + to_hex(commit) + " has no result " + std::to_string(index)};
  auto part = [&](uint32_t p) {
    if (!store.reached_by_all()) throw failure{errc::value, "a result that the first version of this program wrote is read by workers beside its store only"};
    return read_graph(record.roots[p], store.pages_of(record, {})(p));
  };
  auto& roots = record.results[index].roots;
  return read_roots(roots, of, store.pages_of(record, to_read(roots, all)), part, all);
}

node_values kept_values(shared_store& store, const hash128& commit, const result_info& what, const graph& of, communicator& all) {
  auto kept = store.find_result(store.resolve(commit).graph_id, what);
  if (!kept) throw failure{errc::key, "commit " + to_hex(commit) + " has no result of " + what.algorithm + " with these arguments (any more): compute() makes it anew"};
  auto no_part = [](uint32_t) -> graph { throw failure{errc::corrupt, "a kept result by id"}; };
  auto& roots = kept->result.roots;
  return read_roots(roots, of, store.pages_of(*kept, to_read(roots, all)), no_part, all);
}

}  // namespace gli
