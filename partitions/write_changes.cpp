#include <algorithm>

#include "partitions/by_page.h"
#include "partitions/change_columns.h"
#include "partitions/changes.h"
#include "partitions/column_page.h"
#include "partitions/parallel.h"
#include "partitions/rows.h"
#include "partitions/topology_build.h"

namespace gli {

namespace {

int32_t page_of(int32_t v) { return v >> vertices_per_page_bits; }

/// Rows of a rewritten out-page: rows of the old one as they were, or one edge that changed.
struct row_run {
  uint32_t row, count;            // in the old page
  const element_change* changed;  // null: as they were
};

class graph_writer {
 public:
  graph_writer(const graph_changes& changes, communicator& all)
      : to_{changes}, base_{changes.base}, all_{all}, made_{std::make_shared<graph::body>()} {}
  graph write();

 private:
  void copy_rest();
  void write_nodes();
  void write_node_column(size_t a, const column_plan& plan);
  page_ptr write_node_page(uint32_t attribute, const column_plan& plan, size_t p, const page_changes* changes) const;

  void write_edges();
  void begin_edge_columns();
  void write_out_page(const page_changes& changes);
  page_ptr merge_out(const page_changes& changes, std::span<const row_run> rows) const;
  void write_edge_columns(const page_changes& changes, std::span<const row_run> rows, bool moved);
  void write_edge_keys(size_t p, std::span<const row_run> rows);
  void write_in();
  page_ptr merge_in(size_t p, std::span<in_change> changes) const;
  void refit_last(topology& t) const;
  const topology_page& old_page(const topology& t, size_t p) const {
    return p < t.directory.size() ? *t.directory[p] : empty_topology_page();
  }
  page_ptr topology_of_rows(size_t p, std::span<const uint32_t> off, std::span<const int32_t> neighbors) const {
    return neighbors.empty() ? nullptr : make_topology_page(off.first(vertices_in_page(to_.size, p) + 1), neighbors);
  }

  const graph_changes& to_;
  const graph& base_;
  communicator& all_;
  std::shared_ptr<graph::body> made_;
  std::vector<column_plan> edge_plans_;
};

void graph_writer::copy_rest() {
  auto& g = *made_;
  g.kind = to_.kind;
  g.keys = to_.keys;
  g.size = to_.size;
  g.partition = base_->partition;
  g.partitions = base_->partitions;
  g.owners = base_->owners;
  g.nodes = to_.nodes;
  g.removed = to_.removed;
  g.sequence = to_.sequence;
  g.attributes = to_.attributes;
  g.folded_from = to_.folded_from;
  g.mirrors = int32_t(to_.mirror_hashes.size());
  g.mirror_hashes = to_.mirror_hashes;
  g.peers = to_.peers;
  g.removed_mirrors = to_.removed_mirrors;
}

// --- nodes -----------------------------------------------------------------------------------------------------------------

void graph_writer::write_nodes() {
  auto plans = plan_columns(base_->node_columns, to_.node_names, to_.node_rows, to_.removed, all_);
  made_->node_columns.resize(plans.size());
  for (size_t a = 0; a < plans.size(); ++a) write_node_column(a, plans[a]);
  drop_emptied(made_->node_columns, plans, base_->removed, to_.removed, all_);
}

void graph_writer::write_node_column(size_t a, const column_plan& plan) {
  auto& made = made_->node_columns[a];
  made.name = to_.node_names.names()[a];
  made.type = plan.type;
  made.pages.resize((size_t(to_.size) + rows_per_page - 1) >> rows_per_page_bits);
  parallel_ranges(int64_t(made.pages.size()), 1, [&](int64_t first, int64_t end) {
    auto next = std::lower_bound(to_.node_rows.begin(), to_.node_rows.end(), size_t(first), [](auto& c, size_t p) { return c.page < p; });
    for (auto p = size_t(first); p < size_t(end); ++p) {
      bool changed = next != to_.node_rows.end() && next->page == p;
      made.pages[p] = write_node_page(uint32_t(a), plan, p, changed ? &*next++ : nullptr);
    }
  });
}

page_ptr graph_writer::write_node_page(uint32_t attribute, const column_plan& plan, size_t p, const page_changes* changes) const {
  static const page_changes unchanged;
  auto& changed = changes ? *changes : unchanged;
  auto old = plan.old_page(p);
  auto count = uint32_t(std::min<int64_t>(rows_per_page, to_.size - int64_t(p) * rows_per_page));
  bool touched = std::any_of(changed.elements.begin(), changed.elements.end(), [&](auto& e) { return changed.find(e, attribute) || (old && e.wiped); });
  bool outgrown = old && column_page_view{*old}.rows() != count;
  if (!touched && !outgrown) return old;
  column_page_writer out{plan.type, count};
  uint32_t next = 0;
  for (auto& e : changed.elements) {
    out.rows(old.get(), next, e.row - next);
    if (auto given = changed.find(e, attribute)) out.put(*given);
    else out.rows(e.wiped ? nullptr : old.get(), e.row, 1);
    next = e.row + 1;
  }
  out.rows(old.get(), next, count - next);
  return out.finish();
}

// --- edges -----------------------------------------------------------------------------------------------------------------

std::vector<row_run> runs_of(const page_changes& changes, uint32_t old_rows) {
  std::vector<row_run> runs;
  runs.reserve(changes.elements.size() * 2 + 1);
  uint32_t next = 0;
  for (auto& e : changes.elements) {
    if (e.row > next) runs.push_back({next, e.row - next, nullptr});
    if (e.live) runs.push_back({e.row, 1, &e});
    next = e.row + e.old;
  }
  if (next < old_rows) runs.push_back({next, old_rows - next, nullptr});
  return runs;
}

void graph_writer::begin_edge_columns() {
  auto pages = page_count(to_.size);
  edge_plans_ = plan_columns(base_->edge_columns, to_.edge_names, to_.edges, {}, all_);
  for (size_t a = 0; a < edge_plans_.size(); ++a) {
    auto& plan = edge_plans_[a];
    paged_column made{to_.edge_names.names()[a], plan.type, std::vector<page_ptr>(pages)};
    parallel_ranges(int64_t(pages), 256, [&](int64_t p, int64_t end) {
      for (; p < end; ++p) made.pages[size_t(p)] = plan.old_page(size_t(p));
    });
    made_->edge_columns.push_back(std::move(made));
  }
  if (!to_.kind.multi) return;
  made_->edge_keys = base_->edge_keys.value_or(paged_column{"key", column_type::int64, {}});
  made_->edge_keys->type = column_of(to_.kind.edge_keys);
  made_->edge_keys->pages.resize(pages);
}

void graph_writer::write_edges() {
  made_->out.pages = base_->out.pages;
  made_->out.pages.resize(page_count(to_.size));
  begin_edge_columns();
  parallel_ranges(int64_t(to_.edges.size()), 1, [&](int64_t i, int64_t end) {
    for (; i < end; ++i) write_out_page(to_.edges[size_t(i)]);
  });
  drop_emptied(made_->edge_columns, edge_plans_, {}, {}, all_);
}

void graph_writer::write_out_page(const page_changes& changes) {
  auto rows = runs_of(changes, uint32_t(old_page(base_->out, changes.page).edges));
  bool moved = changes.moved();
  if (moved) made_->out.pages[changes.page] = merge_out(changes, rows);
  if (moved && to_.kind.multi) write_edge_keys(changes.page, rows);
  write_edge_columns(changes, rows, moved);
}

page_ptr graph_writer::merge_out(const page_changes& changes, std::span<const row_run> rows) const {
  auto& old = old_page(base_->out, changes.page);
  std::vector<int32_t> neighbors;
  neighbors.reserve(old.edges + changes.elements.size());
  for (auto& r : rows)
    if (r.changed) neighbors.push_back(r.changed->b);
    else neighbors.insert(neighbors.end(), old.neighbor + r.row, old.neighbor + r.row + r.count);
  std::vector<uint32_t> off(old.off, old.off + vertices_per_page + 1);
  uint32_t more = 0;  // modulo 2^32
  auto e = changes.elements.begin();
  for (int32_t i = 0; i < vertices_per_page; ++i) {
    for (; e != changes.elements.end() && (e->a & (vertices_per_page - 1)) == i; ++e) more += uint32_t(e->live) - uint32_t(e->old);
    off[size_t(i) + 1] += more;
  }
  return topology_of_rows(changes.page, off, neighbors);
}

uint32_t rows_in(std::span<const row_run> rows) {
  uint32_t total = 0;
  for (auto& r : rows) total += r.count;
  return total;
}

void graph_writer::write_edge_columns(const page_changes& changes, std::span<const row_run> rows, bool moved) {
  for (uint32_t a = 0; a < edge_plans_.size(); ++a) {
    auto& made = made_->edge_columns[a].pages[changes.page];
    bool given = std::any_of(changes.elements.begin(), changes.elements.end(), [&](auto& e) { return e.live && (e.wiped || changes.find(e, a)); });
    if (!given && (!moved || !made)) continue;
    column_page_writer out{edge_plans_[a].type, rows_in(rows)};
    for (auto& r : rows) {
      bool kept = !r.changed || (r.changed->old && !r.changed->wiped);
      if (auto v = r.changed ? changes.find(*r.changed, a) : nullptr) out.put(*v);
      else out.rows(kept ? made.get() : nullptr, r.row, r.count);
    }
    made = out.finish();
  }
}

void graph_writer::write_edge_keys(size_t p, std::span<const row_run> rows) {
  auto& made = made_->edge_keys->pages[p];
  column_page_writer out{made_->edge_keys->type, rows_in(rows)};
  for (auto& r : rows)
    if (r.changed) out.put(to_value(*r.changed->edge_key));
    else out.rows(made.get(), r.row, r.count);
  made = out.finish();
}

// --- the other direction -----------------------------------------------------------------------------------------------------

void graph_writer::write_in() {
  auto changes = to_.entering;
  for (auto& p : to_.edges)
    for (auto& e : p.elements)
      if (e.b >= 0 && e.moved() && (to_.kind.directed || e.a != e.b)) changes.push_back({e.b, e.a, e.live ? 1 : -1});
  made_->in.pages = base_->in.pages;
  made_->in.pages.resize(made_->out.pages.size());
  auto pages = group_by_page(std::span<const in_change>{changes}, made_->in.pages.size(), [](auto& c) { return page_of(c.target); });
  parallel_ranges(int64_t(pages.runs.size()), 1, [&](int64_t i, int64_t end) {
    for (; i < end; ++i) {
      auto& run = pages.runs[size_t(i)];
      made_->in.pages[run.page] = merge_in(run.page, run.items);
    }
  });
}

page_ptr graph_writer::merge_in(size_t p, std::span<in_change> changes) const {
  std::sort(changes.begin(), changes.end(), [](auto& x, auto& y) { return std::pair{x.target, x.source} < std::pair{y.target, y.source}; });
  auto& old = old_page(base_->in, p);
  std::vector<int32_t> neighbors;
  neighbors.reserve(old.edges + changes.size());
  std::vector<uint32_t> off(old.off, old.off + vertices_per_page + 1);
  uint32_t next = 0;  // row of the old page
  auto copy_until = [&](uint32_t row) {
    neighbors.insert(neighbors.end(), old.neighbor + next, old.neighbor + row);
    next = row;
  };
  auto at = changes.begin();
  for (int32_t i = 0; i < vertices_per_page; ++i) {
    auto end = old.off[i + 1];
    while (at != changes.end() && (at->target & (vertices_per_page - 1)) == i) {
      auto source = at->source;
      int32_t more = 0;
      for (; at != changes.end() && (at->target & (vertices_per_page - 1)) == i && at->source == source; ++at) more += at->count;
      copy_until(uint32_t(std::lower_bound(old.neighbor + std::max(next, old.off[i]), old.neighbor + end, source) - old.neighbor));
      if (more > 0) neighbors.insert(neighbors.end(), size_t(more), source);
      else next += uint32_t(-more);
    }
    off[size_t(i) + 1] = uint32_t(neighbors.size()) + end - next;
  }
  copy_until(uint32_t(old.edges));
  return topology_of_rows(p, off, neighbors);
}

/// What was the last page says how many vertices it has: more now.
void graph_writer::refit_last(topology& t) const {
  if (base_->size == 0 || to_.size == base_->size) return;
  auto p = size_t(page_of(base_->size - 1));
  if (!t.pages[p] || topology_of(*t.pages[p]).vertices == vertices_in_page(to_.size, p)) return;
  auto& old = topology_of(*t.pages[p]);
  t.pages[p] = topology_of_rows(p, old.off, {old.neighbor, size_t(old.edges)});
}

graph graph_writer::write() {
  copy_rest();
  write_nodes();
  write_edges();
  write_in();
  for (auto t : {&made_->out, &made_->in}) {
    refit_last(*t);
    index_topology(*t);
  }
  uint64_t totals[] = {made_->nodes, made_->out.edges};
  all_.all_reduce(totals, reduction::sum);
  made_->total_nodes = totals[0];
  made_->total_edges = totals[1];
  return graph{std::shared_ptr<const graph::body>{made_}};
}

}  // namespace

graph write_changes(const graph_changes& changes, communicator& all) { return graph_writer{changes, all}.write(); }

}  // namespace gli
