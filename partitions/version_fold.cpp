#include <algorithm>

#include "partitions/by_page.h"
#include "partitions/changes.h"
#include "partitions/parallel.h"
#include "partitions/rows.h"
#include "partitions/version_log.h"

namespace gli {

namespace {

using what = log_operation::what;

/// Operations (after, until] of a log.
struct log_range { const version_log* log; uint32_t after, until; };

/// An operation on a node or edge.
struct event {
  int32_t a, b;                // the node; or source and target
  const log_payload* payload;  // may be null
  uint32_t number;             // as the operations went on
  what op;

  const key* edge_key() const { return payload && payload->edge_key ? &*payload->edge_key : &only_key; }
};

/// Numbers of attributes by their number in the log.
class known_attributes {
 public:
  known_attributes(attribute_names& names, const name_table& in_log) : names_{names}, in_log_{in_log} {}
  void note(std::span<const log_value> values);
  std::optional<uint32_t> operator[](uint32_t name) const {  // of a name that was noted; nothing: it was removed where it never was
    return name < numbers_.size() && numbers_[name] != unknown ? std::optional{numbers_[name]} : std::nullopt;
  }

 private:
  static constexpr uint32_t unknown = UINT32_MAX;
  attribute_names& names_;
  const name_table& in_log_;
  std::vector<uint32_t> numbers_;
};

void known_attributes::note(std::span<const log_value> values) {
  for (auto& [name, v] : values) {
    if (name >= numbers_.size()) numbers_.resize(name + size_t{1}, unknown);
    if (numbers_[name] != unknown) continue;
    if (type_of(v)) numbers_[name] = names_.intern(in_log_[name]);
    else numbers_[name] = names_.find(in_log_[name]).value_or(unknown);
  }
}

/// Brings the events of one page, sorted by element, down to one change an element.
class event_merger {
 public:
  event_merger(const graph& base, const known_attributes& names, page_changes& to) : base_{base}, names_{names}, to_{to} {}
  void merge_node(std::span<const event> events);
  void merge_edge(std::span<const event> events);

 private:
  void locate(element_change& e);
  void begin(element_change& e) const { e.first_value = uint32_t(to_.values.size()); }
  void forget_values(element_change& e);
  void set(element_change& e, const event& given);

  const graph& base_;
  const known_attributes& names_;
  page_changes& to_;
  int32_t source_ = -1;  // whose list is searched from `searched_` on
  uint32_t searched_ = 0;
};

void event_merger::forget_values(element_change& e) {
  to_.values.resize(e.first_value);
  e.value_count = 0;
}

void event_merger::set(element_change& e, const event& given) {
  if (!given.payload) return;
  for (auto& [name, v] : given.payload->values) {
    auto attribute = names_[name];
    if (!attribute) continue;
    auto mine = std::span{to_.values}.subspan(e.first_value);
    auto known = std::find_if(mine.begin(), mine.end(), [&](auto& x) { return x.first == *attribute; });
    if (known != mine.end()) known->second = &v;
    else to_.values.emplace_back(*attribute, &v);
  }
  e.value_count = uint32_t(to_.values.size()) - e.first_value;
}

void event_merger::merge_node(std::span<const event> events) {
  element_change e;
  begin(e);
  e.a = events.front().a;
  e.old = e.a < base_->size;
  e.row = uint32_t(e.a & (rows_per_page - 1));
  bool changes = false;
  for (auto& o : events) {
    if (o.op != what::update_node) {
      forget_values(e);
      changes = e.wiped = o.op == what::add_node && e.old;
    }
    set(e, o);
    changes = changes || e.value_count;
  }
  if (changes) to_.elements.push_back(e);
}

/// Finds an edge's row, or where it goes. Edges come in the order of the page.
void event_merger::locate(element_change& e) {
  searched_ = locate_edge(base_, e, source_ == e.a ? searched_ : 0);
  source_ = e.a;
}

void event_merger::merge_edge(std::span<const event> events) {
  element_change e;
  begin(e);
  e.a = events.front().a;
  e.b = events.front().b;
  e.edge_key = events.front().edge_key();
  locate(e);
  for (auto& o : events) {
    if (o.op != what::update_edge) forget_values(e);
    if (o.op == what::add_edge) e.wiped = e.old;
    set(e, o);
  }
  e.live = events.back().op != what::remove_edge;
  if (e.live || e.old) to_.elements.push_back(e);
}

/// What operations come to, on top of a graph's pages.
class change_collector {
 public:
  change_collector(const graph& base, const name_table& names)
      : to_{base}, names_{names}, node_names_{to_.node_names, names}, edge_names_{to_.edge_names, names} {}
  void take(const log_range& range);
  graph_changes&& finish(const log_reader& here, std::shared_ptr<const dictionary> keys);

 private:
  void add_node(int32_t v);
  void remove_node(int32_t v);
  uint64_t next_place();
  void keep_places();
  void mark_removed(int32_t v);
  void set_graph(std::span<const log_value> values);

  graph_changes to_;
  const name_table& names_;
  known_attributes node_names_, edge_names_;
  std::vector<event> nodes_, edges_;
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
    return;
  }
  auto first = to_.size;
  to_.size = v + 1;
  for (auto id = first; id < v; ++id) mark_removed(id);
  if (!to_.removed.empty()) to_.removed.resize((size_t(to_.size) + 63) >> 6);
  if (!to_.sequence.empty())
    for (auto id = first; id <= v; ++id) to_.sequence.push_back(next_place());
}

void change_collector::remove_node(int32_t v) {
  mark_removed(v);
  --to_.nodes;
}

void change_collector::set_graph(std::span<const log_value> values) {
  for (auto& [name, v] : values)
    if (type_of(v)) to_.attributes[names_[name]] = v;
    else to_.attributes.erase(names_[name]);
}

void change_collector::take(const log_range& range) {
  for (auto i = range.after + 1; i <= range.until; ++i) {
    auto& o = range.log->operations[int32_t(i)];
    auto payload = o.payload ? &range.log->payloads[int32_t(o.payload)] : nullptr;
    auto values = payload ? std::span<const log_value>{payload->values} : std::span<const log_value>{};
    switch (o.op) {
      case what::none: break;
      case what::update_graph: set_graph(values); break;
      case what::add_edge: case what::update_edge: case what::remove_edge:
        edge_names_.note(values);
        edges_.push_back({o.a, o.b, payload, uint32_t(edges_.size()), o.op});
        break;
      default:
        if (o.op == what::add_node) add_node(o.a);
        if (o.op == what::remove_node) remove_node(o.a);
        node_names_.note(values);
        nodes_.push_back({o.a, 0, payload, uint32_t(nodes_.size()), o.op});
    }
  }
}

/// Two events of one element are neighbors in this order, the older first. Edge keys order those of multi graphs.
bool event_precedes(const event& x, const event& y) {
  if (x.a != y.a) return x.a < y.a;
  if (x.b != y.b) return x.b < y.b;
  if (x.edge_key() != y.edge_key() && *x.edge_key() != *y.edge_key()) return *x.edge_key() < *y.edge_key();
  return x.number < y.number;
}

bool same_element(const event& x, const event& y) {
  return x.a == y.a && x.b == y.b && (x.edge_key() == y.edge_key() || *x.edge_key() == *y.edge_key());
}

template <class Merge>
std::vector<page_changes> changes_of(const graph& base, const known_attributes& names, std::span<const event> events, int page_bits, int32_t size,
                                     Merge merge) {
  auto pages = group_by_page(events, (size_t(size) >> page_bits) + 1, [&](auto& e) { return e.a >> page_bits; });
  std::vector<page_changes> made(pages.runs.size());
  parallel_ranges(int64_t(made.size()), 4, [&](int64_t i, int64_t end) {
    for (; i < end; ++i) {
      auto mine = pages.runs[size_t(i)].items;
      auto& to = made[size_t(i)];
      to.page = pages.runs[size_t(i)].page;
      to.elements.reserve(mine.size());
      std::sort(mine.begin(), mine.end(), event_precedes);
      event_merger merger{base, names, to};
      for (size_t first = 0, last; first < mine.size(); first = last) {
        for (last = first + 1; last < mine.size() && same_element(mine[first], mine[last]);) ++last;
        (merger.*merge)(mine.subspan(first, last - first));
      }
    }
  });
  std::erase_if(made, [](auto& p) { return p.elements.empty(); });
  return made;
}

graph_changes&& change_collector::finish(const log_reader& here, std::shared_ptr<const dictionary> keys) {
  to_.kind.keys = here.keys();
  to_.kind.edge_keys = here.edge_keys();
  if (to_.kind.keys != key_type::none) to_.keys = std::move(keys);
  to_.node_rows = changes_of(to_.base, node_names_, nodes_, rows_per_page_bits, to_.size, &event_merger::merge_node);
  to_.edges = changes_of(to_.base, edge_names_, edges_, vertices_per_page_bits, to_.size, &event_merger::merge_edge);
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
  auto folded = changes.finish(here, here.keys() == key_type::none ? nullptr : log.keys);
  folded.folded_from = {log.number, position};
  solo alone;
  auto made = write_changes(folded, alone);
  std::lock_guard lock{log.folding};
  if (auto id = log.identities.find(position); id != log.identities.end()) note_facts(made, id->second);
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
