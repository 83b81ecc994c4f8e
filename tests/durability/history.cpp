#include "tests/durability/history.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "partitions/catalog.h"
#include "partitions/graph.h"
#include "partitions/merge.h"
#include "partitions/root_trees.h"
#include "partitions/version.h"
#include "runtime/edit.h"
#include "runtime/error.h"

namespace gli::durability {
namespace {

using storage::commit_record;
using storage::content_pool;

constexpr auto no_pages = [](const hash128&) { return false; };

page_get pages_of(graph_store& store) {
  return [&](const hash128& h, const page_room& room) { content_pool::snapshot{store.pool(0)}.get(h, room); };
}

graph read(graph_store& store, const commit_record& commit) { return read_graph(commit.roots.at(0), pages_of(store)); }

graph graph_at(graph_store& store, const std::string& revision) {
  if (!store.head(revision)) return graph{};
  return read(store, store.resolve(revision));
}

void commit(graph_store& store, const graph& g, const std::vector<run_algorithm>& runs, const std::string& message, const std::vector<hash128>& merged = {}) {
  solo alone;
  content_pool::batch batch{store.pool(0)};
  auto has = [&](const hash128& h) { return batch.has(h); };
  auto put = [&](const hash128& h, std::span<const uint8_t> bytes) { batch.put(h, bytes); };
  auto branch = store.current_branch();
  auto head = store.head(branch);
  commit_record record;
  record.graph_id = identity_of(g, alone);
  record.message = message;
  record.author = "ann";
  record.nodes = g->total_nodes;
  record.edges = g->total_edges;
  record.kind = g->kind;
  if (head) record.parents.push_back(*head);
  record.parents.insert(record.parents.end(), merged.begin(), merged.end());
  record.roots.push_back(write_graph(g, has, put));
  for (auto& what : runs) {
    auto values = run(g, what, alone);
    record.results.push_back({values.provenance, {write_values(values, has, put)}});
  }
  batch.commit();
  store.publish(record, branch, head);
}

std::string person(uint64_t n) { return "person number " + std::to_string(n); }

edit node(uint64_t n, uint64_t salt) {
  edit e;
  e.op = edit::what::upsert_node;
  e.node = person(n);
  e.attributes = {{"age", int64_t(n % 90)}, {"score", double(n * salt) / 7}, {"name", "név " + std::to_string(n % 11)}};
  if (n % 3 == 0) e.attributes.emplace_back("member", n % 2 == 0);
  if (n % 5 == 0) e.attributes.emplace_back("joined", timestamp{int64_t(n * 1'000'003)});
  return e;
}

edit edge(uint64_t a, uint64_t b, double weight) {
  edit e;
  e.op = edit::what::upsert_edge;
  e.node = person(a), e.target = person(b);
  e.attributes = {{"weight", weight}};
  return e;
}

edit removal(uint64_t n) {
  edit e;
  e.op = edit::what::remove_node;
  e.node = person(n);
  return e;
}

graph edited(const graph& g, const std::vector<edit>& edits) {
  edit_report report;
  return apply(g, edits, report);
}

/// Nodes [first, last) and about `degree` edges from each of them.
graph grown(const graph& g, uint64_t first, uint64_t last, uint64_t degree, uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<edit> edits;
  for (auto n = first; n < last; ++n) edits.push_back(node(n, seed));
  for (auto n = first; n < last; ++n)
    for (uint64_t i = 0; i < degree; ++i) edits.push_back(edge(n, random() % last, double(random() % 1000) / 8));
  return edited(g, edits);
}

step growing(uint64_t first, uint64_t last, uint64_t degree, std::vector<run_algorithm> runs) {
  auto name = "nodes up to " + std::to_string(last);
  return {"commit " + name, [=](graph_store& s) { commit(s, grown(graph_at(s, s.current_branch()), first, last, degree, last), runs, name); }};
}

step removing(uint64_t n) {
  auto name = "without node " + std::to_string(n);
  return {"commit " + name, [=](graph_store& s) { commit(s, edited(graph_at(s, s.current_branch()), {removal(n)}), {}, name); }};
}

step branching(const std::string& name, const std::string& from) {
  return {"branch " + name, [=](graph_store& s) { s.create_branch(name, from); }};
}
step switching(const std::string& name) {
  return {"switch to " + name, [=](graph_store& s) { s.switch_branch(name); }};
}
step tagging(const std::string& name) {
  return {"tag " + name, [=](graph_store& s) { s.create_tag(name, ""); }};
}

step merging(const std::string& branch) {
  return {"merge " + branch, [=](graph_store& s) {
            auto ours = s.resolve(""), theirs = s.resolve(branch);
            auto base = s.merge_bases(ours.id, theirs.id).at(0);
            std::vector<merge_conflict> conflicts;
            version before{read(s, s.resolve(to_hex(base)))};
            auto merged = merge(before, version{read(s, ours)}, version{read(s, theirs)}, [](auto&) { return merge_choice{}; }, conflicts);
            commit(s, merged.fold(), {}, "merge of " + branch, {theirs.id});
          }};
}

step undoing() {
  return {"undo", [](graph_store& s) {
            auto head = s.resolve("");
            s.move_branch(s.current_branch(), head.id, head.parents.at(0), "undo");
          }};
}

step collecting() {
  return {"gc", [](graph_store& s) { s.gc({.keep_reflog = 0, .sweep_pages = 5}, root_trees); }};
}
step bundling() {
  return {"bundle", [](graph_store& s) { s.bundle(bundle_of(s), {}, root_trees); }};
}
step unbundling() {
  return {"unbundle", [](graph_store& s) { s.unbundle(bundle_of(s), {}, root_trees); }};
}

const run_algorithm ranks{"pagerank", {{"iterations", int64_t{5}}}}, components{"connected_components", {}};

std::string text(const commit_record& c) {
  std::string parents, results;
  for (auto& p : c.parents) parents += " " + to_hex(p);
  for (auto& r : c.results) results += " " + r.info.algorithm + " " + std::to_string(r.info.arguments.size());
  return to_hex(c.id) + " of" + parents + ": " + c.message + ", " + c.author + ", " + std::to_string(c.time) + ", " + std::to_string(c.nodes) + " nodes, " +
         std::to_string(c.edges) + " edges, graph " + to_hex(c.graph_id) + "," + results;
}

std::string id_of(const std::optional<hash128>& id) { return id ? to_hex(*id) : "none"; }

std::string names_of(graph_store& store) {
  std::string all = "on " + store.current_branch();
  for (auto& [name, head] : store.branches()) all += "\nbranch " + name + " " + id_of(head);
  for (auto& [name, id] : store.tags()) all += "\ntag " + name + " " + to_hex(id);
  return all;
}

std::string moves_of(graph_store& store) {
  std::string all;
  for (auto& m : store.reflog(0)) all += std::to_string(m.sequence) + " " + m.branch + " " + id_of(m.before) + " " + id_of(m.after) + " " + m.action + "\n";
  return all;
}

/// What was stored as `root`, written again: the same pages have the same root.
std::string result_of(graph_store& store, const storage::stored_result& result, const graph& of) {
  auto values = read_values(result.roots.at(0), of, pages_of(store));
  return to_hex(write_values(values, no_pages, [](auto&, auto) {}));
}

std::string content_of(graph_store& store, const std::string& id) {
  solo alone;
  auto commit = store.resolve(id);
  auto g = read(store, commit);
  auto all = to_hex(identity_of(g, alone)) + " " + to_hex(write_graph(g, no_pages, [](auto&, auto) {}));
  for (auto& r : commit.results) all += " " + result_of(store, r, g);
  return all;
}

template <class Ask>
std::string answer_or_error(Ask&& ask) {
  try {
    return ask();
  } catch (const failure& f) {
    return std::string{"! "} + f.what();
  }
}

}  // namespace

std::vector<step> small_history() {
  return {growing(0, 30, 2, {ranks}), tagging("first"),     growing(30, 40, 3, {}),   branching("side", "main"), removing(7),
          growing(40, 45, 2, {}),     switching("side"),    growing(45, 60, 2, {components}), removing(11), switching("main"),
          merging("side"),            tagging("v1"),        growing(60, 64, 1, {ranks, components}), undoing(), growing(60, 62, 1, {})};
}

std::vector<step> large_history() {
  return {growing(0, 4000, 6, {ranks}), growing(4000, 4010, 2, {}), branching("side", "main"), removing(17), switching("side"), growing(4010, 4400, 5, {components}),
          merging("main")};
}

std::string bundle_of(const graph_store& store) { return store.path() + ".bundle"; }

std::vector<operation> operations() {
  auto first = growing(0, 30, 2, {ranks}), second = growing(30, 40, 3, {components}), third = growing(40, 45, 2, {});
  return {{"commit", {first}, second},
          {"merge", {first, second, branching("side", "main"), removing(7), switching("side"), third, switching("main")}, merging("side")},
          {"gc", {first, second, third, undoing(), undoing()}, collecting()},
          {"bundle", {first, tagging("first"), second}, bundling()},
          {"unbundle", {first, second, bundling(), undoing(), collecting()}, unbundling()}};
}

std::vector<std::string> commits_of(const graph_store& store) {
  std::set<std::string> ids;
  for (auto& move : store.reflog(0))
    if (move.after) ids.insert(to_hex(*move.after));
  return {ids.begin(), ids.end()};
}

std::vector<answer> answers(graph_store& store, const std::vector<std::string>& commits) {
  std::vector<answer> all;
  auto ask = [&](std::string what, auto&& answer) { all.emplace_back(std::move(what), answer_or_error(answer)); };
  ask("names", [&] { return names_of(store); });
  ask("moves", [&] { return moves_of(store); });
  for (auto& id : commits) {
    ask("commit " + id, [&] { return text(store.resolve(id)); });
    ask("content of " + id, [&] { return content_of(store, id); });
  }
  return all;
}

std::vector<answer> answers(graph_store& store) {
  auto all = answers(store, commits_of(store));
  for (auto& [what, text] : all)
    if (text.starts_with("! ")) throw failure{errc::corrupt, what + ": " + text.substr(2)};
  return all;
}

std::string essence(graph_store& store) {
  auto all = "on " + store.current_branch();
  for (auto& [name, head] : store.branches()) {
    all += "\nbranch " + name;
    if (!head) continue;
    for (auto& c : store.log(name, 0)) all += "\n  " + c.message + ": " + to_hex(c.graph_id) + " " + content_of(store, to_hex(c.id));
  }
  for (auto& [name, id] : store.tags()) all += "\ntag " + name + " of " + store.resolve(to_hex(id)).message;
  for (auto& m : store.reflog(0)) all += "\n" + m.branch + " " + m.action;
  return all;
}

void commit_one_more(graph_store& store, const std::string& name) {
  edit e;
  e.op = edit::what::upsert_node;
  e.node = name;
  commit(store, edited(graph_at(store, store.current_branch()), {e}), {}, "one more: " + name);
}

}  // namespace gli::durability
