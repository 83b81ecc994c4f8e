#include <gtest/gtest.h>

#include <cstring>
#include <unordered_map>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "runtime/edit.h"
#include "partitions/graph.h"
#include "partitions/page_tree.h"
#include "partitions/root_page.h"
#include "partitions/rows.h"
#include "partitions/values.h"
#include "runtime/error.h"
#include "tests/partitions/random_graphs.h"
#include "tests/partitions/stored_pages.h"

namespace gli {
namespace {

using testing::graph_shape;
using testing::pages_from;

/// A store as a map, that counts what is put.
struct map_store {
  std::unordered_map<hash128, byte_buffer, hash128_hasher> pages;
  uint64_t puts = 0;

  page_has has = [this](const hash128& h) { return pages.contains(h); };
  page_put put = [this](const hash128& h, std::span<const uint8_t> bytes) {
    ++puts;
    EXPECT_EQ(content_hash(bytes), h);
    EXPECT_TRUE(pages.emplace(h, byte_buffer(bytes.begin(), bytes.end())).second);
  };
  page_get get = pages_from([this](const hash128& h) { return bytes(h); });

  const byte_buffer& bytes(const hash128& h) const {
    auto at = pages.find(h);
    if (at == pages.end()) throw failure{errc::corrupt, "page " + to_hex(h) + " is missing"};
    return at->second;
  }
};

bool equal_pages(const std::vector<page_ptr>& a, const std::vector<page_ptr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto& x, auto& y) { return !x == !y && (!x || x->hash() == y->hash()); });
}

bool equal_columns(const std::vector<paged_column>& a, const std::vector<paged_column>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](auto& x, auto& y) { return x.name == y.name && x.type == y.type && equal_pages(x.pages, y.pages); });
}

void expect_equal(const graph& a, const graph& b) {
  EXPECT_EQ(a->kind, b->kind);
  EXPECT_EQ(a->partition, b->partition);
  EXPECT_EQ(a->partitions, b->partitions);
  ASSERT_EQ(a->size, b->size);
  EXPECT_EQ(a->nodes, b->nodes);
  EXPECT_EQ(a->total_nodes, b->total_nodes);
  EXPECT_EQ(a->total_edges, b->total_edges);
  for (int32_t v = 0; v < a->size; ++v) {
    ASSERT_EQ(node_key(a, v), node_key(b, v));
    ASSERT_EQ(place_of(a, v), place_of(b, v));
    ASSERT_EQ(a->live(v), b->live(v));
  }
  ASSERT_EQ(a->mirrors, b->mirrors);
  EXPECT_EQ(a->mirror_hashes, b->mirror_hashes);
  for (int32_t m = 1; m <= a->mirrors; ++m) ASSERT_EQ(a->live(-m), b->live(-m));
  ASSERT_EQ(a->peers.size(), b->peers.size());
  for (size_t p = 0; p < a->peers.size(); ++p) {
    EXPECT_EQ(a->peers[p].mirrors, b->peers[p].mirrors);
    EXPECT_EQ(a->peers[p].exported, b->peers[p].exported);
  }
  EXPECT_TRUE(equal_pages(a->out.pages, b->out.pages));
  EXPECT_TRUE(equal_pages(a->in.pages, b->in.pages));
  EXPECT_EQ(a->out.edges, b->out.edges);
  EXPECT_EQ(a->in.edges, b->in.edges);
  EXPECT_TRUE(equal_columns(a->node_columns, b->node_columns));
  EXPECT_TRUE(equal_columns(a->edge_columns, b->edge_columns));
  EXPECT_EQ(a->edge_keys.has_value(), b->edge_keys.has_value());
  EXPECT_EQ(a->attributes, b->attributes);
  EXPECT_EQ(partition_facts(a), partition_facts(b));
}

std::vector<graph_shape> shapes() {
  std::vector<graph_shape> all;
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true}) all.push_back({directed, multi, text});
  return all;
}

graph edited(const graph& g, std::vector<edit> edits) {
  edit_report report;
  return apply(g, edits, report);
}

edit set_graph(const char* name, value v) { return {edit::what::set_graph_attribute, {}, {}, {}, {{name, std::move(v)}}, false}; }

TEST(graph_storage, reads_back_what_was_written_in_every_partition) {
  for (auto& shape : shapes())
    for (uint32_t partitions : {1, 2, 4})
      for (auto& g : testing::load(testing::random_rows(shape, 3), partitions)) {
        map_store store;
        expect_equal(read_graph(write_graph(g, store.has, store.put), store.get), g);
      }
}

TEST(graph_storage, keeps_removed_nodes_order_and_attributes_of_the_graph) {
  auto rows = testing::random_rows({}, 4);
  auto again = rows.nodes[3].id;
  auto g = edited(testing::load(rows, 1)[0],
                  {{edit::what::remove_node, again, {}, {}, {}, false}, {edit::what::remove_node, rows.nodes[5].id, {}, {}, {}, false},
                   {edit::what::add_node, again, {}, {}, {{"age", std::string{"old"}}}, false}, set_graph("int", int64_t{7}), set_graph("real", 0.5),
                   set_graph("text", std::string{"t"}), set_graph("bool", true), set_graph("time", timestamp{9}), set_graph("bytes", binary{"\xff"}),
                   set_graph("list", json{"[1]"})});
  map_store store;
  auto root = write_graph(g, store.has, store.put);
  auto read = read_graph(root, store.get);
  expect_equal(read, g);
  EXPECT_EQ(write_graph(read, store.has, store.put), root);
}

TEST(graph_storage, stores_an_empty_graph) {
  map_store store;
  expect_equal(read_graph(write_graph(graph{}, store.has, store.put), store.get), graph{});
}

TEST(graph_storage, writes_only_what_an_edit_changed) {
  auto rows = testing::random_rows({true, false, false, 30000, 4000}, 8);
  auto g = testing::load(rows, 1)[0];
  map_store store;
  auto root = write_graph(g, store.has, store.put);
  store.puts = 0;
  EXPECT_EQ(write_graph(g, store.has, store.put), root);
  EXPECT_EQ(store.puts, 0u);
  auto& e = rows.edges[10];
  auto next = edited(g, {{edit::what::update_edge, e.source, e.target, {}, {{"weight", 99.5}}, false}});
  write_graph(next, store.has, store.put);
  EXPECT_LE(store.puts, 3u);  // a page of weights, its tree node, the root
}

byte_buffer damaged(byte_buffer bytes, std::mt19937_64& random) {
  switch (random() % 4) {
    case 0: bytes.erase(bytes.begin() + ptrdiff_t(bytes.size() * (random() % 64) / 64), bytes.end()); break;
    case 1: bytes.push_back(uint8_t(random())); break;
    default:
      for (int i = 0; i < 3 && !bytes.empty(); ++i) bytes[random() % std::min<size_t>(bytes.size(), random() % 2 ? 64 : SIZE_MAX)] = uint8_t(random() % 2 ? random() : 255);
  }
  return bytes;
}

/// Any page may hold anything: what is read is a failure or a graph that can be walked.
TEST(graph_storage, answers_damaged_pages_with_a_failure_or_a_sound_graph) {
  std::mt19937_64 random{99};
  for (auto& shape : shapes()) {
    auto g = testing::load(testing::random_rows(shape, 6), 2)[1];
    map_store store;
    auto root = write_graph(g, store.has, store.put);
    std::vector<hash128> names;
    for (auto& [h, bytes] : store.pages) names.push_back(h);
    std::sort(names.begin(), names.end());
    for (int i = 0; i < 600; ++i) {
      auto victim = i % 3 ? names[random() % names.size()] : root;
      auto bad = damaged(store.pages.at(victim), random);
      auto get = pages_from([&](const hash128& h) { return h == victim ? bad : store.bytes(h); });
      try {
        auto read = read_graph(root, get);
        partition_facts(read);
        for (int32_t v = 0; v < read->size; ++v)
          for (auto t : read->out_of(v)) node_hash(read, t);
      } catch (const failure& f) {
        EXPECT_EQ(f.code(), errc::corrupt) << f.what();
      }
    }
  }
}

TEST(graph_storage, names_what_does_not_hold) {
  map_store store;
  auto root = write_graph(testing::load(testing::random_rows({}, 6), 1)[0], store.has, store.put);
  auto change = [&](size_t at, uint8_t to) {
    auto bytes = store.pages.at(root);
    bytes[at] = to;
    try {
      read_graph(root, pages_from([&](const hash128& h) { return h == root ? bytes : store.bytes(h); }));
    } catch (const failure& f) {
      return std::string{f.what()};
    }
    return std::string{};
  };
  EXPECT_EQ(change(0, 'x'), "stored graph: its root is not that of a graph");
  EXPECT_EQ(change(4, 9), "stored graph: its format is version 9; this program reads versions up to 3");
}

/// What reading it back says.
std::string complaint(const graph& g) {
  map_store store;
  try {
    read_graph(write_graph(g, store.has, store.put), store.get);
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::corrupt);
    return f.what();
  }
  return {};
}

TEST(graph_storage, makes_no_room_for_keys_before_it_has_seen_them) {
  map_store store;
  auto root = write_graph(graph{{true, false, key_type::int64}}, store.has, store.put);
  auto bytes = store.pages.at(root);
  auto set = [&](size_t at, auto x) { std::memcpy(bytes.data() + at, &x, sizeof x); };
  constexpr auto huge = INT32_MAX;
  set(20, huge);
  for (size_t at : {28, 52}) set(at, uint64_t(huge));
  set(68, (uint64_t(huge) + rows_per_page - 1) / rows_per_page);
  try {
    read_graph(root, pages_from([&](const hash128& h) { return h == root ? bytes : store.bytes(h); }));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::corrupt);
    EXPECT_STREQ(f.what(), "stored graph: a page of keys is missing");
  }
}

TEST(graph_storage, refuses_edges_of_removed_nodes) {
  auto g = testing::load(testing::random_rows({}, 6), 1)[0];
  int32_t source = 0;
  while (g->out_of(source).empty()) ++source;
  for (auto v : {source, g->out_of(source)[0]}) {
    auto bad = copy_body(g);
    bad->removed.assign((size_t(g->size) + 63) / 64, 0);
    bad->removed[size_t(v) >> 6] |= uint64_t{1} << (v & 63);
    --bad->nodes, --bad->total_nodes;
    EXPECT_EQ(complaint(graph{std::move(bad)}), "stored graph: an edge of a removed node");
  }
}

TEST(graph_storage, refuses_an_exchange_that_is_out_of_order_or_names_a_node_twice_or_not_at_all) {
  auto g = testing::load(testing::random_rows({}, 6), 2)[1];
  EXPECT_EQ(complaint(g), "");
  auto spoilt = [&](auto&& change) {
    auto bad = copy_body(g);
    change(bad->peers[0]);
    return complaint(graph{std::move(bad)});
  };
  EXPECT_EQ(spoilt([](auto& p) { p.exported[1] = p.exported[0]; }), "stored graph: an exchange that names a node twice");
  EXPECT_EQ(spoilt([](auto& p) { p.mirrors[1] = p.mirrors[2]; }), "stored graph: an exchange that names a node twice");
  EXPECT_EQ(spoilt([](auto& p) { std::swap(p.mirrors[1], p.mirrors[2]); }), "stored graph: an exchange that is out of order");
  EXPECT_EQ(spoilt([](auto& p) { p.mirrors.erase(p.mirrors.begin() + 1); }), "stored graph: a mirror that no partition has");
}

node_values numbers(const graph& g) {
  column_builder out{"value", column_type::float64};
  for (int32_t v = 0; v < g->size; ++v)
    if (v % 7) out.append_float64(v / 3.0);
    else out.append_null();
  return {g, out.finish(), {"made_up", 3, {{"alpha", 0.85}, {"max_iter", int64_t{5}}}}, {{"rounds", int64_t{4}}}};
}

TEST(graph_storage, keeps_results_with_their_provenance) {
  for (auto& g : testing::load(testing::random_rows({true, false, true, 20000, 100}, 6), 2)) {
    map_store store;
    auto v = numbers(g);
    auto read = read_values(write_values(v, store.has, store.put), g, store.get);
    EXPECT_EQ(read.provenance.algorithm, "made_up");
    EXPECT_EQ(read.provenance.version, 3u);
    EXPECT_EQ(read.provenance.arguments, v.provenance.arguments);
    EXPECT_EQ(read.summary, v.summary);
    ASSERT_EQ(read.data.length, g->size);
    for (int32_t i = 0; i < g->size; ++i) ASSERT_EQ(read.data.at(i), v.data.at(i));
  }
}

/// As the first version wrote them: a row for each id.
hash128 write_by_id(const node_values& v, const map_store& store) {
  tree_writer trees{store.has, store.put};
  root_writer root{values_root_magic, 1};
  root.put(static_cast<uint8_t>(v.data.type)).put(v.data.length).put_text("made_up").put(uint32_t{3}).put_parameters({}).put_parameters({});
  std::vector<page_ptr> pages;
  for (int64_t first = 0; first < v.data.length; first += rows_per_page)
    pages.push_back(make_column_page(v.data, first, std::min<int64_t>(first + rows_per_page, v.data.length)));
  root.put_tree(trees.put_pages(pages));
  return trees.put_page(root.bytes());
}

TEST(graph_storage, reads_results_that_the_first_version_wrote) {
  map_store store;
  auto g = testing::load(testing::random_rows({true, false, true, 20000, 100}, 6), 1)[0];
  auto v = numbers(g);
  auto read = read_values(write_by_id(v, store), g, store.get);
  for (int32_t i = 0; i < g->size; ++i) ASSERT_EQ(read.data.at(i), v.data.at(i));
}

TEST(graph_storage, reads_results_for_a_graph_that_numbers_its_nodes_otherwise) {
  map_store store;
  auto rows = testing::random_rows({true, false, true, 3000, 100}, 6);
  auto parts = testing::load(rows, 2);
  auto whole = testing::load(rows, 1)[0], gathered = gather(parts);
  auto v = numbers(whole);
  auto read = read_values(write_values(v, store.has, store.put), gathered, store.get);
  for (int32_t i = 0; i < whole->size; ++i) ASSERT_EQ(read.data.at(*find_node(gathered, node_key(whole, i))), v.data.at(i));
}

TEST(graph_storage, refuses_results_of_another_graph) {
  map_store store;
  auto g = testing::load(testing::random_rows({}, 6), 1)[0];
  auto root = write_values(numbers(g), store.has, store.put);
  EXPECT_THROW(read_values(root, graph{}, store.get), failure);
}

}  // namespace
}  // namespace gli
