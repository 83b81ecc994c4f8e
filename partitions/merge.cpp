#include "partitions/merge.h"

#include <map>
#include <set>

#include "partitions/compare.h"
#include "runtime/edit.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

using side = merge_choice::side;
using edge_name = change_visitor::edge_name;

key_view view_of(const key& k) {
  auto number = std::get_if<int64_t>(&k);
  return number ? key_view{*number} : key_view{std::string_view{std::get<std::string>(k)}};
}

std::optional<parameters> find_node(const version& v, const key& k) {
  auto id = v.find(view_of(k));
  return id ? std::optional{v.node_attributes(*id)} : std::nullopt;
}

std::optional<parameters> find_edge(const version& v, const edge_name& e) {
  auto s = v.find(view_of(e.source)), t = v.find(view_of(e.target));
  auto k = e.edge_key.value_or(key{int64_t{0}});
  return s && t && v.has_edge(*s, *t, k) ? std::optional{v.edge_attributes(*s, *t, k)} : std::nullopt;
}

/// What one side did to the base, by key. True: the element is on that side (it was added, or changed); false: it was removed.
struct side_changes final : change_visitor {
  side_changes(const version& base, const version& side) { visit_changes(base, side, *this); }

  void node(const key& k, const parameters*, const parameters* now) override { nodes[k] = now; }
  void edge(const edge_name& e, const parameters*, const parameters* now) override {
    edges[e] = now;
    if (!now) return;
    ends.insert(e.source);
    ends.insert(e.target);
  }
  bool changed(const key& node) const {
    auto at = nodes.find(node);
    return (at != nodes.end() && at->second) || ends.contains(node);
  }
  bool changed(const edge_name& e) const {
    auto at = edges.find(e);
    return at != edges.end() && at->second;
  }

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
  merger(const version& base, const version& ours, const version& theirs, const merge_resolver& resolve, std::vector<merge_conflict>& conflicts)
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
  void add(const edge_name& e, const parameters& theirs);
  bool follows_its_end(const edge_name& e) const;

  const version &base_, &ours_, &theirs_;
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
    auto set = merged(c, was.value_or(parameters{}), *mine, *other);
    if (!set.empty()) nodes_.push_back({what::update_node, k, {}, {}, std::move(set), false});
  } else if (other && !was) {
    nodes_.push_back({what::add_node, k, {}, {}, as_given(*other), false});
  } else if (was && (mine || other)) {
    auto take = mine ? side::theirs : side::ours;  // who removed it
    if ((mine ? mine_ : other_).changed(k)) take = decide(c).take;
    decided_.insert(k);
    if (take == side::theirs && mine) removals_.push_back({what::remove_node, k, {}, {}, {}, false});
    if (take == side::theirs && other) restored_.insert(k);
  }
}

/// Whether its place is decided with one of its ends.
bool merger::follows_its_end(const edge_name& e) const { return decided_.contains(e.source) || decided_.contains(e.target); }

void merger::add(const edge_name& e, const parameters& theirs) {
  edges_.push_back({what::add_edge, e.source, e.target, e.edge_key, as_given(theirs), false});
}

void merger::edge(const edge_name& e) {
  if (follows_its_end(e)) return;
  auto was = find_edge(base_, e), mine = find_edge(ours_, e), other = find_edge(theirs_, e);
  merge_conflict c;
  c.of = merge_conflict::element::edge, c.node = e.source, c.target = e.target, c.edge_key = e.edge_key;
  c.in_ours = mine.has_value(), c.in_theirs = other.has_value();
  if (mine && other) {
    auto set = merged(c, was.value_or(parameters{}), *mine, *other);
    if (!set.empty()) edges_.push_back({what::update_edge, e.source, e.target, e.edge_key, std::move(set), false});
  } else if (other && !was) {
    add(e, *other);
  } else if (was && (mine || other)) {
    auto take = mine ? side::theirs : side::ours;
    if ((mine ? mine_ : other_).changed(e)) take = decide(c).take;
    if (take == side::theirs && mine) removals_.push_back({what::remove_edge, e.source, e.target, e.edge_key, {}, false});
    if (take == side::theirs && other) add(e, *other);
  }
}

/// A node that comes back from theirs, with its edges to nodes that are there.
void merger::restore(const key& k) {
  auto v = *theirs_.find(view_of(k));
  nodes_.push_back({what::add_node, k, {}, {}, as_given(theirs_.node_attributes(v)), false});
  auto there = [&](const key& end) { return restored_.contains(end) || !decided_.contains(end); };
  auto take = [&](int32_t source, int32_t target) {
    for (auto& edge_key : theirs_.edges_between(source, target)) {
      edge_name e{theirs_.key_of(source), theirs_.key_of(target), theirs_.root()->kind.multi ? std::optional{edge_key} : std::nullopt};
      if (there(e.source) && there(e.target)) add(e, theirs_.edge_attributes(source, target, edge_key));
    }
  };
  for (auto u : theirs_.neighbors(v, version::direction::all)) {
    take(v, u);
    if (u != v) take(u, v);
  }
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
  auto own = merged({}, base_.attributes(), ours_.attributes(), theirs_.attributes());
  auto all = std::move(removals_);
  all.insert(all.end(), nodes_.begin(), nodes_.end());
  all.insert(all.end(), edges_.begin(), edges_.end());
  if (!own.empty()) all.push_back({what::set_graph_attribute, {}, {}, {}, std::move(own), false});
  return all;
}

}  // namespace

version merge(const version& base, const version& ours, const version& theirs, const merge_resolver& resolve, std::vector<merge_conflict>& conflicts) {
  edit_report report;
  return ours.apply(merge_edits(base, ours, theirs, resolve, conflicts), report);
}

std::vector<edit> merge_edits(const version& base, const version& ours, const version& theirs, const merge_resolver& resolve,
                              std::vector<merge_conflict>& conflicts) {
  return merger{base, ours, theirs, resolve, conflicts}.edits();
}

}  // namespace gli
