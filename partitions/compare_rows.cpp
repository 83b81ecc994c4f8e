#include "partitions/compare.h"
#include "partitions/json_text.h"
#include "partitions/rows.h"
#include "runtime/error.h"

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

class difference_rows final : public difference_visitor {
 public:
  difference_rows(const graph& older, const graph& newer, int64_t limit)
      : older_{older}, newer_{newer}, left_{limit}, id_{"id", key_column(&graph_kind::keys)}, source_{"source", key_column(&graph_kind::keys)},
        target_{"target", key_column(&graph_kind::keys)}, key_{"key", key_column(&graph_kind::edge_keys)} {}

  void node_added(int32_t v) override { node(newer_, v, added, {}, {}, object_text(node_attributes(newer_, v))); }
  void node_removed(int32_t v) override { node(older_, v, removed, {}, object_text(node_attributes(older_, v)), {}); }
  void node_changed(int32_t was, int32_t is) override {
    for_each_change(node_attributes(older_, was), node_attributes(newer_, is), [&](const std::string& name, const value* from, const value* to) {
      node(newer_, is, changed, name, text(from), text(to));
    });
  }
  void edge_added(int32_t v, uint32_t slot) override { edge(newer_, v, slot, added, {}, {}, object_text(edge_attributes(newer_, v, slot))); }
  void edge_removed(int32_t v, uint32_t slot) override { edge(older_, v, slot, removed, {}, object_text(edge_attributes(older_, v, slot)), {}); }
  void edge_changed(int32_t was, uint32_t old_slot, int32_t is, uint32_t slot) override {
    for_each_change(edge_attributes(older_, was, old_slot), edge_attributes(newer_, is, slot),
                    [&](const std::string& name, const value* from, const value* to) { edge(newer_, is, slot, changed, name, text(from), text(to)); });
  }
  void graph_attributes() {
    for_each_change(older_->attributes, newer_->attributes, [&](const std::string& name, const value* from, const value* to) {
      row(from && to ? changed : to ? added : removed, "graph", name, text(from), text(to));
      for (auto c : {&id_, &source_, &target_, &key_}) c->append_null();
    });
  }
  column_batch finish() {
    column_batch rows{id_.length(), {}};
    for (auto c : {&change_, &element_, &id_, &source_, &target_, &key_, &attribute_, &old_, &new_}) rows.columns.push_back(c->finish());
    return rows;
  }

 private:
  using optional_text = std::optional<std::string>;

  column_type key_column(key_type graph_kind::* which) const {
    auto type = (*newer_).kind.*which;
    return column_of(type == key_type::none ? (*older_).kind.*which : type);
  }
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
  }
  void node(const graph& g, int32_t v, const char* change, const optional_text& attribute, const optional_text& from, const optional_text& to) {
    row(change, "node", attribute, from, to);
    append_endpoint(id_, g, v);
    for (auto c : {&source_, &target_, &key_}) c->append_null();
  }
  void edge(const graph& g, int32_t v, uint32_t slot, const char* change, const optional_text& attribute, const optional_text& from,
            const optional_text& to) {
    row(change, "edge", attribute, from, to);
    id_.append_null();
    append_endpoint(source_, g, v);
    append_endpoint(target_, g, g->out_of(v)[slot]);
    auto k = edge_key(g, v, slot);
    if (k) append_key(key_, *k);
    else key_.append_null();
  }

  const graph& older_;
  const graph& newer_;
  int64_t left_;
  column_builder change_{"change", column_type::utf8}, element_{"element", column_type::utf8}, id_, source_, target_, key_,
      attribute_{"attribute", column_type::utf8}, old_{"old", column_type::utf8}, new_{"new", column_type::utf8};
};

}  // namespace

column_batch list_differences(const graph& older, const graph& newer, int64_t limit) {
  difference_rows rows{older, newer, limit};
  try {
    visit_differences(older, newer, rows);
    rows.graph_attributes();
  } catch (const limit_reached&) {
  }
  return rows.finish();
}

}  // namespace gli
