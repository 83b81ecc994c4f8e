#include "partitions/compare.h"
#include "partitions/rows.h"
#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

const char* const removed = "removed";
const char* const added = "added";
const char* const changed = "changed";

struct limit_reached {};

std::optional<std::string> object_text(const parameters& attributes) {
  std::string text = "{";
  for (auto& [name, v] : attributes) {
    if (text.size() > 1) text += ',';
    text += json_text(name) + ':' + json_text(v);
  }
  return text + '}';
}

/// What the attributes were and are, by name, where they differ.
template <class Report>
void for_each_change(const parameters& before, const parameters& now, Report&& report) {
  for (auto& [name, v] : before) {
    auto at = now.find(name);
    if (at == now.end()) report(name, &v, nullptr);
    else if (value_hash(plain(v)) != value_hash(plain(at->second))) report(name, &v, &at->second);
  }
  for (auto& [name, v] : now)
    if (!before.contains(name)) report(name, nullptr, &v);
}

class difference_rows final : public change_visitor {
 public:
  difference_rows(const graph_kind& older, const graph_kind& newer, int64_t limit)
      : left_{limit}, id_{"id", column_of_keys(older.keys, newer.keys)}, source_{"source", column_of_keys(older.keys, newer.keys)},
        target_{"target", column_of_keys(older.keys, newer.keys)},
        key_{"key", column_of_keys(older.edge_keys, newer.edge_keys)} {}

  void node(const key& k, const parameters* before, const parameters* now) override {
    element("node", before, now, [&] {
      append_key(id_, k);
      for (auto c : {&source_, &target_, &key_}) c->append_null();
    });
  }
  void edge(const edge_name& e, const parameters* before, const parameters* now) override {
    element("edge", before, now, [&] {
      id_.append_null();
      append_key(source_, e.source);
      append_key(target_, e.target);
      if (e.edge_key) append_key(key_, *e.edge_key);
      else key_.append_null();
    });
  }
  void own(const parameters& before, const parameters& now) {
    at(section::own, 0);
    for_each_change(before, now, [&](const std::string& name, const value* from, const value* to) {
      row(from && to ? changed : to ? added : removed, "graph", name, text(from), text(to));
      for (auto c : {&id_, &source_, &target_, &key_}) c->append_null();
    });
  }
  enum class section : uint8_t { nodes, removed, edges, own };
  /// Where the rows that follow stand in the whole graph.
  void at(section part, uint64_t place) {
    section_ = part;
    place_ = place;
  }
  column_batch finish(bool with_places) {
    column_batch rows{id_.length(), {}};
    for (auto c : {&change_, &element_, &id_, &source_, &target_, &key_, &attribute_, &old_, &new_}) rows.columns.push_back(c->finish());
    if (with_places)
      for (auto c : {&part_, &seq_}) rows.columns.push_back(c->finish());
    return rows;
  }

 private:
  using optional_text = std::optional<std::string>;
  static column_type column_of_keys(key_type older, key_type newer) { return column_of(newer == key_type::none ? older : newer); }
  static optional_text text(const value* v) { return v ? optional_text{json_text(*v)} : std::nullopt; }
  static void append(column_builder& to, const optional_text& x) {
    if (x) to.append_bytes(*x);
    else to.append_null();
  }
  void row(const char* change, const char* element, const optional_text& attribute, const optional_text& from, const optional_text& to) {
    if (left_-- <= 0) throw limit_reached{};
    change_.append_bytes(change);
    element_.append_bytes(element);
    append(attribute_, attribute);
    append(old_, from);
    append(new_, to);
    part_.append_int64(int64_t(section_));
    seq_.append_int64(int64_t(place_));
  }
  template <class Name>
  void element(const char* kind, const parameters* before, const parameters* now, Name&& append_name) {
    if (!before || !now) {
      row(now ? added : removed, kind, {}, before ? object_text(*before) : std::nullopt, now ? object_text(*now) : std::nullopt);
      return append_name();
    }
    for_each_change(*before, *now, [&](const std::string& name, const value* from, const value* to) {
      row(changed, kind, name, text(from), text(to));
      append_name();
    });
  }

  int64_t left_;
  section section_ = section::nodes;
  uint64_t place_ = 0;
  column_builder change_{"change", column_type::utf8}, element_{"element", column_type::utf8}, id_, source_, target_, key_,
      attribute_{"attribute", column_type::utf8}, old_{"old", column_type::utf8}, new_{"new", column_type::utf8}, part_{"_part", column_type::int64},
      seq_{"_seq", column_type::int64};
};

/// Elements of two partitions as their rows, with places.
class placed_rows final : public difference_visitor {
 public:
  placed_rows(const graph& older, const graph& newer, difference_rows& to) : older_{older}, newer_{newer}, to_{to} { visit_differences(older, newer, *this); }

  void node_added(int32_t v) override { node(difference_rows::section::nodes, newer_, v, {}, node_attributes(newer_, v)); }
  void node_removed(int32_t v) override { node(difference_rows::section::removed, older_, v, node_attributes(older_, v), {}); }
  void node_changed(int32_t was, int32_t is) override {
    node(difference_rows::section::nodes, newer_, is, node_attributes(older_, was), node_attributes(newer_, is));
  }
  void edge_added(int32_t v, uint32_t slot) override { edge(newer_, v, slot, {}, edge_attributes(newer_, v, slot)); }
  void edge_removed(int32_t v, uint32_t slot) override { edge(older_, v, slot, edge_attributes(older_, v, slot), {}); }
  void edge_changed(int32_t was, uint32_t old_slot, int32_t is, uint32_t slot) override {
    edge(newer_, is, slot, edge_attributes(older_, was, old_slot), edge_attributes(newer_, is, slot));
  }

 private:
  using attributes = std::optional<parameters>;
  static const parameters* shown(const attributes& a) { return a ? &*a : nullptr; }

  void node(difference_rows::section part, const graph& g, int32_t v, const attributes& before, const attributes& now) {
    to_.at(part, place_of(g, v));
    to_.node(node_key(g, v), shown(before), shown(now));
  }
  void edge(const graph& g, int32_t v, uint32_t slot, const attributes& before, const attributes& now) {
    to_.at(difference_rows::section::edges, place_of(g, v));
    to_.edge({node_key(g, v), endpoint_key(g, g->out_of(v)[slot]), edge_key(g, v, slot)}, shown(before), shown(now));
  }

  const graph &older_, &newer_;
  difference_rows& to_;
};

}  // namespace

column_batch list_differences(const version& older, const version& newer, int64_t limit) {
  difference_rows rows{older.kind(), newer.kind(), limit};
  try {
    visit_changes(older, newer, rows);
    rows.own(older.attributes(), newer.attributes());
  } catch (const limit_reached&) {
  }
  return rows.finish(false);
}

column_batch list_partition_differences(const graph& older, const graph& newer, int64_t limit) {
  difference_rows rows{older->kind, newer->kind, limit};
  try {
    placed_rows{older, newer, rows};
    if (newer->partition == 0) rows.own(older->attributes, newer->attributes);
  } catch (const limit_reached&) {
  }
  return rows.finish(true);
}

}  // namespace gli
