#include <algorithm>
#include <array>
#include <utility>

#include "partitions/edit_ends.h"
#include "partitions/log_appender.h"
#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

using what = log_operation::what;

key own(key_view k) {
  auto number = std::get_if<int64_t>(&k);
  return number ? key{*number} : key{std::string{std::get<std::string_view>(k)}};
}

key_type type_of(const key_view& k) { return k.index() == 0 ? key_type::int64 : key_type::utf8; }

std::string shown(const key_view& k) { return to_string(own(k)); }

const char* python_type(const key_view& k) { return k.index() == 0 ? "int" : "str"; }

bool same_value(const value& a, const value& b) { return value_hash(plain(a)) == value_hash(plain(b)); }

edit_view as_view(const edit& e) {
  return {e.op, view_of(e.node), view_of(e.target), e.edge_key ? std::optional{view_of(*e.edge_key)} : std::nullopt, e.attributes, e.create_nodes};
}

}  // namespace

/// Edits behind a version, one after the other: checks each against what is there, then writes it down.
class log_editor : public log_appender {
 public:
  log_editor(const version& base, edit_report& report) : log_appender{base}, report_{report} {}
  void apply(const edit_view& e);
  void apply(std::span<const edit> edits);
  void apply(std::span<const edit> edits, std::span<const edit_ends> ends);
  void apply(const looked_up_edits& all);

 private:
  struct named_edge { int32_t source, target; };

  struct hashed_key { const key_view& k; hash128 hash; };
  hashed_key hashed(const key_view& k) const;  // checked, and on its way from memory
  int32_t present(int32_t id) const;  // -1 where it is not there
  int32_t find(const hashed_key& k) const;
  int32_t find_node(const edit_view& e) const;
  named_edge find_ends(const edit_view& e) const;  // as it names them
  int32_t need(const key_view& k) const;
  int32_t need_node(const edit_view& e) const;
  [[noreturn]] void refuse_key(const key_view& k) const;
  void check_edge_key(const edit_view& e) const;
  int32_t intern(const key_view& k);
  int32_t add(const key_view& k, log_values values);

  void add_node(const edit_view& e);
  void remove_node(int32_t v);
  void update_node(const edit_view& e, int32_t v);
  named_edge ordered(const key_view& source, int32_t s, const key_view& target, int32_t t) const;
  std::optional<key> existing(const edit_view& e, named_edge at) const;
  std::pair<named_edge, key> need_edge(const edit_view& e) const;
  void check_numbered() const;
  key next_key(named_edge at);
  void add_edge(const edit_view& e);
  void upsert_edge(const edit_view& e);
  named_edge endpoints(const edit_view& e);
  void create_edge(const edit_view& e, named_edge at);
  void remove_edge(named_edge at, const key& edge_key);
  void set_graph(const edit_view& e);

  log_values numbered(const edit_view& e, bool keep_nulls) const;
  static log_values without(log_values names);
  void duplicate(const edit_view& e, const parameters& kept, const std::string& element);

  edit_report& report_;
  edit_ends known_;  // of the edit that is being made
};

/// The attributes by number; the last of those with one name counts.
log_values log_editor::numbered(const edit_view& e, bool keep_nulls) const {
  if (e.attributes.empty()) return {};
  if (e.attributes.size() == 1) {
    auto& [name, v] = e.attributes.front();
    log_values one;
    if (keep_nulls || gli::type_of(v)) one.emplace_back(log_->names->intern(name), v);
    return one;
  }
  newest_values newest{e.attributes.size()};
  for (auto a = e.attributes.rbegin(); a != e.attributes.rend(); ++a) newest.add_older(log_->names->intern(a->first), a->second);
  auto values = std::move(newest).take();
  if (!keep_nulls) values.erase(std::remove_if(values.begin(), values.end(), [](auto& v) { return !gli::type_of(v.second); }), values.end());
  std::reverse(values.begin(), values.end());
  return values;
}

log_values log_editor::without(log_values names) {
  for (auto& [name, v] : names) v = {};
  return names;
}

// --- nodes -----------------------------------------------------------------------------------------------------------------

void log_editor::refuse_key(const key_view& k) const {
  throw failure{errc::type, std::string{"this graph's keys are "} + type_name(key_type_) + "; " + shown(k) + " is " + python_type(k)};
}

inline log_editor::hashed_key log_editor::hashed(const key_view& k) const {
  if (key_type_ != key_type::none && type_of(k) != key_type_) refuse_key(k);
  auto number = std::get_if<int64_t>(&k);
  auto hash = number ? key_hash(*number) : key_hash(*std::get_if<std::string_view>(&k));
  if (key_type_ != key_type::none) log_->keys->prefetch_shared(hash);
  return {k, hash};
}

inline int32_t log_editor::present(int32_t id) const {
  if (id < 0) return -1;
  if (nodes_as_in_pages_ && id < log_->root->size && log_->root->live(id)) return id;
  return here().live(id) ? id : -1;
}

/// The id of a node that is there; -1: it is not.
inline int32_t log_editor::find(const hashed_key& k) const {
  if (key_type_ == key_type::none) return -1;
  auto number = std::get_if<int64_t>(&k.k);
  return present(number ? log_->keys->find(*number, k.hash) : log_->keys->find(*std::get_if<std::string_view>(&k.k), k.hash));
}

int32_t log_editor::find_node(const edit_view& e) const { return known_.source >= 0 ? present(known_.source) : find(hashed(e.node)); }

int32_t log_editor::need(const key_view& k) const {
  if (auto id = find(hashed(k)); id >= 0) return id;
  throw failure{errc::key, "Node " + shown(k) + " not found"};
}

int32_t log_editor::need_node(const edit_view& e) const {
  auto id = find_node(e);
  return id >= 0 ? id : need(e.node);
}

int32_t log_editor::intern(const key_view& k) {
  auto& log = *log_;
  if (key_type_ == key_type::none) {
    log.keys = std::make_shared<dictionary>(type_of(k));
    log.keys_since.store(at_ + 1, std::memory_order_release);
    key_type_ = type_of(k);
  }
  auto number = std::get_if<int64_t>(&k);
  return number ? log.keys->intern_shared(*number) : log.keys->intern_shared(std::get<std::string_view>(k));
}

int32_t log_editor::add(const key_view& k, log_values values) {
  auto v = intern(k);
  append(what::add_node, v, 0, {}, std::move(values));
  return v;
}

/// An add of what is there: nothing changes, and it is told when attributes are lost.
void log_editor::duplicate(const edit_view& e, const parameters& kept, const std::string& element) {
  ++report_.duplicates;
  bool loses = std::any_of(e.attributes.begin(), e.attributes.end(), [&](auto& a) {
    auto known = kept.find(a.first);
    return gli::type_of(a.second) && (known == kept.end() || !same_value(a.second, known->second));
  });
  if (loses && report_.lossy_duplicate.empty()) report_.lossy_duplicate = element;
}

void log_editor::add_node(const edit_view& e) {
  auto v = find_node(e);
  if (v < 0) add(e.node, numbered(e, false));
  else if (e.attributes.empty()) ++report_.duplicates;
  else duplicate(e, here().attributes(log_reader::element::node, v, 0, {}), "node " + shown(e.node));
}

void log_editor::update_node(const edit_view& e, int32_t v) {
  if (!e.attributes.empty()) append(what::update_node, v, 0, {}, numbered(e, true));
}

void log_editor::remove_node(int32_t v) {
  auto remove_all = [&](std::vector<int32_t> others, bool out) {
    for (auto u : others) {
      auto at = out ? named_edge{v, u} : named_edge{u, v};
      for (auto& k : here().edges_between(at.source, at.target)) remove_edge(at, k);
    }
  };
  remove_all(here().listed(v, true), true);
  remove_all(here().listed(v, false), false);
  append(what::remove_node, v, 0, {}, {});
}

// --- edges -----------------------------------------------------------------------------------------------------------------

void log_editor::check_edge_key(const edit_view& e) const {
  if (!e.edge_key) return;
  if (!multi_)
    throw failure{errc::value, "this graph has no parallel edges: edge key " + shown(*e.edge_key) + " needs a graph with multi=True"};
  auto known = here().edge_keys();
  if (known != key_type::none && type_of(*e.edge_key) != known)
    throw failure{errc::type, std::string{"this graph's edge keys are "} + type_name(known) + "; " + shown(*e.edge_key) + " is " + python_type(*e.edge_key)};
}

inline log_editor::named_edge log_editor::ordered(const key_view& source, int32_t s, const key_view& target, int32_t t) const {
  return !directed_ && target < source ? named_edge{t, s} : named_edge{s, t};
}

log_editor::named_edge log_editor::find_ends(const edit_view& e) const {
  if (known_.source >= 0 && known_.target >= 0) return {present(known_.source), present(known_.target)};
  auto source = hashed(e.node), target = hashed(e.target);
  named_edge found{find(source), find(target)};
  if (found.source >= 0) log_->nodes.prefetch(found.source);
  if (found.target >= 0) log_->nodes.prefetch(found.target);
  return found;
}

/// The ends of an edge to be added, made where they may be.
log_editor::named_edge log_editor::endpoints(const edit_view& e) {
  auto [s, t] = find_ends(e);
  if (s >= 0 && t >= 0) return ordered(e.node, s, e.target, t);
  if (!e.create_nodes) {
    need(e.node);
    need(e.target);
  }
  if (type_of(e.node) != type_of(e.target))
    throw failure{errc::type, std::string{"this graph's keys are "} + type_name(type_of(e.node)) + "; " + shown(e.target) + " is " + python_type(e.target)};
  if (s < 0) s = add(e.node, {});
  if (t < 0) t = e.target == e.node ? s : add(e.target, {});
  return ordered(e.node, s, e.target, t);
}

/// The key of the edge that the edit names; without a key the only one between its ends.
std::optional<key> log_editor::existing(const edit_view& e, named_edge at) const {
  check_edge_key(e);
  if (e.edge_key || !multi_) {
    auto k = e.edge_key ? own(*e.edge_key) : only_key;
    return here().exists(at.source, at.target, k) ? std::optional{k} : std::nullopt;
  }
  auto all = here().edges_between(at.source, at.target);
  if (all.size() > 1)
    throw failure{errc::value, "there are " + std::to_string(all.size()) + " edges " + shown(e.node) + " -> " + shown(e.target) +
                                   ": say which one by its key"};
  return all.empty() ? std::nullopt : std::optional{all.front()};
}

std::pair<log_editor::named_edge, key> log_editor::need_edge(const edit_view& e) const {
  if (auto [s, t] = find_ends(e); s >= 0 && t >= 0) {
    auto at = ordered(e.node, s, e.target, t);
    if (auto k = existing(e, at)) return {at, *k};
  }
  throw failure{errc::key, "Edge " + shown(e.node) + " -> " + shown(e.target) + " not found"};
}

/// That a new edge without a key can have a number.
void log_editor::check_numbered() const {
  if (here().edge_keys() == key_type::utf8) throw failure{errc::type, "this graph's edge keys are str: give the new edge one"};
}

/// Multi graphs: as many as there are edges between the two, or the next number that is free, as NetworkX chooses.
key log_editor::next_key(named_edge at) {
  check_numbered();
  auto& known = log_->free_keys[{at.source, at.target}];
  if (known.position == 0 || known.position < log_->last_removal) {
    known.edges = int64_t(here().edges_between(at.source, at.target).size());
    known.next = 0;
    known.position = at_;
  }
  known.next = std::max(known.next, known.edges);
  while (here().exists(at.source, at.target, known.next)) ++known.next;
  return known.next;
}

void log_editor::create_edge(const edit_view& e, named_edge at) {
  if (!multi_) return append(what::add_edge, at.source, at.target, only_key, numbered(e, false));
  append(what::add_edge, at.source, at.target, e.edge_key ? own(*e.edge_key) : next_key(at), numbered(e, false));
  if (auto known = log_->free_keys.find({at.source, at.target}); known != log_->free_keys.end()) {
    if (known->second.position < log_->last_removal) return void(log_->free_keys.erase(known));
    ++known->second.edges;
    known->second.position = at_;
  }
}

void log_editor::add_edge(const edit_view& e) {
  check_edge_key(e);
  if (multi_ && !e.edge_key) check_numbered();
  auto at = endpoints(e);
  if (!multi_ && append_new_edge(at.source, at.target, numbered(e, false), known_.in_pages)) return;
  if (multi_ && !e.edge_key) return create_edge(e, at);
  auto k = multi_ ? own(*e.edge_key) : only_key;
  if (multi_ && !here().exists(at.source, at.target, k)) return create_edge(e, at);
  if (e.attributes.empty()) return void(++report_.duplicates);
  duplicate(e, here().attributes(log_reader::element::edge, at.source, at.target, k), "edge " + shown(e.node) + " -> " + shown(e.target));
}

void log_editor::upsert_edge(const edit_view& e) {
  check_edge_key(e);
  auto at = endpoints(e);
  auto k = existing(e, at);
  if (!k) return create_edge(e, at);
  if (!e.attributes.empty()) append(what::update_edge, at.source, at.target, *k, numbered(e, true));
}

void log_editor::remove_edge(named_edge at, const key& edge_key) { append(what::remove_edge, at.source, at.target, edge_key, {}); }

// --- all -------------------------------------------------------------------------------------------------------------------

void log_editor::set_graph(const edit_view& e) {
  if (!e.attributes.empty()) append(what::update_graph, 0, 0, {}, numbered(e, true));
}

void log_editor::apply(const edit_view& e) {
  switch (e.op) {
    case edit::what::add_node: return add_node(e);
    case edit::what::update_node: return update_node(e, need_node(e));
    case edit::what::upsert_node: {
      auto v = find_node(e);
      return v >= 0 ? update_node(e, v) : void(add(e.node, numbered(e, false)));
    }
    case edit::what::remove_node: return remove_node(need_node(e));
    case edit::what::remove_node_attribute: return append(what::update_node, need_node(e), 0, {}, without(numbered(e, true)));
    case edit::what::add_edge: return add_edge(e);
    case edit::what::upsert_edge: return upsert_edge(e);
    case edit::what::update_edge: {
      auto [at, k] = need_edge(e);
      if (!e.attributes.empty()) append(what::update_edge, at.source, at.target, k, numbered(e, true));
      return;
    }
    case edit::what::remove_edge: {
      auto [at, k] = need_edge(e);
      return remove_edge(at, k);
    }
    case edit::what::remove_edge_attribute: {
      auto [at, k] = need_edge(e);
      return append(what::update_edge, at.source, at.target, k, without(numbered(e, true)));
    }
    case edit::what::set_graph_attribute: return set_graph(e);
    case edit::what::remove_graph_attribute: return append(what::update_graph, 0, 0, {}, without(numbered(e, true)));
  }
  throw failure{errc::value, "unknown edit " + std::to_string(int(e.op))};
}

void log_editor::apply(std::span<const edit> edits, std::span<const edit_ends> ends) {
  constexpr size_t ahead = 8;
  for (size_t i = 0; i < edits.size(); ++i) {
    if (i + ahead < edits.size()) {
      log_->nodes.prefetch(ends[i + ahead].source);
      log_->nodes.prefetch(ends[i + ahead].target);
    }
    known_ = ends[i];
    apply(as_view(edits[i]));
  }
  known_ = {};
}

/// Some at a time, so that what was looked up is in the caches when its turn comes.
void log_editor::apply(std::span<const edit> edits) {
  constexpr size_t some = 256;
  std::array<edit_ends, some> ends;
  for (; !edits.empty(); edits = edits.subspan(std::min(some, edits.size()))) {
    auto next = edits.first(std::min(some, edits.size()));
    std::span of_next{ends.data(), next.size()};
    look_up(next, log_->root, key_type_ == key_type::none ? nullptr : log_->keys.get(), of_next);
    apply(next, of_next);
  }
}

void log_editor::apply(const looked_up_edits& all) {
  if (all.pages.share() == log_->root.share()) apply(all.edits, all.ends);
  else apply(all.edits);
}

version version::apply(std::span<const edit> edits, edit_report& report) const {
  if (edits.empty()) return *this;
  edit_report found;
  log_editor editor{*this, found};
  editor.apply(edits);
  report = std::move(found);
  return editor.finish();
}

version looked_up_edits::apply_to(const version& v, edit_report& report) const {
  if (edits.empty()) return v;
  edit_report found;
  log_editor editor{v, found};
  editor.apply(*this);
  report = std::move(found);
  return editor.finish();
}

version version::apply(const edit_view& e, edit_report& report) const {
  log_editor editor{*this, report};
  editor.apply(e);
  return editor.finish();
}

graph apply(const graph& g, std::span<const edit> edits, edit_report& report) { return edits.empty() ? g : version{g}.apply(edits, report).fold(); }

}  // namespace gli
