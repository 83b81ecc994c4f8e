#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <bit>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/graph.h"
#include "partitions/ownership.h"
#include "partitions/parallel.h"
#include "partitions/root_page.h"
#include "partitions/rows.h"
#include "partitions/topology_build.h"
#include "runtime/error.h"

namespace gli {

namespace {

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "stored graph: " + what}; }

uint64_t row_pages(int64_t rows) { return uint64_t(rows + rows_per_page - 1) >> rows_per_page_bits; }
uint32_t rows_in_page(int64_t rows, size_t p) { return uint32_t(std::min<int64_t>(rows_per_page, rows - int64_t(p) * rows_per_page)); }

/// Pages of `rows` rows whose row i is appended by append(builder, i).
template <class Append>
std::vector<page_ptr> build_pages(int64_t rows, column_type type, Append&& append) {
  std::vector<page_ptr> pages(row_pages(rows));
  tbb::parallel_for(size_t{0}, pages.size(), [&](size_t p) {
    column_builder out{"", type};
    auto first = int64_t(p) * rows_per_page;
    for (int64_t i = 0; i < rows_in_page(rows, p); ++i) append(out, first + i);
    pages[p] = make_column_page(out.finish(), 0, rows_in_page(rows, p));
  });
  return pages;
}

std::vector<page_ptr> key_pages(const graph& g) {
  if (g->kind.keys == key_type::int64)
    return build_pages(g->size, column_type::int64, [&](auto& out, int64_t i) { out.append_int64(g->keys->int_key(int32_t(i))); });
  return build_pages(g->size, column_type::utf8, [&](auto& out, int64_t i) { out.append_bytes(g->keys->text_key(int32_t(i))); });
}

std::vector<page_ptr> sequence_pages(const graph& g) {
  uint64_t place = 0;
  if (std::all_of(g->sequence.begin(), g->sequence.end(), [&](uint64_t s) { return s == place++; })) return {};
  return build_pages(g->size, column_type::int64, [&](auto& out, int64_t i) { out.append_int64(int64_t(g->sequence[size_t(i)])); });
}

uint64_t words_of(int32_t bits) { return (uint64_t(bits) + 63) >> 6; }

/// Exactly as many words as bits need; empty when none is set.
std::vector<uint64_t> trimmed(std::vector<uint64_t> bitmap, int32_t bits) {
  bitmap.resize(words_of(bits));
  if (bits & 63 && !bitmap.empty()) bitmap.back() &= (uint64_t{1} << (bits & 63)) - 1;
  if (std::all_of(bitmap.begin(), bitmap.end(), [](uint64_t w) { return w == 0; })) bitmap.clear();
  return bitmap;
}

void put_columns(root_writer& root, tree_writer& trees, const std::vector<paged_column>& columns, uint64_t pages) {
  root.put(uint32_t(columns.size()));
  for (auto& c : columns) {
    auto all = c.pages;
    all.resize(pages);
    root.put_text(c.name).put(static_cast<uint8_t>(c.type)).put_tree(trees.put_pages(all));
  }
}

void put_peers(root_writer& root, tree_writer& trees, const std::vector<peer_mirrors>& peers) {
  root.put(uint32_t(peers.size()));
  for (auto& p : peers) {
    root.put(uint32_t(p.mirrors.size())).put_tree(trees.put_array(p.mirrors));
    root.put(uint32_t(p.exported.size())).put_tree(trees.put_array(p.exported));
  }
}

void put_owners(root_writer& root, tree_writer& trees, const ownership& o) {
  root.put_text(o.partitioner).put(o.id.low).put(o.id.high).put(uint32_t(o.hashes.size()));
  root.put_tree(trees.put_array(o.hashes)).put_tree(trees.put_array(o.owners));
}

// --- reading ---------------------------------------------------------------------------------------------------------------

/// Reads one graph, field by field in the order of the root page; later checks rely on what earlier fields said.
class graph_reader {
 public:
  graph_reader(const byte_buffer& bytes, const page_get& get) : root_{bytes, graph_root_magic, "a graph", graph_root_version}, trees_{get} {}
  graph read();

 private:
  void read_kind();
  void read_counts();
  std::vector<page_ptr> read_keys();
  void intern_keys(const std::vector<page_ptr>& pages);
  void read_order();
  void read_mirrors();
  void read_topology(topology& t, uint64_t edges);
  void read_columns(std::vector<paged_column>& columns, bool of_nodes);
  void read_edge_keys();
  void read_rest();
  void read_peers();
  void read_owners();
  std::vector<int32_t> read_ids(int32_t low, int32_t high);

  root_reader root_;
  tree_reader trees_;
  std::shared_ptr<graph::body> made_ = std::make_shared<graph::body>();
  uint64_t out_edges_ = 0, in_edges_ = 0;
};

key_type stored_key_type(uint8_t x) {
  if (x > 2) damaged("keys of unknown type " + std::to_string(x));
  return key_type(x);
}

void graph_reader::read_kind() {
  auto& g = *made_;
  g.kind.directed = root_.get_flag();
  g.kind.multi = root_.get_flag();
  g.kind.keys = stored_key_type(root_.get<uint8_t>());
  g.kind.edge_keys = stored_key_type(root_.get<uint8_t>());
}

void graph_reader::read_counts() {
  auto& g = *made_;
  g.partition = root_.get<uint32_t>();
  g.partitions = root_.get<uint32_t>();
  g.size = root_.get<int32_t>();
  g.mirrors = root_.get<int32_t>();
  g.nodes = root_.get<uint64_t>();
  out_edges_ = root_.get<uint64_t>();
  in_edges_ = root_.get<uint64_t>();
  g.total_nodes = root_.get<uint64_t>();
  g.total_edges = root_.get<uint64_t>();
  if (g.partition >= g.partitions) damaged("partition " + std::to_string(g.partition) + " of " + std::to_string(g.partitions));
  if (g.size < 0 || g.mirrors < 0 || (g.partitions == 1 && g.mirrors)) damaged("impossible counts of nodes or mirrors");
  if (g.kind.keys == key_type::none && g.size) damaged("nodes without a type of key");
  if (g.nodes > g.total_nodes || out_edges_ > g.total_edges) damaged("a partition larger than its graph");
  if (g.partitions == 1 && (g.nodes != g.total_nodes || out_edges_ != g.total_edges)) damaged("a whole graph smaller than itself");
}

void check_column(const page& p, column_type type, uint32_t rows) {
  check_column_page(p.bytes());
  column_page_view view{p};
  if (view.type() != type || view.rows() != rows)
    damaged("a column page of " + std::to_string(view.rows()) + " rows of " + type_name(view.type()) + ", not " + std::to_string(rows) + " of " + type_name(type));
}

/// That every row has a value.
void check_full(const page& p, column_type type, uint32_t rows) {
  check_column(p, type, rows);
  if (column_page_view{p}.nulls()) damaged("keys that are null");
}

void expect_all(const std::vector<page_ptr>& pages) {
  if (std::find(pages.begin(), pages.end(), nullptr) != pages.end()) damaged("a page of keys is missing");
}

uint32_t intern_ints(dictionary& keys, const column_page_view& page) {
  std::vector<int64_t> all(page.rows());
  for (uint32_t i = 0; i < page.rows(); ++i) all[i] = page.int64(i);
  return uint32_t(keys.intern_new(all));
}

/// As many as there are before one that is there already.
uint32_t intern_texts(dictionary& keys, const column_page_view& page) {
  constexpr uint32_t ahead = 16;
  std::array<hash128, ahead> hashes;
  auto fetch = [&](uint32_t i) { keys.prefetch(hashes[i % ahead] = key_hash(page.bytes(i))); };
  auto rows = page.rows(), i = uint32_t{0};
  for (; i < std::min(ahead, rows); ++i) fetch(i);
  for (i = 0; i < rows && keys.intern(page.bytes(i), hashes[i % ahead]).second; ++i)
    if (i + ahead < rows) fetch(i + ahead);
  return i;
}

std::vector<page_ptr> graph_reader::read_keys() {
  auto& g = *made_;
  auto type = column_of(g.kind.keys);
  auto pages = trees_.pages(root_.get_tree(), row_pages(g.size), [&](const page& p, size_t i) { check_full(p, type, rows_in_page(g.size, i)); });
  expect_all(pages);
  return pages;
}

void graph_reader::intern_keys(const std::vector<page_ptr>& pages) {
  auto& g = *made_;
  auto keys = std::make_shared<dictionary>(g.kind.keys);
  keys->reserve(g.size);
  for (auto& p : pages) {
    column_page_view rows{*p};
    auto interned = g.kind.keys == key_type::int64 ? intern_ints(*keys, rows) : intern_texts(*keys, rows);
    if (interned != rows.rows()) damaged("two nodes of one key");
  }
  g.keys = std::move(keys);
}

void graph_reader::read_order() {
  auto& g = *made_;
  auto sequence = root_.get_tree();
  auto pages = trees_.pages(sequence, sequence.leaves ? row_pages(g.size) : 0,
                            [&](const page& p, size_t i) { check_full(p, column_type::int64, rows_in_page(g.size, i)); });
  expect_all(pages);
  for (auto& p : pages) {
    column_page_view rows{*p};
    for (uint32_t i = 0; i < rows.rows(); ++i) g.sequence.push_back(uint64_t(rows.int64(i)));
  }
  auto removed = root_.get_tree();
  g.removed = trees_.array<uint64_t>(removed, removed.leaves ? words_of(g.size) : 0);
  auto removed_mirrors = root_.get_tree();
  g.removed_mirrors = trees_.array<uint64_t>(removed_mirrors, removed_mirrors.leaves ? words_of(g.mirrors) : 0);
  if (g.removed != trimmed(g.removed, g.size) || g.removed_mirrors != trimmed(g.removed_mirrors, g.mirrors)) damaged("a bitmap that is not in its shortest form");
  uint64_t gone = 0;
  for (auto word : g.removed) gone += uint64_t(std::popcount(word));
  if (g.nodes + gone != uint64_t(g.size)) damaged(std::to_string(g.nodes) + " nodes of " + std::to_string(g.size) + " without " + std::to_string(gone));
}

void graph_reader::read_mirrors() { made_->mirror_hashes = trees_.array<hash128>(root_.get_tree(), uint64_t(made_->mirrors)); }

/// What is removed has no edges.
void check_live(const graph::body& g, const topology_page& t, size_t p) {
  if (g.removed.empty() && g.removed_mirrors.empty()) return;
  page_vertices vertices{int64_t(p), g.size};
  for (auto v = vertices.first; v < vertices.last; ++v) {
    auto others = t.of(v - vertices.first);
    if (others.empty()) continue;
    if (!g.live(v) || !std::all_of(others.begin(), others.end(), [&](int32_t u) { return g.live(u); })) damaged("an edge of a removed node");
  }
}

void graph_reader::read_topology(topology& t, uint64_t edges) {
  auto& g = *made_;
  t.pages = trees_.pages(root_.get_tree(), page_count(g.size), [&](const page& p, size_t i) {
    check_topology_page(p.bytes(), vertices_in_page(g.size, i), g.size, g.mirrors);
    check_live(g, topology_of(p), i);
  });
  index_topology(t);
  if (t.edges != edges) damaged(std::to_string(t.edges) + " edges, not " + std::to_string(edges));
}

void graph_reader::read_columns(std::vector<paged_column>& columns, bool of_nodes) {
  auto& g = *made_;
  auto pages = of_nodes ? row_pages(g.size) : g.out.pages.size();
  for (auto count = root_.get<uint32_t>(); count > 0; --count) {
    paged_column c;
    c.name = root_.get_text();
    c.type = root_.get_type();
    c.pages = trees_.pages(root_.get_tree(), pages, [&](const page& p, size_t i) {
      check_column(p, c.type, of_nodes ? rows_in_page(g.size, i) : uint32_t(g.out.directory[i]->edges));
    });
    if (std::any_of(columns.begin(), columns.end(), [&](auto& other) { return other.name == c.name; })) damaged("two columns '" + c.name + "'");
    columns.push_back(std::move(c));
  }
}

void graph_reader::read_edge_keys() {
  auto& g = *made_;
  if (!root_.get_flag()) {
    if (g.kind.multi && g.out.edges) damaged("parallel edges without keys");
    return;
  }
  if (!g.kind.multi) damaged("edge keys without parallel edges");
  paged_column c{"key", column_of(g.kind.edge_keys), {}};
  c.pages = trees_.pages(root_.get_tree(), g.out.pages.size(), [&](const page& p, size_t i) { check_full(p, c.type, uint32_t(g.out.directory[i]->edges)); });
  for (size_t p = 0; p < c.pages.size(); ++p)
    if (g.out.pages[p] && !c.pages[p]) damaged("a page of keys is missing");
  g.edge_keys = std::move(c);
}

std::vector<int32_t> graph_reader::read_ids(int32_t low, int32_t high) {
  auto count = root_.get<uint32_t>();
  if (int64_t(count) > int64_t(high) - low) damaged("more ids than there are nodes");
  auto ids = trees_.array<int32_t>(root_.get_tree(), count);
  for (auto id : ids)
    if (id < low || id >= high) damaged("an exchange of a node that does not exist");
  return ids;
}

void check_once(const std::vector<int32_t>& ids, std::vector<bool>& seen, int32_t lowest) {
  for (auto id : ids) {
    if (seen[size_t(id - lowest)]) damaged("an exchange that names a node twice");
    seen[size_t(id - lowest)] = true;
  }
}

void graph_reader::read_peers() {
  auto& g = *made_;
  auto count = root_.get<uint32_t>();
  if (count != (g.partitions == 1 ? 0 : g.partitions) && !(g.partitions == 1 && count == 1)) damaged("mirrors of " + std::to_string(count) + " partitions");
  std::vector<bool> mirrored(size_t(g.mirrors));
  for (; count > 0; --count) {
    peer_mirrors p;
    p.mirrors = read_ids(-g.mirrors, 0);
    p.exported = read_ids(0, g.size);
    check_once(p.mirrors, mirrored, -g.mirrors);
    if (p.is_run() && !std::is_sorted(p.mirrors.begin(), p.mirrors.end())) damaged("an exchange that is out of order");
    std::vector<bool> exported(size_t(g.size));
    check_once(p.exported, exported, 0);
    g.peers.push_back(std::move(p));
  }
  if (std::find(mirrored.begin(), mirrored.end(), false) != mirrored.end()) damaged("a mirror that no partition has");
}

void graph_reader::read_owners() {
  if (root_.version() <= graph_owned_at_home) return;
  auto& g = *made_;
  auto o = std::make_shared<ownership>();
  o->partitioner = root_.get_text();
  o->id.low = root_.get<uint64_t>();
  o->id.high = root_.get<uint64_t>();
  auto count = root_.get<uint32_t>();
  o->hashes = trees_.array<hash128>(root_.get_tree(), count);
  o->owners = trees_.array<uint32_t>(root_.get_tree(), count);
  for (size_t i = 0; i < count; ++i) {
    if (i && o->hashes[i - 1] >= o->hashes[i]) damaged("owners that are out of order");
    if (owner_of(o->hashes[i], g.partitions) != g.partition || o->owners[i] >= g.partitions || o->owners[i] == g.partition)
      damaged("an owner that is not to be told here");
  }
  g.owners = std::move(o);
}

/// What does not ask for ids of keys.
void graph_reader::read_rest() {
  read_order();
  read_mirrors();
  read_topology(made_->out, out_edges_);
  read_topology(made_->in, in_edges_);
  read_edge_keys();
  read_columns(made_->node_columns, true);
  read_columns(made_->edge_columns, false);
  made_->attributes = root_.get_parameters();
  read_peers();
  read_owners();
  root_.expect_end();
}

graph graph_reader::read() {
  read_kind();
  read_counts();
  auto keys = read_keys();
  auto intern = [&] { intern_keys(keys); };
  auto read = [&] { read_rest(); };
  if (keys.size() > 1) at_once(intern, read);
  else intern(), read();
  return graph{std::shared_ptr<const graph::body>{made_}};
}

}  // namespace

hash128 write_graph(const graph& g, const page_has& has, const page_put& put) {
  tree_writer trees{has, put};
  root_writer root{graph_root_magic, g->owners ? graph_root_version : graph_owned_at_home};
  root.put(uint8_t{g->kind.directed}).put(uint8_t{g->kind.multi}).put(static_cast<uint8_t>(g->kind.keys)).put(static_cast<uint8_t>(g->kind.edge_keys));
  root.put(g->partition).put(g->partitions).put(g->size).put(g->mirrors);
  root.put(g->nodes).put(g->out.edges).put(g->in.edges).put(g->total_nodes).put(g->total_edges);
  root.put_tree(trees.put_pages(key_pages(g)));
  root.put_tree(trees.put_pages(sequence_pages(g)));
  root.put_tree(trees.put_array(trimmed(g->removed, g->size)));
  root.put_tree(trees.put_array(trimmed(g->removed_mirrors, g->mirrors)));
  root.put_tree(trees.put_array(g->mirror_hashes));
  root.put_tree(trees.put_pages(g->out.pages)).put_tree(trees.put_pages(g->in.pages));
  root.put(uint8_t{g->edge_keys.has_value()});
  if (g->edge_keys) root.put_tree(trees.put_pages(g->edge_keys->pages));
  put_columns(root, trees, g->node_columns, row_pages(g->size));
  put_columns(root, trees, g->edge_columns, g->out.pages.size());
  root.put_parameters(g->attributes);
  put_peers(root, trees, g->peers);
  if (g->owners) put_owners(root, trees, *g->owners);
  return trees.put_page(root.bytes());
}

graph read_graph(const hash128& root, const page_get& get) {
  auto bytes = tree_reader{get}.get(root);
  return graph_reader{bytes, get}.read();
}

}  // namespace gli
