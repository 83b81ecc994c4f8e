#include "partitions/partition_edit.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <numeric>

#include "partitions/bulk_edit.h"
#include "partitions/byte_stream.h"
#include "partitions/changes.h"
#include "partitions/convert_column.h"
#include "partitions/dictionary.h"
#include "partitions/element_steps.h"
#include "partitions/named_part.h"
#include "partitions/rows.h"
#include "partitions/together.h"
#include "runtime/batches.h"
#include "runtime/codec.h"

namespace gli {

namespace {

constexpr auto nowhere = named_part::nowhere;

void set_bit(std::vector<uint64_t>& bits, size_t i) { bits[i >> 6] |= uint64_t{1} << (i & 63); }
void clear_bit(std::vector<uint64_t>& bits, size_t i) { bits[i >> 6] &= ~(uint64_t{1} << (i & 63)); }
size_t words_for(int64_t bits) { return size_t(bits + 63) / 64; }

void drop_unset(std::vector<uint64_t>& bits) {
  if (std::all_of(bits.begin(), bits.end(), [](auto word) { return word == 0; })) bits.clear();
}

using numbered_values = std::vector<std::pair<uint32_t, const value*>>;
struct changed_element { element_change at; numbered_values values; };

/// Sorted changes by the page that they are on.
std::vector<page_changes> by_page(std::vector<changed_element>& all, int page_bits) {
  std::vector<page_changes> pages;
  for (auto& c : all) {
    auto p = size_t(c.at.a) >> page_bits;
    if (pages.empty() || pages.back().page != p) pages.push_back({p, {}, {}});
    auto& to = pages.back();
    c.at.first_value = uint32_t(to.values.size());
    c.at.value_count = uint32_t(c.values.size());
    to.values.insert(to.values.end(), c.values.begin(), c.values.end());
    to.elements.push_back(c.at);
  }
  return pages;
}

/// What the edits come to on this partition.
class partition_changes {
 public:
  partition_changes(const named_part& part, const version& after, uint64_t first_place)
      : part_{part}, named_{part.named()}, base_{part.base()}, before_{part.before(), named_}, after_{after, named_}, made_{after},
        folded_{after.fold()}, to_{base_}, first_place_{first_place}, ids_(named_.nodes().size()) {}
  const graph_changes& collect();

 private:
  using node = named_elements::node;
  using pair = named_elements::pair;

  bool owns(uint32_t n) const { return named_.nodes()[n].owner == base_->partition; }
  void take_kind();
  void change_node(uint32_t n);
  void place(int32_t id, uint64_t at);
  void number_mirrors();
  void mirror(uint32_t remote);
  void mark_mirrors();
  void change_edges(const pair& p);
  void change_edge(const pair& p, const key& k, bool was, bool is);
  void drop_edges(uint32_t n);
  void drop_edge(int32_t source, uint32_t slot);
  void drop_entering(int32_t target, int32_t source);
  bool is_named(int32_t source, int32_t target) const;
  void enter(const pair& p);
  numbered_values differing(const attribute_names& names, const parameters& old, parameters is);

  const named_part& part_;
  const named_elements& named_;
  const graph& base_;
  const elements_of before_, after_;
  const version& made_;
  const graph folded_;
  graph_changes to_;
  const uint64_t first_place_;
  std::vector<int32_t> ids_;  // by number: own id or mirror in the new graph; nowhere: it has none
  std::vector<changed_element> nodes_, edges_;
  std::deque<parameters> values_;  // which changes point at
  std::deque<key> edge_keys_;
};

/// What turns `old` into `is`. A null removes.
numbered_values partition_changes::differing(const attribute_names& names, const parameters& old, parameters is) {
  static const value null;
  auto& now = values_.emplace_back(std::move(is));
  numbered_values changed;
  for (auto& [name, v] : now) {
    auto was = old.find(name);
    if (was == old.end() || !identical(was->second, v)) changed.emplace_back(*names.find(name), &v);
  }
  for (auto& [name, v] : old)
    if (!now.contains(name)) changed.emplace_back(*names.find(name), &null);
  return changed;
}

/// Key types, names of attributes, the graph's own: the same on all partitions.
void partition_changes::take_kind() {
  auto kind = made_.kind();
  if (to_.kind.keys == key_type::none && kind.keys != key_type::none) to_.keys = std::make_shared<dictionary>(kind.keys);
  to_.kind = kind;
  to_.attributes = made_.attributes();
  for (auto& c : folded_->node_columns) to_.node_names.intern(c.name);
  for (auto& c : folded_->edge_columns) to_.edge_names.intern(c.name);
}

// --- nodes -----------------------------------------------------------------------------------------------------------------

/// A node comes to the end of the insertion order. Ids that other versions made in between are not there in this one.
void partition_changes::place(int32_t id, uint64_t at) {
  for (auto v = int32_t(to_.sequence.size()); v < to_.size; ++v) to_.sequence.push_back(uint64_t(v));
  auto first = to_.size;
  to_.size = std::max(to_.size, id + 1);
  to_.sequence.resize(size_t(to_.size), at);
  to_.removed.resize(words_for(to_.size));
  for (auto v = first; v < to_.size; ++v) set_bit(to_.removed, size_t(v));
  clear_bit(to_.removed, size_t(id));
  to_.sequence[size_t(id)] = at;
}

void partition_changes::change_node(uint32_t n) {
  auto& node = named_.nodes()[n];
  auto was = before_.find(n), is = after_.find(n);
  auto id = part_.here(n);
  ids_[n] = id;
  if (!is && was) {
    to_.removed.resize(words_for(to_.size));
    set_bit(to_.removed, size_t(id));
    --to_.nodes;
  }
  if (!is) return;
  bool fresh = !was || node.removed;
  element_change e;
  if (fresh) {
    auto& keys = const_cast<dictionary&>(*to_.keys);
    auto number = std::get_if<int64_t>(&node.k);
    ids_[n] = id = number ? keys.intern_shared(*number) : keys.intern_shared(std::string_view{std::get<std::string>(node.k)});
    place(id, first_place_ + place_of(folded_, *is));
    to_.nodes += !was;
    e.wiped = id < base_->size;
  }
  e.a = id;
  e.old = id < base_->size;
  e.row = uint32_t(id & (rows_per_page - 1));
  auto values = differing(to_.node_names, fresh ? parameters{} : before_.attributes(n), after_.attributes(n));
  if (e.wiped || !values.empty()) nodes_.push_back({e, std::move(values)});
}

// --- mirrors ---------------------------------------------------------------------------------------------------------------

/// New mirrors, and on their owners' side exports, in the order of the nodes' numbers: the same on both.
void partition_changes::number_mirrors() {
  auto partitions = base_->partitions;
  std::vector<bool> needed(named_.nodes().size()), exported(named_.nodes().size() * partitions);
  for (auto& p : named_.pairs()) {
    auto s = named_.nodes()[p.source].owner, t = named_.nodes()[p.target].owner;
    if (s == t || (s != base_->partition && t != base_->partition) || !after_.has_edges(p)) continue;
    auto own = s == base_->partition ? p.source : p.target, remote = own == p.source ? p.target : p.source;
    needed[remote] = true;
    exported[own * size_t{partitions} + named_.nodes()[remote].owner] = true;
  }
  for (uint32_t n = 0; n < needed.size(); ++n) {
    if (!owns(n)) ids_[n] = part_.here(n);
    if (needed[n] && ids_[n] == nowhere) mirror(n);
    for (uint32_t q = 0; q < partitions; ++q)
      if (exported[n * size_t{partitions} + q] && !part_.is_exported(n, q)) to_.peers[q].exported.push_back(ids_[n]);
  }
}

void partition_changes::mirror(uint32_t remote) {
  auto& node = named_.nodes()[remote];
  if (to_.mirror_hashes.size() >= size_t(INT32_MAX)) throw failure{errc::memory, "a partition holds at most 2147483647 mirrors"};
  to_.mirror_hashes.push_back(node.hash);
  ids_[remote] = -int32_t(to_.mirror_hashes.size());
  to_.peers[node.owner].mirrors.push_back(ids_[remote]);
}

void partition_changes::mark_mirrors() {
  to_.removed_mirrors.resize(words_for(int64_t(to_.mirror_hashes.size())));
  for (uint32_t n = 0; n < ids_.size(); ++n) {
    if (owns(n) || ids_[n] == nowhere) continue;
    if (after_.find(n)) clear_bit(to_.removed_mirrors, size_t(~ids_[n]));
    else set_bit(to_.removed_mirrors, size_t(~ids_[n]));
  }
  drop_unset(to_.removed_mirrors);
}

// --- edges -----------------------------------------------------------------------------------------------------------------

void partition_changes::change_edges(const pair& p) {
  auto was = before_.edges(p), is = after_.edges(p);
  std::vector<key> all;
  std::set_union(was.begin(), was.end(), is.begin(), is.end(), std::back_inserter(all));
  for (auto& k : all)
    change_edge(p, k, std::binary_search(was.begin(), was.end(), k), std::binary_search(is.begin(), is.end(), k));
}

void partition_changes::change_edge(const pair& p, const key& k, bool was, bool is) {
  changed_element c;
  c.at.a = ids_[p.source];
  c.at.b = ids_[p.target];
  c.at.edge_key = &edge_keys_.emplace_back(k);
  c.at.live = is;
  locate_edge(base_, c.at);
  bool fresh = !was || p.removed || named_.nodes()[p.source].removed || named_.nodes()[p.target].removed;
  c.at.wiped = was && fresh;
  if (is) c.values = differing(to_.edge_names, fresh ? parameters{} : before_.attributes(p, k), after_.attributes(p, k));
  if (c.at.moved() || c.at.wiped || !c.values.empty()) edges_.push_back(std::move(c));
}

/// Edges at own targets that come from elsewhere.
void partition_changes::enter(const pair& p) {
  auto more = int32_t(after_.edges(p).size()) - int32_t(before_.edges(p).size());
  if (more) to_.entering.push_back({ids_[p.target], ids_[p.source], more});
}

/// Whether change_edges and enter look after the edges between two nodes.
bool partition_changes::is_named(int32_t source, int32_t target) const {
  auto s = part_.number_of(source), t = part_.number_of(target);
  return s && t && named_.has_pair(*s, *t);
}

void partition_changes::drop_edge(int32_t source, uint32_t slot) {
  auto target = base_->out_of(source)[slot];
  if (is_named(source, target)) return;
  changed_element c;
  c.at.a = source;
  c.at.b = target;
  c.at.edge_key = &edge_keys_.emplace_back(edge_key(base_, source, slot).value_or(key{int64_t{0}}));
  c.at.old = true;
  c.at.live = false;
  c.at.row = edge_row(base_, source, slot);
  edges_.push_back(std::move(c));
}

void partition_changes::drop_entering(int32_t target, int32_t source) {
  if (source >= 0 || is_named(source, target)) return;  // those of own sources follow from what these lose
  auto in = base_->in_of(target);
  auto [first, last] = std::equal_range(in.begin(), in.end(), source);
  to_.entering.push_back({target, source, -int32_t(last - first)});
}

/// All edges that a removed node had. What two removed nodes of this partition share goes with the one that it leaves, or else enters.
void partition_changes::drop_edges(uint32_t n) {
  auto v = part_.here(n);
  if (owns(n)) {
    for (uint32_t slot = 0; slot < base_->out_of(v).size(); ++slot) drop_edge(v, slot);
    auto in = base_->in_of(v);
    for (auto at = in.begin(); at != in.end(); at = std::upper_bound(at, in.end(), *at)) drop_entering(v, *at);
  }
  for (auto s : part_.sources_of(n))
    if (!part_.goes(s))
      if (auto slots = find_edges(base_, s, v))
        for (auto slot = slots->first; slot < slots->second; ++slot) drop_edge(s, slot);
  for (auto t : part_.targets_of(n))
    if (!part_.goes(t)) drop_entering(t, v);
}

const graph_changes& partition_changes::collect() {
  take_kind();
  for (uint32_t n = 0; n < ids_.size(); ++n)
    if (owns(n)) change_node(n);
  drop_unset(to_.removed);
  number_mirrors();
  mark_mirrors();
  for (auto& p : named_.pairs()) {
    if (owns(p.source)) change_edges(p);
    else if (owns(p.target)) enter(p);
  }
  for (uint32_t n = 0; n < ids_.size(); ++n)
    if (named_.nodes()[n].removed && before_.find(n)) drop_edges(n);
  std::sort(nodes_.begin(), nodes_.end(), [](auto& x, auto& y) { return x.at.a < y.at.a; });
  std::sort(edges_.begin(), edges_.end(), [](auto& x, auto& y) {
    return std::tie(x.at.a, x.at.b, *x.at.edge_key) < std::tie(y.at.a, y.at.b, *y.at.edge_key);
  });
  to_.node_rows = by_page(nodes_, rows_per_page_bits);
  to_.edges = by_page(edges_, vertices_per_page_bits);
  return to_;
}

/// The place behind those of all nodes of the whole graph.
uint64_t place_behind(const graph& g, communicator& all) {
  uint64_t next = 0;
  for (auto place : g->sequence) next = std::max(next, place + 1);
  if (g->sequence.empty()) next = uint64_t(g->size);
  all.all_reduce({&next, 1}, reduction::max);
  return next;
}

/// The type of a column that holds what is so named in all batches.
column_type type_in(const std::vector<column_batch>& batches, const column& like) {
  auto type = like.type;
  for (auto& b : batches) {
    auto c = b.find(like.name);
    auto both = c ? loaded_type(type, c->type) : std::nullopt;
    if (!both) throw failure{errc::protocol, "rows of one load with other columns"};
    type = *both;
  }
  return type;
}

/// All rows in one batch, by "_seq", which goes.
column_batch in_order(const std::vector<column_batch>& batches) {
  column_batch together;
  for (auto& b : batches) together.rows += b.rows;
  for (auto& like : batches.front().columns) {
    column_builder out{like.name, type_in(batches, like)};
    for (auto& b : batches) {
      auto& c = *b.find(like.name);
      if (c.type == out.so_far().type) out.append_rows(c, 0, c.length);
      else out.append_rows(converted(c, out.so_far().type), 0, c.length);
    }
    together.columns.push_back(out.finish());
  }
  auto place = together.find("_seq");
  if (!place || place->type != column_type::int64) throw failure{errc::protocol, "rows without places"};
  std::vector<uint32_t> order(size_t(together.rows));
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return place->int64(a) < place->int64(b); });
  auto sorted = gather(together, order);
  std::erase_if(sorted.columns, [](auto& c) { return c.name == "_seq"; });
  return sorted;
}

/// Brings the rows of all partitions to each, in order; whether they are edges.
bool share_rows(new_rows& rows, communicator& all) {
  byte_buffer mine;
  byte_writer to{mine};
  for (auto& b : rows.batches) {
    auto bytes = encode(b);
    to.put_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  auto incoming = all.all_to_all(std::vector<byte_buffer>(all.size(), mine));
  uint64_t edges = rows.edges;
  all.all_reduce({&edges, 1}, reduction::max);
  together(all, [&] {
    rows.batches.clear();
    for (auto& message : incoming)
      for (byte_reader from{message}; !from.at_end();) {
        auto bytes = from.get_text();
        rows.batches.push_back(decode_batch({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
      }
    if (!rows.batches.empty()) rows.batches = {in_order(rows.batches)};
  });
  return edges;
}

/// `make` gives the edits, from the part of the graph that `names` name.
graph applied(const graph& g, std::span<const edit> names, const std::function<version(const version&)>& make, communicator& all) {
  named_part part{g, names, all};
  auto after = make(part.before());
  auto first_place = place_behind(g, all);
  partition_changes changes{part, after, first_place};
  return write_changes(changes.collect(), all);
}

}  // namespace

graph apply(const graph& g, std::span<const edit> edits, edit_report& report, communicator& all) {
  return applied(g, edits, [&](const version& part) { return part.apply(edits, report); }, all);
}

graph add(const graph& g, new_rows rows, edit_report& report, communicator& all) {
  auto edges = share_rows(rows, all);
  auto edits = [&](const graph& part, duplicate_policy policy) {
    return edges ? edge_edits(part, rows.batches, policy, rows.create_nodes) : node_edits(part, rows.batches, policy);
  };
  bool looks = rows.duplicates != duplicate_policy::first;  // at what is there already
  auto names = edits(graph{g->kind}, duplicate_policy::first);
  return applied(g, names, [&](const version& part) { return part.apply(looks ? edits(part.fold(), rows.duplicates) : names, report); }, all);
}

}  // namespace gli
