#include "partitions/loader.h"

#include <atomic>

#include "runtime/edit.h"
#include "runtime/error.h"
#include "tests/partitions/loaded_model.h"

using namespace gli;
using namespace gli::testing;

namespace {

column ints(std::string name, std::vector<int64_t> values) {
  column_builder built{std::move(name), column_type::int64};
  for (auto x : values) built.append_int64(x);
  return built.finish();
}

column reals(std::string name, std::vector<double> values) {
  column_builder built{std::move(name), column_type::float64};
  for (auto x : values) built.append_float64(x);
  return built.finish();
}

column texts(std::string name, std::vector<std::string> values) {
  column_builder built{std::move(name), column_type::utf8};
  for (auto& x : values) built.append_bytes(x);
  return built.finish();
}

column_batch batch(std::vector<column> columns) { return {columns.front().length, std::move(columns)}; }

graph finish(graph_loader& loader, load_report& report) {
  solo alone;
  return loader.finish(alone, report);
}

graph finish(graph_loader& loader) {
  load_report report;
  return finish(loader, report);
}

template <class F>
failure failure_of(F&& f) {
  try {
    f();
  } catch (const failure& e) {
    return e;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {errc::internal, ""};
}

struct loader_case { bool directed, multi, text; };

class any_graph : public ::testing::TestWithParam<loader_case> {
 protected:
  graph_kind kind() const { return {GetParam().directed, GetParam().multi, key_type::none, key_type::none}; }
};

}  // namespace

TEST_P(any_graph, loads_like_a_plain_map_on_any_number_of_partitions) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    auto rows = random_table(seed, kind(), GetParam().text, seed == 6 ? 2500 : 40, seed == 6 ? 4000 : 150);
    auto expected = plainly(kind(), rows);
    for (uint32_t partitions : {1u, 2u, 4u}) {
      load_report report;
      auto parts = load(kind(), rows, partitions, &report);
      SCOPED_TRACE(::testing::Message() << "seed " << seed << ", " << partitions << " partitions");
      expect_equal(parts, expected);
      EXPECT_EQ(report.nodes, expected.nodes.size());
      EXPECT_EQ(report.edges, expected.edges.size());
      EXPECT_EQ(report.duplicate_nodes, expected.duplicate_nodes);
      EXPECT_EQ(report.duplicate_edges, expected.duplicate_edges);
    }
  }
}

TEST_P(any_graph, gives_every_partition_the_same_columns_in_the_same_order) {
  auto rows = random_table(11, kind(), GetParam().text, 60, 200);
  auto names = [](const graph& g) {
    std::vector<std::pair<std::string, column_type>> all;
    for (auto& c : g->node_columns) all.emplace_back(c.name, c.type);
    all.emplace_back("of edges:", column_type::json);
    for (auto& c : g->edge_columns) all.emplace_back(c.name, c.type);
    return all;
  };
  auto whole = load(kind(), rows, 1), parts = load(kind(), rows, 4);
  for (auto& g : parts) {
    EXPECT_EQ(names(g), names(parts[0]));
    EXPECT_EQ(names(g).size(), names(whole[0]).size());
    EXPECT_EQ(g->kind, whole[0]->kind);
  }
}

INSTANTIATE_TEST_SUITE_P(graph_loader, any_graph,
                         ::testing::Values(loader_case{true, false, false}, loader_case{true, false, true},
                                           loader_case{false, false, false},
                                           loader_case{false, false, true}, loader_case{true, true, false}, loader_case{false, true, true}));

TEST(graph_loader, makes_an_empty_graph_of_no_rows) {
  for (uint32_t partitions : {1u, 3u})
    for (auto& g : load({}, {}, partitions)) {
      EXPECT_EQ(g->size, 0);
      EXPECT_EQ(g->total_nodes, 0u);
      EXPECT_EQ(find_node(g, int64_t{1}), std::nullopt);
      EXPECT_EQ(find_node(g, std::string{"x"}), std::nullopt);
    }
}

TEST(graph_loader, keeps_the_first_of_two_equal_edges) {
  graph_loader loader{{}};
  loader.add_edges(batch({ints("source", {1, 1, 2}), ints("target", {2, 2, 1}), ints("weight", {10, 20, 30})}));
  loader.add_edges(batch({ints("source", {1}), ints("target", {2}), ints("weight", {40})}));
  load_report report;
  auto g = finish(loader, report);
  EXPECT_EQ(report.edges, 2u);
  EXPECT_EQ(report.duplicate_edges, 2u);
  EXPECT_EQ(edge_attributes(g, 0, 0), (parameters{{"weight", int64_t{10}}}));
}

TEST(graph_loader, keeps_both_directions_of_a_directed_pair_and_one_of_an_undirected) {
  for (bool directed : {true, false}) {
    graph_loader loader{{{directed, false, key_type::none, key_type::none}, 0, 1, false, {}}};
    loader.add_edges(batch({ints("source", {2, 1, 3}), ints("target", {1, 2, 3})}));
    auto g = finish(loader);
    EXPECT_EQ(g->total_edges, directed ? 3u : 2u);
    EXPECT_EQ(g->in.edges, directed ? 3u : 1u);
  }
}

TEST(graph_loader, widens_integers_to_reals_across_batches_and_partitions) {
  table rows;
  for (int64_t i = 0; i < 64; ++i) rows.nodes.push_back({i, {{"x", i < 32 ? value{i} : value{double(i) + 0.5}}}});
  for (uint32_t partitions : {1u, 4u})
    for (auto& g : load({}, rows, partitions)) {
      ASSERT_EQ(g->node_columns.size(), 1u);
      EXPECT_EQ(g->node_columns[0].type, column_type::float64);
      for (int32_t v = 0; v < g->size; ++v) {
        auto k = std::get<int64_t>(node_key(g, v));
        EXPECT_EQ(node_value(g, g->node_columns[0], v), value{k < 32 ? double(k) : double(k) + 0.5});
      }
    }
}

TEST(graph_loader, refuses_a_column_of_two_types_by_its_name) {
  graph_loader loader{{}};
  loader.add_nodes(batch({ints("", {1}), ints("age", {7})}));
  auto e = failure_of([&] { loader.add_nodes(batch({ints("", {2}), texts("age", {"seven"})})); });
  EXPECT_EQ(e.code(), errc::type);
  EXPECT_NE(std::string{e.what()}.find("'age'"), std::string::npos);
}

TEST(graph_loader, refuses_ids_of_two_types) {
  graph_loader loader{{}};
  loader.add_nodes(batch({ints("", {1})}));
  EXPECT_EQ(failure_of([&] { loader.add_edges(batch({texts("source", {"1"}), texts("target", {"2"})})); }).code(), errc::type);
  graph_loader other{{}};
  EXPECT_EQ(failure_of([&] { other.add_nodes(batch({reals("", {1})})); }).code(), errc::type);
}

TEST(graph_loader, refuses_a_node_without_an_id_by_its_line) {
  column_builder ids{"", column_type::int64};
  ids.append_int64(1);
  ids.append_null();
  graph_loader loader{{{}, 0, 1, false, "people.csv"}};
  auto e = failure_of([&] { loader.add_nodes(batch({ids.finish(), ints("_seq", {10, 11})})); });
  EXPECT_STREQ(e.what(), "people.csv:11: a node without id");
}

TEST(graph_loader, puts_node_rows_before_endpoints_whatever_came_first) {
  graph_loader loader{{}};
  loader.add_edges(batch({ints("source", {9, 3}), ints("target", {8, 9})}));
  loader.add_nodes(batch({ints("", {5, 3}), texts("name", {"five", "three"})}));
  auto g = finish(loader);
  std::vector<key> order;
  for (int32_t v = 0; v < g->size; ++v) order.push_back(node_key(g, v));
  EXPECT_EQ(order, (std::vector<key>{int64_t{5}, int64_t{3}, int64_t{9}, int64_t{8}}));
  EXPECT_EQ(node_attributes(g, 1), (parameters{{"name", std::string{"three"}}}));
  EXPECT_EQ(node_attributes(g, 2), parameters{});
}

TEST(graph_loader, numbers_parallel_edges_without_keys_as_they_come) {
  graph_kind multi{true, true, key_type::none, key_type::none};
  graph_loader loader{{multi, 0, 1, false, {}}};
  loader.add_edges(batch({ints("source", {1, 1, 1}), ints("target", {2, 2, 3})}));
  column_builder keys{"key", column_type::int64};
  keys.append_int64(3);
  keys.append_null();
  keys.append_int64(0);
  loader.add_edges(batch({ints("source", {1, 1, 1}), ints("target", {2, 2, 2}), keys.finish()}));
  auto g = finish(loader);
  EXPECT_EQ(find_edges(g, 0, 1), (std::pair{0u, 4u}));
  std::vector<key> found;
  for (uint32_t slot = 0; slot < 4; ++slot) found.push_back(edge_key(g, 0, slot).value());
  EXPECT_EQ(found, (std::vector<key>{int64_t{0}, int64_t{1}, int64_t{3}, int64_t{4}}));
  EXPECT_EQ(find_edges(g, 0, 2), (std::pair{4u, 5u}));
  EXPECT_EQ(find_edges(g, 1, 0), std::nullopt);
}

TEST(graph_loader, keeps_text_keys_of_parallel_edges_and_wants_all_of_them) {
  graph_kind multi{true, true, key_type::none, key_type::none};
  graph_loader loader{{multi, 0, 1, false, {}}};
  loader.add_edges(batch({ints("source", {1, 1, 1}), ints("target", {2, 2, 2}), texts("key", {"b", "a", "b"}), ints("x", {1, 2, 3})}));
  auto g = finish(loader);
  EXPECT_EQ(g->kind.edge_keys, key_type::utf8);
  EXPECT_EQ(g->total_edges, 2u);
  EXPECT_EQ(edge_key(g, 0, 0), key{"a"});
  EXPECT_EQ(edge_attributes(g, 0, 1), (parameters{{"x", int64_t{1}}}));
  graph_loader lacking{{multi, 0, 1, false, {}}};
  lacking.add_edges(batch({ints("source", {1}), ints("target", {2}), texts("key", {"b"})}));
  lacking.add_edges(batch({ints("source", {1}), ints("target", {2})}));
  EXPECT_EQ(failure_of([&] { finish(lacking); }).code(), errc::type);
}

TEST(graph_loader, names_the_first_line_with_an_endpoint_that_is_not_there_on_every_partition) {
  table rows;
  for (int64_t i = 0; i < 20; ++i) rows.nodes.push_back({i, {}});
  for (int64_t i = 0; i < 20; ++i) rows.edges.push_back({i, (i * 7) % 20, {}, {}});
  EXPECT_NO_THROW(load({}, rows, 4, nullptr, true));
  rows.edges[12].target = int64_t{77};
  rows.edges[15].source = int64_t{78};
  for (uint32_t partitions : {1u, 2u, 4u}) {
    std::vector<std::string> told(partitions);
    in_process_hub hub{partitions};
    hub.run([&](communicator& all) {
      load_options o{{}, all.rank(), partitions, true, "graph.e"};
      graph_loader loader{o};
      feed(loader, o, rows);
      load_report report;
      auto e = failure_of([&] { loader.finish(all, report); });
      EXPECT_EQ(e.code(), errc::value);
      told[all.rank()] = e.what();
    });
    for (auto& what : told) EXPECT_EQ(what, "graph.e:13: edge to node 77, which is not in the node file");
  }
}

TEST(graph_loader, fails_alike_on_every_partition_when_columns_disagree) {
  in_process_hub hub{2};
  std::vector<std::string> told(2);
  hub.run([&](communicator& all) {
    graph_loader loader{{{}, all.rank(), 2, false, {}}};
    int64_t k = 0;
    while (owner_of(key_hash(k), 2) != all.rank()) ++k;
    loader.add_nodes(batch({ints("", {k}), all.rank() ? ints("x", {1}) : texts("x", {"one"})}));
    load_report report;
    told[all.rank()] = failure_of([&] { loader.finish(all, report); }).what();
  });
  EXPECT_NE(told[0].find("'x'"), std::string::npos);
  EXPECT_EQ(told[0], told[1]);
}

TEST(graph_loader, fails_alike_on_every_partition_when_any_message_to_one_is_broken) {
  auto rows = random_table(31, {}, false, 60, 200);
  for (int breaks_at = 0;; ++breaks_at) {
    std::atomic<int> failed{0};
    in_process_hub{2}.run([&](communicator& all) {
      broken_message network{all, all.rank() == 1 ? breaks_at : -1};
      load_options options{{}, all.rank(), 2, false, {}};
      graph_loader loader{options};
      feed(loader, options, rows);
      load_report report;
      try {
        loader.finish(network, report);
      } catch (const failure&) {
        ++failed;
      }
    });
    EXPECT_TRUE(failed == 0 || failed == 2) << failed << " of 2 failed by message " << breaks_at;
    if (failed == 0) {
      EXPECT_GE(breaks_at, 5);
      break;
    }
  }
}

TEST(graph_loader, leaves_the_type_of_edge_keys_to_the_first_edge) {
  graph_kind kind;
  kind.multi = true;
  table rows;
  for (int64_t i = 0; i < 20; ++i) rows.nodes.push_back({i, {}});
  for (uint32_t partitions : {1u, 2u, 4u})
    for (auto& g : load(kind, rows, partitions)) EXPECT_EQ(g->kind.edge_keys, key_type::none);
  edit_report report;
  std::vector<edit> edits{{edit::what::add_edge, int64_t{1}, int64_t{2}, key{std::string{"a"}}, {}, false}};
  auto g = apply(load(kind, rows, 1)[0], edits, report);
  EXPECT_EQ(g->kind.edge_keys, key_type::utf8);
  EXPECT_EQ(edge_key(g, 1, 0), key{std::string{"a"}});
  rows.edges.push_back({1, 2, {}, {}});
  for (auto& part : load(kind, rows, 4)) EXPECT_EQ(part->kind.edge_keys, key_type::int64);
}

TEST(graph_loader, refuses_rows_of_other_partitions) {
  graph_loader loader{{{}, 1, 2, false, {}}};
  int64_t k = 0;
  while (owner_of(key_hash(k), 2) == 1) ++k;
  EXPECT_EQ(failure_of([&] { loader.add_nodes(batch({ints("", {k})})); }).code(), errc::protocol);
}

TEST(graph_loader, sorts_a_hub_and_its_pages) {
  std::vector<int64_t> sources, targets;
  for (int64_t i = 0; i < 30'000; ++i) {
    sources.push_back(0);
    targets.push_back((i * 7919) % 20'000);
  }
  graph_loader loader{{}};
  loader.add_edges(batch({ints("source", sources), ints("target", targets)}));
  load_report report;
  auto g = finish(loader, report);
  EXPECT_EQ(g->out_of(0).size(), 20'000u);
  EXPECT_EQ(report.duplicate_edges, 10'000u);
  EXPECT_TRUE(std::is_sorted(g->out_of(0).begin(), g->out_of(0).end()));
  for (int32_t v = 0; v < g->size; ++v) EXPECT_EQ(g->in_of(v).size(), 1u);
}
