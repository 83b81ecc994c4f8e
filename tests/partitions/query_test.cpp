#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "partitions/dictionary.h"
#include "partitions/query.h"
#include "runtime/error.h"
#include "tests/partitions/random_graphs.h"

namespace gli {
namespace {

using testing::graph_shape;

using row = std::map<std::string, value>;
std::vector<row> rows_of(const column_batch& batch) {
  batch.check();
  std::vector<row> rows(size_t(batch.rows));
  for (auto& c : batch.columns)
    for (int64_t i = 0; i < batch.rows; ++i) rows[size_t(i)][c.name] = c.at(i);
  return rows;
}

std::vector<row> ask(const graph& g, const std::string& name, parameters arguments = {}) {
  return rows_of(answer(query{name, 0, 0, 0, std::move(arguments)}, &g, nullptr, nullptr));
}
std::vector<row> ask(const node_values& v, const std::string& name, parameters arguments = {}, const node_values* other = nullptr) {
  return rows_of(answer(query{name, 0, 0, 0, std::move(arguments)}, nullptr, &v, other));
}

/// The rows of all partitions as a driver merges them.
std::vector<row> merged(const std::vector<graph>& parts, const std::string& name, const parameters& arguments = {}) {
  std::vector<row> all;
  for (auto& g : parts)
    for (auto& r : ask(g, name, arguments)) all.push_back(r);
  std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.at("_seq") < b.at("_seq"); });
  for (auto& r : all) r.erase("_seq");
  return all;
}

std::vector<row> sorted(std::vector<row> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<graph_shape> shapes() {
  std::vector<graph_shape> all;
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true}) all.push_back({directed, multi, text, 150, 500});
  return all;
}

TEST(query, shows_nodes_in_insertion_order_on_any_number_of_partitions) {
  for (auto& shape : shapes()) {
    auto rows = testing::random_rows(shape, 61);
    auto expected = merged(testing::load(rows, 1), "nodes");
    for (size_t i = 0; i < rows.nodes.size(); ++i)
      ASSERT_EQ(expected[i], (row{{"id", to_value(rows.nodes[i].id)}, {"age", rows.nodes[i].age}, {"name", rows.nodes[i].name}}));
    for (uint32_t partitions : {2, 4}) EXPECT_EQ(merged(testing::load(rows, partitions), "nodes"), expected);
  }
}

TEST(query, shows_every_edge_with_its_keys) {
  for (auto& shape : shapes()) {
    auto rows = testing::random_rows(shape, 62);
    std::vector<row> expected;
    for (auto& e : rows.edges) {
      expected.push_back({{"source", to_value(e.source)}, {"target", to_value(e.target)}, {"weight", e.weight}, {"label", e.label}});
      if (shape.multi) expected.back()["key"] = e.edge_key;
    }
    for (uint32_t partitions : {1, 2, 4}) EXPECT_EQ(sorted(merged(testing::load(rows, partitions), "edges")), sorted(expected));
  }
}

TEST(query, gives_windows_of_the_same_rows) {
  auto keep = [](int32_t v) { return v % 3 != 1; };
  auto loaded = testing::load(testing::random_rows({true, false, false, 3000, 3500}, 63), 1)[0];
  solo alone;
  for (auto& g : {loaded, restrict_to(loaded, keep, {}, alone)})
    for (auto name : {"nodes", "edges"}) {
      auto all = ask(g, name);
      for (int64_t offset : {0, 1, 700, 1500, 2900, 5000})
        for (int64_t limit : {0, 1, 600, 9000}) {
          auto begin = std::min(size_t(offset), all.size()), end = std::min(begin + size_t(limit), all.size());
          std::vector<row> expected(all.begin() + ptrdiff_t(begin), all.begin() + ptrdiff_t(end));
          ASSERT_EQ(ask(g, name, {{"offset", offset}, {"limit", limit}}), expected) << name << offset << "+" << limit;
        }
    }
}

TEST(query, finds_a_node_and_its_neighbors_where_it_lives) {
  for (auto& shape : shapes()) {
    auto rows = testing::random_rows(shape, 64);
    for (uint32_t partitions : {1, 2, 4}) {
      auto parts = testing::load(rows, partitions);
      for (size_t i = 0; i < rows.nodes.size(); i += 5) {
        auto& k = rows.nodes[i].id;
        std::set<value> out, in;
        for (auto& e : rows.edges) {
          if (e.source == k) out.insert(to_value(e.target));
          if (e.target == k) in.insert(to_value(e.source));
        }
        std::set<value> all = out;
        all.insert(in.begin(), in.end());
        for (uint32_t p = 0; p < partitions; ++p) {
          bool owner = owner_of(key_hash(k), partitions) == p;
          ASSERT_EQ(ask(parts[p], "node", {{"key", to_value(k)}}).size(), size_t(owner));
          if (!owner) continue;
          for (auto& [direction, expected] : {std::pair{"out", shape.directed ? out : all}, {"in", shape.directed ? in : all}, {"all", all}}) {
            std::vector<value> found;
            for (auto& r : ask(parts[p], "neighbors", {{"key", to_value(k)}, {"direction", direction}})) found.push_back(r.at("id"));
            ASSERT_EQ(found, std::vector<value>(expected.begin(), expected.end()));
          }
        }
      }
    }
  }
}

TEST(query, finds_edges_from_either_end_of_an_undirected_graph) {
  for (auto& shape : shapes()) {
    auto rows = testing::random_rows(shape, 65);
    auto parts = testing::load(rows, 2);
    for (size_t i = 0; i < 60; ++i) {
      auto e = rows.edges[i];
      auto& g = parts[owner_of(key_hash(e.source), 2)];
      if (!shape.directed) std::swap(e.source, e.target);
      parameters named{{"source", to_value(e.source)}, {"target", to_value(e.target)}};
      if (shape.multi) named["key"] = e.edge_key;
      auto found = ask(g, "edge", named);
      ASSERT_EQ(found.size(), 1u);
      EXPECT_EQ(found[0].at("weight"), e.weight);
      named.erase("key");
      auto parallel = std::count_if(rows.edges.begin(), rows.edges.end(), [&](auto& x) {
        return (x.source == e.source && x.target == e.target) || (!shape.directed && x.source == e.target && x.target == e.source);
      });
      EXPECT_EQ(ask(g, "edge", named).size(), size_t(parallel));
    }
  }
}

TEST(query, counts_what_each_partition_holds) {
  auto rows = testing::random_rows({}, 66);
  for (uint32_t partitions : {1, 2, 4}) {
    int64_t nodes = 0, edges = 0, cut = 0;
    auto parts = testing::load(rows, partitions);
    for (auto& g : parts) {
      auto r = ask(g, "counts").at(0);
      nodes += std::get<int64_t>(r.at("nodes"));
      edges += std::get<int64_t>(r.at("edges"));
      cut += std::get<int64_t>(r.at("cut_edges"));
      EXPECT_GT(std::get<int64_t>(r.at("bytes")), 0);
    }
    auto expected = std::count_if(rows.edges.begin(), rows.edges.end(), [&](auto& e) {
      return owner_of(key_hash(e.source), partitions) != owner_of(key_hash(e.target), partitions);
    });
    EXPECT_EQ(cut, expected);
    EXPECT_EQ(nodes, int64_t(parts[0]->total_nodes));
    EXPECT_EQ(edges, int64_t(rows.edges.size()));
  }
}

// --- values ----------------------------------------------------------------------------------------------------------------

template <class Append>
node_values values_for(const graph& g, column_type type, Append&& append) {
  column_builder out{"value", type};
  for (int32_t v = 0; v < g->size; ++v) append(out, v);
  return {g, out.finish(), {}, {}};
}

/// Few different values, so that ties are common; nulls and NaN among them.
node_values some_numbers(const graph& g) {
  return values_for(g, column_type::float64, [&](column_builder& out, int32_t v) {
    auto h = node_hash(g, v).low % 11;
    if (h == 0) out.append_null();
    else if (h == 1) out.append_float64(std::nan(""));
    else out.append_float64(double(h) / 4);
  });
}

TEST(query, ranks_with_ties_by_key_and_nulls_last) {
  for (bool text : {false, true}) {
    auto g = testing::load(testing::random_rows({true, false, text}, 67), 1)[0];
    auto v = some_numbers(g);
    std::vector<int32_t> order(static_cast<size_t>(g->size));
    for (int32_t i = 0; i < g->size; ++i) order[size_t(i)] = i;
    for (bool ascending : {false, true}) {
      std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        auto rank = [&](int32_t u) { return !v.data.valid(u) ? 2 : std::isnan(v.data.float64(u)) ? 1 : 0; };
        if (rank(a) != rank(b)) return rank(a) < rank(b);
        if (rank(a) == 0 && v.data.float64(a) != v.data.float64(b)) return (v.data.float64(a) < v.data.float64(b)) == ascending;
        return text ? node_hash(g, a) < node_hash(g, b) : node_key(g, a) < node_key(g, b);
      });
      for (int64_t n : {0, 1, 10, 150, 5000}) {
        auto top = ask(v, "top", {{"n", n}, {"ascending", ascending}});
        ASSERT_EQ(top.size(), std::min(size_t(n), order.size()));
        for (size_t i = 0; i < top.size(); ++i) ASSERT_EQ(top[i].at("id"), to_value(node_key(g, order[i]))) << i;
        for (size_t i = 1; i < top.size(); ++i)
          if (text && top[i].at("value") == top[i - 1].at("value")) {
            ASSERT_LT(std::get<binary>(top[i - 1].at("_tie")), std::get<binary>(top[i].at("_tie")));
          }
        if (!text && n) { EXPECT_FALSE(top[0].contains("_tie")); }
      }
    }
  }
}

TEST(query, gives_values_and_one_value) {
  auto g = testing::load(testing::random_rows({}, 68), 1)[0];
  auto v = values_for(g, column_type::int64, [&](column_builder& out, int32_t u) { out.append_int64(u * 3); });
  auto all = ask(v, "values");
  ASSERT_EQ(all.size(), size_t(g->nodes));
  EXPECT_EQ(all[5], (row{{"id", to_value(node_key(g, 5))}, {"value", int64_t{15}}}));
  EXPECT_EQ(ask(v, "values", {{"offset", int64_t{4}}, {"limit", int64_t{2}}}), (std::vector<row>{all[4], all[5]}));
  EXPECT_EQ(ask(v, "value", {{"key", to_value(node_key(g, 5))}}), (std::vector<row>{{{"id", to_value(node_key(g, 5))}, {"value", int64_t{15}}}}));
  EXPECT_TRUE(ask(v, "value", {{"key", int64_t{1} << 40}}).empty());
}

TEST(query, gives_values_of_one_partition_of_several_with_their_places_in_the_whole) {
  auto g = testing::load(testing::random_rows({}, 68), 2)[1];
  auto all = ask(values_for(g, column_type::int64, [&](column_builder& out, int32_t u) { out.append_int64(u * 3); }), "values");
  ASSERT_EQ(all.size(), size_t(g->nodes));
  for (size_t i = 1; i < all.size(); ++i) EXPECT_LT(std::get<int64_t>(all[i - 1].at("_seq")), std::get<int64_t>(all[i].at("_seq")));
}

TEST(query, counts_how_many_nodes_have_each_value) {
  auto g = testing::load(testing::random_rows({true, false, true}, 69), 1)[0];
  auto text = values_for(g, column_type::utf8, [&](column_builder& out, int32_t u) {
    if (u % 9 == 0) out.append_null();
    else out.append_bytes(std::string(1, char('a' + u % 5)));
  });
  std::map<std::string, int64_t> expected;
  for (int32_t u = 0; u < g->size; ++u)
    if (u % 9) ++expected[std::string(1, char('a' + u % 5))];
  auto histogram = ask(text, "histogram");
  ASSERT_EQ(histogram.size(), expected.size());
  for (size_t i = 0; auto& [name, count] : expected) EXPECT_EQ(histogram[i++], (row{{"value", name}, {"count", count}}));
  auto sizes = ask(text, "sizes", {{"n", int64_t{3}}});
  ASSERT_EQ(sizes.size(), 3u);
  auto most = std::max_element(expected.begin(), expected.end(), [](auto& a, auto& b) { return a.second < b.second; });
  EXPECT_EQ(sizes[0], (row{{"value", most->first}, {"count", most->second}}));
  EXPECT_GE(sizes[1].at("count"), sizes[2].at("count"));
  auto numbers = ask(some_numbers(g), "histogram");
  EXPECT_TRUE(std::isnan(std::get<double>(numbers.back().at("value"))));
}

TEST(query, ranks_what_moved_most_between_two_graphs) {
  for (bool text : {false, true}) {
    auto older_rows = testing::random_rows({true, false, text}, 70), newer_rows = testing::random_rows({true, false, text, 230, 500}, 71);
    for (uint32_t partitions : {1, 2}) {
      auto olders = testing::load(older_rows, partitions), newers = testing::load(newer_rows, partitions);
      for (uint32_t p = 0; p < partitions; ++p) {
        auto number = [](const graph& g, int scale) {
          return values_for(g, column_type::float64, [&](column_builder& out, int32_t v) {
            if (node_hash(g, v).high % 13 == 0) out.append_null();
            else out.append_float64(double(node_hash(g, v).low % uint64_t(scale)) / 2);
          });
        };
        auto now = number(newers[p], 5), before = number(olders[p], 3);
        std::map<key, std::pair<value, value>> both;
        for (int32_t v = 0; v < now.of->size; ++v) both[node_key(now.of, v)].first = now.data.at(v);
        for (int32_t v = 0; v < before.of->size; ++v) both[node_key(before.of, v)].second = before.data.at(v);
        std::vector<std::tuple<double, hash128, key>> moves;
        auto real = [](const value& x) { return x.index() ? std::get<double>(x) : 0.0; };
        for (auto& [k, v] : both)
          if (v.first.index() || v.second.index()) moves.emplace_back(-std::abs(real(v.first) - real(v.second)), text ? key_hash(k) : hash128{}, k);
        std::sort(moves.begin(), moves.end());
        for (int64_t n : {3, 40, 1000}) {
          auto top = ask(now, "compare", {{"n", n}}, &before);
          ASSERT_EQ(top.size(), std::min(size_t(n), moves.size()));
          for (size_t i = 0; i < top.size(); ++i) {
            auto& k = std::get<2>(moves[i]);
            ASSERT_EQ(top[i].at("id"), to_value(k));
            ASSERT_EQ(top[i].at("value"), both[k].first);
            ASSERT_EQ(top[i].at("older"), both[k].second);
            ASSERT_EQ(top[i].at("change"), value{real(both[k].first) - real(both[k].second)});
          }
        }
      }
    }
  }
}

errc code_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const failure& e) {
    return e.code();
  }
  return errc::internal;
}

TEST(query, refuses_what_it_does_not_know) {
  auto g = testing::load(testing::random_rows({}, 72), 1)[0];
  auto words = values_for(g, column_type::utf8, [](column_builder& out, int32_t) { out.append_bytes("a"); });
  EXPECT_EQ(code_of([&] { ask(g, "everything"); }), errc::value);
  EXPECT_EQ(code_of([&] { ask(g, "nodes", {{"offest", int64_t{1}}}); }), errc::value);
  EXPECT_EQ(code_of([&] { ask(g, "nodes", {{"offset", int64_t{-1}}}); }), errc::value);
  EXPECT_EQ(code_of([&] { ask(g, "node"); }), errc::value);
  EXPECT_EQ(code_of([&] { ask(g, "top"); }), errc::value);
  EXPECT_EQ(code_of([&] { ask(words, "compare"); }), errc::value);
  EXPECT_EQ(code_of([&] { ask(words, "compare", {}, &words); }), errc::type);
  EXPECT_EQ(code_of([&] { ask(g, "node", {{"key", std::string{"1"}}}); }), errc::type);
  EXPECT_EQ(code_of([&] { ask(g, "neighbors", {{"key", int64_t{1} << 40}}); }), errc::key);
  EXPECT_EQ(code_of([&] { ask(g, "neighbors", {{"key", to_value(node_key(g, 0))}, {"direction", std::string{"up"}}}); }), errc::value);
}

}  // namespace
}  // namespace gli
