#include <tbb/parallel_for.h>

#include <algorithm>
#include <bit>

#include "partitions/changes.h"
#include "partitions/rows.h"
#include "partitions/topology_build.h"

namespace gli {

namespace {

int32_t page_of(int32_t v) { return v >> vertices_per_page_bits; }

/// A changed row of a table, and where it was before.
struct changed_row {
  const row_change* change;
  int32_t page = -1;  // -1: it is new
  uint32_t row = 0;
  bool gone = false;
};

/// What becomes of one column.
struct column_plan {
  const paged_column* old = nullptr;
  column_type type = column_type::int64;
  bool converted() const { return old && old->type != type; }
};

bool old_value(const paged_column& c, const changed_row& r) {
  if (r.page < 0 || size_t(r.page) >= c.pages.size() || !c.pages[size_t(r.page)]) return false;
  return column_page_view{*c.pages[size_t(r.page)]}.valid(r.row);
}

/// How many values a column has in rows that are not removed.
uint64_t values_of_live(const paged_column& c, const std::vector<uint64_t>& removed) {
  auto left = valid_rows(c);
  for (size_t w = 0; w < removed.size(); ++w)
    for (auto bits = removed[w]; bits; bits &= bits - 1) {
      auto v = int32_t(w * 64 + size_t(std::countr_zero(bits)));
      auto page = page_of_row(c, v);
      auto row = uint32_t(v & (rows_per_page - 1));
      if (page && row < column_page_view{*page}.rows() && column_page_view{*page}.valid(row)) --left;
    }
  return left;
}

/// Whether any value of an old column outlives the changes.
bool survives(const paged_column& c, uint32_t attribute, std::span<const changed_row> rows, const std::vector<uint64_t>& removed) {
  auto left = values_of_live(c, removed);
  for (auto& r : rows)
    if ((r.gone || r.change->wiped || r.change->find(attribute)) && old_value(c, r)) --left;
  return left > 0;
}

uint32_t bit(column_type t) { return 1u << unsigned(t); }

/// The columns that hold what outlives the changes and what is new: of one type as long as all values are, else json.
/// Old values in `removed` rows do not count.
std::vector<column_plan> plan_columns(const std::vector<paged_column>& columns, const attribute_names& names, std::span<const changed_row> rows,
                                      const std::vector<uint64_t>& removed) {
  std::vector<uint32_t> types(names.names().size());
  for (auto& r : rows)
    if (!r.gone)
      for (auto& [a, v] : r.change->values)
        if (auto t = type_of(v)) types[a] |= bit(*t);
  std::vector<column_plan> plans(types.size());
  for (uint32_t a = 0; a < plans.size(); ++a) {
    auto& plan = plans[a];
    if (a < columns.size()) {
      plan.old = &columns[a];
      bool other = types[a] & ~bit(plan.old->type);
      if (!other || survives(*plan.old, a, rows, removed)) types[a] |= bit(plan.old->type);
    }
    auto one = std::countr_zero(types[a]);
    plan.type = std::popcount(types[a]) > 1 ? column_type::json : types[a] ? column_type(one) : column_type::int64;
  }
  return plans;
}

page_ptr finish_page(column_builder& rows) {
  auto column = rows.finish();
  auto made = make_column_page(column, 0, column.length);
  return column_page_view{*made}.nulls() == column.length ? nullptr : made;
}

/// An old page as one of the column's new type: a column takes another type than json only when none of its old values is left.
page_ptr carried(const column_plan& plan, const page_ptr& old) {
  if (!plan.converted()) return old;
  return plan.type == column_type::json ? as_json(old) : nullptr;
}

/// Columns that the changes emptied go; one that was empty before stays.
void drop_emptied(std::vector<paged_column>& columns, const std::vector<column_plan>& plans, const std::vector<uint64_t>& removed_before,
                  const std::vector<uint64_t>& removed) {
  std::vector<paged_column> kept;
  for (size_t a = 0; a < columns.size(); ++a)
    if (values_of_live(columns[a], removed) || (plans[a].old && !values_of_live(*plans[a].old, removed_before))) kept.push_back(std::move(columns[a]));
  columns = std::move(kept);
}

/// One edge of a rewritten page.
struct row_origin {
  uint32_t row;               // in the old page; edge_change::none: new
  const edge_change* change;  // null: as it was
  const key* edge_key;        // of changed ones
};

class graph_writer {
 public:
  explicit graph_writer(const graph_changes& changes) : to_{changes}, base_{changes.base}, made_{std::make_shared<graph::body>()} {}
  graph write();

 private:
  using sorted_sources = std::vector<std::pair<int32_t, const source_changes*>>;
  struct in_change { int32_t target, source, count; };

  void copy_rest();
  void write_nodes();
  void write_node_column(size_t a, const column_plan& plan, std::span<const std::pair<int32_t, const row_change*>> rows);
  page_ptr write_node_page(size_t a, const column_plan& plan, size_t p, std::span<const std::pair<int32_t, const row_change*>> rows) const;

  void collect();
  std::span<const std::pair<int32_t, const source_changes*>> sources_of_page(int32_t p) const;
  void write_edges();
  void write_out_page(int32_t p);
  std::vector<row_origin> merge_page(int32_t p, std::vector<uint32_t>& off, std::vector<int32_t>& neighbors) const;
  void merge_source(int32_t v, const source_changes* changes, std::vector<row_origin>& rows, std::vector<int32_t>& neighbors) const;
  bool before(const edge_name& name, int32_t source, uint32_t slot, int32_t target) const;
  void write_edge_columns(int32_t p, const std::vector<row_origin>& rows, bool moved);
  void write_edge_keys(int32_t p, const std::vector<row_origin>& rows);
  void write_in();
  void write_in_page(int32_t p, std::span<const in_change> changes);
  void refit_last(topology& t) const;
  page_ptr topology_of_rows(int32_t p, std::span<const uint32_t> off, std::span<const int32_t> neighbors) const {
    return neighbors.empty() ? nullptr : make_topology_page(off.first(vertices_in_page(to_.size, size_t(p)) + 1), neighbors);
  }
  std::span<const int32_t> old_list(const topology& t, int32_t v) const;

  const graph_changes& to_;
  const graph& base_;
  std::shared_ptr<graph::body> made_;
  sorted_sources sources_;
  std::vector<changed_row> edge_rows_;
  std::vector<column_plan> edge_plans_;
  std::vector<int32_t> out_pages_;  // to rewrite
  std::vector<in_change> in_changes_;
};

// --- nodes -----------------------------------------------------------------------------------------------------------------

void graph_writer::copy_rest() {
  auto& g = *made_;
  g.kind = to_.kind;
  g.keys = to_.keys;
  g.size = to_.size;
  g.nodes = g.total_nodes = to_.nodes;
  g.removed = to_.removed;
  g.sequence = to_.sequence;
  g.attributes = to_.attributes;
  g.peers = base_->peers;
}

void graph_writer::write_nodes() {
  std::vector<std::pair<int32_t, const row_change*>> rows;
  for (auto& [v, change] : to_.node_rows) rows.emplace_back(v, &change);
  std::sort(rows.begin(), rows.end());
  std::vector<changed_row> changed;
  for (auto [v, change] : rows)
    changed.push_back({change, v < base_->size ? v >> rows_per_page_bits : -1, uint32_t(v & (rows_per_page - 1)), false});
  auto plans = plan_columns(base_->node_columns, to_.node_names, changed, to_.removed);
  made_->node_columns.resize(plans.size());
  tbb::parallel_for(size_t{0}, plans.size(), [&](size_t a) { write_node_column(a, plans[a], rows); });
  drop_emptied(made_->node_columns, plans, base_->removed, to_.removed);
}

void graph_writer::write_node_column(size_t a, const column_plan& plan, std::span<const std::pair<int32_t, const row_change*>> rows) {
  auto& made = made_->node_columns[a];
  made.name = to_.node_names.names()[a];
  made.type = plan.type;
  if (plan.old) made.pages = plan.old->pages;
  made.pages.resize((size_t(to_.size) + rows_per_page - 1) >> rows_per_page_bits);
  tbb::parallel_for(size_t{0}, made.pages.size(), [&](size_t p) {
    auto first = int32_t(p << rows_per_page_bits);
    auto begin = std::lower_bound(rows.begin(), rows.end(), std::pair<int32_t, const row_change*>{first, nullptr});
    auto end = std::find_if(begin, rows.end(), [&](auto& r) { return r.first - first >= rows_per_page; });
    made.pages[p] = write_node_page(a, plan, p, {begin, end});
  });
}

page_ptr graph_writer::write_node_page(size_t a, const column_plan& plan, size_t p,
                                       std::span<const std::pair<int32_t, const row_change*>> rows) const {
  auto attribute = uint32_t(a);
  auto old = plan.old && p < plan.old->pages.size() ? carried(plan, plan.old->pages[p]) : nullptr;
  auto count = uint32_t(std::min<int64_t>(rows_per_page, to_.size - int64_t(p) * rows_per_page));
  bool touched = std::any_of(rows.begin(), rows.end(), [&](auto& r) { return r.second->find(attribute) || (old && r.second->wiped); });
  bool outgrown = old && column_page_view{*old}.rows() != count;
  if (!touched && !outgrown) return old;
  column_builder out{"", plan.type};
  auto next = rows.begin();
  for (uint32_t i = 0; i < count; ++i) {
    const row_change* change = nullptr;
    if (next != rows.end() && uint32_t(next->first & (rows_per_page - 1)) == i) change = (next++)->second;
    auto given = change ? change->find(attribute) : nullptr;
    if (given) append_value(out, plan.type, *given);
    else append_row(out, plan.type, change && change->wiped ? nullptr : old.get(), i);
  }
  return finish_page(out);
}

// --- edges -----------------------------------------------------------------------------------------------------------------

std::span<const int32_t> graph_writer::old_list(const topology& t, int32_t v) const {
  if (v >= base_->size) return {};
  return t.directory[size_t(page_of(v))]->of(v & (vertices_per_page - 1));
}

/// Sources in order, pages to rewrite, and what the other direction must hear.
void graph_writer::collect() {
  for (auto& [s, changes] : to_.edges) sources_.emplace_back(s, &changes);
  std::sort(sources_.begin(), sources_.end());
  for (auto& [s, changes] : sources_) {
    if (out_pages_.empty() || out_pages_.back() != page_of(s)) out_pages_.push_back(page_of(s));
    for (auto& [name, change] : *changes) {
      bool old = change.slot != edge_change::none;
      edge_rows_.push_back({&change, old ? page_of(s) : -1, old ? edge_row(base_, s, change.slot) : 0, !change.live});
      if (change.moved() && (to_.kind.directed || name.first != s)) in_changes_.push_back({name.first, s, change.live ? 1 : -1});
    }
  }
  std::sort(in_changes_.begin(), in_changes_.end(), [](auto& a, auto& b) { return std::pair{a.target, a.source} < std::pair{b.target, b.source}; });
}

std::span<const std::pair<int32_t, const source_changes*>> graph_writer::sources_of_page(int32_t p) const {
  auto less = [](auto& s, int32_t page) { return page_of(s.first) < page; };
  return {std::lower_bound(sources_.begin(), sources_.end(), p, less), std::lower_bound(sources_.begin(), sources_.end(), p + 1, less)};
}

void graph_writer::write_edges() {
  auto pages = page_count(to_.size);
  made_->out.pages = base_->out.pages;
  made_->out.pages.resize(pages);
  edge_plans_ = plan_columns(base_->edge_columns, to_.edge_names, edge_rows_, {});
  for (uint32_t a = 0; a < edge_plans_.size(); ++a) {
    auto& plan = edge_plans_[a];
    made_->edge_columns.push_back({to_.edge_names.names()[a], plan.type, plan.old ? plan.old->pages : std::vector<page_ptr>{}});
    made_->edge_columns.back().pages.resize(pages);
    if (!plan.converted()) continue;
    auto& converted = made_->edge_columns.back().pages;
    tbb::parallel_for(size_t{0}, pages, [&](size_t p) { converted[p] = carried(plan, converted[p]); });
  }
  if (to_.kind.multi) {
    made_->edge_keys = base_->edge_keys.value_or(paged_column{"key", column_type::int64, {}});
    made_->edge_keys->type = column_of(to_.kind.edge_keys);
    made_->edge_keys->pages.resize(pages);
  }
  tbb::parallel_for(size_t{0}, out_pages_.size(), [&](size_t i) { write_out_page(out_pages_[i]); });
  drop_emptied(made_->edge_columns, edge_plans_, {}, {});
}

void graph_writer::write_out_page(int32_t p) {
  bool moved = false;
  for (auto& [s, changes] : sources_of_page(p))
    moved = moved || std::any_of(changes->begin(), changes->end(), [](auto& c) { return c.second.moved(); });
  std::vector<uint32_t> off;
  std::vector<int32_t> neighbors;
  auto rows = merge_page(p, off, neighbors);
  if (moved) {
    made_->out.pages[size_t(p)] = topology_of_rows(p, off, neighbors);
    if (to_.kind.multi) write_edge_keys(p, rows);
  }
  write_edge_columns(p, rows, moved);
}

std::vector<row_origin> graph_writer::merge_page(int32_t p, std::vector<uint32_t>& off, std::vector<int32_t>& neighbors) const {
  std::vector<row_origin> rows;
  auto changed = sources_of_page(p);
  auto next = changed.begin();
  off.assign(vertices_per_page + 1, 0);
  for (int32_t i = 0; i < vertices_per_page; ++i) {
    auto v = (p << vertices_per_page_bits) + i;
    const source_changes* changes = next != changed.end() && next->first == v ? (next++)->second : nullptr;
    merge_source(v, changes, rows, neighbors);
    off[size_t(i) + 1] = uint32_t(neighbors.size());
  }
  return rows;
}

bool graph_writer::before(const edge_name& name, int32_t source, uint32_t slot, int32_t target) const {
  if (name.first != target || !to_.kind.multi) return name.first < target;
  return name.second < *edge_key(base_, source, slot);
}

/// Old edges and new ones of one source, in order of target and key.
void graph_writer::merge_source(int32_t v, const source_changes* changes, std::vector<row_origin>& rows, std::vector<int32_t>& neighbors) const {
  static const source_changes unchanged;
  auto& changed = changes ? *changes : unchanged;
  auto at = changed.begin();
  auto old = old_list(base_->out, v);
  auto emit = [&](int32_t target, row_origin origin) {
    neighbors.push_back(target);
    rows.push_back(origin);
  };
  auto emit_new = [&] {
    if (at->second.live) emit(at->first.first, {edge_change::none, &at->second, &at->first.second});
    ++at;
  };
  for (uint32_t slot = 0; slot < old.size(); ++slot) {
    auto target = old[slot];
    while (at != changed.end() && at->second.slot == edge_change::none && before(at->first, v, slot, target)) emit_new();
    auto row = edge_row(base_, v, slot);
    if (at == changed.end() || at->second.slot != slot) {
      emit(target, {row, nullptr, nullptr});
      continue;
    }
    if (at->second.live) emit(target, {row, &at->second, &at->first.second});
    ++at;
  }
  while (at != changed.end()) emit_new();
}

void graph_writer::write_edge_columns(int32_t p, const std::vector<row_origin>& rows, bool moved) {
  for (uint32_t a = 0; a < edge_plans_.size(); ++a) {
    auto& made = made_->edge_columns[a].pages[size_t(p)];
    bool given = std::any_of(rows.begin(), rows.end(), [&](auto& r) { return r.change && (r.change->wiped || r.change->find(a)); });
    if (!given && (!moved || !made)) continue;
    column_builder out{"", edge_plans_[a].type};
    for (auto& r : rows) {
      bool kept = made && r.row != edge_change::none && !(r.change && r.change->wiped);
      if (auto v = r.change ? r.change->find(a) : nullptr) append_value(out, edge_plans_[a].type, *v);
      else append_row(out, edge_plans_[a].type, kept ? made.get() : nullptr, r.row);
    }
    made = finish_page(out);
  }
}

void graph_writer::write_edge_keys(int32_t p, const std::vector<row_origin>& rows) {
  auto& made = made_->edge_keys->pages[size_t(p)];
  column_builder out{"key", made_->edge_keys->type};
  for (auto& r : rows)
    if (r.edge_key) append_key(out, *r.edge_key);
    else append_row(out, made_->edge_keys->type, made.get(), r.row);
  made = rows.empty() ? nullptr : finish_page(out);
}

void graph_writer::write_in() {
  made_->in.pages = base_->in.pages;
  made_->in.pages.resize(made_->out.pages.size());
  std::vector<std::span<const in_change>> parts;
  for (size_t begin = 0, end = 0; begin < in_changes_.size(); begin = end) {
    while (end < in_changes_.size() && page_of(in_changes_[end].target) == page_of(in_changes_[begin].target)) ++end;
    parts.push_back(std::span{in_changes_}.subspan(begin, end - begin));
  }
  tbb::parallel_for(size_t{0}, parts.size(), [&](size_t i) { write_in_page(page_of(parts[i].front().target), parts[i]); });
}

void graph_writer::write_in_page(int32_t p, std::span<const in_change> changes) {
  std::vector<uint32_t> off(vertices_per_page + 1);
  std::vector<int32_t> neighbors;
  auto at = changes.begin();
  for (int32_t i = 0; i < vertices_per_page; ++i) {
    auto v = (p << vertices_per_page_bits) + i;
    auto old = old_list(base_->in, v);
    for (size_t j = 0; j < old.size() || (at != changes.end() && at->target == v);) {
      bool changed = at != changes.end() && at->target == v && (j == old.size() || at->source <= old[j]);
      auto source = changed ? at->source : old[j];
      int64_t count = 0;
      while (j < old.size() && old[j] == source) ++j, ++count;
      while (at != changes.end() && at->target == v && at->source == source) count += (at++)->count;
      neighbors.insert(neighbors.end(), size_t(std::max<int64_t>(count, 0)), source);
    }
    off[size_t(i) + 1] = uint32_t(neighbors.size());
  }
  made_->in.pages[size_t(p)] = topology_of_rows(p, off, neighbors);
}

/// What was the last page says how many vertices it has: more now.
void graph_writer::refit_last(topology& t) const {
  if (base_->size == 0 || to_.size == base_->size) return;
  auto p = size_t(page_of(base_->size - 1));
  if (!t.pages[p] || topology_of(*t.pages[p]).vertices == vertices_in_page(to_.size, p)) return;
  auto& old = topology_of(*t.pages[p]);
  t.pages[p] = topology_of_rows(int32_t(p), old.off, {old.neighbor, size_t(old.edges)});
}

graph graph_writer::write() {
  copy_rest();
  write_nodes();
  collect();
  write_edges();
  write_in();
  for (auto t : {&made_->out, &made_->in}) {
    refit_last(*t);
    index_topology(*t);
  }
  made_->total_edges = made_->out.edges;
  return graph{std::shared_ptr<const graph::body>{made_}};
}

}  // namespace

graph write_changes(const graph_changes& changes) { return graph_writer{changes}.write(); }

}  // namespace gli
