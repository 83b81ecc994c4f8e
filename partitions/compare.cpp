#include "partitions/compare.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "partitions/catalog.h"
#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/ownership.h"
#include "partitions/rows.h"
#include "partitions/touched.h"
#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

bool same_page(const page* a, const page* b) { return a == b || (a && b && a->size() == b->size() && a->hash() == b->hash()); }
const page* page_at(const std::vector<page_ptr>& pages, size_t p) { return p < pages.size() ? pages[p].get() : nullptr; }
const page* page_at(const paged_column* c, size_t p) { return c ? page_at(c->pages, p) : nullptr; }

const paged_column* find_column(const std::vector<paged_column>& columns, const std::string& name) {
  auto at = std::find_if(columns.begin(), columns.end(), [&](auto& c) { return c.name == name; });
  return at == columns.end() ? nullptr : &*at;
}

/// The columns of two versions, by name; null: that version has none.
using column_pairs = std::vector<std::pair<const paged_column*, const paged_column*>>;

column_pairs pair_columns(const std::vector<paged_column>& older, const std::vector<paged_column>& newer) {
  column_pairs pairs;
  for (auto& c : older) pairs.emplace_back(&c, find_column(newer, c.name));
  for (auto& c : newer)
    if (!find_column(older, c.name)) pairs.emplace_back(nullptr, &c);
  return pairs;
}

bool same_pages(const column_pairs& pairs, size_t p) {
  return std::all_of(pairs.begin(), pairs.end(), [&](auto& c) { return same_page(page_at(c.first, p), page_at(c.second, p)); });
}

value value_in(const page* p, uint32_t row) {
  if (!p) return {};
  column_page_view view{*p};
  return row < view.rows() ? view.at(row) : value{};
}

/// Whether two rows have equal values; pages of one type are compared where they lie.
bool same_row(const page* a, uint32_t row_a, const page* b, uint32_t row_b) {
  if (a == b && row_a == row_b) return true;
  if (a && b && column_page_view{*a}.type() == column_page_view{*b}.type()) {
    column_page_view x{*a}, y{*b};
    bool valid_x = row_a < x.rows() && x.valid(row_a), valid_y = row_b < y.rows() && y.valid(row_b);
    if (valid_x != valid_y) return false;
    if (!valid_x) return true;
    if (is_variable(x.type()) && x.bytes(row_a) == y.bytes(row_b)) return true;
    if (!is_variable(x.type()) && x.type() != column_type::boolean && x.int64(row_a) == y.int64(row_b) && x.is_int(row_a) == y.is_int(row_b)) return true;
  }
  return value_hash(plain(value_in(a, row_a))) == value_hash(plain(value_in(b, row_b)));
}

void check_comparable(const graph_kind& older, const graph_kind& newer) {
  auto differ = [](key_type a, key_type b) { return a != key_type::none && b != key_type::none && a != b; };
  if (older.directed != newer.directed || older.multi != newer.multi)
    throw failure{errc::value, "graphs of different kinds (directed, multi) cannot be compared"};
  if (differ(older.keys, newer.keys) || differ(older.edge_keys, newer.edge_keys))
    throw failure{errc::value, "a graph with int64 keys and one with str keys cannot be compared"};
}

void check_comparable(const graph& older, const graph& newer) {
  check_comparable(older->kind, newer->kind);
  if (older->partition != newer->partition || older->partitions != newer->partitions)
    throw failure{errc::value, "a graph in " + std::to_string(older->partitions) + " partitions and one in " + std::to_string(newer->partitions) +
                                   " cannot be compared"};
  check_owned_alike(*older, *newer);
}

/// What the nodes of the older graph are called in the newer one. A node without counterpart there has an id that no node of the newer one has,
/// so that lists of neighbors are compared as lists of numbers.
class node_match {
 public:
  node_match(const graph& older, const graph& newer) : older_{older}, newer_{newer} {
    alike_ = own_alike() && mirrors_alike();
    if (!alike_) match();
  }
  bool alike() const { return alike_; }  // one numbering

  /// Ids in the newer graph's numbering, of own nodes and mirrors, dead ones included.
  int64_t to_newer(int32_t v) const { return alike_ ? v : v >= 0 ? own_[size_t(v)] : mirrors_[size_t(~v)]; }
  /// The older counterpart of a newer own id, live or not; -1: none.
  int32_t to_older(int32_t v) const { return alike_ ? (v < older_->size ? v : -1) : back_[size_t(v)]; }

 private:
  bool own_alike() const {
    auto both = std::min(older_->size, newer_->size);
    if (older_->keys == newer_->keys) return true;
    for (int32_t v = 0; v < both; ++v)
      if (older_->keys->hash_of(v) != newer_->keys->hash_of(v)) return false;
    return true;
  }
  bool mirrors_alike() const {
    auto both = ptrdiff_t(std::min(older_->mirrors, newer_->mirrors));
    return std::equal(older_->mirror_hashes.begin(), older_->mirror_hashes.begin() + both, newer_->mirror_hashes.begin());
  }
  void match() {
    constexpr int64_t beyond = int64_t{1} << 32;  // no id is
    back_.assign(size_t(newer_->size), -1);
    for (int32_t v = 0; v < older_->size; ++v) {
      auto id = newer_->keys->find(older_->keys->hash_of(v));
      bool known = id && *id < newer_->size;
      own_.push_back(known ? *id : beyond + v);
      if (known) back_[size_t(*id)] = v;
    }
    std::unordered_map<hash128, int64_t, hash128_hasher> theirs;
    for (int32_t m = 0; m < newer_->mirrors; ++m) theirs.emplace(newer_->mirror_hashes[size_t(m)], ~m);
    for (int32_t m = 0; m < older_->mirrors; ++m) {
      auto at = theirs.find(older_->mirror_hashes[size_t(m)]);
      mirrors_.push_back(at == theirs.end() ? -beyond - m : at->second);
    }
  }

  const graph& older_;
  const graph& newer_;
  bool alike_ = false;
  std::vector<int64_t> own_, mirrors_;
  std::vector<int32_t> back_;
};

class differ {
 public:
  differ(const graph& older, const graph& newer, difference_visitor& visitor)
      : older_{older}, newer_{newer}, visitor_{visitor}, match_{older, newer},
        node_columns_{pair_columns(older->node_columns, newer->node_columns)},
        edge_columns_{pair_columns(older->edge_columns, newer->edge_columns)} {}

  void visit() {
    visit_nodes();
    visit_edges();
  }

 private:
  struct slot_name { int64_t target; uint32_t slot; };

  int32_t counterpart(int32_t newer) const {
    auto v = match_.to_older(newer);
    return v >= 0 && older_->live(v) ? v : -1;
  }
  bool kept(int32_t older) const {
    auto v = match_.to_newer(older);
    return v >= 0 && v < newer_->size && newer_->live(int32_t(v));
  }
  void visit_nodes();
  bool same_node(int32_t older, int32_t newer) const;
  void visit_edges();
  bool same_edge_page(size_t p) const;
  std::vector<slot_name> names(int32_t older) const;
  void visit_source(int32_t older, int32_t newer);
  int compare_keys(int32_t older, uint32_t old_slot, int32_t newer, uint32_t slot) const;
  bool same_edge(int32_t older, uint32_t old_slot, int32_t newer, uint32_t slot) const;

  const graph& older_;
  const graph& newer_;
  difference_visitor& visitor_;
  node_match match_;
  column_pairs node_columns_, edge_columns_;
};

bool differ::same_node(int32_t older, int32_t newer) const {
  constexpr int32_t within = rows_per_page - 1;
  return std::all_of(node_columns_.begin(), node_columns_.end(), [&](auto& c) {
    return same_row(page_at(c.first, size_t(older) >> rows_per_page_bits), uint32_t(older & within),
                    page_at(c.second, size_t(newer) >> rows_per_page_bits), uint32_t(newer & within));
  });
}

void differ::visit_nodes() {
  std::vector<char> same(match_.alike() ? (size_t(newer_->size) >> rows_per_page_bits) + 1 : 0);
  for (size_t p = 0; p < same.size(); ++p) same[p] = same_pages(node_columns_, p);
  for (auto v : insertion_order(newer_)) {
    auto old = counterpart(v);
    if (old < 0) visitor_.node_added(v);
    else if (same.empty() || !same[size_t(v) >> rows_per_page_bits])
      if (!same_node(old, v)) visitor_.node_changed(old, v);
  }
  for (auto v : insertion_order(older_))
    if (!kept(v)) visitor_.node_removed(v);
}

bool differ::same_edge_page(size_t p) const {
  if (!match_.alike() || !same_page(page_at(older_->out.pages, p), page_at(newer_->out.pages, p))) return false;
  auto keys = [&](const graph& g) { return g->edge_keys ? &*g->edge_keys : nullptr; };
  return same_page(page_at(keys(older_), p), page_at(keys(newer_), p)) && same_pages(edge_columns_, p);
}

void differ::visit_edges() {
  for (size_t p = 0; p < newer_->out.pages.size(); ++p) {
    if (same_edge_page(p)) continue;
    auto first = int32_t(p << vertices_per_page_bits);
    auto last = int32_t(std::min<int64_t>(newer_->size, int64_t{first} + vertices_per_page));
    for (auto v = first; v < last; ++v)
      if (newer_->live(v)) visit_source(counterpart(v), v);
  }
  for (int32_t v = 0; v < older_->size; ++v)
    if (older_->live(v) && !kept(v))
      for (uint32_t slot = 0; slot < older_->out_of(v).size(); ++slot) visitor_.edge_removed(v, slot);
}

int differ::compare_keys(int32_t older, uint32_t old_slot, int32_t newer, uint32_t slot) const {
  if (!newer_->kind.multi) return 0;
  auto a = edge_key(older_, older, old_slot), b = edge_key(newer_, newer, slot);
  return *a < *b ? -1 : *b < *a;
}

bool differ::same_edge(int32_t older, uint32_t old_slot, int32_t newer, uint32_t slot) const {
  if (edge_columns_.empty()) return true;
  auto old_row = edge_row(older_, older, old_slot), row = edge_row(newer_, newer, slot);
  return std::all_of(edge_columns_.begin(), edge_columns_.end(), [&](auto& c) {
    return same_row(page_at(c.first, size_t(older) >> vertices_per_page_bits), old_row,
                    page_at(c.second, size_t(newer) >> vertices_per_page_bits), row);
  });
}

/// The older list in the newer numbering; parallel edges stay in the order of their keys.
std::vector<differ::slot_name> differ::names(int32_t older) const {
  std::vector<slot_name> all;
  if (older < 0) return all;
  for (uint32_t slot = 0; auto t : older_->out_of(older)) all.push_back({match_.to_newer(t), slot++});
  if (!match_.alike()) std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return std::pair{a.target, a.slot} < std::pair{b.target, b.slot}; });
  return all;
}

void differ::visit_source(int32_t older, int32_t newer) {
  auto before = names(older);
  auto now = newer_->out_of(newer);
  auto at = before.begin();
  for (uint32_t slot = 0; slot < now.size();) {
    int order = at == before.end() ? 1 : at->target < now[slot] ? -1 : at->target > now[slot];
    if (order == 0) order = compare_keys(older, at->slot, newer, slot);
    if (order < 0) visitor_.edge_removed(older, (at++)->slot);
    else if (order > 0) visitor_.edge_added(newer, slot++);
    else {
      if (!same_edge(older, at->slot, newer, slot)) visitor_.edge_changed(older, at->slot, newer, slot);
      ++at, ++slot;
    }
  }
  while (at != before.end()) visitor_.edge_removed(older, (at++)->slot);
}

enum { nodes_added, nodes_removed, nodes_changed, edges_added, edges_removed, edges_changed, kinds };

parameters summary_of(std::span<const uint64_t> counts) {
  static constexpr const char* names[] = {"nodes_added", "nodes_removed", "nodes_changed", "edges_added", "edges_removed", "edges_changed"};
  parameters summary;
  for (size_t i = 0; i < kinds; ++i) summary[names[i]] = int64_t(counts[i]);
  return summary;
}

struct change_counts final : change_visitor {
  uint64_t counts[kinds] = {};
  void count(int first, const parameters* before, const parameters* now) { ++counts[first + (before ? now ? 2 : 1 : 0)]; }
  void node(const key&, const parameters* before, const parameters* now) override { count(nodes_added, before, now); }
  void edge(const edge_name&, const parameters* before, const parameters* now) override { count(edges_added, before, now); }
};

/// The differences of pages by key.
class paged_changes final : public difference_visitor {
 public:
  paged_changes(const graph& older, const graph& newer, change_visitor& to) : older_{older}, newer_{newer}, to_{to} {}

 private:
  void node_added(int32_t v) override { node(nullptr, 0, &newer_, v); }
  void node_removed(int32_t v) override { node(&older_, v, nullptr, 0); }
  void node_changed(int32_t was, int32_t is) override { node(&older_, was, &newer_, is); }
  void edge_added(int32_t v, uint32_t slot) override { edge(nullptr, 0, 0, &newer_, v, slot); }
  void edge_removed(int32_t v, uint32_t slot) override { edge(&older_, v, slot, nullptr, 0, 0); }
  void edge_changed(int32_t was, uint32_t old_slot, int32_t is, uint32_t slot) override { edge(&older_, was, old_slot, &newer_, is, slot); }

  void node(const graph* before, int32_t was, const graph* now, int32_t is) {
    auto old = before ? node_attributes(*before, was) : parameters{}, fresh = now ? node_attributes(*now, is) : parameters{};
    to_.node(now ? node_key(*now, is) : node_key(*before, was), before ? &old : nullptr, now ? &fresh : nullptr);
  }
  void edge(const graph* before, int32_t was, uint32_t old_slot, const graph* now, int32_t is, uint32_t slot) {
    auto old = before ? edge_attributes(*before, was, old_slot) : parameters{}, fresh = now ? edge_attributes(*now, is, slot) : parameters{};
    auto& g = now ? *now : *before;
    auto source = now ? is : was;
    auto at = now ? slot : old_slot;
    to_.edge({node_key(g, source), node_key(g, g->out_of(source)[at]), edge_key(g, source, at)}, before ? &old : nullptr, now ? &fresh : nullptr);
  }

  const graph &older_, &newer_;
  change_visitor& to_;
};

bool same_values(const parameters& a, const parameters& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](auto& x, auto& y) {
           return x.first == y.first && (x.second == y.second || value_hash(plain(x.second)) == value_hash(plain(y.second)));
         });
}

/// The differences among what was touched.
class touched_changes {
 public:
  touched_changes(const version& older, const version& newer, const touched_elements& touched, change_visitor& to)
      : older_{older}, newer_{newer}, touched_{touched}, to_{to} {}

  void visit() {
    std::unordered_set<int32_t> tail{touched_.newer_tail.begin(), touched_.newer_tail.end()};
    for (auto& v : touched_.nodes)
      if (newer_.has_node(v.id) && !tail.contains(v.id)) node(v.id);
    for (auto v : touched_.newer_tail) node(v);
    for (auto& v : touched_.nodes)
      if (!newer_.has_node(v.id)) node(v.id);
    for (auto& e : touched_.edges) edge(e);
  }

 private:
  void node(int32_t v) {
    bool was = older_.has_node(v), is = newer_.has_node(v);
    auto before = was ? older_.node_attributes(v) : parameters{}, now = is ? newer_.node_attributes(v) : parameters{};
    if (was != is || (is && !same_values(before, now))) to_.node((is ? newer_ : older_).key_of(v), was ? &before : nullptr, is ? &now : nullptr);
  }
  void edge(const touched_elements::edge& e) {
    bool was = older_.has_edge(e.source, e.target, e.edge_key), is = newer_.has_edge(e.source, e.target, e.edge_key);
    auto before = was ? older_.edge_attributes(e.source, e.target, e.edge_key) : parameters{};
    auto now = is ? newer_.edge_attributes(e.source, e.target, e.edge_key) : parameters{};
    if (was == is && (!is || same_values(before, now))) return;
    auto& in = is ? newer_ : older_;
    auto edge_key = in.root()->kind.multi ? std::optional{e.edge_key} : std::nullopt;
    to_.edge({in.key_of(e.source), in.key_of(e.target), edge_key}, was ? &before : nullptr, is ? &now : nullptr);
  }

  const version &older_, &newer_;
  const touched_elements& touched_;
  change_visitor& to_;
};

struct difference_counts final : difference_visitor {
  uint64_t counts[kinds] = {};
  void node_added(int32_t) override { ++counts[nodes_added]; }
  void node_removed(int32_t) override { ++counts[nodes_removed]; }
  void node_changed(int32_t, int32_t) override { ++counts[nodes_changed]; }
  void edge_added(int32_t, uint32_t) override { ++counts[edges_added]; }
  void edge_removed(int32_t, uint32_t) override { ++counts[edges_removed]; }
  void edge_changed(int32_t, uint32_t, int32_t, uint32_t) override { ++counts[edges_changed]; }
};

}  // namespace

void visit_differences(const graph& older, const graph& newer, difference_visitor& visitor) {
  check_comparable(older, newer);
  differ{older, newer, visitor}.visit();
}

parameters compare(const graph& older, const graph& newer, communicator& all) {
  difference_counts own;
  visit_differences(older, newer, own);
  all.all_reduce(own.counts, reduction::sum);
  return summary_of(own.counts);
}

void visit_changes(const version& older, const version& newer, change_visitor& visitor) {
  check_comparable(older.kind(), newer.kind());
  if (auto touched = touched_between(older, newer)) {
    sort_by_id(*touched);
    return touched_changes{older, newer, *touched, visitor}.visit();
  }
  auto before = older.fold(), now = newer.fold();
  paged_changes named{before, now, visitor};
  visit_differences(before, now, named);
}

parameters count_changes(const version& older, const version& newer) {
  change_counts all;
  visit_changes(older, newer, all);
  return summary_of(all.counts);
}

}  // namespace gli
