#include <limits>

#include "runtime/error.h"
#include "tests/partitions/loaded_model.h"

using namespace gli;
using namespace gli::testing;

namespace {

constexpr graph_kind multi{true, true, key_type::none, key_type::none};

std::vector<graph> load_with(duplicate_policy policy, const graph_kind& kind, const table& rows, uint32_t partitions, load_report* report = nullptr,
                             bool reversed = false) {
  std::vector<graph> loaded(partitions);
  in_process_hub hub{partitions};
  hub.run([&](communicator& all) {
    load_options o{kind, all.rank(), partitions, false, "input.txt", policy};
    graph_loader loader{o};
    feed(loader, o, rows, 7, reversed);
    load_report mine;
    loaded[all.rank()] = with_mirror_keys(loader.finish(all, mine), all);
    if (report && all.rank() == 0) *report = mine;
  });
  return loaded;
}

std::string complaint(duplicate_policy policy, const graph_kind& kind, const table& rows, uint32_t partitions, errc code = errc::value) {
  std::vector<std::string> told(partitions);
  in_process_hub hub{partitions};
  hub.run([&](communicator& all) {
    load_options o{kind, all.rank(), partitions, false, "input.txt", policy};
    graph_loader loader{o};
    feed(loader, o, rows);
    load_report mine;
    try {
      loader.finish(all, mine);
    } catch (const failure& e) {
      EXPECT_EQ(e.code(), code);
      told[all.rank()] = e.what();
    }
  });
  for (auto& what : told) EXPECT_EQ(what, told[0]);
  return told[0];
}

value added(const value& a, const value& b) {
  if (std::holds_alternative<std::monostate>(a)) return b;
  if (std::holds_alternative<std::monostate>(b)) return a;
  if (auto x = std::get_if<int64_t>(&a)) return *x + std::get<int64_t>(b);
  return std::get<double>(a) + std::get<double>(b);
}

/// The model of `rows` under a policy, row by row.
model plainly(duplicate_policy policy, const graph_kind& kind, const table& rows) {
  model m = gli::testing::plainly(kind, rows);
  std::set<key> seen;
  for (auto& n : rows.nodes)
    if (!seen.insert(n.id).second && policy == duplicate_policy::last) m.nodes[n.id] = n.attributes;
  std::set<edge_name> edges;
  for (auto& e : rows.edges) {
    auto s = e.source, t = e.target;
    if (!kind.directed && t < s) std::swap(s, t);
    edge_name name{s, t, e.edge_key.value_or(key{int64_t{0}})};
    if (edges.insert(name).second) continue;
    auto& kept = m.edges.at(name);
    if (policy == duplicate_policy::last) kept = e.attributes;
    else
      for (auto& [attribute, x] : e.attributes) kept[attribute] = added(kept[attribute], x);
  }
  return m;
}

table numbered_table(uint64_t seed, const graph_kind& kind, bool text) {
  auto rows = random_table(seed, kind, text, 25, 300);
  std::mt19937_64 random{seed};
  for (auto& e : rows.edges) {
    e.attributes.erase("label");
    if (random() % 3) e.attributes["count"] = int64_t(random() % 1000);
    if (e.attributes.contains("weight")) e.attributes["weight"] = double(random() % 1000) / 7.0;
    if (kind.multi) e.edge_key = int64_t(random() % 2);
  }
  return rows;
}

}  // namespace

TEST(duplicates, keep_the_last_or_add_up_as_a_plain_map_does_on_any_number_of_partitions_in_any_order) {
  for (auto policy : {duplicate_policy::first, duplicate_policy::last, duplicate_policy::sum})
    for (auto& kind : {graph_kind{}, graph_kind{false, false, key_type::none, key_type::none}, multi})
      for (bool text : {false, true}) {
        auto rows = numbered_table(uint64_t(policy) + 5, kind, text);
        auto expected = policy == duplicate_policy::first ? gli::testing::plainly(kind, rows) : plainly(policy, kind, rows);
        for (uint32_t partitions : {1u, 2u, 4u})
          for (bool reversed : {false, true}) {
            SCOPED_TRACE(::testing::Message() << int(policy) << ", " << partitions << " partitions" << (reversed ? ", reversed" : ""));
            load_report report;
            expect_equal(load_with(policy, kind, rows, partitions, &report, reversed), expected);
            EXPECT_EQ(report.duplicate_nodes, expected.duplicate_nodes);
            EXPECT_EQ(report.duplicate_edges, expected.duplicate_edges);
          }
      }
}

TEST(duplicates, count_as_lost_when_an_attribute_differs_from_the_first) {
  table rows;
  rows.nodes = {{int64_t{1}, {{"age", int64_t{3}}}}, {int64_t{1}, {{"age", int64_t{3}}}}, {int64_t{1}, {{"age", int64_t{4}}}}};
  rows.edges = {{int64_t{1}, int64_t{2}, {}, {{"w", 1.0}}}, {int64_t{1}, int64_t{2}, {}, {}}, {int64_t{1}, int64_t{2}, {}, {{"w", 1.0}}},
                {int64_t{1}, int64_t{2}, {}, {{"w", 2.0}}}, {int64_t{2}, int64_t{1}, {}, {{"w", 3.0}}}};
  for (uint32_t partitions : {1u, 2u, 4u}) {
    load_report report;
    load_with(duplicate_policy::first, {}, rows, partitions, &report);
    EXPECT_EQ(report.duplicate_nodes, 2u);
    EXPECT_EQ(report.lost_nodes, 1u);
    EXPECT_EQ(report.duplicate_edges, 3u);
    EXPECT_EQ(report.lost_edges, 1u);
  }
}

TEST(duplicates, are_refused_by_their_first_line_on_every_partition) {
  table rows;
  for (int64_t i = 0; i < 40; ++i) rows.edges.push_back({i, (i * 7) % 40, {}, {}});
  for (uint32_t partitions : {1u, 2u, 4u}) EXPECT_EQ(complaint(duplicate_policy::error, {}, rows, partitions), "");
  for (int64_t i = 30; i > 10; --i) rows.edges.push_back({i, (i * 7) % 40, {}, {}});
  for (uint32_t partitions : {1u, 2u, 4u})
    EXPECT_EQ(complaint(duplicate_policy::error, {}, rows, partitions), "input.txt:41: edge 30 -> 10 is there already");
  rows.nodes = {{int64_t{5}, {}}, {int64_t{6}, {}}, {int64_t{6}, {}}, {int64_t{5}, {}}};
  for (uint32_t partitions : {1u, 2u, 4u})
    EXPECT_EQ(complaint(duplicate_policy::error, {}, rows, partitions), "input.txt:3: node 6 is there already");
}

TEST(duplicates, of_a_multi_graph_are_edges_of_one_key) {
  table rows;
  rows.edges = {{int64_t{1}, int64_t{2}, key{std::string{"a"}}, {}}, {int64_t{1}, int64_t{2}, key{std::string{"b"}}, {}},
                {int64_t{1}, int64_t{2}, key{std::string{"a"}}, {}}};
  EXPECT_EQ(complaint(duplicate_policy::error, multi, rows, 1), "input.txt:3: edge 1 -> 2 with key 'a' is there already");
  for (auto& e : rows.edges) e.edge_key.reset();
  EXPECT_EQ(complaint(duplicate_policy::error, multi, rows, 2), "");
}

TEST(duplicates, add_up_only_numbers) {
  table rows;
  rows.edges = {{int64_t{1}, int64_t{2}, {}, {}}, {int64_t{3}, int64_t{4}, {}, {}}};
  EXPECT_EQ(complaint(duplicate_policy::sum, {}, rows, 2), "duplicates='sum' adds numeric attributes, but these edges have none");
  rows.edges[0].attributes["label"] = std::string{"x"};
  EXPECT_EQ(complaint(duplicate_policy::sum, {}, rows, 2, errc::type), "duplicates='sum' adds numbers, but the edges' column 'label' is utf8");
}

TEST(duplicates, whose_sum_exceeds_int64_are_an_error_but_not_what_passes_by_it) {
  constexpr auto most = std::numeric_limits<int64_t>::max();
  table rows;
  rows.edges = {{int64_t{1}, int64_t{2}, {}, {{"n", most}}}, {int64_t{1}, int64_t{2}, {}, {{"n", int64_t{2}}}}};
  for (uint32_t partitions : {1u, 2u})
    EXPECT_EQ(complaint(duplicate_policy::sum, {}, rows, partitions), "input.txt:1: the sum of 'n' of edge 1 -> 2 exceeds int64");
  rows.edges.push_back({int64_t{1}, int64_t{2}, {}, {{"n", int64_t{-2}}}});
  auto g = load_with(duplicate_policy::sum, {}, rows, 1)[0];
  EXPECT_EQ(edge_attributes(g, 0, 0), (parameters{{"n", most}}));
}

TEST(duplicates, give_the_same_identity_on_any_number_of_partitions) {
  auto rows = numbered_table(3, {}, true);
  for (auto policy : {duplicate_policy::last, duplicate_policy::sum}) {
    std::set<hash128> ids;
    for (uint32_t partitions : {1u, 2u, 4u}) {
      hash128 sum;
      for (auto& g : load_with(policy, {}, rows, partitions)) sum += partition_facts(g);
      ids.insert(sum);
    }
    EXPECT_EQ(ids.size(), 1u);
  }
}

TEST(ids, that_run_out_are_a_clear_error) {
  table rows;
  for (int64_t i = 0; i < 30; ++i) rows.edges.push_back({i, i + 1, {}, {}});
  for (uint32_t partitions : {1u, 2u}) {
    in_process_hub hub{partitions};
    std::atomic<int> failed{0};
    hub.run([&](communicator& all) {
      load_options o{.partition = all.rank(), .partitions = partitions, .origin = "input.txt", .most_nodes = 10};
      graph_loader loader{o};
      std::string what;
      try {
        feed(loader, o, rows);
      } catch (const failure& e) {
        what = e.what();
        EXPECT_EQ(e.code(), errc::memory);
        ++failed;
      }
      EXPECT_EQ(what, "a partition holds at most 10 nodes");
    });
    EXPECT_EQ(failed, int(partitions));
  }
}
