#include "partitions/merge.h"

#include <map>
#include <set>
#include <tuple>

#include "partitions/compare.h"
#include "partitions/edit.h"
#include "partitions/json_text.h"

namespace gli {

namespace {

using side = merge_choice::side;
using edge_name = std::tuple<key, key, std::optional<key>>;

edge_name name_of(const graph& g, int32_t source, uint32_t slot) {
  return {node_key(g, source), endpoint_key(g, g->out_of(source)[slot]), edge_key(g, source, slot)};
}

/// An edge where it lies.
struct edge_place { int32_t source; uint32_t slot; };

std::optional<edge_place> find_edge(const graph& g, const edge_name& e) {
  auto& [source, target, k] = e;
  auto s = find_node(g, source), t = find_node(g, target);
  auto slots = s && t ? find_edges(g, *s, *t) : std::nullopt;
  if (!slots) return {};
  auto [first, last] = *slots;
  while (k && first < last) {  // parallel edges stand in the order of their keys
    auto middle = first + (last - first) / 2;
    if (*edge_key(g, *s, middle) < *k) first = middle + 1;
    else last = middle;
  }
  bool there = first < slots->second && edge_key(g, *s, first) == k;
  return there ? std::optional{edge_place{*s, first}} : std::nullopt;
}

/// What one side did to the base, by key. True: the element is on that side (it was added, or changed); false: it was removed.
struct side_changes final : difference_visitor {
  side_changes(const graph& base, const graph& side) : was{base}, is{side} { visit_differences(base, side, *this); }

  void node_added(int32_t v) override { nodes[node_key(is, v)] = true; }
  void node_removed(int32_t v) override { nodes[node_key(was, v)] = false; }
  void node_changed(int32_t, int32_t v) override { nodes[node_key(is, v)] = true; }
  void edge_added(int32_t v, uint32_t slot) override { touch(name_of(is, v, slot)); }
  void edge_removed(int32_t v, uint32_t slot) override { edges[name_of(was, v, slot)] = false; }
  void edge_changed(int32_t, uint32_t, int32_t v, uint32_t slot) override { touch(name_of(is, v, slot)); }

  void touch(const edge_name& e) {
    edges[e] = true;
    ends.insert(std::get<0>(e));
    ends.insert(std::get<1>(e));
  }
  bool changed(const key& node) const {
    auto at = nodes.find(node);
    return (at != nodes.end() && at->second) || ends.contains(node);
  }
  bool changed(const edge_name& e) const {
    auto at = edges.find(e);
    return at != edges.end() && at->second;
  }

  const graph &was, &is;
  std::map<key, bool> nodes;
  std::map<edge_name, bool> edges;
  std::set<key> ends;  // of edges that were added or changed
};

std::vector<std::pair<std::string, value>> as_given(const parameters& p) { return {p.begin(), p.end()}; }

bool same(const value* a, const value* b) { return a == b || (a && b && value_hash(plain(*a)) == value_hash(plain(*b))); }

const value* find(const parameters& p, const std::string& name) {
  auto at = p.find(name);
  return at == p.end() ? nullptr : &at->second;
}

std::optional<value> shown(const value* v) { return v ? std::optional{*v} : std::nullopt; }

/// Collects what is to be done to `ours`.
class merger {
 public:
  merger(const graph& base, const graph& ours, const graph& theirs, const merge_resolver& resolve, std::vector<merge_conflict>& conflicts)
      : base_{base}, ours_{ours}, theirs_{theirs}, mine_{base, ours}, other_{base, theirs}, resolve_{resolve}, conflicts_{conflicts} {}
  std::vector<edit> edits();

 private:
  using what = edit::what;
  using attributes = std::vector<std::pair<std::string, value>>;

  merge_choice decide(merge_conflict c);
  attributes merged(merge_conflict c, const parameters& base, const parameters& ours, const parameters& theirs);
  void node(const key& k);
  void edge(const edge_name& e);
  void restore(const key& node);
  void add(const edge_name& e, edge_place theirs);
  bool follows_its_end(const edge_name& e) const;

  const graph &base_, &ours_, &theirs_;
  const side_changes mine_, other_;
  const merge_resolver& resolve_;
  std::vector<merge_conflict>& conflicts_;
  std::set<key> decided_;   // nodes that one side removed and that are now in or out, with their edges
  std::set<key> restored_;  // of them, those that come back from theirs
  std::vector<edit> removals_, nodes_, edges_;
};

merge_choice merger::decide(merge_conflict c) {
  auto choice = resolve_(c);
  conflicts_.push_back(std::move(c));
  return choice;
}

/// The attributes to be set on ours, of an element that both sides have; null: to be removed.
merger::attributes merger::merged(merge_conflict c, const parameters& base, const parameters& ours, const parameters& theirs) {
  std::set<std::string> names;
  for (auto& [name, v] : base) names.insert(name);
  for (auto& [name, v] : theirs) names.insert(name);
  attributes set;
  for (auto& name : names) {
    auto was = find(base, name), mine = find(ours, name), other = find(theirs, name);
    if (same(mine, other) || same(was, other)) continue;
    auto taken = other ? *other : value{};
    if (!same(was, mine)) {
      c.attribute = name, c.base = shown(was), c.ours = shown(mine), c.theirs = shown(other);
      auto choice = decide(c);
      if (choice.instead) taken = *choice.instead;
      else if (choice.take == side::ours) continue;
    }
    set.emplace_back(name, taken);
  }
  return set;
}

void merger::node(const key& k) {
  auto was = find_node(base_, k), mine = find_node(ours_, k), other = find_node(theirs_, k);
  merge_conflict c;
  c.of = merge_conflict::element::node, c.node = k, c.in_ours = mine.has_value(), c.in_theirs = other.has_value();
  if (mine && other) {
    auto set = merged(c, was ? node_attributes(base_, *was) : parameters{}, node_attributes(ours_, *mine), node_attributes(theirs_, *other));
    if (!set.empty()) nodes_.push_back({what::update_node, k, {}, {}, std::move(set), false});
  } else if (other && !was) {
    nodes_.push_back({what::add_node, k, {}, {}, as_given(node_attributes(theirs_, *other)), false});
  } else if (was && (mine || other)) {
    auto take = mine ? side::theirs : side::ours;  // who removed it
    if ((mine ? mine_ : other_).changed(k)) take = decide(c).take;
    decided_.insert(k);
    if (take == side::theirs && mine) removals_.push_back({what::remove_node, k, {}, {}, {}, false});
    if (take == side::theirs && other) restored_.insert(k);
  }
}

/// Whether its place is decided with one of its ends.
bool merger::follows_its_end(const edge_name& e) const { return decided_.contains(std::get<0>(e)) || decided_.contains(std::get<1>(e)); }

void merger::add(const edge_name& e, edge_place theirs) {
  auto& [s, t, k] = e;
  edges_.push_back({what::add_edge, s, t, k, as_given(edge_attributes(theirs_, theirs.source, theirs.slot)), false});
}

void merger::edge(const edge_name& e) {
  if (follows_its_end(e)) return;
  auto& [s, t, k] = e;
  auto was = find_edge(base_, e), mine = find_edge(ours_, e), other = find_edge(theirs_, e);
  merge_conflict c;
  c.of = merge_conflict::element::edge, c.node = s, c.target = t, c.edge_key = k, c.in_ours = mine.has_value(), c.in_theirs = other.has_value();
  auto of = [](const graph& g, const std::optional<edge_place>& at) { return at ? edge_attributes(g, at->source, at->slot) : parameters{}; };
  if (mine && other) {
    auto set = merged(c, of(base_, was), of(ours_, mine), of(theirs_, other));
    if (!set.empty()) edges_.push_back({what::update_edge, s, t, k, std::move(set), false});
  } else if (other && !was) {
    add(e, *other);
  } else if (was && (mine || other)) {
    auto take = mine ? side::theirs : side::ours;
    if ((mine ? mine_ : other_).changed(e)) take = decide(c).take;
    if (take == side::theirs && mine) removals_.push_back({what::remove_edge, s, t, k, {}, false});
    if (take == side::theirs && other) add(e, *other);
  }
}

/// A node that comes back from theirs, with its edges to nodes that are there.
void merger::restore(const key& k) {
  auto v = *find_node(theirs_, k);
  nodes_.push_back({what::add_node, k, {}, {}, as_given(node_attributes(theirs_, v)), false});
  auto there = [&](const key& end) { return restored_.contains(end) || (!decided_.contains(end) && find_node(theirs_, end)); };
  auto take = [&](int32_t source, int32_t target) {
    auto slots = find_edges(theirs_, source, target);
    for (auto slot = slots->first; slot < slots->second; ++slot) {
      auto e = name_of(theirs_, source, slot);
      if (there(std::get<0>(e)) && there(std::get<1>(e))) add(e, {source, slot});
    }
  };
  std::set<int32_t> targets, sources;
  for (auto u : theirs_->out_of(v)) targets.insert(u);
  for (auto u : theirs_->in_of(v)) if (u != v) sources.insert(u);
  for (auto u : targets) take(v, u);
  for (auto u : sources) take(u, v);
}

template <class Name>
std::set<Name> both(const std::map<Name, bool>& a, const std::map<Name, bool>& b) {
  std::set<Name> all;
  for (auto& [name, there] : a) all.insert(name);
  for (auto& [name, there] : b) all.insert(name);
  return all;
}

std::vector<edit> merger::edits() {
  for (auto& k : both(mine_.nodes, other_.nodes)) node(k);
  for (auto& k : restored_) restore(k);
  for (auto& e : both(mine_.edges, other_.edges)) edge(e);
  auto own = merged({}, base_->attributes, ours_->attributes, theirs_->attributes);
  auto all = std::move(removals_);
  all.insert(all.end(), nodes_.begin(), nodes_.end());
  all.insert(all.end(), edges_.begin(), edges_.end());
  if (!own.empty()) all.push_back({what::set_graph_attribute, {}, {}, {}, std::move(own), false});
  return all;
}

}  // namespace

graph merge(const graph& base, const graph& ours, const graph& theirs, const merge_resolver& resolve, std::vector<merge_conflict>& conflicts) {
  edit_report report;
  return apply(ours, merger{base, ours, theirs, resolve, conflicts}.edits(), report);
}

}  // namespace gli
