#include "partitions/touched.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "partitions/version_log.h"

namespace gli {

void sort_by_id(touched_elements& t) {
  std::sort(t.nodes.begin(), t.nodes.end(), [](auto& x, auto& y) { return x.id < y.id; });
  auto name = [](auto& e) { return std::tie(e.source, e.target, e.edge_key); };
  std::sort(t.edges.begin(), t.edges.end(), [&](auto& x, auto& y) { return name(x) < name(y); });
}

namespace {

using what = log_operation::what;

/// Operations (after, until] of a log.
struct log_span { const version_log* log; uint32_t after, until; };
using log_spans = std::vector<log_span>;

/// What the operations of one side came to, oldest first.
class side_touched {
 public:
  explicit side_touched(touched_elements& to) : to_{to} {}
  void take(const log_span& span);
  std::vector<int32_t> tail() const;

 private:
  touched_elements& to_;
  std::unordered_map<int32_t, uint64_t> came_;  // nodes that came and stayed, by when
  uint64_t now_ = 0;
};

void side_touched::take(const log_span& span) {
  for (auto i = span.after + 1; i <= span.until; ++i) {
    auto& o = span.log->operations[int32_t(i)];
    switch (o.op) {
      case what::none: break;
      case what::update_graph: to_.own_attributes = true; break;
      case what::add_edge: case what::update_edge: case what::remove_edge: {
        auto payload = o.payload ? &span.log->payloads[int32_t(o.payload)] : nullptr;
        to_.edges.push_back({o.a, o.b, payload && payload->edge_key ? *payload->edge_key : only_key, {}});
        break;
      }
      default:
        to_.nodes.push_back({o.a, {}});
        if (o.op == what::add_node) came_[o.a] = ++now_;
        if (o.op == what::remove_node) came_.erase(o.a);
    }
  }
}

std::vector<int32_t> side_touched::tail() const {
  std::vector<std::pair<uint64_t, int32_t>> order;
  for (auto& [node, when] : came_) order.emplace_back(when, node);
  std::sort(order.begin(), order.end());
  std::vector<int32_t> nodes;
  for (auto& [when, node] : order) nodes.push_back(node);
  return nodes;
}

void drop_repeats(touched_elements& t) {
  sort_by_id(t);
  t.nodes.erase(std::unique(t.nodes.begin(), t.nodes.end(), [](auto& x, auto& y) { return x.id == y.id; }), t.nodes.end());
  auto name = [](auto& e) { return std::tie(e.source, e.target, e.edge_key); };
  t.edges.erase(std::unique(t.edges.begin(), t.edges.end(), [&](auto& x, auto& y) { return name(x) == name(y); }), t.edges.end());
}

/// What the operations of one log came to, each element at its last one. An operation leads to the one before it on its element, so nothing is looked up.
class log_touched {
 public:
  explicit log_touched(const log_span& span) : span_{span}, followed_(span.until - span.after + 1) {}
  touched_elements take();

 private:
  const log_operation& at(uint32_t position) const { return span_.log->operations[int32_t(position)]; }
  touched_elements::operations ending_at(uint32_t last);
  void node(const log_operation& o, touched_elements::operations by);
  void edge(const log_operation& o, touched_elements::operations by);

  log_span span_;
  std::vector<bool> followed_;  // by another operation on the same element
  std::vector<std::pair<uint32_t, int32_t>> came_;  // nodes that came and stayed, by when
  touched_elements all_;
};

touched_elements::operations log_touched::ending_at(uint32_t last) {
  auto first = last;
  while (at(first).previous > span_.after) first = at(first).previous;
  return {first, last};
}

void log_touched::node(const log_operation& o, touched_elements::operations by) {
  all_.nodes.push_back({o.a, by});
  if (o.op == what::remove_node) return;
  for (auto position = by.last; position > span_.after; position = at(position).previous)
    if (at(position).op == what::add_node) return void(came_.emplace_back(position, o.a));
}

void log_touched::edge(const log_operation& o, touched_elements::operations by) {
  auto payload = o.payload ? &span_.log->payloads[int32_t(o.payload)] : nullptr;
  all_.edges.push_back({o.a, o.b, payload && payload->edge_key ? *payload->edge_key : only_key, by});
}

touched_elements log_touched::take() {
  for (auto i = span_.after + 1; i <= span_.until; ++i)
    if (auto before = at(i).previous; before > span_.after) followed_[before - span_.after] = true;
  for (auto i = span_.after + 1; i <= span_.until; ++i) {
    auto& o = at(i);
    if (followed_[i - span_.after]) continue;
    switch (o.op) {
      case what::none: break;
      case what::update_graph: all_.own_attributes = true; break;
      case what::add_edge: case what::update_edge: case what::remove_edge: edge(o, ending_at(i)); break;
      default: node(o, ending_at(i));
    }
  }
  all_.log = span_.log;
  std::sort(came_.begin(), came_.end());
  for (auto& [when, node] : came_) all_.newer_tail.push_back(node);
  return std::move(all_);
}

}  // namespace

/// Where two versions parted, and the operations from there to each.
class operations_between {
 public:
  operations_between(const version& older, const version& newer);
  bool known() const { return known_; }
  touched_elements touched() const;

 private:
  static log_spans line_of(const version& v);
  static bool one_numbering(const version& a, const version& b);
  bool part_in_a_log();
  bool part_in_pages(const graph& a, const graph& b);
  static bool part_where_folded(log_spans& line, log_spans& other, const graph& pages);
  bool known_ = false;
  log_spans older_, newer_;  // newest first
};

operations_between::operations_between(const version& older, const version& newer) : older_{line_of(older)}, newer_{line_of(newer)} {
  known_ = one_numbering(older, newer) && (part_in_a_log() || part_in_pages(older.root(), newer.root()) ||
                                           part_where_folded(older_, newer_, newer.root()) || part_where_folded(newer_, older_, older.root()));
}

/// All that stands in front of the pages.
log_spans operations_between::line_of(const version& v) {
  log_spans line;
  auto position = v.position_;
  for (const version_log* at = &v.log(); at; position = at->parent_position, at = at->parent.get()) line.push_back({at, 0, position});
  return line;
}

/// Versions of an empty graph may each have begun a dictionary of their own.
bool operations_between::one_numbering(const version& a, const version& b) {
  auto none = [](const version& v) { return v.kind().keys == key_type::none; };
  return none(a) || none(b) || a.log().keys == b.log().keys;
}

bool operations_between::part_in_a_log() {
  for (auto a = older_.begin(); a != older_.end(); ++a)
    for (auto b = newer_.begin(); b != newer_.end(); ++b) {
      if (a->log != b->log) continue;
      a->after = b->after = std::min(a->until, b->until);
      older_.erase(a + 1, older_.end());
      newer_.erase(b + 1, newer_.end());
      return true;
    }
  return false;
}

/// The same pages, or pages of one version folded twice.
bool operations_between::part_in_pages(const graph& a, const graph& b) {
  return a.share() == b.share() || (a->folded_from.log && a->folded_from == b->folded_from);
}

/// `other` goes on from pages that a log of `line` was folded to.
bool operations_between::part_where_folded(log_spans& line, log_spans& other, const graph& pages) {
  auto& from = pages->folded_from;
  auto at = std::find_if(line.begin(), line.end(), [&](auto& s) { return s.log->number == from.log; });
  if (at == line.end()) return false;
  auto parted = std::min(at->until, from.position);
  other.push_back({at->log, parted, from.position});
  at->after = parted;
  line.erase(at + 1, line.end());
  return true;
}

touched_elements operations_between::touched() const {
  if (older_.size() == 1 && newer_.size() == 1 && older_[0].log == newer_[0].log && older_[0].until == newer_[0].after) return log_touched{newer_[0]}.take();
  touched_elements all;
  auto take = [&](const log_spans& spans) {
    side_touched side{all};
    for (auto s = spans.rbegin(); s != spans.rend(); ++s) side.take(*s);
    return side.tail();
  };
  all.older_tail = take(older_);
  all.newer_tail = take(newer_);
  drop_repeats(all);
  return all;
}

std::optional<touched_elements> touched_between(const version& older, const version& newer) {
  operations_between between{older, newer};
  return between.known() ? std::optional{between.touched()} : std::nullopt;
}

}  // namespace gli
