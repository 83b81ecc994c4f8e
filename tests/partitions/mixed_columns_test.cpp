// Columns of ints and floats, of lists, and of JSON that is either, through everything that reads or writes columns.

#include <gtest/gtest.h>

#include <map>

#include "partitions/column_page.h"
#include "partitions/kernels/edge_weights.h"
#include "partitions/node_weights.h"
#include "runtime/error.h"
#include "tests/oracles/plain_graph.h"
#include "tests/partitions/stored_pages.h"

namespace gli::testing {
namespace {

constexpr int64_t big = (int64_t{1} << 53) + 1;

value number_at(size_t i) { return i % 7 == 0 ? value{} : i % 3 ? value{big + int64_t(i)} : value{double(i) / 4}; }
value list_at(size_t i) { return i % 5 == 0 ? value{} : i % 5 == 1 ? value{json{"[]"}} : value{json{"[\"n" + std::to_string(i) + "\",\"\"]"}}; }

column column_of(const std::string& name, column_type type, size_t rows, const std::function<value(size_t)>& at) {
  column_builder made{name, type};
  for (size_t i = 0; i < rows; ++i) made.append(at(i));
  return made.finish();
}

/// The same as JSON.
value as_json(const value& x) { return type_of(x) && !std::holds_alternative<json>(x) ? value{json{to_string(x)}} : x; }

enum class form { typed, text };

plain_graph sample(form how) {
  auto g = random_graph(3000, 4000, true, false, key_type::int64, 5);
  auto number = [&](size_t i) { return how == form::typed ? number_at(i) : as_json(number_at(i)); };
  auto type = [&](column_type t) { return how == form::typed ? t : column_type::json; };
  g.node_columns = {column_of("x", type(column_type::number), g.nodes.size(), number), column_of("tags", type(column_type::list_utf8), g.nodes.size(), list_at)};
  g.edge_columns = {column_of("w", type(column_type::number), g.edges.size(), [&](size_t i) { return number(i * 7 + 3); })};
  return g;
}

std::map<std::string, column_type> types_of(const graph& g) {
  std::map<std::string, column_type> types;
  for (auto columns : {&g->node_columns, &g->edge_columns})
    for (auto& c : *columns) types[c.name] = c.type;
  return types;
}

void expect_values(const graph& g, const plain_graph& from) {
  std::map<key, size_t> rows;
  for (size_t i = 0; i < from.nodes.size(); ++i) rows[from.nodes[i]] = i;
  for (int32_t v = 0; v < g->size; ++v) {
    auto row = rows.at(node_key(g, v));
    ASSERT_EQ(node_value(g, g->node_columns[0], v), number_at(row));
    ASSERT_EQ(node_value(g, g->node_columns[1], v), list_at(row));
  }
}

graph stored_and_read(const graph& g) {
  std::map<hash128, byte_buffer> pages;
  auto root = write_graph(g, [&](auto& h) { return pages.contains(h); }, [&](auto& h, auto bytes) { pages[h] = {bytes.begin(), bytes.end()}; });
  return read_graph(root, pages_from([&](auto& h) { return pages.at(h); }));
}

TEST(mixed_columns, hold_what_is_put_in_on_any_number_of_partitions_with_one_id) {
  std::set<hash128> ids;
  for (auto how : {form::typed, form::text})
    for (uint32_t partitions : {1u, 2u, 4u}) {
      std::vector<graph> parts(partitions);
      std::vector<hash128> told(partitions);
      auto from = sample(how);
      on_partitions(from, partitions, [&](const graph& g, communicator& all) {
        EXPECT_EQ(types_of(g), (std::map<std::string, column_type>{{"x", column_type::number}, {"tags", column_type::list_utf8}, {"w", column_type::number}}));
        expect_values(g, from);
        expect_values(stored_and_read(g), from);
        parts[all.rank()] = g;
        told[all.rank()] = identity_of(g, all);
      });
      ids.insert(told.begin(), told.end());
      auto whole = gather(parts);
      expect_values(whole, from);
      ids.insert(partition_facts(whole));
    }
  EXPECT_EQ(ids.size(), 1u);
}

TEST(mixed_columns, of_json_are_of_one_type_only_where_all_partitions_agree) {
  auto from = sample(form::text);
  from.node_columns[0] = column_of("x", column_type::json, from.nodes.size(), [](size_t i) { return value{json{i == 77 ? "\"odd\"" : std::to_string(i)}}; });
  for (uint32_t partitions : {1u, 4u})
    on_partitions(from, partitions, [&](const graph& g, communicator&) { EXPECT_EQ(types_of(g).at("x"), column_type::json); });
  from.node_columns[0] = column_of("x", column_type::json, from.nodes.size(), [](size_t i) { return value{json{i % 4 ? std::to_string(i) : "null"}}; });
  for (uint32_t partitions : {1u, 4u})
    on_partitions(from, partitions, [&](const graph& g, communicator&) {
      EXPECT_EQ(types_of(g).at("x"), column_type::int64);
      for (int32_t v = 0; v < g->size; ++v) EXPECT_EQ(type_of(node_value(g, g->node_columns[0], v)).value_or(column_type::int64), column_type::int64);
    });
}

graph loaded(const std::vector<column>& batches) {
  graph_loader loader{{}};
  int64_t next = 0;
  for (auto& c : batches) {
    column_builder ids{"", column_type::int64};
    for (int64_t i = 0; i < c.length; ++i) ids.append_int64(next++);
    loader.add_nodes({c.length, {ids.finish(), c}});
  }
  solo alone;
  load_report report;
  return loader.finish(alone, report);
}

TEST(mixed_columns, of_batches_of_other_types_lose_no_int_in_whatever_order_they_come) {
  auto ints = column_of("x", column_type::int64, 2, [](size_t) { return value{big}; });
  auto reals = column_of("x", column_type::float64, 2, [](size_t) { return value{0.5}; });
  auto numbers = column_of("x", column_type::number, 2, [](size_t i) { return i ? value{big} : value{-0.0}; });
  std::vector<column> batches{ints, reals, numbers};
  std::sort(batches.begin(), batches.end(), [](auto& a, auto& b) { return a.type < b.type; });
  do {
    auto g = loaded(batches);
    ASSERT_EQ(g->node_columns[0].type, column_type::number);
    for (int32_t v = 0; v < g->size; ++v) EXPECT_EQ(node_value(g, g->node_columns[0], v), batches[size_t(v) / 2].at(v % 2));
  } while (std::next_permutation(batches.begin(), batches.end(), [](auto& a, auto& b) { return a.type < b.type; }));
  EXPECT_EQ(loaded({ints, reals})->node_columns[0].type, column_type::float64);
}

TEST(mixed_columns, of_lists_of_several_types_are_json_with_the_same_values) {
  auto ints = column_of("x", column_type::list_int64, 2, [](size_t i) { return value{json{i ? "[1,2]" : "[]"}}; });
  auto texts = column_of("x", column_type::list_utf8, 1, [](size_t) { return value{json{"[\"a\"]"}}; });
  auto g = loaded({ints, texts});
  ASSERT_EQ(g->node_columns[0].type, column_type::json);
  for (int32_t v = 0; v < 3; ++v) EXPECT_EQ(node_value(g, g->node_columns[0], v), v < 2 ? ints.at(v) : texts.at(0));
}

TEST(mixed_columns, of_numbers_are_summed_as_ints_where_all_are) {
  graph_loader loader{{graph_kind{}, 0, 1, false, "", duplicate_policy::sum}};
  auto ends = [](const char* name, std::vector<int64_t> rows) { return column_of(name, column_type::int64, rows.size(), [rows](size_t i) { return value{rows[i]}; }); };
  std::vector<value> w{big, 0.5, int64_t{1}, int64_t{2}, value{}, value{}, 1.5};
  loader.add_edges({7, {ends("source", {1, 2, 1, 2, 3, 4, 4}), ends("target", {5, 5, 5, 5, 5, 5, 5}),
                        column_of("w", column_type::number, 7, [&](size_t i) { return w[i]; })}});
  solo alone;
  load_report report;
  auto g = loader.finish(alone, report);
  auto of = [&](int64_t source) { return edge_attributes(g, *find_node(g, source), 0); };
  EXPECT_EQ(of(1), (parameters{{"w", big + 1}}));
  EXPECT_EQ(of(2), (parameters{{"w", 2.5}}));
  EXPECT_EQ(of(3), parameters{});
  EXPECT_EQ(of(4), (parameters{{"w", 1.5}}));
}

TEST(mixed_columns, of_numbers_are_weights) {
  auto from = sample(form::typed);
  from.edge_columns[0] = column_of("w", column_type::number, from.edges.size(), [](size_t i) { return i % 2 ? value{int64_t(i)} : value{double(i) + 0.5}; });
  on_partitions(from, 2, [&](const graph& g, communicator& all) {
    auto weights = edge_weights::of(g, "w", true, all);
    graph_view view{g};
    for (int32_t v = 0; v < g->size; ++v)
      for (uint32_t slot = 0; slot < g->out_of(v).size(); ++slot) {
        auto x = edge_attributes(g, v, slot).at("w");
        EXPECT_EQ(weights.out(view, v)[slot], std::holds_alternative<int64_t>(x) ? double(std::get<int64_t>(x)) : std::get<double>(x));
      }
  });
}

TEST(mixed_columns, of_more_than_a_page_of_nodes_weigh_each_node_by_its_own_value) {
  plain_graph from;
  from.kind = {true, false, key_type::int64, key_type::none};
  for (int64_t i = 0; i < 20000; ++i) from.nodes.emplace_back(i);
  from.node_columns = {column_of("x", column_type::number, 20000, [](size_t i) { return i % 2 ? value{int64_t(i)} : value{double(i) + 0.5}; })};
  on_partitions(from, 1, [&](const graph& g, communicator& all) {
    auto weights = node_weights(g, std::string{"x"}, "weights", all);
    for (int64_t i = 0; i < 20000; ++i) ASSERT_EQ(weights[size_t(i)], i % 2 ? double(i) : double(i) + 0.5) << i;
  });
}

}  // namespace
}  // namespace gli::testing
