#include <algorithm>
#include <utility>

#include "partitions/changes.h"
#include "partitions/edit.h"
#include "partitions/json_text.h"
#include "partitions/rows.h"
#include "runtime/error.h"

namespace gli {

const value* row_change::find(uint32_t attribute) const {
  for (auto& [a, v] : values)
    if (a == attribute) return &v;
  return nullptr;
}

void row_change::set(uint32_t attribute, value v) {
  for (auto& [a, old] : values)
    if (a == attribute) {
      old = std::move(v);
      return;
    }
  values.emplace_back(attribute, std::move(v));
}

attribute_names::attribute_names(const std::vector<paged_column>& columns) {
  for (auto& c : columns) intern(c.name);
}

uint32_t attribute_names::intern(const std::string& name) {
  auto [at, fresh] = numbers_.try_emplace(name, uint32_t(names_.size()));
  if (fresh) names_.push_back(name);
  return at->second;
}

std::optional<uint32_t> attribute_names::find(const std::string& name) const {
  auto at = numbers_.find(name);
  return at == numbers_.end() ? std::nullopt : std::optional{at->second};
}

graph_changes::graph_changes(const graph& g)
    : base{g}, kind{g->kind}, keys{g->keys}, size{g->size}, nodes{g->nodes}, removed{g->removed}, sequence{g->sequence},
      attributes{g->attributes}, node_names{g->node_columns}, edge_names{g->edge_columns} {}

namespace {

bool same_value(const value& a, const value& b) { return value_hash(plain(a)) == value_hash(plain(b)); }

/// Interprets edits, one after the other, into changes. An edge is named by (source, target, key) with the smaller key first where undirected.
class editor {
 public:
  editor(const graph& g, edit_report& report) : base_{g}, to_{g}, report_{report} {}

  void apply(const edit& e);
  const graph_changes& changes() const { return to_; }

 private:
  using attributes = std::vector<std::pair<std::string, value>>;
  struct named_edge {
    int32_t source, target;
    friend auto operator<=>(const named_edge&, const named_edge&) = default;
  };
  struct free_key { int64_t edges = 0, next = 0; };  // how many live edges there are, and no key in [edges, next) is free

  std::optional<int32_t> known_id(const key& k) const;
  std::optional<int32_t> find(const key& k) const;
  int32_t need(const key& k) const;
  bool live(int32_t v) const { return to_.removed.size() <= size_t(v) >> 6 || !(to_.removed[size_t(v) >> 6] >> (v & 63) & 1); }
  void check_key(const key& k) const;
  void check_edge_key(const edit& e) const;

  int32_t add(const key& k);
  int32_t intern(const key& k);
  uint64_t next_place();
  void revive(int32_t v);
  void remove(int32_t v);
  void add_node(const edit& e);
  void set(row_change& row, attribute_names& names, const attributes& given) const;
  void forget(row_change& row, const attribute_names& names, const attributes& given) const;

  named_edge endpoints(const edit& e);
  std::optional<named_edge> known_endpoints(const edit& e) const;
  named_edge ordered(const key& source, int32_t s, const key& target, int32_t t) const;
  std::pair<uint32_t, uint32_t> base_slots(int32_t s, int32_t t) const;
  std::optional<uint32_t> base_slot(int32_t s, const edge_name& name) const;
  key key_of_slot(int32_t s, uint32_t slot) const;
  edge_change* overlay(int32_t s, const edge_name& name);
  bool exists(int32_t s, const edge_name& name);
  uint64_t parallel(named_edge e, std::optional<key>& one);
  edge_change& touch(int32_t s, const edge_name& name);
  std::optional<edge_name> existing(const edit& e, named_edge at);
  std::pair<named_edge, edge_name> need_edge(const edit& e);
  key next_key(named_edge at);
  void add_edge(const edit& e);
  void upsert_edge(const edit& e);
  void create_edge(const edit& e, named_edge at);
  void drop(int32_t s, int32_t t, uint32_t slot);
  void remove_parallel(int32_t s, int32_t t);

  value current_node(int32_t v, uint32_t attribute) const;
  value current_edge(int32_t s, const edge_name& name, uint32_t attribute);
  template <class Current>
  bool loses(const attributes& given, const attribute_names& names, Current&& current) const;
  void duplicate(bool lossy, const std::string& what);

  const graph& base_;
  graph_changes to_;
  edit_report& report_;
  std::shared_ptr<dictionary> own_;                              // to_.keys, once it may grow
  std::optional<uint64_t> last_place_;
  std::unordered_map<int32_t, std::vector<int32_t>> sources_of_;  // of new edges, by target
  std::map<named_edge, free_key> free_keys_;                      // where edges came without a key; only while none is removed
};

// --- nodes -----------------------------------------------------------------------------------------------------------------

void editor::check_key(const key& k) const {
  if (to_.kind.keys != key_type::none && type_of(k) != to_.kind.keys)
    throw failure{errc::type, std::string{"this graph's keys are "} + type_name(to_.kind.keys) + "; " + to_string(k) + " is " +
                                  (k.index() == 0 ? "int" : "str")};
}

/// The id of a node that is or was there.
std::optional<int32_t> editor::known_id(const key& k) const {
  if (to_.kind.keys == key_type::none) return std::nullopt;
  auto number = std::get_if<int64_t>(&k);
  auto id = number ? to_.keys->find(*number) : to_.keys->find(std::string_view{std::get<std::string>(k)});
  return id && *id < to_.size ? id : std::nullopt;
}

std::optional<int32_t> editor::find(const key& k) const {
  check_key(k);
  auto id = known_id(k);
  return id && live(*id) ? id : std::nullopt;
}

int32_t editor::need(const key& k) const {
  if (auto id = find(k)) return *id;
  throw failure{errc::key, "Node " + to_string(k) + " not found"};
}

int32_t editor::intern(const key& k) {
  if (auto id = known_id(k)) return *id;
  if (to_.kind.keys == key_type::none) {
    to_.kind.keys = type_of(k);
    own_ = std::make_shared<dictionary>(to_.kind.keys);
  } else if (!own_) {
    own_ = dictionary::extend(base_->keys, base_->size);
  }
  to_.keys = own_;
  auto number = std::get_if<int64_t>(&k);
  return (number ? own_->intern(*number) : own_->intern(std::string_view{std::get<std::string>(k)})).first;
}

/// A key that no live node has becomes one, at the end of the insertion order.
int32_t editor::add(const key& k) {
  auto v = intern(k);
  ++to_.nodes;
  if (v < to_.size) {
    revive(v);
  } else {
    to_.size = v + 1;
    if (!to_.removed.empty()) to_.removed.resize((size_t(v) >> 6) + 1);
    if (!to_.sequence.empty()) to_.sequence.push_back(next_place());
  }
  return v;
}

/// The place after all others, in a graph with a sequence.
uint64_t editor::next_place() {
  if (!last_place_) last_place_ = *std::max_element(to_.sequence.begin(), to_.sequence.end());
  return ++*last_place_;
}

/// A removed id lives again: its place moves to the end and its old values do not come back.
void editor::revive(int32_t v) {
  if (to_.sequence.empty())
    for (int32_t i = 0; i < to_.size; ++i) to_.sequence.push_back(uint64_t(i));
  to_.sequence[size_t(v)] = next_place();
  to_.removed[size_t(v) >> 6] &= ~(uint64_t{1} << (v & 63));
  to_.node_rows[v] = {true, {}};
}

void editor::set(row_change& row, attribute_names& names, const attributes& given) const {
  for (auto& [name, v] : given)
    if (type_of(v) || names.find(name)) row.set(names.intern(name), v);
}

void editor::forget(row_change& row, const attribute_names& names, const attributes& given) const {
  for (auto& [name, unused] : given)
    if (auto a = names.find(name)) row.set(*a, {});
}

value editor::current_node(int32_t v, uint32_t attribute) const {
  auto at = to_.node_rows.find(v);
  if (at != to_.node_rows.end()) {
    if (auto changed = at->second.find(attribute)) return *changed;
    if (at->second.wiped) return {};
  }
  if (v >= base_->size || attribute >= base_->node_columns.size()) return {};
  return node_value(base_, base_->node_columns[attribute], v);
}

template <class Current>
bool editor::loses(const attributes& given, const attribute_names& names, Current&& current) const {
  return std::any_of(given.begin(), given.end(), [&](auto& a) {
    if (!type_of(a.second)) return false;
    auto number = names.find(a.first);
    return !number || !same_value(a.second, current(*number));
  });
}

void editor::duplicate(bool lossy, const std::string& what) {
  ++report_.duplicates;
  if (lossy && report_.lossy_duplicate.empty()) report_.lossy_duplicate = what;
}

void editor::add_node(const edit& e) {
  if (auto v = find(e.node))
    return duplicate(loses(e.attributes, to_.node_names, [&](uint32_t a) { return current_node(*v, a); }), "node " + to_string(e.node));
  auto v = add(e.node);
  if (!e.attributes.empty()) set(to_.node_rows[v], to_.node_names, e.attributes);
}

void editor::remove(int32_t v) {
  free_keys_.clear();
  if (v < base_->size) {
    for (uint32_t slot = 0; auto t : base_->out_of(v)) drop(v, t, slot++);
    for (int32_t last = -1; auto s : base_->in_of(v))
      if (s != std::exchange(last, s)) remove_parallel(s, v);
  }
  if (auto own = to_.edges.find(v); own != to_.edges.end())
    for (auto& [name, change] : own->second) change.live = false;
  if (auto in = sources_of_.find(v); in != sources_of_.end()) {
    for (auto s : in->second) remove_parallel(s, v);
    sources_of_.erase(in);
  }
  to_.removed.resize(std::max(to_.removed.size(), (size_t(to_.size) + 63) >> 6));
  to_.removed[size_t(v) >> 6] |= uint64_t{1} << (v & 63);
  to_.node_rows.erase(v);
  --to_.nodes;
}

// --- edges -----------------------------------------------------------------------------------------------------------------

void editor::check_edge_key(const edit& e) const {
  if (!e.edge_key) return;
  if (!to_.kind.multi)
    throw failure{errc::value, "this graph has no parallel edges: edge key " + to_string(*e.edge_key) + " needs a graph with multi=True"};
  auto known = to_.kind.edge_keys;
  if (known != key_type::none && type_of(*e.edge_key) != known)
    throw failure{errc::type, std::string{"this graph's edge keys are "} + type_name(known) + "; " + to_string(*e.edge_key) + " is " +
                                  (e.edge_key->index() == 0 ? "int" : "str")};
}

editor::named_edge editor::ordered(const key& source, int32_t s, const key& target, int32_t t) const {
  return !to_.kind.directed && target < source ? named_edge{t, s} : named_edge{s, t};
}

editor::named_edge editor::endpoints(const edit& e) {
  if (!e.create_nodes) return ordered(e.node, need(e.node), e.target, need(e.target));
  auto s = find(e.node);
  if (!s) s = add(e.node);
  auto t = find(e.target);
  if (!t) t = add(e.target);
  return ordered(e.node, *s, e.target, *t);
}

std::optional<editor::named_edge> editor::known_endpoints(const edit& e) const {
  auto s = find(e.node), t = find(e.target);
  if (!s || !t) return std::nullopt;
  return ordered(e.node, *s, e.target, *t);
}

std::pair<uint32_t, uint32_t> editor::base_slots(int32_t s, int32_t t) const {
  if (s >= base_->size) return {0, 0};
  return find_edges(base_, s, t).value_or(std::pair<uint32_t, uint32_t>{0, 0});
}

key editor::key_of_slot(int32_t s, uint32_t slot) const { return to_.kind.multi ? *edge_key(base_, s, slot) : key{int64_t{0}}; }

std::optional<uint32_t> editor::base_slot(int32_t s, const edge_name& name) const {
  auto [begin, end] = base_slots(s, name.first);
  while (begin < end) {
    auto middle = begin + (end - begin) / 2;
    auto k = key_of_slot(s, middle);
    if (k == name.second) return middle;
    (k < name.second ? begin : end) = k < name.second ? middle + 1 : middle;
  }
  return std::nullopt;
}

edge_change* editor::overlay(int32_t s, const edge_name& name) {
  auto source = to_.edges.find(s);
  if (source == to_.edges.end()) return nullptr;
  auto at = source->second.find(name);
  return at == source->second.end() ? nullptr : &at->second;
}

bool editor::exists(int32_t s, const edge_name& name) {
  if (auto change = overlay(s, name)) return change->live;
  return base_slot(s, name).has_value();
}

/// How many live edges there are between two nodes, and the key of one of them.
uint64_t editor::parallel(named_edge e, std::optional<key>& one) {
  auto [begin, end] = base_slots(e.source, e.target);
  uint64_t count = 0;
  auto source = to_.edges.find(e.source);
  for (auto slot = begin; slot < end; ++slot) {
    auto k = key_of_slot(e.source, slot);
    if (source != to_.edges.end() && source->second.contains({e.target, k})) continue;
    if (!count++) one = k;
  }
  if (source == to_.edges.end()) return count;
  for (auto at = source->second.lower_bound({e.target, key{INT64_MIN}}); at != source->second.end() && at->first.first == e.target; ++at)
    if (at->second.live && !count++) one = at->first.second;
  return count;
}

/// The change of a live edge, begun where there is none yet.
edge_change& editor::touch(int32_t s, const edge_name& name) {
  auto [at, fresh] = to_.edges[s].try_emplace(name);
  if (fresh) at->second.slot = *base_slot(s, name);
  return at->second;
}

/// The edge that the edit names; without a key the only one between its endpoints.
std::optional<edge_name> editor::existing(const edit& e, named_edge at) {
  check_edge_key(e);
  if (e.edge_key || !to_.kind.multi) {
    edge_name name{at.target, e.edge_key.value_or(key{int64_t{0}})};
    return exists(at.source, name) ? std::optional{name} : std::nullopt;
  }
  std::optional<key> one;
  auto count = parallel(at, one);
  if (count > 1)
    throw failure{errc::value, "there are " + std::to_string(count) + " edges " + to_string(e.node) + " -> " + to_string(e.target) +
                                   ": say which one by its key"};
  return one ? std::optional{edge_name{at.target, *one}} : std::nullopt;
}

std::pair<editor::named_edge, edge_name> editor::need_edge(const edit& e) {
  if (auto at = known_endpoints(e))
    if (auto name = existing(e, *at)) return {*at, *name};
  throw failure{errc::key, "Edge " + to_string(e.node) + " -> " + to_string(e.target) + " not found"};
}

key editor::next_key(named_edge at) {
  if (!to_.kind.multi) return int64_t{0};
  if (to_.kind.edge_keys == key_type::utf8) throw failure{errc::type, "this graph's edge keys are str: give the new edge one"};
  auto [known, fresh] = free_keys_.try_emplace(at);
  auto& k = known->second;
  std::optional<key> one;
  if (fresh) k.edges = int64_t(parallel(at, one));
  k.next = std::max(k.next, k.edges);
  while (exists(at.source, {at.target, k.next})) ++k.next;
  return k.next;
}

void editor::create_edge(const edit& e, named_edge at) {
  edge_name name{at.target, e.edge_key ? *e.edge_key : next_key(at)};
  if (to_.kind.multi && to_.kind.edge_keys == key_type::none) to_.kind.edge_keys = type_of(name.second);
  auto [change, fresh] = to_.edges[at.source].try_emplace(name);
  if (!fresh) {
    change->second.wiped = change->second.live = true;
    change->second.values.clear();
  }
  if (change->second.slot == edge_change::none) sources_of_[at.target].push_back(at.source);
  if (auto known = free_keys_.find(at); known != free_keys_.end()) ++known->second.edges;
  set(change->second, to_.edge_names, e.attributes);
}

void editor::add_edge(const edit& e) {
  check_edge_key(e);
  auto at = endpoints(e);
  edge_name name{at.target, e.edge_key.value_or(key{int64_t{0}})};
  if ((to_.kind.multi && !e.edge_key) || !exists(at.source, name)) return create_edge(e, at);
  duplicate(loses(e.attributes, to_.edge_names, [&](uint32_t a) { return current_edge(at.source, name, a); }),
            "edge " + to_string(e.node) + " -> " + to_string(e.target));
}

void editor::upsert_edge(const edit& e) {
  check_edge_key(e);
  auto at = endpoints(e);
  if (auto name = existing(e, at)) return set(touch(at.source, *name), to_.edge_names, e.attributes);
  create_edge(e, at);
}

value editor::current_edge(int32_t s, const edge_name& name, uint32_t attribute) {
  auto slot = edge_change::none;
  if (auto change = overlay(s, name)) {
    if (auto changed = change->find(attribute)) return *changed;
    if (change->wiped) return {};
    slot = change->slot;
  } else if (auto found = base_slot(s, name)) {
    slot = *found;
  }
  if (slot == edge_change::none || attribute >= base_->edge_columns.size()) return {};
  return edge_value(base_, base_->edge_columns[attribute], s, slot);
}

/// Removes an edge that was there before the edits, if it still is.
void editor::drop(int32_t s, int32_t t, uint32_t slot) {
  auto& change = to_.edges[s][{t, key_of_slot(s, slot)}];
  change.slot = slot;
  change.live = false;
}

void editor::remove_parallel(int32_t s, int32_t t) {
  auto [begin, end] = base_slots(s, t);
  for (auto slot = begin; slot < end; ++slot) drop(s, t, slot);
  auto source = to_.edges.find(s);
  if (source == to_.edges.end()) return;
  for (auto at = source->second.lower_bound({t, key{INT64_MIN}}); at != source->second.end() && at->first.first == t; ++at)
    at->second.live = false;
}

void editor::apply(const edit& e) {
  switch (e.op) {
    case edit::what::add_node: return add_node(e);
    case edit::what::update_node: return set(to_.node_rows[need(e.node)], to_.node_names, e.attributes);
    case edit::what::upsert_node: {
      auto v = find(e.node);
      return set(to_.node_rows[v ? *v : add(e.node)], to_.node_names, e.attributes);
    }
    case edit::what::remove_node: return remove(need(e.node));
    case edit::what::remove_node_attribute: return forget(to_.node_rows[need(e.node)], to_.node_names, e.attributes);
    case edit::what::add_edge: return add_edge(e);
    case edit::what::upsert_edge: return upsert_edge(e);
    case edit::what::update_edge: {
      auto [at, name] = need_edge(e);
      return set(touch(at.source, name), to_.edge_names, e.attributes);
    }
    case edit::what::remove_edge: {
      auto [at, name] = need_edge(e);
      touch(at.source, name).live = false;
      free_keys_.erase(at);
      return;
    }
    case edit::what::remove_edge_attribute: {
      auto [at, name] = need_edge(e);
      return forget(touch(at.source, name), to_.edge_names, e.attributes);
    }
    case edit::what::set_graph_attribute:
      for (auto& [name, v] : e.attributes)
        if (type_of(v)) to_.attributes[name] = v;
        else to_.attributes.erase(name);
      return;
    case edit::what::remove_graph_attribute:
      for (auto& [name, unused] : e.attributes) to_.attributes.erase(name);
      return;
  }
  throw failure{errc::value, "unknown edit " + std::to_string(int(e.op))};
}

}  // namespace

graph apply(const graph& g, std::span<const edit> edits, edit_report& report) {
  if (g->partitions != 1) throw failure{errc::not_implemented, "a graph on a cluster cannot be edited yet"};
  if (edits.empty()) return g;
  edit_report found;
  editor e{g, found};
  for (auto& one : edits) e.apply(one);
  auto edited = write_changes(e.changes());
  report = std::move(found);
  return edited;
}

}  // namespace gli
