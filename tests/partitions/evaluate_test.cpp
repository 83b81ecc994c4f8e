#include "partitions/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "partitions/evaluate_compare.h"
#include "tests/oracles/expression_oracle.h"
#include "tests/oracles/plain_graph.h"

namespace gli::testing {
namespace {

using op = operation;

expression literal(value x) { return {op::literal, "", std::move(x), {}}; }
expression node(std::string name) { return {op::node, std::move(name), {}, {}}; }
expression edge(std::string name) { return {op::edge, std::move(name), {}, {}}; }
expression leaf(op o) { return {o, "", {}, {}}; }
template <class... A>
expression make(op o, A... arguments) {
  return {o, "", {}, {arguments...}};
}

/// A column of so many random rows, with nulls.
column random_column(const std::string& name, column_type type, size_t rows, uint64_t seed, const std::function<value(uint64_t)>& of) {
  column_builder to{name, type};
  std::mt19937_64 random{seed};
  for (size_t i = 0; i < rows; ++i) {
    auto r = random();
    to.append(r % 5 == 0 ? value{} : of(r >> 8));
  }
  return to.finish();
}

std::vector<column> columns(size_t rows, uint64_t seed) {
  auto word = [](uint64_t r) { return "w" + std::string(r % 3, 'x') + std::to_string(r % 17); };
  return {random_column("age", column_type::int64, rows, seed, [](uint64_t r) { return int64_t(r % 100); }),
          random_column("score", column_type::float64, rows, seed + 1, [](uint64_t r) { return double(r % 100) / 2; }),
          random_column("big", column_type::int64, rows, seed + 2, [](uint64_t r) { return (int64_t{1} << 53) + int64_t(r % 5); }),
          random_column("count", column_type::number, rows, seed + 7,
                        [](uint64_t r) {
                          if (r % 3 == 0) return value{(int64_t{1} << 53) + int64_t(r % 5)};
                          return r % 3 == 1 ? value{double(r % 100) / 2} : value{int64_t(r % 50)};
                        }),
          random_column("name", column_type::utf8, rows, seed + 3, [&](uint64_t r) { return word(r); }),
          random_column("here", column_type::boolean, rows, seed + 4, [](uint64_t r) { return r % 2 == 0; }),
          random_column("when", column_type::timestamp, rows, seed + 5, [](uint64_t r) { return timestamp{int64_t(r % 1000)}; }),
          random_column("mixed", column_type::json, rows, seed + 6, [&](uint64_t r) {
            return json{r % 3 == 0 ? "\"" + word(r) + "\"" : r % 3 == 1 ? std::to_string(r % 9) : r % 2 ? "true" : "[1,2]"};
          })};
}

plain_graph sample(size_t nodes, size_t edges, bool directed, key_type keys) {
  auto g = random_graph(nodes, edges, directed, false, keys, 77);
  g.node_columns = columns(g.nodes.size(), 100);
  g.edge_columns = columns(g.edges.size(), 200);
  return g;
}

const column& named(const std::vector<column>& all, const std::string& name) {
  return *std::find_if(all.begin(), all.end(), [&](auto& c) { return c.name == name; });
}

bool bit(const std::vector<uint64_t>& bits, size_t i) { return bits[i >> 6] >> (i & 63) & 1; }

/// The nodes that each expression chooses.
std::vector<std::set<key>> all_chosen_nodes(const plain_graph& from, uint32_t partitions, const std::vector<expression>& expressions) {
  std::vector<std::set<key>> chosen(expressions.size());
  std::mutex guard;
  on_partitions(from, partitions, [&](const graph& g, communicator& all) {
    for (size_t i = 0; i < expressions.size(); ++i) {
      auto bits = evaluate_nodes(expressions[i], g, all);
      std::lock_guard lock{guard};
      for (int32_t v = 0; v < g->size; ++v)
        if (bit(bits, size_t(v))) chosen[i].insert(node_key(g, v));
    }
  });
  return chosen;
}

std::set<key> chosen_nodes(const plain_graph& from, uint32_t partitions, const expression& e) {
  return all_chosen_nodes(from, partitions, {e})[0];
}

std::set<key> expected_nodes(const plain_graph& g, const expression& e) {
  std::set<key> chosen;
  for (size_t i = 0; i < g.nodes.size(); ++i) {
    auto row = [&](const expression& l) { return l.op == op::node ? named(g.node_columns, l.name).at(int64_t(i)) : to_value(g.nodes[i]); };
    if (row_value(e, row) == value{true}) chosen.insert(g.nodes[i]);
  }
  return chosen;
}

using key_pairs = std::set<std::pair<key, key>>;

std::vector<key_pairs> all_chosen_edges(const plain_graph& from, uint32_t partitions, const std::vector<expression>& expressions) {
  std::vector<key_pairs> chosen(expressions.size());
  std::mutex guard;
  on_partitions(from, partitions, [&](const graph& loaded, communicator& all) {
    auto g = with_mirror_keys(loaded, all);
    for (size_t i = 0; i < expressions.size(); ++i) {
      auto bits = evaluate_edges(expressions[i], g, all);
      std::lock_guard lock{guard};
      for (int32_t v = 0; v < g->size; ++v)
        for (size_t slot = 0; slot < g->out_of(v).size(); ++slot) {
          auto row = g->out.directory[size_t(v) >> vertices_per_page_bits]->off[v & (vertices_per_page - 1)] + slot;
          if (bit(bits[size_t(v) >> vertices_per_page_bits], row)) chosen[i].emplace(node_key(g, v), endpoint_key(g, g->out_of(v)[slot]));
        }
    }
  });
  return chosen;
}

key_pairs expected_edges(const plain_graph& g, const expression& e) {
  key_pairs chosen;
  for (size_t i = 0; i < g.edges.size(); ++i) {
    auto [u, v] = g.edges[i];
    if (!g.kind.directed && g.nodes[v] < g.nodes[u]) std::swap(u, v);
    auto row = [&, u = u, v = v](const expression& l) {
      if (l.op == op::node) return named(g.node_columns, l.name).at(int64_t(u));
      if (l.op == op::edge) return named(g.edge_columns, l.name).at(int64_t(i));
      return to_value(g.nodes[l.op == op::target ? v : u]);
    };
    if (row_value(e, row) == value{true}) chosen.emplace(g.nodes[u], g.nodes[v]);
  }
  return chosen;
}

/// Expressions over the columns of `what`, each of another kind.
std::vector<expression> expressions(const std::function<expression(std::string)>& what) {
  std::vector<expression> all;
  for (auto o : {op::equal, op::not_equal, op::less, op::less_equal, op::greater, op::greater_equal}) {
    all.push_back(make(o, what("age"), literal(int64_t{30})));
    all.push_back(make(o, literal(int64_t{30}), what("age")));
    all.push_back(make(o, what("age"), literal(30.5)));
    all.push_back(make(o, what("age"), what("score")));
    all.push_back(make(o, what("big"), literal(0x1p53 + 2)));
    for (auto& x : {value{int64_t{30}}, value{30.5}, value{7.0}, value{0x1p53 + 2}, value{(int64_t{1} << 53) + 1}, value{std::nan("")}}) {
      all.push_back(make(o, what("count"), literal(x)));
      all.push_back(make(o, literal(x), what("count")));
    }
    for (auto other : {"age", "score", "big", "count"}) all.push_back(make(o, what("count"), what(other)));
    all.push_back(make(o, make(op::add, what("count"), literal(int64_t{1})), literal((int64_t{1} << 53) + 3)));
    all.push_back(make(o, what("name"), literal(std::string{"wxx7"})));
    all.push_back(make(o, what("name"), what("name")));
    all.push_back(make(o, what("here"), literal(true)));
    all.push_back(make(o, what("when"), literal(timestamp{500})));
    all.push_back(make(o, what("age"), literal(value{})));
    all.push_back(make(o, make(op::add, what("age"), what("score")), literal(60.0)));
    all.push_back(make(o, make(op::multiply, what("age"), literal(int64_t{3})), make(op::subtract, literal(int64_t{200}), what("age"))));
  }
  auto old = make(op::greater, what("age"), literal(int64_t{60})), high = make(op::less, what("score"), literal(int64_t{25}));
  for (auto o : {op::logical_and, op::logical_or}) {
    all.push_back(make(o, old, high));
    all.push_back(make(o, what("here"), make(op::logical_not, old)));
    all.push_back(make(op::logical_not, make(o, what("here"), high)));
    all.push_back(make(o, literal(value{}), high));
    all.push_back(make(o, literal(true), what("here")));
  }
  all.push_back(make(op::is_null, what("name")));
  all.push_back(make(op::logical_not, make(op::is_null, make(op::negate, what("score")))));
  all.push_back(make(op::is_in, what("age"), literal(int64_t{5}), literal(7.0), literal(8.5), literal(int64_t{99})));
  all.push_back(make(op::is_in, what("score"), literal(int64_t{5}), literal(7.5)));
  all.push_back(make(op::is_in, what("count"), literal(int64_t{5}), literal(7.5), literal((int64_t{1} << 53) + 1), literal(0x1p53)));
  all.push_back(make(op::is_null, what("count")));
  all.push_back(make(op::is_in, what("name"), literal(std::string{"w3"}), literal(value{}), literal(std::string{"wx4"})));
  all.push_back(make(op::logical_not, make(op::is_in, what("name"), literal(std::string{"w3"}), literal(value{}))));
  all.push_back(make(op::is_in, what("when"), literal(timestamp{7}), literal(timestamp{8})));
  all.push_back(make(op::is_in, what("name")));
  all.push_back(make(op::contains, what("name"), literal(std::string{"x1"})));
  all.push_back(make(op::starts_with, what("name"), literal(std::string{"wx"})));
  all.push_back(make(op::ends_with, what("name"), literal(std::string{"6"})));
  all.push_back(what("here"));
  all.push_back(literal(true));
  all.push_back(literal(value{}));
  return all;
}

TEST(evaluate, nodes_as_row_by_row_on_any_number_of_partitions) {
  for (auto keys : {key_type::int64, key_type::utf8}) {
    auto g = sample(keys == key_type::utf8 ? 600 : 9000, 500, true, keys);
    auto all = expressions(node);
    for (uint32_t p : {1u, 2u, 4u}) {
      auto chosen = all_chosen_nodes(g, p, all);
      for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(chosen[i], expected_nodes(g, all[i])) << to_string(all[i]);
    }
  }
}

TEST(evaluate, edges_as_row_by_row_on_any_number_of_partitions) {
  for (bool directed : {true, false}) {
    auto g = sample(directed ? 3000 : 500, directed ? 4000 : 900, directed, directed ? key_type::int64 : key_type::utf8);
    auto all = expressions(edge);
    for (auto& e : expressions(node)) all.push_back(make(op::logical_or, e, make(op::greater, edge("age"), literal(int64_t{90}))));
    auto k = directed ? literal(int64_t{5000}) : literal(std::string{"n5"});
    all.push_back(make(op::less, leaf(op::source), k));
    all.push_back(make(op::less, leaf(op::target), k));
    all.push_back(make(op::less, leaf(op::source), leaf(op::target)));
    for (uint32_t p : {1u, 3u}) {
      auto chosen = all_chosen_edges(g, p, all);
      for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(chosen[i], expected_edges(g, all[i])) << to_string(all[i]);
    }
  }
}

TEST(evaluate, keys_and_degrees_of_nodes) {
  auto g = sample(300, 900, true, key_type::int64);
  EXPECT_EQ(chosen_nodes(g, 2, make(op::less, leaf(op::node_key), literal(int64_t{20'000}))),
            expected_nodes(g, make(op::less, leaf(op::node_key), literal(int64_t{20'000}))));
  std::set<key> hubs;
  auto to = g.successors();
  for (size_t i = 0; i < to.size(); ++i)
    if (to[i].size() > 3) hubs.insert(g.nodes[i]);
  EXPECT_EQ(chosen_nodes(g, 2, make(op::greater, leaf(op::out_degree), literal(int64_t{3}))), hubs);
}

plain_graph three_mixed() {
  plain_graph g;
  g.kind = {true, false, key_type::int64, key_type::none};
  column_builder mixed{"mixed", column_type::json}, name{"name", column_type::utf8}, age{"age", column_type::int64};
  for (auto text : {"1", "1.0", "\"x\"", "true", "null", "[1]", "2.5"}) {
    g.nodes.emplace_back(int64_t(g.nodes.size()));
    mixed.append(json{text});
    name.append_bytes(text);
    age.append_int64(INT64_MAX - int64_t(g.nodes.size()));
  }
  g.node_columns = {mixed.finish(), name.finish(), age.finish()};
  return g;
}

std::set<key> keys(std::initializer_list<int64_t> all) { return {all.begin(), all.end()}; }

TEST(evaluate, json_values_are_equal_only_to_values_of_their_kind) {
  auto g = three_mixed();
  for (uint32_t p : {1u, 2u}) {
    EXPECT_EQ(chosen_nodes(g, p, make(op::equal, node("mixed"), literal(int64_t{1}))), keys({0, 1}));
    EXPECT_EQ(chosen_nodes(g, p, make(op::equal, node("mixed"), literal(std::string{"x"}))), keys({2}));
    EXPECT_EQ(chosen_nodes(g, p, make(op::equal, node("mixed"), literal(true))), keys({3}));
    EXPECT_EQ(chosen_nodes(g, p, make(op::not_equal, node("mixed"), literal(true))), keys({0, 1, 2, 5, 6}));
    EXPECT_EQ(chosen_nodes(g, p, make(op::is_null, node("mixed"))), keys({4}));
    EXPECT_EQ(chosen_nodes(g, p, make(op::is_in, node("mixed"), literal(2.5), literal(std::string{"x"}))), keys({2, 6}));
  }
}

TEST(evaluate, a_json_column_is_searched_when_all_its_values_are_text) {
  auto g = three_mixed();
  column_builder words{"words", column_type::json};
  for (auto text : {"\"x\"", "null", "\"axb\"", "\"y\"", "null", "\"\"", "\"x1\""}) words.append(json{text});
  g.node_columns = {words.finish()};
  for (uint32_t p : {1u, 2u}) {
    EXPECT_EQ(chosen_nodes(g, p, make(op::contains, node("words"), literal(std::string{"x"}))), keys({0, 2, 6}));
    EXPECT_EQ(chosen_nodes(g, p, make(op::logical_not, make(op::starts_with, node("words"), literal(std::string{"x"})))), keys({2, 3, 5}));
  }
}

/// Bits of pages with and without nulls, at ends that are no multiples of 8.
TEST(evaluate, columns_of_any_length_compare_as_row_by_row) {
  for (size_t rows : {1u, 7u, 63u, 65u, 2047u, 2049u, 8191u, 8195u}) {
    plain_graph g;
    g.kind = {true, false, key_type::int64, key_type::none};
    for (size_t i = 0; i < rows; ++i) g.nodes.emplace_back(int64_t(i));
    g.node_columns = columns(rows, rows);
    column_builder full{"full", column_type::float64};
    for (size_t i = 0; i < rows; ++i) full.append_float64(double(i * 7919 % 101));
    g.node_columns.push_back(full.finish());
    for (auto& e : {make(op::less, node("full"), literal(int64_t{50})), make(op::greater_equal, node("score"), literal(20.5)),
                    make(op::is_null, node("age")), make(op::logical_and, make(op::less, node("full"), literal(80.0)), node("here"))})
      EXPECT_EQ(chosen_nodes(g, 1, e), expected_nodes(g, e)) << rows << " " << to_string(e);
  }
}

TEST(evaluate, matches_searches_with_a_regular_expression) {
  auto g = three_mixed();
  EXPECT_EQ(chosen_nodes(g, 1, make(op::matches, node("name"), literal(std::string{"^[0-9]+$"}))), keys({0}));
  EXPECT_EQ(chosen_nodes(g, 2, make(op::matches, node("name"), literal(std::string{"[.]"}))), keys({1, 6}));
}

std::string problem(const plain_graph& from, uint32_t partitions, const expression& e, errc code, bool edges = false) {
  try {
    on_partitions(from, partitions,
                  [&](const graph& g, communicator& all) { edges ? void(evaluate_edges(e, g, all)) : void(evaluate_nodes(e, g, all)); });
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), code) << f.what();
    return f.what();
  }
  return "none";
}

TEST(evaluate, every_partition_says_what_is_wrong) {
  auto g = three_mixed();
  auto has = std::string{"x"};
  for (uint32_t p : {1u, 4u}) {
    EXPECT_EQ(problem(g, p, make(op::greater, node("agee"), literal(int64_t{3})), errc::key), "no node has attribute 'agee'");
    EXPECT_EQ(problem(g, p, make(op::greater, edge("w"), literal(int64_t{3})), errc::key, true), "no edge has attribute 'w'");
    EXPECT_EQ(problem(g, p, make(op::greater, node("age"), literal(has)), errc::type),
              "cannot compare column 'age' (int64) with 'x' (str)");
    EXPECT_EQ(problem(g, p, make(op::equal, node("age"), node("name")), errc::type),
              "cannot compare column 'age' (int64) with column 'name' (utf8)");
    EXPECT_EQ(problem(g, p, make(op::is_in, node("age"), literal(has)), errc::type), "cannot compare column 'age' (int64) with 'x' (str)");
    EXPECT_EQ(problem(g, p, make(op::contains, node("age"), literal(has)), errc::type), "contains() needs text, not column 'age' (int64)");
    EXPECT_EQ(problem(g, p, make(op::add, node("age"), node("name")), errc::type),
              "cannot add column 'age' (int64) and column 'name' (utf8)");
    EXPECT_EQ(problem(g, p, node("age"), errc::type), "a filter must be true or false, not column 'age' (int64)");
    EXPECT_EQ(problem(g, p, make(op::less, node("mixed"), literal(int64_t{2})), errc::type),
              "cannot compare column 'mixed' (json) with 2 (int): values of different types have no order");
    EXPECT_EQ(problem(g, p, make(op::greater, make(op::add, node("age"), literal(int64_t{100})), literal(int64_t{0})), errc::value),
              "(node('age') + 100) is too large for int64");
    EXPECT_EQ(problem(g, p, node("mixed"), errc::type), "a filter must be true or false; not all values are in column 'mixed' (json)");
    EXPECT_EQ(problem(g, p, make(op::contains, node("mixed"), literal(has)), errc::type),
              "contains() needs text: not all values are in column 'mixed' (json)");
    EXPECT_EQ(problem(g, p, edge("w"), errc::value), "edge('w') has no value in a filter of nodes");
    EXPECT_EQ(problem(g, p, leaf(op::target), errc::value), "target() has no value in a filter of nodes");
    EXPECT_EQ(problem(g, p, make(op::add, literal(has)), errc::value), "malformed expression: operation 60 with 1 arguments");
    EXPECT_EQ(problem(g, p, expression{op(999), "", {}, {}}, errc::value), "malformed expression: operation 999 with 0 arguments");
    EXPECT_NE(problem(g, p, make(op::matches, node("name"), literal(std::string{"("})), errc::value).find("bad regular expression '('"),
              std::string::npos);
  }
}

TEST(evaluate, a_target_in_another_partition_needs_resolved_mirrors) {
  auto g = sample(50, 100, true, key_type::int64);
  auto e = make(op::equal, leaf(op::target), literal(int64_t{1}));
  EXPECT_EQ(problem(g, 1, e, errc::value, true), "none");
  EXPECT_EQ(problem(g, 2, e, errc::value, true), "target() of an edge into another partition is not known here: resolve mirrors first");
}

TEST(evaluate, long_texts_and_nested_patterns_neither_crash_nor_stall) {
  auto g = three_mixed();
  column_builder text{"text", column_type::utf8};
  for (size_t i = 0; i < g.nodes.size(); ++i) text.append_bytes(std::string(i * 10'000, 'a') + (i == 3 ? "c\n" : ""));
  g.node_columns = {text.finish()};
  EXPECT_EQ(chosen_nodes(g, 2, make(op::matches, node("text"), literal(std::string{"((a*)*|b)*c"}))), keys({3}));
  EXPECT_EQ(chosen_nodes(g, 1, make(op::matches, node("text"), literal(std::string{"^$"}))), keys({0}));
  EXPECT_EQ(chosen_nodes(g, 1, make(op::matches, node("text"), literal(std::string(1000, '(') + "c" + std::string(1000, ')')))), keys({3}));
}

TEST(evaluate, patterns_that_could_exhaust_memory_or_stack_are_refused) {
  auto g = three_mixed();
  for (std::string pattern : {"(a?){5000}", "((a{99}){99}){99}", "(a)\\1", "a)(b"})
    EXPECT_NE(problem(g, 1, make(op::matches, node("name"), literal(pattern)), errc::value).find("bad regular expression"),
              std::string::npos)
        << pattern;
  problem(g, 1, make(op::matches, node("name"), literal(std::string(100'000, '('))), errc::value);
}

TEST(evaluate, compares_integers_with_reals_exactly) {
  EXPECT_TRUE(compare_exactly(INT64_MAX, 0x1p63) < 0);
  EXPECT_TRUE(compare_exactly(INT64_MIN, -0x1p63) == 0);
  EXPECT_TRUE(compare_exactly((int64_t{1} << 53) + 1, 0x1p53) > 0);
  EXPECT_TRUE(compare_exactly(-3, -3.5) > 0);
  EXPECT_TRUE(compare_exactly(3, 3.5) < 0);
  EXPECT_TRUE(compare_exactly(0, -0.0) == 0);
  auto nan = compare_exactly(0, std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(nan < 0 || nan == 0 || nan > 0);
}

TEST(expression, shows_as_python_writes_it) {
  EXPECT_EQ(to_string(make(op::greater, node("age"), literal(int64_t{30}))), "(node('age') > 30)");
  EXPECT_EQ(to_string(make(op::logical_not, make(op::is_in, edge("kind"), literal(std::string{"a"}), literal(value{})))),
            "~edge('kind').is_in(['a', None])");
  EXPECT_EQ(to_string(make(op::logical_and, make(op::is_null, node("x")), make(op::equal, leaf(op::node_key), literal(true)))),
            "(node('x').is_null() & (node_key() == True))");
}

}  // namespace
}  // namespace gli::testing
