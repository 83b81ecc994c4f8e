#include "partitions/version_log.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/error.h"

namespace gli {

uint32_t name_table::intern_locked(std::string_view name) {
  std::lock_guard lock{mutex_};
  if (auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  auto number = uint32_t(numbers_.size());
  names_.make_room(int32_t(number));
  auto& own = names_[int32_t(number)] = name;
  numbers_.emplace(own, number);
  size_.store(int32_t(number) + 1, std::memory_order_release);
  return number;
}

void held_log::release(const held_log* log) { delete static_cast<const version_log*>(log); }

namespace {

std::shared_ptr<dictionary> growing(const graph& g) {
  return g->kind.keys == key_type::none ? nullptr : std::const_pointer_cast<dictionary>(g->keys);
}

constexpr uint32_t never = UINT32_MAX;

uint64_t next_log_number() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

uint32_t most_operations(const graph& g) { return uint32_t(std::clamp<uint64_t>(g->total_edges / 16, uint64_t{1} << 20, uint64_t{1} << 30)); }

/// Ids in order: by digits of 11 bits where there are many.
void sort_ids(std::vector<int32_t>& ids) {
  if (ids.size() < 512) return std::sort(ids.begin(), ids.end());
  auto most = uint32_t(*std::max_element(ids.begin(), ids.end()));
  std::vector<int32_t> other(ids.size());
  for (int shift = 0; shift < 32 && most >> shift; shift += 11) {
    std::array<uint32_t, 2049> begin{};
    for (auto id : ids) ++begin[(uint32_t(id) >> shift & 2047) + 1];
    for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
    for (auto id : ids) other[begin[uint32_t(id) >> shift & 2047]++] = id;
    ids.swap(other);
  }
}

/// The neighbors in the pages and those that came.
std::vector<int32_t> with_added(std::span<const int32_t> pages, std::span<const pending_entries> lists) {
  size_t total = pages.size();
  for (auto& list : lists) total += list.size();
  std::vector<int32_t> found;
  found.reserve(total);
  for (auto& list : lists)
    for (auto& e : list) found.push_back(e.other);
  sort_ids(found);
  auto middle = ptrdiff_t(found.size());
  found.insert(found.end(), pages.begin(), pages.end());
  if (middle && !pages.empty()) std::inplace_merge(found.begin(), found.begin() + middle, found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// The same where edges went, too: a neighbor stays while there are edges to it.
std::vector<int32_t> with_changes(std::span<const int32_t> pages, std::span<const pending_entries> lists) {
  std::vector<std::pair<int32_t, int32_t>> steps;  // neighbor, edges more or less
  for (auto& list : lists)
    for (int32_t before = 0; auto& e : list) steps.emplace_back(e.other, e.net - std::exchange(before, e.net));
  std::sort(steps.begin(), steps.end());
  std::vector<int32_t> found;
  auto step = steps.begin();
  for (auto page = pages.begin(); page != pages.end() || step != steps.end();) {
    auto other = step == steps.end() || (page != pages.end() && *page < step->first) ? *page : step->first;
    int64_t edges = 0;
    for (; page != pages.end() && *page == other; ++page) ++edges;
    for (; step != steps.end() && step->first == other; ++step) edges += step->second;
    if (edges > 0) found.push_back(other);
  }
  return found;
}

}  // namespace

version_log::version_log(const graph& root_pages)
    : number{next_log_number()}, root{root_pages}, limit{most_operations(root)}, keys{growing(root)}, keys_since{keys ? 0 : never}, edge_keys_since{root->kind.edge_keys == key_type::none ? never : 0}, edge_keys{root->kind.edge_keys}, names{std::make_shared<name_table>()} {
  operations.make_room(0);
  operations[0] = {};
  operations[0].nodes = int32_t(root->nodes);
  operations[0].edges = root->total_edges;
}

version_log::version_log(const version_log& of, uint32_t position, bool flat)
    : number{next_log_number()}, root{of.root}, parent{flat ? nullptr : &of}, parent_position{flat ? 0 : position}, depth{flat ? 0 : of.depth + 1},
      operations_before{flat ? 0 : of.operations_before + position}, limit{most_operations(root)}, names{of.names} {
  log_reader there{of, position};
  if (there.keys() != key_type::none) keys = of.keys;
  keys_since = keys ? 0 : never;
  edge_keys = flat ? root->kind.edge_keys : there.edge_keys();
  edge_keys_since = edge_keys == key_type::none ? never : 0;
  if (!flat && position >= of.nodes_removed_since) nodes_removed_since = 0;
  operations.make_room(0);
  operations[0] = {};
  operations[0].nodes = flat ? int32_t(root->nodes) : there.nodes();
  operations[0].edges = flat ? root->total_edges : there.edges();
}

// --- reading ---------------------------------------------------------------------------------------------------------------

log_reader log_reader::before() const {
  auto parent = log_->parent.get();
  auto next = *this;
  next.log_ = parent;
  next.position_ = log_->parent_position;
  return next;
}

key_type log_reader::keys() const {
  return position_ < log_->keys_since.load(std::memory_order_acquire) || !log_->keys ? key_type::none : log_->keys->type();
}

key_type log_reader::edge_keys() const {
  return position_ < log_->edge_keys_since.load(std::memory_order_acquire) ? key_type::none : log_->edge_keys.load(std::memory_order_relaxed);
}

int32_t log_reader::nodes() const { return log_->operations[int32_t(position_)].nodes; }
uint64_t log_reader::edges() const { return log_->operations[int32_t(position_)].edges; }

/// From the newest operation of an element to the newest that this reader sees.
uint32_t log_reader::cut(uint64_t head) const {
  auto at = uint32_t(head);
  while (at > position_) {
    auto& o = log_->operations[int32_t(at)];
    at = o.jump > position_ ? o.jump : o.previous;
  }
  return at;
}

/// The position of the newest operation on an edge that this reader sees; 0: none.
uint32_t log_reader::latest_on_edge(int32_t a, int32_t b, const key& edge_key) const {
  if (multi()) return cut(log_->index.find(log_tags::edge(a, b, edge_key), [&](uint64_t head) {
    auto& o = log_->operations[int32_t(head)];
    return o.a == a && o.b == b && log_->payloads[int32_t(o.payload)].edge_key == edge_key;
  }));
  auto source = log_->nodes.find(a);
  if (!source) return 0;
  if (source->indexed()) return cut(log_->index.find(log_tags::pair(a, b), any_slot));
  auto all = source->out().until(position_);
  for (auto e = all.rbegin(); e != all.rend(); ++e)
    if (e->other == b) return e->position;
  return 0;
}

const log_operation* log_reader::latest(element e, int32_t a, int32_t b, const key& edge_key) const {
  auto node = e == element::node ? log_->nodes.find(a) : nullptr;
  auto at = e == element::edge    ? latest_on_edge(a, b, edge_key)
            : e == element::graph ? cut(log_->index.find(log_tags::graph, any_slot))
            : node                ? cut(node->newest.load(std::memory_order_acquire))
                                  : 0;
  return at ? &log_->operations[int32_t(at)] : nullptr;
}

std::optional<int32_t> log_reader::known(key_view k) const {
  if (keys() == key_type::none) return std::nullopt;
  auto number = std::get_if<int64_t>(&k);
  return number ? log_->keys->find(*number) : log_->keys->find(std::get<std::string_view>(k));
}

bool log_reader::live(int32_t node) const {
  bool in_pages = node < log_->root->size && log_->root->live(node);
  if (as_in_pages()) return in_pages;
  for (auto at = *this; at.log_; at = at.before()) {
    if (in_pages && at.position_ < at.log_->nodes_removed_since.load(std::memory_order_acquire)) continue;
    auto pending = at.log_->nodes.find(node);
    auto newest = pending ? at.cut(pending->newest.load(std::memory_order_acquire)) : 0;
    if (newest) return !at.log_->operations[int32_t(newest)].is_remove();
  }
  return in_pages;
}

std::pair<uint32_t, uint32_t> page_slots(const graph& g, int32_t s, int32_t t) {
  if (s >= g->size || t >= g->size) return {0, 0};
  return find_edges(g, s, t).value_or(std::pair<uint32_t, uint32_t>{0, 0});
}

std::optional<uint32_t> page_slot(const graph& g, int32_t s, int32_t t, const key& edge_key) {
  auto [begin, end] = page_slots(g, s, t);
  if (!g->kind.multi) return begin < end ? std::optional{begin} : std::nullopt;
  while (begin < end) {
    auto middle = begin + (end - begin) / 2;
    auto k = *gli::edge_key(g, s, middle);
    if (k == edge_key) return middle;
    (k < edge_key ? begin : end) = k < edge_key ? middle + 1 : middle;
  }
  return std::nullopt;
}

bool log_reader::exists(int32_t s, int32_t t, const key& edge_key) const {
  for (auto at = *this; at.log_ && !at.as_in_pages(); at = at.before())
    if (auto o = at.latest(element::edge, s, t, edge_key)) return !o->is_remove();
  return page_slot(log_->root, s, t, edge_key).has_value();
}

bool log_reader::existed(int32_t s, int32_t t) const {
  if (log_->parent) return before().exists(s, t, only_key);
  if (log_->root->out.edges == 0) return false;
  auto [begin, end] = page_slots(log_->root, s, t);
  return begin < end;
}

std::vector<key> log_reader::edges_between(int32_t s, int32_t t) const {
  if (!multi()) return exists(s, t, only_key) ? std::vector<key>{only_key} : std::vector<key>{};
  std::map<key, bool> live;  // what the newest operation says
  for (auto at = *this; at.log_; at = at.before()) {
    auto list = at.log_->index.find(log_tags::pair(s, t), any_slot);
    if (!list) continue;
    auto all = reinterpret_cast<const pending_pair*>(list)->all().until(at.position_);
    for (auto e = all.rbegin(); e != all.rend(); ++e) {
      auto& o = at.log_->operations[int32_t(e->position)];
      live.try_emplace(*at.log_->payloads[int32_t(o.payload)].edge_key, !o.is_remove());
    }
  }
  auto& root = log_->root;
  auto [begin, end] = page_slots(root, s, t);
  for (auto slot = begin; slot < end; ++slot) live.try_emplace(*edge_key(root, s, slot), true);
  std::vector<key> found;
  for (auto& [k, there] : live)
    if (there) found.push_back(k);
  return found;
}

std::span<const int32_t> log_reader::root_list(int32_t node, bool out) const {
  auto& root = log_->root;
  if (node >= root->size) return {};
  return out ? root->out_of(node) : root->in_of(node);
}

std::vector<int32_t> log_reader::listed(int32_t node, bool out) const {
  std::vector<pending_entries> lists;
  bool removals = false;
  each_list(node, out, [&](pending_entries all) {
    if (all.empty()) return;
    removals = removals || all.back().net != int32_t(all.size());
    lists.push_back(all);
  });
  auto pages = root_list(node, out);
  return removals ? with_changes(pages, lists) : with_added(pages, lists);
}

void newest_values::add_older(uint32_t name, const value& v) {
  constexpr size_t few = 16;  // are looked through; more are hashed
  if (all_.size() < few) {
    if (std::any_of(all_.begin(), all_.end(), [&](auto& known) { return known.first == name; })) return;
  } else {
    if (!seen_) {
      seen_.emplace();
      for (auto& [known, unused] : all_) seen_->insert(known);
    }
    if (!seen_->insert(name).second) return;
  }
  all_.emplace_back(name, v);
}

void newest_values::add_older(std::span<const log_value> older) {
  for (auto& [name, v] : older) add_older(name, v);
}

bool log_reader::gather(const log_operation* o, newest_values& values) const {
  for (; o; o = o->previous ? &log_->operations[int32_t(o->previous)] : nullptr) {
    if (o->is_remove()) return true;
    if (o->payload) values.add_older(log_->payloads[int32_t(o->payload)].values);
    if (o->is_add()) return true;
    if (o->values != log_operation::reach::own) return o->values == log_operation::reach::all;
  }
  return false;
}

bool log_reader::overlay_in_log(element e, int32_t a, int32_t b, const key& edge_key, newest_values& values) const {
  return gather(latest(e, a, b, edge_key), values);
}

bool log_reader::overlay(element e, int32_t a, int32_t b, const key& edge_key, newest_values& values) const {
  for (auto at = *this; at.log_; at = at.before())
    if (at.overlay_in_log(e, a, b, edge_key, values)) return true;
  return false;
}

value log_reader::attribute(element e, int32_t a, int32_t b, const key& edge_key, uint32_t newest, uint32_t name) const {
  newest_values values;
  auto ends = gather(newest ? &log_->operations[int32_t(newest)] : nullptr, values);
  for (auto at = before(); !ends && at.log_; at = at.before()) ends = at.overlay_in_log(e, a, b, edge_key, values);
  for (auto& [number, v] : values.all())
    if (number == name) return v;
  auto& root = log_->root;
  if (ends || a >= root->size) return {};
  auto& columns = e == element::node ? root->node_columns : root->edge_columns;
  auto column = std::find_if(columns.begin(), columns.end(), [&](auto& c) { return c.name == (*log_->names)[name]; });
  if (column == columns.end()) return {};
  if (e == element::node) return node_value(root, *column, a);
  auto slot = page_slot(root, a, b, edge_key);
  return slot ? edge_value(root, *column, a, *slot) : value{};
}

parameters log_reader::attributes(element e, int32_t a, int32_t b, const key& edge_key) const {
  newest_values values;
  parameters found;
  auto& root = log_->root;
  if (!overlay(e, a, b, edge_key, values)) {
    if (e == element::graph) found = root->attributes;
    else if (e == element::node && a < root->size) found = gli::node_attributes(root, a);
    else if (e == element::edge)
      if (auto slot = page_slot(root, a, b, edge_key)) found = gli::edge_attributes(root, a, *slot);
  }
  for (auto& [name, v] : values.all())
    if (type_of(v)) found[(*log_->names)[name]] = v;
    else found.erase((*log_->names)[name]);
  return found;
}

}  // namespace gli
