#include <atomic>

#include "runtime/edit.h"
#include "partitions/graph.h"
#include "runtime/error.h"
#include "tests/partitions/loaded_model.h"
#include "tests/partitions/stored_pages.h"

using namespace gli;
using namespace gli::testing;

namespace {

using node_filter = std::function<bool(const key&)>;
using edge_filter = std::function<bool(const edge_name&)>;

bool chance(const hash128& h, int percent) { return int(h.low % 100) < percent; }

model filtered(const model& m, const node_filter& nodes, const edge_filter& edges) {
  model kept{m.kind, {}, {}, {}};
  for (auto& k : m.order)
    if (!nodes || nodes(k)) kept.see(k, m.nodes.at(k));
  for (auto& [name, attributes] : m.edges) {
    auto& [s, t, k] = name;
    if (kept.nodes.contains(s) && kept.nodes.contains(t) && (!edges || edges(name))) kept.edges.emplace(name, attributes);
  }
  return kept;
}

std::vector<graph> restricted(const std::vector<graph>& parts, const node_filter& nodes, const edge_filter& edges) {
  std::vector<graph> kept(parts.size());
  in_process_hub hub{uint32_t(parts.size())};
  hub.run([&](communicator& all) {
    auto& g = parts[all.rank()];
    std::function<bool(int32_t)> keep_node;
    if (nodes) keep_node = [&](int32_t v) { return nodes(node_key(g, v)); };
    std::function<bool(int32_t, uint32_t, int32_t)> keep_edge;
    if (edges)
      keep_edge = [&](int32_t v, uint32_t slot, int32_t u) {
        EXPECT_EQ(g->out_of(v)[slot], u);
        return edges({node_key(g, v), endpoint_key(g, u), g->kind.multi ? edge_key(g, v, slot).value() : key{int64_t{0}}});
      };
    kept[all.rank()] = restrict_to(g, keep_node, keep_edge, all);
  });
  return kept;
}

const node_filter most_nodes = [](const key& k) { return chance(key_hash(k), 80); };
const edge_filter half_the_edges = [](const edge_name& e) {
  auto h = key_hash(std::get<0>(e));
  h += key_hash(std::get<1>(e));
  h += key_hash(std::get<2>(e));
  return chance(h, 50);
};

}  // namespace

TEST(restrict_to, keeps_what_a_plain_filter_keeps_on_any_number_of_partitions) {
  for (bool directed : {true, false})
    for (bool multi : {true, false})
      for (uint32_t partitions : {1u, 2u, 4u}) {
        graph_kind kind{directed, multi, key_type::none, key_type::none};
        auto rows = random_table(21, kind, multi, 300, 900);
        auto all = plainly(kind, rows);
        auto parts = load(kind, rows, partitions);
        expect_equal(restricted(parts, most_nodes, {}), filtered(all, most_nodes, {}));
        expect_equal(restricted(parts, {}, half_the_edges), filtered(all, {}, half_the_edges));
        expect_equal(restricted(parts, most_nodes, half_the_edges), filtered(all, most_nodes, half_the_edges));
        expect_equal(restricted(parts, {}, {}), all);
        expect_equal(parts, all);
      }
}

TEST(restrict_to, restricts_what_was_restricted_before) {
  graph_kind kind;
  auto rows = random_table(22, kind, false, 400, 1500);
  auto m = plainly(kind, rows);
  auto few_nodes = [](const key& k) { return chance(node_fact(key_hash(k)), 50); };
  for (uint32_t partitions : {1u, 4u}) {
    auto once = restricted(load(kind, rows, partitions), most_nodes, half_the_edges);
    auto expected = filtered(m, most_nodes, half_the_edges);
    expect_equal(once, expected);
    expect_equal(restricted(once, few_nodes, {}), filtered(expected, few_nodes, {}));
    expect_equal(restricted(once, {}, {}), expected);
  }
}

TEST(restrict_to, down_to_nothing_leaves_an_empty_graph) {
  auto rows = random_table(23, {}, false, 50, 100);
  for (uint32_t partitions : {1u, 2u})
    for (auto& g : restricted(load({}, rows, partitions), [](const key&) { return false; }, {})) {
      EXPECT_EQ(g->total_nodes, 0u);
      EXPECT_EQ(g->total_edges, 0u);
      EXPECT_EQ(g->nodes, 0u);
    }
}

TEST(restrict_to, shares_the_pages_that_lose_nothing) {
  table rows;
  for (int64_t i = 0; i < 4096; ++i) rows.nodes.push_back({i, {{"age", i}}});
  for (int64_t i = 0; i < 4096; ++i) rows.edges.push_back({i, i ^ 1, {}, {{"weight", i}}});
  auto whole = load({}, rows, 1);
  auto less = restricted(whole, [](const key& k) { return std::get<int64_t>(k) != 2000; }, {})[0];
  auto& g = whole[0];
  for (size_t p = 0; p < 4; ++p) {
    bool touched = p == 1;
    EXPECT_EQ(less->out.pages[p] == g->out.pages[p], !touched);
    EXPECT_EQ(less->in.pages[p] == g->in.pages[p], !touched);
    EXPECT_EQ(less->edge_columns[0].pages[p] == g->edge_columns[0].pages[p], !touched);
  }
  EXPECT_EQ(less->node_columns[0].pages, g->node_columns[0].pages);
  EXPECT_EQ(less->keys, g->keys);
  EXPECT_EQ(less->total_edges, 4094u);
}

TEST(restrict_to, leaves_no_page_without_values_behind) {
  table rows;
  for (int64_t i = 0; i < 2000; ++i) rows.nodes.push_back({i, {}});
  rows.edges = {{1, 2, {}, {{"w", int64_t{1}}}}, {1, 3, {}, {}}, {1500, 1, {}, {}}};
  auto less = restricted(load({}, rows, 1), {}, [](const edge_name& e) { return std::get<1>(e) != key{int64_t{2}}; })[0];
  ASSERT_EQ(less->edge_columns.size(), 1u);
  for (auto& p : less->edge_columns[0].pages) EXPECT_EQ(p, nullptr);
  edit_report report;
  std::vector<edit> edits{{edit::what::upsert_edge, int64_t{1500}, int64_t{1}, {}, {{"w", 2.5}}, false}};
  auto edited = apply(less, edits, report);
  std::map<hash128, byte_buffer> pages;
  auto root = write_graph(edited, [&](const hash128& h) { return pages.contains(h); },
                          [&](const hash128& h, std::span<const uint8_t> bytes) { pages[h].assign(bytes.begin(), bytes.end()); });
  auto read = read_graph(root, pages_from([&](const hash128& h) { return pages.at(h); }));
  EXPECT_EQ(edge_attributes(read, 1500, 0), (parameters{{"w", 2.5}}));
  EXPECT_EQ(edge_attributes(read, 1, 0), parameters{});
}

TEST(restrict_to, of_nodes_without_edges_looks_at_those_nodes_only) {
  table rows;
  for (int64_t i = 0; i < 50; ++i) rows.nodes.push_back({i, {}});
  auto less = restricted(load({}, rows, 1), [](const key& k) { return std::get<int64_t>(k) % 2 == 0; }, {})[0];
  EXPECT_EQ(less->total_nodes, 25u);
  EXPECT_EQ(less->total_edges, 0u);
}

TEST(restrict_to, fails_on_all_partitions_when_a_message_to_one_is_broken) {
  auto parts = load({}, random_table(24, {}, false, 100, 300), 2);
  for (int call : {0, 1}) {
    std::atomic<int> failed{0};
    in_process_hub{2}.run([&](communicator& all) {
      broken_message network{all, all.rank() == 0 ? call : -1};
      auto& g = parts[all.rank()];
      try {
        restrict_to(g, [](int32_t v) { return v % 3 != 0; }, [](int32_t, uint32_t slot, int32_t) { return slot == 0; }, network);
      } catch (const failure& f) {
        EXPECT_EQ(f.code(), errc::protocol) << f.what();
        ++failed;
      }
    });
    EXPECT_EQ(failed, 2) << call;
  }
}
