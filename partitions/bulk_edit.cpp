#include "partitions/bulk_edit.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "runtime/error.h"

namespace gli {

namespace {

using attribute_list = std::vector<std::pair<std::string, value>>;
using edge_id = std::tuple<key, key, std::optional<key>>;

bool is_null(const value& v) { return std::holds_alternative<std::monostate>(v); }

std::string at_row(int64_t row) { return "row " + std::to_string(row) + ": "; }

const column& key_column(const column_batch& rows, const char* name) {
  auto c = rows.find(name);
  if (!c) throw failure{errc::value, std::string{"rows without a column '"} + name + "'"};
  if (c->type != column_type::int64 && c->type != column_type::utf8)
    throw failure{errc::type, std::string{"keys are int64 or str, not "} + type_name(c->type) + " (column '" + name + "')"};
  return *c;
}

key key_at(const column& c, int64_t i, int64_t row) {
  if (auto k = to_key(c.at(i))) return *k;
  throw failure{errc::value, at_row(row) + (c.name.empty() ? "a node without id" : "an edge without " + c.name)};
}

attribute_list attributes_at(const column_batch& rows, int64_t i, std::initializer_list<std::string_view> keys) {
  attribute_list found;
  for (auto& c : rows.columns)
    if (std::find(keys.begin(), keys.end(), c.name) == keys.end() && c.valid(i)) found.emplace_back(c.name, c.at(i));
  return found;
}

/// What turns `old` into exactly `wanted`.
attribute_list replacing(const parameters& old, const attribute_list& wanted) {
  attribute_list changes;
  for (auto& [name, x] : old)
    if (std::none_of(wanted.begin(), wanted.end(), [&name = name](auto& a) { return a.first == name; })) changes.emplace_back(name, value{});
  changes.insert(changes.end(), wanted.begin(), wanted.end());
  return changes;
}

bool is_number(const value& v) { return std::holds_alternative<int64_t>(v) || std::holds_alternative<double>(v); }

value plus(const value& a, const value& b, const std::string& name, int64_t row) {
  for (auto* x : {&a, &b})
    if (!is_number(*x)) throw failure{errc::type, "duplicates='sum' adds numbers, but the edges' attribute '" + name + "' is " + type_name(*type_of(*x))};
  auto x = std::get_if<int64_t>(&a), y = std::get_if<int64_t>(&b);
  auto real = [](const value& v) { return std::holds_alternative<double>(v) ? std::get<double>(v) : double(std::get<int64_t>(v)); };
  if (!x || !y) return real(a) + real(b);
  int64_t sum;
  if (__builtin_add_overflow(*x, *y, &sum)) throw failure{errc::value, at_row(row) + "the sum of '" + name + "' exceeds int64"};
  return sum;
}

void add_to(attribute_list& sums, const attribute_list& more, int64_t row) {
  for (auto& [name, x] : more) {
    auto found = std::find_if(sums.begin(), sums.end(), [&, n = &name](auto& a) { return a.first == *n; });
    if (found == sums.end()) sums.emplace_back(name, x);
    else found->second = is_null(found->second) ? x : plus(found->second, x, name, row);
  }
}

void check_summable(const column_batch& rows) {
  bool any = false;
  for (auto& c : rows.columns) {
    if (c.name == "source" || c.name == "target" || c.name == "key") continue;
    any = true;
    if (!is_number(c.type))
      throw failure{errc::type, "duplicates='sum' adds numbers, but the edges' column '" + c.name + "' is " + type_name(c.type)};
  }
  if (!any && rows.rows) throw failure{errc::value, "duplicates='sum' adds numeric attributes, but these edges have none"};
}

/// The attributes of an edge of `g`, or nothing.
std::optional<parameters> attributes_in(const graph& g, const edge_id& name) {
  auto& [source, target, k] = name;
  auto u = find_node(g, source), v = find_node(g, target);
  if (!u || !v) return {};
  auto slots = find_edges(g, *u, *v);
  if (!slots && !g->kind.directed) {
    std::swap(u, v);
    slots = find_edges(g, *u, *v);
  }
  for (auto slot = slots ? slots->first : 0; slots && slot < slots->second; ++slot)
    if (!g->kind.multi || edge_key(g, *u, slot) == k) return edge_attributes(g, *u, slot);
  return {};
}

/// The edits of elements named by Name, one for each that rows name, in the order of their first rows.
template <class Name>
class collected {
 public:
  explicit collected(duplicate_policy policy) : policy_{policy} {}

  /// A row: `fresh` is its edit, should it be the first; `old` its attributes in the graph.
  template <class Old, class Shown>
  void add(const Name& name, edit fresh, int64_t row, Old&& old, enum edit::what update, Shown&& shown) {
    auto [at, first] = index_.try_emplace(name, edits_.size());
    auto known = first ? old() : std::nullopt;
    if (policy_ == duplicate_policy::error && (!first || known)) throw failure{errc::value, at_row(row) + shown() + " is there already"};
    if (first) {
      if (known) join(fresh, *known, row, update);
      edits_.push_back(std::move(fresh));
      olds_.push_back(known.value_or(parameters{}));
    } else if (auto& e = edits_[at->second]; policy_ == duplicate_policy::sum) {
      add_to(e.attributes, fresh.attributes, row);
    } else {
      e.attributes = e.op == update ? replacing(olds_[at->second], fresh.attributes) : std::move(fresh.attributes);
    }
  }
  std::vector<edit> take() { return std::move(edits_); }

 private:
  void join(edit& e, const parameters& known, int64_t row, enum edit::what update) {
    e.op = update;
    if (policy_ == duplicate_policy::last) {
      e.attributes = replacing(known, e.attributes);
      return;
    }
    attribute_list sums{known.begin(), known.end()};
    add_to(sums, e.attributes, row);
    e.attributes = std::move(sums);
  }

  duplicate_policy policy_;
  std::map<Name, size_t> index_;
  std::vector<edit> edits_;
  std::vector<parameters> olds_;  // by edit: the attributes in the graph before
};

}  // namespace

std::vector<edit> node_edits(const graph& g, const std::vector<column_batch>& batches, duplicate_policy duplicates) {
  bool keeps_first = duplicates == duplicate_policy::first || duplicates == duplicate_policy::sum;
  collected<key> changed{duplicates};
  std::vector<edit> plain;
  int64_t row = 0;
  for (auto& rows : batches) {
    auto& ids = key_column(rows, "");
    for (int64_t i = 0; i < rows.rows; ++i, ++row) {
      edit e{edit::what::add_node, key_at(ids, i, row), {}, {}, attributes_at(rows, i, {""}), false};
      if (keeps_first) {
        plain.push_back(std::move(e));
        continue;
      }
      auto k = e.node;
      auto old = [&]() -> std::optional<parameters> {
        auto v = find_node(g, k);
        return v ? std::optional{node_attributes(g, *v)} : std::nullopt;
      };
      changed.add(k, std::move(e), row, old, edit::what::update_node, [&] { return "node " + to_string(k); });
    }
  }
  return keeps_first ? plain : changed.take();
}

std::vector<edit> edge_edits(const graph& g, const std::vector<column_batch>& batches, duplicate_policy duplicates, bool create_nodes) {
  collected<edge_id> changed{duplicates};
  std::vector<edit> plain;
  int64_t row = 0;
  for (auto& rows : batches) {
    if (duplicates == duplicate_policy::sum) check_summable(rows);
    auto &sources = key_column(rows, "source"), &targets = key_column(rows, "target");
    auto keys = g->kind.multi ? rows.find("key") : nullptr;
    for (int64_t i = 0; i < rows.rows; ++i, ++row) {
      edit e{edit::what::add_edge, key_at(sources, i, row), key_at(targets, i, row), {}, attributes_at(rows, i, {"source", "target", "key"}), create_nodes};
      if (keys && keys->valid(i)) e.edge_key = key_at(*keys, i, row);
      bool unnamed = g->kind.multi && !e.edge_key;  // always a new edge
      if (duplicates == duplicate_policy::first || unnamed) {
        plain.push_back(std::move(e));
        continue;
      }
      edge_id name{e.node, e.target, e.edge_key};
      if (!g->kind.directed && std::get<1>(name) < std::get<0>(name)) std::swap(std::get<0>(name), std::get<1>(name));
      auto shown = [&] { return "edge " + to_string(std::get<0>(name)) + " -> " + to_string(std::get<1>(name)); };
      changed.add(name, std::move(e), row, [&] { return attributes_in(g, name); }, edit::what::update_edge, shown);
    }
  }
  auto edits = changed.take();
  edits.insert(edits.end(), std::make_move_iterator(plain.begin()), std::make_move_iterator(plain.end()));
  return edits;
}

}  // namespace gli
