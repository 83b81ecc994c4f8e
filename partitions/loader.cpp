#include "partitions/loader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "partitions/loader_rows.h"
#include "partitions/ownership.h"
#include "partitions/together.h"
#include "partitions/transpose.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr size_t chunk_rows = size_t{1} << 16;        // smaller batches share a chunk of edges up to this size
constexpr size_t least_for_chunk = size_t{1} << 10;   // of a batch whose like will fill a chunk
using loader_state = graph_loader::state;

key_type key_type_of(const column& c) {
  if (c.type == column_type::int64) return key_type::int64;
  if (c.type == column_type::utf8) return key_type::utf8;
  throw failure{errc::type, std::string{"keys are int64 or str, not "} + type_name(c.type) + " (column '" + c.name + "')"};
}

/// The named key column, without nulls and of the graph's key type.
const column& key_column(loader_state& s, const column_batch& batch, const char* name, const char* what, const row_numbers& rows) {
  auto c = batch.find(name);
  if (!c) throw failure{errc::value, std::string{"no column '"} + name + "' in a batch of " + what};
  s.begin_keys(key_type_of(*c));
  if (!c->validity.empty())
    for (int64_t i = 0; i < c->length; ++i)
      if (!c->valid(i)) throw failure{errc::value, s.at_row(rows[i]) + (*name ? std::string{"an edge without "} + name : "a node without id")};
  return *c;
}

/// A node's row; of several, row_of has the first in the input.
void take_node(loader_state& s, int32_t id, int32_t row, uint64_t place) {
  s.row_of.resize(std::max(s.row_of.size(), size_t(s.own->keys->size())), -1);
  auto& first = s.row_of[size_t(id)];
  if (first < 0) {
    first = row;
  } else {
    auto first_place = s.own->places[size_t(id)];
    s.repeated_nodes.push_back({id, place < first_place ? std::exchange(first, row) : row, std::max(place, first_place)});
  }
  s.own->see(id, place);
}

/// Rows [begin, end) of a batch of nodes, whose first is row `at` of node_columns.
template <class Keys>
void note_nodes(loader_state& s, const Keys& keys, const row_numbers& rows, int64_t begin, int64_t end, int64_t at) {
  std::array<hash128, rows_at_once> hashes;
  for (auto i = begin; i < end; ++i) {
    hashes[size_t(i - begin)] = key_hash(keys[i]);
    s.own->keys->prefetch(hashes[size_t(i - begin)]);
  }
  for (auto i = begin; i < end; ++i) {
    auto& h = hashes[size_t(i - begin)];
    check_owned(s.options, h);
    take_node(s, s.own->keys->intern(keys[i], h).first, int32_t(at + i), rows[i]);
  }
}

template <class Keys>
void take_nodes(loader_state& s, const Keys& keys, const row_numbers& rows, int64_t count) {
  auto at = s.node_columns.rows();
  if (at + count > INT32_MAX) throw failure{errc::memory, "a partition takes at most 2147483647 node rows"};
  for (int64_t begin = 0; begin < count; begin += rows_at_once) note_nodes(s, keys, rows, begin, std::min(begin + rows_at_once, count), at);
  s.node_columns.append(0, count);
}

struct endpoint_hashes { std::array<hash128, rows_at_once> source, target; };

const dictionary& keys_of_target(const loader_state& s, const hash128& h) { return *(is_own(s.options, h) ? s.own : s.remote)->keys; }

/// Fetches what interning `rows` edges will read, step by step, each for all of them.
void fetch_endpoints(const loader_state& s, const endpoint_hashes& hashes, size_t rows) {
  auto& own = *s.own->keys;
  for (size_t i = 0; i < rows; ++i) {
    own.prefetch(hashes.source[i]);
    keys_of_target(s, hashes.target[i]).prefetch(hashes.target[i]);
  }
  for (size_t i = 0; i < rows; ++i) {
    own.prefetch_text(hashes.source[i]);
    keys_of_target(s, hashes.target[i]).prefetch_text(hashes.target[i]);
  }
}

void hash_endpoints(const loader_state& s, const text_keys& sources, const text_keys& targets, int64_t begin, int64_t end, endpoint_hashes& hashes) {
  for (auto i = begin; i < end; ++i) {
    hashes.source[size_t(i - begin)] = key_hash(sources[i]);
    hashes.target[size_t(i - begin)] = key_hash(targets[i]);
  }
  fetch_endpoints(s, hashes, size_t(end - begin));
}

edge_slots add_slots(edge_chunk& chunk, int64_t count) {
  auto before = chunk.from.size();
  chunk.from.resize(before + size_t(count));
  chunk.to.resize(before + size_t(count));
  return {chunk.from.data() + before, chunk.to.data() + before};
}

/// Rows of a batch of edges between text keys to ids.
void take_edges(loader_state& s, const text_keys& sources, const text_keys& targets, const row_numbers& rows, int64_t count, edge_slots to) {
  endpoint_hashes hashes;
  for (int64_t i = 0; i < count; ++i) {
    auto at = size_t(i % rows_at_once);
    if (at == 0) hash_endpoints(s, sources, targets, i, std::min(i + rows_at_once, count), hashes);
    auto source = sources[i], target = targets[i];
    auto *source_hash = &hashes.source[at], *target_hash = &hashes.target[at];
    if (is_turned(s, source, target)) {
      std::swap(source, target);
      std::swap(source_hash, target_hash);
    }
    check_owned(s.options, *source_hash);
    to.from[i] = s.own->note(source, *source_hash, source_place(rows[i]));
    to.to[i] = note_target(s, target, *target_hash, target_place(rows[i]));
  }
}

/// The highest row of some.
uint64_t highest(const row_numbers& rows, int64_t count) {
  if (rows.in_order()) return rows[count - 1];
  uint64_t most = 0;
  for (int64_t i = 0; i < count; ++i) most = std::max(most, rows[i]);
  return most;
}

/// Which rows of the input a batch's edges are; before they are in `to`.
void note_rows(loader_state& s, const row_numbers& rows, int64_t count, edge_chunk& to) {
  auto before = to.from.size();
  if (before == 0) to.first_row = rows[0];
  bool follows = to.rows.empty() && !rows.given() && rows[0] == to.first_row + before;
  if (!follows && s.keeps_rows()) {
    to.rows.reserve(std::max(to.from.capacity(), before + size_t(count)));
    while (to.rows.size() < before) to.rows.push_back(to.first_row + to.rows.size());
    if (auto given = rows.given()) to.rows.insert(to.rows.end(), given, given + count);
    for (uint64_t i = 0; i < uint64_t(count) && !rows.given(); ++i) to.rows.push_back(rows[0] + i);
  }
  s.edges_in_order = s.edges_in_order && rows.in_order() && rows[0] >= s.next_after_edges - (s.next_after_edges > 0);
  s.edges_ascend = s.edges_ascend && rows.ascend() && rows[0] >= s.next_after_edges;
  s.next_after_edges = std::max(s.next_after_edges, highest(rows, count) + 1);
  if (!s.edges_in_order && !s.keeps_rows()) throw failure{errc::internal, "edges came before those of an earlier row"};
}

edge_chunk& chunk_for(loader_state& s, size_t rows) {
  if (s.edges.empty() || s.edges.back().from.size() + rows > chunk_rows) s.edges.emplace_back();
  auto& chunk = s.edges.back();
  if (rows >= least_for_chunk && chunk.from.empty()) {
    chunk.from.reserve(std::max(rows, chunk_rows));
    chunk.to.reserve(std::max(rows, chunk_rows));
  }
  return chunk;
}

/// Keys of parallel edges: a column of their own.
void take_edge_keys(loader_state& s, const column_batch& batch, uint64_t place) {
  column_batch keys{batch.rows, {}};
  if (auto c = batch.find("key")) {
    key_type_of(*c);
    keys.columns.push_back(*c);
  }
  s.edge_keys.begin_batch(keys, {}, place);
  s.edge_keys.append(0, batch.rows);
}

/// Ids of keys that rows name by their position.
template <class Keys>
class word_ids {
 public:
  word_ids(loader_state& s, const Keys& keys, int64_t count) : s_{s}, keys_{keys}, ids_(size_t(count), int_ids::unknown) {}
  int32_t note(int32_t word, uint64_t place) {
    auto& id = ids_[size_t(word)];
    if (id == int_ids::unknown) id = note_target(s_, keys_[word], key_hash(keys_[word]), place);
    else if (auto& book = id < 0 ? *s_.remote : *s_.own; place < book.last_place) book.see(id < 0 ? ~id : id, place);
    return id;
  }

 private:
  loader_state& s_;
  const Keys& keys_;
  std::vector<int32_t> ids_;
};

template <class Keys>
void take_words(loader_state& s, const Keys& keys, word_ids<Keys>& ids, std::span<const int32_t> from, std::span<const int32_t> to) {
  auto count = int64_t(from.size());
  row_numbers rows{column_batch{count, {}}, s.next_edge};
  auto& chunk = chunk_for(s, from.size());
  note_rows(s, rows, count, chunk);
  auto slots = add_slots(chunk, count);
  for (int64_t i = 0; i < count; ++i) {
    auto source = from[size_t(i)], target = to[size_t(i)];
    if (is_turned(s, keys[source], keys[target])) std::swap(source, target);
    slots.from[i] = ids.note(source, source_place(rows[i]));
    slots.to[i] = ids.note(target, target_place(rows[i]));
    if (slots.from[i] < 0) check_owned(s.options, key_hash(keys[source]));
  }
  s.next_edge += uint64_t(count);
}

template <class Keys>
void take_words(loader_state& s, const Keys& keys, int64_t count, std::span<const int32_t> from, std::span<const int32_t> to) {
  word_ids<Keys> ids{s, keys, count};
  for (size_t begin = 0; begin < from.size(); begin += chunk_rows) {
    auto rows = std::min(chunk_rows, from.size() - begin);
    take_words(s, keys, ids, from.subspan(begin, rows), to.subspan(begin, rows));
  }
}

/// Sums of all partitions, also in b.
load_report total(const loader_state& s, graph::body& b, communicator& all) {
  std::array<uint64_t, 6> sums{b.nodes, b.out.edges, s.duplicate_nodes, s.duplicate_edges, s.lost_nodes, s.lost_edges};
  all.all_reduce(sums, reduction::sum);
  b.total_nodes = sums[0];
  b.total_edges = sums[1];
  return {sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]};
}

}  // namespace

void graph_loader::state::begin_keys(key_type type) {
  auto mine = own ? own->keys->type() : options.kind.keys;
  if (mine != key_type::none && mine != type)
    throw failure{errc::type, std::string{"this graph's keys are "} + type_name(mine) + ", not " + type_name(type)};
  if (own) return;
  own = std::make_unique<key_book>(type, options.most_nodes);
  remote = std::make_unique<key_book>(type);
}

std::string graph_loader::state::at_row(uint64_t row) const {
  auto& origin = options.origin;
  return (origin.empty() ? "row " : origin.ends_with(' ') ? origin : origin + ":") + std::to_string(row) + ": ";
}

uint32_t load_options::owner(const hash128& key) const { return owners ? owners->of(key, partitions) : owner_of(key, partitions); }

graph_loader::graph_loader(load_options options) : state_{std::make_unique<state>(std::move(options))} {}
graph_loader::~graph_loader() = default;
graph_loader::graph_loader(graph_loader&&) noexcept = default;

void graph_loader::add_nodes(const column_batch& batch) {
  static constexpr std::string_view ignored[] = {"", "_seq"};
  auto& s = *state_;
  row_numbers rows{batch, s.next_node};
  auto& keys = key_column(s, batch, "", "nodes", rows);
  s.node_columns.begin_batch(batch, ignored, batch.rows ? rows[0] : s.next_node);
  if (keys.type == column_type::int64) take_nodes(s, int_keys{keys}, rows, batch.rows);
  else take_nodes(s, text_keys{keys}, rows, batch.rows);
  if (batch.rows) s.next_node = rows[batch.rows - 1] + 1;
}

void graph_loader::add_edges(const column_batch& batch) {
  static constexpr std::string_view ignored[] = {"source", "target", "_seq", "key"};
  auto& s = *state_;
  row_numbers rows{batch, s.next_edge};
  auto& sources = key_column(s, batch, "source", "edges", rows);
  auto& targets = key_column(s, batch, "target", "edges", rows);
  bool multi = s.options.kind.multi;
  auto place = batch.rows ? rows[0] : s.next_edge;
  s.edge_columns.begin_batch(batch, std::span{ignored}.first(multi ? 4 : 3), place);
  s.edge_columns.append(0, batch.rows);
  if (multi) take_edge_keys(s, batch, place);
  if (batch.rows == 0) return;
  auto& to = chunk_for(s, size_t(batch.rows));
  note_rows(s, rows, batch.rows, to);
  auto slots = add_slots(to, batch.rows);
  if (sources.type == column_type::int64) take_edges(s, int_keys{sources}, int_keys{targets}, rows, batch.rows, slots);
  else take_edges(s, text_keys{sources}, text_keys{targets}, rows, batch.rows, slots);
  s.next_edge = rows[batch.rows - 1] + 1;
}

void graph_loader::add_edges(const column& keys, std::span<const int32_t> from, std::span<const int32_t> to) {
  auto& s = *state_;
  s.begin_keys(key_type_of(keys));
  column_batch bare{int64_t(from.size()), {}};
  s.edge_columns.begin_batch(bare, {}, s.next_edge);
  s.edge_columns.append(0, bare.rows);
  if (s.options.kind.multi) take_edge_keys(s, bare, s.next_edge);
  if (keys.type == column_type::int64) take_words(s, int_keys{keys}, keys.length, from, to);
  else take_words(s, text_keys{keys}, keys.length, from, to);
}

graph graph_loader::finish(communicator& all, load_report& report) {
  auto& s = *state_;
  auto made = std::make_shared<graph::body>();
  auto& b = *made;
  b.partition = s.options.partition;
  b.partitions = s.options.partitions;
  all.progress("load", 0, 4);
  agree_on_types(s, all);
  auto ids = settle_ids(s, b, all);
  all.progress("load", 1, 4);
  together(all, [&] {
    build_node_columns(s, ids, b);
    build_edges(s, ids, b);
    s.remote.reset();
  });
  all.progress("load", 3, 4);
  b.in = transpose_of(b, all);
  b.nodes = uint64_t(b.size);
  report = total(s, b, all);
  return graph{std::move(made)};
}

}  // namespace gli
