#include <algorithm>

#include "partitions/changes.h"
#include "partitions/version_log.h"

namespace gli {

namespace {

using what = log_operation::what;

/// Operations (after, until] of a log.
struct log_range { const version_log* log; uint32_t after, until; };

/// What operations come to, on top of a graph's pages.
class change_collector {
 public:
  change_collector(const graph& base, const name_table& names) : to_{base}, names_{names} {}
  void take(const log_range& range);
  graph_changes&& finish(const log_reader& here, std::shared_ptr<const dictionary> keys);

 private:
  void add_node(int32_t v);
  void remove_node(int32_t v);
  void change_edge(const log_operation& o, const key& edge_key, const log_values& values);
  void set(row_change& row, attribute_names& names, const log_values& values) const;
  uint64_t next_place();
  void keep_places();
  void mark_removed(int32_t v);

  graph_changes to_;
  const name_table& names_;
  std::optional<uint64_t> last_place_;
};

void change_collector::mark_removed(int32_t v) {
  to_.removed.resize(std::max(to_.removed.size(), (size_t(std::max(to_.size, v + 1)) + 63) >> 6));
  to_.removed[size_t(v) >> 6] |= uint64_t{1} << (v & 63);
}

/// From here on the order of nodes is no longer that of their ids.
void change_collector::keep_places() {
  if (!to_.sequence.empty()) return;
  for (int32_t i = 0; i < to_.size; ++i) to_.sequence.push_back(uint64_t(i));
}

/// The place after all others, in a graph with places.
uint64_t change_collector::next_place() {
  if (!last_place_) last_place_ = to_.sequence.empty() ? 0 : *std::max_element(to_.sequence.begin(), to_.sequence.end());
  return ++*last_place_;
}

/// A node comes to the end of the insertion order. Ids that other versions made in between are not there in this one.
void change_collector::add_node(int32_t v) {
  ++to_.nodes;
  if (v < to_.size) {
    keep_places();
    to_.sequence[size_t(v)] = next_place();
    to_.removed[size_t(v) >> 6] &= ~(uint64_t{1} << (v & 63));
  } else {
    auto first = to_.size;
    to_.size = v + 1;
    for (auto id = first; id < v; ++id) mark_removed(id);
    if (!to_.removed.empty()) to_.removed.resize((size_t(to_.size) + 63) >> 6);
    if (!to_.sequence.empty())
      for (auto id = first; id <= v; ++id) to_.sequence.push_back(next_place());
  }
  if (v < to_.base->size) to_.node_rows[v] = {true, {}};
}

void change_collector::remove_node(int32_t v) {
  mark_removed(v);
  to_.node_rows.erase(v);
  --to_.nodes;
}

void change_collector::set(row_change& row, attribute_names& names, const log_values& values) const {
  for (auto& [name, v] : values)
    if (type_of(v) || names.find(names_[name])) row.set(names.intern(names_[name]), v);
}

void change_collector::change_edge(const log_operation& o, const key& edge_key, const log_values& values) {
  auto [at, fresh] = to_.edges[o.a].try_emplace({o.b, edge_key});
  auto& change = at->second;
  if (fresh)
    if (auto slot = page_slot(to_.base, o.a, o.b, edge_key)) change.slot = *slot;
  change.live = o.op != what::remove_edge;
  if (o.op == what::add_edge) {
    change.wiped = change.slot != edge_change::none;
    change.values.clear();
  }
  set(change, to_.edge_names, values);
}

void change_collector::take(const log_range& range) {
  static const log_values none;
  for (auto i = range.after + 1; i <= range.until; ++i) {
    auto& o = range.log->operations[int32_t(i)];
    auto payload = o.payload ? &range.log->payloads[int32_t(o.payload)] : nullptr;
    auto& values = payload ? payload->values : none;
    switch (o.op) {
      case what::none: break;
      case what::add_node: add_node(o.a); [[fallthrough]];
      case what::update_node:
        if (!values.empty()) set(to_.node_rows[o.a], to_.node_names, values);
        break;
      case what::remove_node: remove_node(o.a); break;
      case what::add_edge: case what::update_edge: case what::remove_edge:
        change_edge(o, payload && payload->edge_key ? *payload->edge_key : only_key, values);
        break;
      case what::update_graph:
        for (auto& [name, v] : values)
          if (type_of(v)) to_.attributes[names_[name]] = v;
          else to_.attributes.erase(names_[name]);
    }
  }
}

graph_changes&& change_collector::finish(const log_reader& here, std::shared_ptr<const dictionary> keys) {
  to_.kind.keys = here.keys();
  to_.kind.edge_keys = here.edge_keys();
  if (to_.kind.keys != key_type::none) to_.keys = std::move(keys);
  return std::move(to_);
}

}  // namespace

/// Folds logs; what a log has folded before is where it begins.
class log_folder {
 public:
  static graph fold(version_log& log, uint32_t position);

 private:
  static graph base_of(const version_log& log, uint32_t position, std::vector<log_range>& ranges);
};

graph log_folder::base_of(const version_log& log, uint32_t position, std::vector<log_range>& ranges) {
  auto& own = const_cast<version_log&>(log);
  {
    std::lock_guard lock{own.folding};
    for (auto at = own.folds.upper_bound(position); at != own.folds.begin();) {
      if (auto known = (--at)->second.lock()) {
        ranges.push_back({&log, at->first, position});
        return graph{known};
      }
    }
  }
  auto base = log.parent ? base_of(*log.parent, log.parent_position, ranges) : log.root;
  ranges.push_back({&log, 0, position});
  return base;
}

graph log_folder::fold(version_log& log, uint32_t position) {
  std::vector<log_range> ranges;
  auto base = base_of(log, position, ranges);
  std::erase_if(ranges, [](auto& r) { return r.after == r.until; });
  if (ranges.empty()) return base;
  change_collector changes{base, *log.names};
  for (auto& r : ranges) changes.take(r);
  log_reader here{log, position};
  auto made = write_changes(changes.finish(here, here.keys() == key_type::none ? nullptr : log.keys));
  std::lock_guard lock{log.folding};
  std::erase_if(log.folds, [](auto& known) { return known.second.expired(); });
  log.folds[position] = made.share();
  if (!log.newest_fold || log.newest_fold->first <= position) log.newest_fold.emplace(position, made);
  return made;
}

std::optional<graph> version_log::folded(uint32_t position) {
  std::lock_guard lock{folding};
  auto known = folds.find(position);
  auto pages = known == folds.end() ? nullptr : known->second.lock();
  return pages ? std::optional{graph{pages}} : std::nullopt;
}

graph version::fold() const { return log_folder::fold(log(), position_); }

}  // namespace gli
