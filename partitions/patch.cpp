#include "partitions/patch.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "partitions/compare.h"
#include "partitions/dictionary.h"
#include "partitions/edit_ends.h"
#include "partitions/element_steps.h"
#include "partitions/parallel.h"
#include "partitions/rows.h"
#include "partitions/touched.h"
#include "partitions/version_facts.h"
#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

using what = edit::what;
using attribute_list = std::vector<std::pair<std::string, value>>;

/// What makes `now` of `before`; null removes.
attribute_list attribute_changes(const parameters& before, const parameters& now) {
  attribute_list changes;
  for (auto& [name, v] : now) {
    auto old = before.find(name);
    if (old == before.end() || !identical(old->second, v)) changes.emplace_back(name, v);
  }
  for (auto& [name, v] : before)
    if (!now.contains(name)) changes.emplace_back(name, value{});
  return changes;
}

/// What makes the newer attributes of the older ones, in the order of attribute_changes.
attribute_list set_by(const element_step& step) {
  attribute_list changes;
  for (auto& a : step.attributes) changes.emplace_back(a.name, a.now);
  auto place = [](auto& c) { return std::pair{!type_of(c.second), std::string_view{c.first}}; };
  std::sort(changes.begin(), changes.end(), [&](auto& a, auto& b) { return place(a) < place(b); });
  return changes;
}

attribute_list all_of(const parameters& attributes) { return {attributes.begin(), attributes.end()}; }

/// Appends the edits by key. Numbers are sorted beside where they come from: an edit is a large thing to move about.
void append_by_name(std::vector<edit>& edits, std::vector<edit>& to) {
  struct place { int64_t node, target; uint32_t at; };
  std::vector<place> order;
  order.reserve(edits.size());
  for (auto& e : edits) {
    auto node = std::get_if<int64_t>(&e.node), target = std::get_if<int64_t>(&e.target);
    if (!node || !target || e.edge_key) break;
    order.push_back({*node, *target, uint32_t(order.size())});
  }
  if (order.size() == edits.size()) {
    std::sort(order.begin(), order.end(), [](auto& a, auto& b) { return std::tie(a.node, a.target) < std::tie(b.node, b.target); });
    for (auto& p : order) to.push_back(std::move(edits[p.at]));
    return;
  }
  auto name = [](auto& e) { return std::tie(e.node, e.target, e.edge_key); };
  std::sort(edits.begin(), edits.end(), [&](auto& a, auto& b) { return name(a) < name(b); });
  std::move(edits.begin(), edits.end(), std::back_inserter(to));
}

/// Edits by kind, on their way into one patch.
struct patch_parts {
  std::vector<edit> nodes_removed, edges_removed, nodes_added, edges_added, nodes_changed, edges_changed;

  static edit of_node(what op, key node, attribute_list attributes = {}) { return {op, std::move(node), {}, {}, std::move(attributes), false}; }

  std::vector<edit> joined(attribute_list own) {
    std::vector<edit> all;
    auto parts = {&nodes_removed, &edges_removed, &nodes_added, &edges_added, &nodes_changed, &edges_changed};
    size_t edits = 1;
    for (auto part : parts) edits += part->size();
    all.reserve(edits);
    for (auto part : parts)
      if (part != &nodes_added) append_by_name(*part, all);
      else std::move(part->begin(), part->end(), std::back_inserter(all));
    if (!own.empty()) all.push_back({what::set_graph_attribute, {}, {}, {}, std::move(own), false});
    return all;
  }
};

/// A patch between versions that number their nodes alike, from what was touched between them.
class touched_patch {
 public:
  touched_patch(const version& older, const version& newer, const touched_elements& touched) : older_{older}, newer_{newer}, touched_{touched}, steps_{older, newer, touched} {}
  logged_patch make();

 private:
  void order_nodes();
  void nodes();
  void node(const touched_elements::node& n);
  attribute_list own();
  void edge(const touched_elements::edge& e);
  edit of_edge(what op, const version& in, const touched_elements::edge& e, attribute_list attributes = {}) const;
  template <class Elements, class F>
  void each(const Elements& elements, F&& f);

  const version &older_, &newer_;
  const touched_elements& touched_;
  element_steps steps_;
  std::unordered_set<int32_t> removed_;  // some of them to come again
  std::vector<int32_t> added_;
  bool in_order_ = true;
  patch_parts parts_;
  hash128 facts_;  // of newer less those of older
};

/// Which nodes go, and which come at the end: of those that came since both sides parted, the newer side's first ones may be there already, in that order.
void touched_patch::order_nodes() {
  std::unordered_set<int32_t> older_tail{touched_.older_tail.begin(), touched_.older_tail.end()};
  std::unordered_set<int32_t> newer_tail{touched_.newer_tail.begin(), touched_.newer_tail.end()};
  auto next = touched_.newer_tail.begin();
  for (auto v : touched_.older_tail) {
    if (next != touched_.newer_tail.end() && v == *next) ++next;
    else if (newer_.has_node(v) && !newer_tail.contains(v)) in_order_ = false;  // it stayed where it was
    else removed_.insert(v);
  }
  for (auto& n : touched_.nodes) {
    bool was = steps_.was(n), is = steps_.is(n), in_place = is && !newer_tail.contains(n.id);
    if (was && !older_tail.contains(n.id) && !in_place) removed_.insert(n.id);
    if (in_place && !was) added_.push_back(n.id), in_order_ = false;
  }
  added_.insert(added_.end(), next, touched_.newer_tail.end());
}

/// With what each will read fetched ahead.
template <class Elements, class F>
void touched_patch::each(const Elements& elements, F&& f) {
  constexpr size_t ahead = 8;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i + ahead < elements.size()) steps_.prefetch(elements[i + ahead]);
    f(elements[i]);
  }
}

void touched_patch::nodes() {
  order_nodes();
  for (auto v : removed_) parts_.nodes_removed.push_back(patch_parts::of_node(what::remove_node, older_.key_of(v)));
  for (auto v : added_) parts_.nodes_added.push_back(patch_parts::of_node(what::add_node, newer_.key_of(v), all_of(newer_.node_attributes(v))));
  each(touched_.nodes, [&](auto& n) { node(n); });
}

void touched_patch::node(const touched_elements::node& n) {
  auto& step = steps_.of(n);
  facts_ += steps_.facts(n, step);
  if (!step.was || !step.is || step.attributes.empty() || removed_.contains(n.id)) return;
  parts_.nodes_changed.push_back(patch_parts::of_node(what::update_node, newer_.key_of(n.id), set_by(step)));
}

edit touched_patch::of_edge(what op, const version& in, const touched_elements::edge& e, attribute_list attributes) const {
  auto edge_key = in.root()->kind.multi ? std::optional{e.edge_key} : std::nullopt;
  return {op, in.key_of(e.source), in.key_of(e.target), std::move(edge_key), std::move(attributes), false};
}

void touched_patch::edge(const touched_elements::edge& e) {
  auto& step = steps_.of(e);
  facts_ += steps_.facts(e, step);
  bool goes_with_node = !removed_.empty() && (removed_.contains(e.source) || removed_.contains(e.target));
  if (step.was && !step.is && !goes_with_node) parts_.edges_removed.push_back(of_edge(what::remove_edge, older_, e));
  if (step.is && !step.was) parts_.edges_added.push_back(of_edge(what::add_edge, newer_, e, set_by(step)));
  else if (step.is && goes_with_node)
    parts_.edges_added.push_back(of_edge(what::add_edge, newer_, e, all_of(newer_.edge_attributes(e.source, e.target, e.edge_key))));
  else if (step.is && !step.attributes.empty()) parts_.edges_changed.push_back(of_edge(what::update_edge, newer_, e, set_by(step)));
}

attribute_list touched_patch::own() {
  if (!touched_.own_attributes) return {};
  auto before = older_.attributes(), now = newer_.attributes();
  facts_ += own_facts(now);
  facts_ -= own_facts(before);
  return attribute_changes(before, now);
}

logged_patch touched_patch::make() {
  parts_.nodes_changed.reserve(touched_.nodes.size());
  parts_.edges_added.reserve(touched_.edges.size());
  nodes();
  each(touched_.edges, [&](auto& e) { edge(e); });
  auto kind = newer_.root()->kind;
  auto edits = parts_.joined(own());
  return {{kind.directed, kind.multi, std::move(edits), in_order_}, facts_};
}

/// A patch from what is different in the pages.
class paged_patch final : public difference_visitor {
 public:
  paged_patch(const graph& older, const graph& newer) : older_{older}, newer_{newer} {}
  patch make();

 private:
  void node_added(int32_t v) override { parts_.nodes_added.push_back(patch_parts::of_node(what::add_node, node_key(newer_, v), all_of(node_attributes(newer_, v)))); }
  void node_removed(int32_t v) override {
    removed_.insert(v);
    parts_.nodes_removed.push_back(patch_parts::of_node(what::remove_node, node_key(older_, v)));
  }
  void node_changed(int32_t was, int32_t is) override {
    parts_.nodes_changed.push_back(
        patch_parts::of_node(what::update_node, node_key(newer_, is), attribute_changes(node_attributes(older_, was), node_attributes(newer_, is))));
  }
  void edge_added(int32_t v, uint32_t slot) override {
    parts_.edges_added.push_back(of_edge(what::add_edge, newer_, v, slot, all_of(edge_attributes(newer_, v, slot))));
  }
  void edge_removed(int32_t v, uint32_t slot) override {
    if (removed_.contains(v) || removed_.contains(older_->out_of(v)[slot])) return;  // goes with its node
    parts_.edges_removed.push_back(of_edge(what::remove_edge, older_, v, slot, {}));
  }
  void edge_changed(int32_t was, uint32_t old_slot, int32_t is, uint32_t slot) override {
    auto changes = attribute_changes(edge_attributes(older_, was, old_slot), edge_attributes(newer_, is, slot));
    parts_.edges_changed.push_back(of_edge(what::update_edge, newer_, is, slot, std::move(changes)));
  }
  static edit of_edge(what op, const graph& g, int32_t v, uint32_t slot, attribute_list attributes) {
    return {op, node_key(g, v), node_key(g, g->out_of(v)[slot]), edge_key(g, v, slot), std::move(attributes), false};
  }
  bool in_order() const;

  const graph &older_, &newer_;
  std::unordered_set<int32_t> removed_;
  patch_parts parts_;
};

/// Whether the newer graph's nodes are the older one's that stay, then those added.
bool paged_patch::in_order() const {
  auto before = insertion_order(older_), now = insertion_order(newer_);
  auto at = now.begin();
  for (auto v : before)
    if (!removed_.contains(v) && (at == now.end() || newer_->keys->hash_of(*at++) != older_->keys->hash_of(v))) return false;
  return true;
}

patch paged_patch::make() {
  visit_differences(older_, newer_, *this);
  auto in_order = this->in_order();
  return {newer_->kind.directed, newer_->kind.multi, parts_.joined(attribute_changes(older_->attributes, newer_->attributes)), in_order};
}

void check_kinds(graph_kind a, graph_kind b) {
  if (a.directed != b.directed || a.multi != b.multi) throw failure{errc::value, "a patch is between graphs of one kind (directed, multi)"};
}

}  // namespace

std::optional<logged_patch> patch_along_logs(const version& older, const version& newer) {
  check_kinds(older.root()->kind, newer.root()->kind);
  auto touched = touched_between(older, newer);
  return touched ? std::optional{touched_patch{older, newer, *touched}.make()} : std::nullopt;
}

patch patch_between(const version& older, const version& newer) {
  if (auto near = patch_along_logs(older, newer)) return std::move(near->changes);
  return paged_patch{older.fold(), newer.fold()}.make();
}

namespace {

void check_kind(const version& of, const patch& p) {
  auto kind = of.root()->kind;
  if (kind.directed != p.directed || kind.multi != p.multi) throw failure{errc::value, "the patch is of a graph of another kind (directed, multi)"};
}

/// make(report): the version behind an older one.
template <class Make>
version patched(Make&& make) {
  edit_report report;
  try {
    auto newer = make(report);
    if (report.duplicates == 0) return newer;
  } catch (const failure& f) {
    if (f.code() == errc::memory) throw;
    throw failure{errc::value, std::string{"the patch is of another graph: "} + f.what()};
  }
  throw failure{errc::value, "the patch is of another graph: it adds what is there"};
}

}  // namespace

version apply(const version& older, const patch& p) {
  check_kind(older, p);
  return patched([&](edit_report& report) { return older.apply(p.edits, report); });
}

/// Thousands of edits at a time: while some are made, the next ones are decoded and looked up.
version apply_all(const version& older, std::span<const byte_buffer> patches) {
  constexpr size_t many = size_t{1} << 12;
  auto newer = older;
  auto read = [&](looked_up_edits& next, const version& at) {
    next.edits.clear();
    for (; !patches.empty() && next.edits.size() < many; patches = patches.subspan(1)) {
      auto p = decode_patch(patches.front());
      check_kind(older, p);
      std::move(p.edits.begin(), p.edits.end(), std::back_inserter(next.edits));
    }
    next.look_up(at);
  };
  looked_up_edits now, next;
  for (read(now, newer); !now.edits.empty(); std::swap(now, next)) {
    auto at = newer;
    at_once([&] { newer = patched([&](edit_report& report) { return now.apply_to(at, report); }); }, [&] { read(next, at); });
  }
  return newer;
}

}  // namespace gli
