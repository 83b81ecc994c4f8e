#include "partitions/log_appender.h"

#include <algorithm>
#include <utility>

#include "runtime/error.h"

namespace gli {

namespace {

constexpr uint32_t most_positions = INT32_MAX - 1;
constexpr size_t looked_through = 16;  // operations on a node's edges; more are indexed

[[noreturn]] void refuse_more() { throw failure{errc::memory, "one log of edits holds at most " + std::to_string(most_positions) + " operations"}; }

}  // namespace

// --- claiming --------------------------------------------------------------------------------------------------------------

log_appender::log_appender(const version& base) : directed_{base.log().root->kind.directed}, multi_{base.log().root->kind.multi} {
  if (!claim(base)) fork(base);
  key_type_ = here().keys();
  nodes_as_in_pages_ = at_ < log_->nodes_removed_since.load(std::memory_order_relaxed);
}

bool log_appender::claim(const version& base) {
  auto expected = uint64_t{base.position_};
  auto& log = base.log();
  if (base.position_ >= log.limit || !log.tip.compare_exchange_strong(expected, version_log::busy, std::memory_order_acquire)) return false;
  log_ = &log;
  begin_ = at_ = base.position_;
  return true;
}

void log_appender::fork(const version& base) {
  auto& from = base.log();
  bool copied = from.operations_before + base.position_ <= version_log::copied_at_most;
  auto folded = copied ? std::nullopt : from.folded(base.position_);
  if (!copied && !folded && from.depth + 1 >= version_log::deepest) folded = base.fold();
  if (folded) log_ = new version_log{*folded};
  else log_ = new version_log{from, base.position_, copied};
  log_->tip = version_log::busy;
  if (copied) copy({from, base.position_});
}

void log_appender::copy(const log_reader& from) {
  if (from.log_->parent) copy(from.before());
  for (uint32_t i = 1; i <= from.position_; ++i) {
    auto& o = from.log_->operations[int32_t(i)];
    auto p = o.payload ? &from.log_->payloads[int32_t(o.payload)] : nullptr;
    append(o.op, o.a, o.b, p && p->edge_key ? *p->edge_key : only_key, p ? log_values{p->values.begin(), p->values.end()} : log_values{});
  }
  begin_ = at_;
  written_ = false;
}

version log_appender::finish() {
  done_ = true;
  log_->tip.store(at_, std::memory_order_release);
  return {std::move(log_), at_};
}

/// After a failure: what was written behind the claimed position must never be continued.
log_appender::~log_appender() {
  if (!done_) log_->tip.store(!written_ ? uint64_t{begin_} : version_log::sealed, std::memory_order_release);
}

// --- writing down ----------------------------------------------------------------------------------------------------------

/// The next operation, with the counts after it.
[[gnu::always_inline]] inline log_operation& log_appender::begin(what op, int32_t a, int32_t b) {
  if (at_ >= most_positions) refuse_more();
  written_ = true;
  auto& last = log_->operations[int32_t(at_)];
  auto& o = log_->operations.after(int32_t(at_), last);
  o = {};
  o.op = op, o.a = a, o.b = b;
  o.nodes = last.nodes + (op == what::add_node) - (op == what::remove_node);
  o.edges = last.edges + (op == what::add_edge) - (op == what::remove_edge);
  return o;
}

[[gnu::always_inline]] inline void log_appender::link(log_operation& o, uint32_t head) {
  if (!head) return void(o.depth = 1);
  auto& all = log_->operations;
  auto& before = all[int32_t(head)];
  auto& far = all[int32_t(before.jump)];
  o.previous = head;
  o.depth = before.depth + 1;
  o.jump = before.depth - far.depth == far.depth - all[int32_t(far.jump)].depth ? far.jump : head;
}

/// What the index points at under a tag, made where there is nothing yet.
template <class T>
T& log_appender::made_once(uint64_t tag) {
  auto& known = log_->index.at(tag, any_slot);
  auto at = known.load(std::memory_order_relaxed);
  if (!at) {
    at = reinterpret_cast<uint64_t>(new (log_->lists.take(sizeof(T))) T);
    known.store(at, std::memory_order_release);
  }
  return *reinterpret_cast<T*>(at);
}

/// The ends of an edge hear of an operation on it.
[[gnu::always_inline]] inline void log_appender::list(const log_operation& o, pending_node& source, pending_node& target, uint32_t position) {
  auto& log = *log_;
  auto step = o.op == what::add_edge ? 1 : o.op == what::remove_edge ? -1 : 0;
  bool indexed = source.indexed();
  if (step || !(multi_ || indexed)) source.out().append(log.lists, position, o.b, step);
  if (step && (directed_ || o.a != o.b)) target.in().append(log.lists, position, o.a, step);
  if (step < 0) log.last_removal = position;
  if (multi_) return;
  if (indexed) log.index.at(log_tags::pair(o.a, o.b), any_slot).store(position, std::memory_order_release);
  else if (source.out().all().size() > looked_through) index_edges_of(source, o.a);
}

void log_appender::index_edges_of(pending_node& source, int32_t a) {
  for (auto& e : source.out().all()) log_->index.at(log_tags::pair(a, e.other), any_slot).store(e.position, std::memory_order_release);
  source.set_indexed();
}

[[gnu::always_inline]] inline uint32_t log_appender::newest_on_edge(const pending_node& source, int32_t a, int32_t b) const {
  if (source.indexed()) return uint32_t(log_->index.find(log_tags::pair(a, b), any_slot));
  auto all = source.out().all();
  for (auto e = all.rbegin(); e != all.rend(); ++e)
    if (e->other == b) return e->position;
  return 0;
}

/// Multi graphs: the operations on all edges between two nodes.
void log_appender::list_parallel(const log_operation& o, uint32_t position) {
  made_once<pending_pair>(log_tags::pair(o.a, o.b)).all().append(log_->lists, position, 0, o.is_remove() ? -1 : 1);
  if (log_->edge_keys != key_type::none) return;
  log_->edge_keys.store(gli::type_of(*log_->payloads[int32_t(o.payload)].edge_key), std::memory_order_relaxed);
  log_->edge_keys_since.store(position, std::memory_order_release);
}

/// Now and then an operation says all that its log has for the element, so that reading it stays short.
void log_appender::complete(log_operation& o, log_values& values, const key& edge_key) const {
  auto& before = log_->operations[int32_t(o.previous)];
  o.since = o.is_add() || o.is_remove() || !o.previous ? 0 : before.since + 1;
  if (o.since < 16 || (o.since & (o.since - 1))) return;  // at powers of two: what is gathered in vain adds up to no more than what was set
  using element = log_reader::element;
  newest_values all;
  all.add_older({values.data(), values.size()});
  bool all_there_is = log_reader{*log_, at_}.overlay_in_log(o.op == what::update_edge ? element::edge : o.op == what::update_graph ? element::graph : element::node, o.a, o.b,
                                       edge_key, all);
  if (uint64_t{o.since} * 2 < all.all().size()) return;
  values = all.all();
  o.values = all_there_is ? log_operation::reach::all : log_operation::reach::log;
  o.since = 0;
}

void log_appender::append(what op, int32_t a, int32_t b, const key& edge_key, log_values values) {
  auto& log = *log_;
  auto position = at_ + 1;
  auto& o = begin(op, a, b);
  bool of_edge = op == what::add_edge || op == what::update_edge || op == what::remove_edge;
  log.nodes.make_room();
  if (of_edge) return append_edge(o, position, edge_key, std::move(values));
  auto node = op == what::update_graph ? nullptr : &log.nodes.at(a);
  link(o, node ? node->newest.load(std::memory_order_relaxed) : uint32_t(log.index.find(log_tags::graph, any_slot)));
  complete(o, values, edge_key);
  pay(o, std::nullopt, std::move(values));
  if (node) node->newest.store(position, std::memory_order_release);
  else log.index.at(log_tags::graph, any_slot).store(position, std::memory_order_release);
  if (op == what::remove_node) {
    nodes_as_in_pages_ = false;
    if (log.nodes_removed_since == UINT32_MAX) log.nodes_removed_since.store(position, std::memory_order_release);
  }
  at_ = position;
}

/// Multi graphs: the newest operation on the edge with this key. Good until the next call.
std::atomic<uint64_t>& log_appender::newest_with_key(const log_operation& o, const key& edge_key) {
  auto& log = *log_;
  return log.index.at(log_tags::edge(o.a, o.b, edge_key), [&](uint64_t head) {
    auto& other = log.operations[int32_t(head)];
    return other.a == o.a && other.b == o.b && log.payloads[int32_t(other.payload)].edge_key == edge_key;
  });
}

void log_appender::append_edge(log_operation& o, uint32_t position, const key& edge_key, log_values&& values) {
  auto& source = log_->nodes.at(o.a);
  auto& target = log_->nodes.at(o.b);
  auto newest = multi_ ? &newest_with_key(o, edge_key) : nullptr;
  link(o, newest ? uint32_t(newest->load(std::memory_order_relaxed)) : newest_on_edge(source, o.a, o.b));
  complete(o, values, edge_key);
  pay(o, multi_ ? std::optional{edge_key} : std::nullopt, std::move(values));
  if (newest) newest->store(position, std::memory_order_release);
  list(o, source, target, position);
  if (o.moves_edge() && multi_) list_parallel(o, position);
  at_ = position;
}

bool log_appender::append_new_edge(int32_t a, int32_t b, log_values values, std::optional<bool> in_pages) {
  auto& log = *log_;
  log.nodes.make_room();
  auto& source = log.nodes.at(a);
  auto& target = log.nodes.at(b);
  target.in().prefetch_end();
  auto head = newest_on_edge(source, a, b);
  auto existed = [&] { return in_pages && !log.parent ? *in_pages : here().existed(a, b); };
  if (head ? !log.operations[int32_t(head)].is_remove() : existed()) return false;
  auto position = at_ + 1;
  auto& o = begin(what::add_edge, a, b);
  link(o, head);
  if (!values.empty()) pay(o, std::nullopt, std::move(values));
  list(o, source, target, position);
  at_ = position;
  return true;
}

/// What an operation carries besides its ids.
void log_appender::pay(log_operation& o, std::optional<key> edge_key, log_values&& values) {
  if (!edge_key && values.empty()) return;
  auto& log = *log_;
  o.payload = uint32_t(log.payload_count);
  log.payloads.make_room(log.payload_count);
  auto room = static_cast<log_value*>(log.lists.take(values.size() * sizeof(log_value)));
  auto& p = log.payloads[log.payload_count++];
  p.edge_key = std::move(edge_key);
  p.values = {room, std::uninitialized_move(values.begin(), values.end(), room)};
  log.value_bytes.store(log.value_bytes.load(std::memory_order_relaxed) + sizeof(log_payload), std::memory_order_relaxed);
}

}  // namespace gli
