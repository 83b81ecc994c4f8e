#include "partitions/loader.h"

#include <algorithm>
#include <array>

#include "partitions/loader_state.h"
#include "partitions/together.h"
#include "partitions/transpose.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr int64_t rows_at_once = 256;                 // whose hashes are computed, and index entries fetched, before they are interned
constexpr size_t chunk_rows = size_t{1} << 16;        // small batches share a chunk of edges up to this size
using loader_state = graph_loader::state;

/// A key column as its type.
struct int_keys {
  const column& c;
  int64_t operator[](int64_t i) const { return c.int64(i); }
};
struct text_keys {
  const column& c;
  std::string_view operator[](int64_t i) const { return c.bytes(i); }
};

key_type key_type_of(const column& c) {
  if (c.type == column_type::int64) return key_type::int64;
  if (c.type == column_type::utf8) return key_type::utf8;
  throw failure{errc::type, std::string{"keys are int64 or str, not "} + type_name(c.type) + " (column '" + c.name + "')"};
}

/// The input row of each row of a batch.
class row_numbers {
 public:
  row_numbers(const column_batch& batch, uint64_t next) : seq_{batch.find("_seq")}, next_{next} {
    if (!seq_) return;
    if (seq_->type != column_type::int64) throw failure{errc::type, std::string{"column '_seq' is int64, not "} + type_name(seq_->type)};
    for (int64_t i = 0; i < batch.rows; ++i)
      if (!seq_->valid(i) || uint64_t(seq_->int64(i)) >= highest_row)
        throw failure{errc::value, "column '_seq': " + to_string(seq_->at(i)) + " is no row number"};
  }
  uint64_t operator[](int64_t i) const { return seq_ ? uint64_t(seq_->int64(i)) : next_ + uint64_t(i); }

 private:
  const column* seq_;
  uint64_t next_;
};

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

bool is_own(const load_options& o, const hash128& h) { return o.partitions == 1 || owner_of(h, o.partitions) == o.partition; }

void check_owned(const load_options& o, const hash128& h) {
  if (!is_own(o, h)) throw failure{errc::protocol, "a row of partition " + std::to_string(owner_of(h, o.partitions)) + " came to partition " +
                                                       std::to_string(o.partition)};
}

/// Rows [begin, end) of a batch of nodes; calls keep(i) for each that is the first of its node.
template <class Keys, class Keep>
void note_nodes(loader_state& s, const Keys& keys, const row_numbers& rows, int64_t begin, int64_t end, Keep&& keep) {
  std::array<hash128, rows_at_once> hashes;
  for (auto i = begin; i < end; ++i) {
    hashes[size_t(i - begin)] = key_hash(keys[i]);
    s.own->keys->prefetch(hashes[size_t(i - begin)]);
  }
  for (auto i = begin; i < end; ++i) {
    auto& h = hashes[size_t(i - begin)];
    check_owned(s.options, h);
    auto id = s.own->note(keys[i], h, rows[i]).first;
    if (s.attribute_row(id) >= 0) {
      ++s.duplicate_nodes;
    } else {
      s.row_of.resize(size_t(s.own->keys->size()), -1);
      keep(i, id);
    }
  }
}

/// Appends the attributes of a batch's kept rows in runs.
template <class Keys>
void take_nodes(loader_state& s, const Keys& keys, const row_numbers& rows, int64_t count) {
  int64_t run = 0, run_end = 0;
  auto keep = [&](int64_t i, int32_t id) {
    if (i != run_end) {
      s.node_columns.append(run, run_end);
      run = i;
    }
    run_end = i + 1;
    s.row_of[size_t(id)] = int32_t(s.node_columns.rows() + (i - run));
  };
  for (int64_t begin = 0; begin < count; begin += rows_at_once) note_nodes(s, keys, rows, begin, std::min(begin + rows_at_once, count), keep);
  s.node_columns.append(run, run_end);
}

struct endpoint_hashes { std::array<hash128, rows_at_once> source, target; };

template <class Keys>
void hash_endpoints(const loader_state& s, const Keys& sources, const Keys& targets, int64_t begin, int64_t end, endpoint_hashes& hashes) {
  for (auto i = begin; i < end; ++i) {
    auto at = size_t(i - begin);
    hashes.source[at] = key_hash(sources[i]);
    hashes.target[at] = key_hash(targets[i]);
    s.own->keys->prefetch(hashes.source[at]);
    (is_own(s.options, hashes.target[at]) ? s.own : s.remote)->keys->prefetch(hashes.target[at]);
  }
}

template <class Key>
int32_t note_target(loader_state& s, const Key& k, const hash128& h, uint64_t place) {
  return is_own(s.options, h) ? s.own->note(k, h, place).first : ~s.remote->note(k, h, place).first;
}

/// Rows of a batch of edges to ids. An undirected edge of a whole graph is turned so that its smaller key is the source.
template <class Keys>
void take_edges(loader_state& s, const Keys& sources, const Keys& targets, const row_numbers& rows, int64_t count, edge_chunk& to) {
  bool undirected = !s.options.kind.directed;
  endpoint_hashes hashes;
  for (int64_t i = 0; i < count; ++i) {
    auto at = size_t(i % rows_at_once);
    if (at == 0) hash_endpoints(s, sources, targets, i, std::min(i + rows_at_once, count), hashes);
    auto source = sources[i], target = targets[i];
    auto *source_hash = &hashes.source[at], *target_hash = &hashes.target[at];
    if (undirected && target < source) {
      if (s.options.partitions > 1) throw failure{errc::protocol, "an undirected edge came with its larger key as source"};
      std::swap(source, target);
      std::swap(source_hash, target_hash);
    }
    check_owned(s.options, *source_hash);
    to.from.push_back(s.own->note(source, *source_hash, source_place(rows[i])).first);
    to.to.push_back(note_target(s, target, *target_hash, target_place(rows[i])));
  }
}

edge_chunk& chunk_for(loader_state& s, size_t rows) {
  if (s.edges.empty() || s.edges.back().from.size() + rows > chunk_rows) s.edges.emplace_back();
  auto& chunk = s.edges.back();
  if (rows >= chunk_rows / 2) {
    chunk.from.reserve(rows);
    chunk.to.reserve(rows);
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

/// Sums of all partitions, also in b.
load_report total(const loader_state& s, graph::body& b, communicator& all) {
  std::array<uint64_t, 4> sums{b.nodes, b.out.edges, s.duplicate_nodes, s.duplicate_edges};
  all.all_reduce(sums, reduction::sum);
  b.total_nodes = sums[0];
  b.total_edges = sums[1];
  return {sums[0], sums[1], sums[2], sums[3]};
}

}  // namespace

void graph_loader::state::begin_keys(key_type type) {
  auto mine = own ? own->keys->type() : options.kind.keys;
  if (mine != key_type::none && mine != type)
    throw failure{errc::type, std::string{"this graph's keys are "} + type_name(mine) + ", not " + type_name(type)};
  if (own) return;
  own = std::make_unique<key_book>(type);
  remote = std::make_unique<key_book>(type);
}

std::string graph_loader::state::at_row(uint64_t row) const {
  return (options.origin.empty() ? std::string{"row "} : options.origin + ":") + std::to_string(row) + ": ";
}

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
  auto& to = chunk_for(s, size_t(batch.rows));
  if (sources.type == column_type::int64) take_edges(s, int_keys{sources}, int_keys{targets}, rows, batch.rows, to);
  else take_edges(s, text_keys{sources}, text_keys{targets}, rows, batch.rows, to);
  if (batch.rows) s.next_edge = rows[batch.rows - 1] + 1;
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
    s.remote.reset();
    build_node_columns(s, ids, b);
    build_edges(s, ids, b);
  });
  all.progress("load", 3, 4);
  b.in = transpose_of(b, all);
  b.nodes = uint64_t(b.size);
  report = total(s, b, all);
  return graph{std::move(made)};
}

}  // namespace gli
