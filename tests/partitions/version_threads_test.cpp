// Threads that write and read versions at once; what they see is checked, and under TSan (tests/sanitize.sh) how.

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <atomic>
#include <functional>
#include <thread>

#include "version_model.h"

namespace gli {
namespace {

using direction = version::direction;

key text(int64_t n) { return "node-" + std::to_string(n); }
key number(int64_t n) { return n; }
key (*const both_types[])(int64_t) = {text, number};

version empty_of(bool directed, bool multi) {
  graph_kind kind;
  kind.directed = directed;
  kind.multi = multi;
  return version{graph{kind}};
}

/// `readers` threads that read until all `writers` are through; each call gets its number.
void together(int writers, int readers, const std::function<void(int)>& write, const std::function<void(int)>& read) {
  std::atomic<int> writing{writers}, ready{0};
  auto start = [&] {
    for (++ready; ready < writers + readers;) std::this_thread::yield();
  };
  std::vector<std::thread> all;
  for (int t = 0; t < writers; ++t)
    all.emplace_back([&, t] {
      start();
      write(t);
      --writing;
    });
  for (int t = 0; t < readers; ++t)
    all.emplace_back([&, t] {
      start();
      do read(t);
      while (writing > 0 && !::testing::Test::HasFailure());
    });
  for (auto& t : all) t.join();
}

/// A version with everything in it, small: a ring of nodes with attributes, hubs, graph attributes, and its model.
std::pair<version, model> furnished(bool directed, bool multi, key (*name)(int64_t), int64_t nodes) {
  model m;
  m.directed = directed;
  m.multi = multi;
  std::vector<edit> edits{node_edit(what::set_graph_attribute, int64_t{0}, {{"title", "ring"}, {"nodes", nodes}})};
  for (int64_t i = 0; i < nodes; ++i) edits.push_back(node_edit(what::add_node, name(i), {{"age", i}, {"name", "n" + std::to_string(i)}}));
  for (int64_t i = 0; i < nodes; ++i) {
    edits.push_back(edge_edit(what::add_edge, name(i), name((i + 1) % nodes), {{"w", i}}));
    edits.push_back(edge_edit(what::add_edge, name(0), name(i), {{"w", -i}}, multi ? std::optional{key{i}} : std::nullopt));
  }
  edits.push_back(edge_edit(what::remove_edge, name(1), name(2)));
  edits.push_back(node_edit(what::remove_node, name(3)));
  for (auto& e : edits) EXPECT_EQ(m.apply(e), 0);
  return {edited(empty_of(directed, multi), edits), m};
}

TEST(version_threads, fork_from_shared_versions_while_others_read_them) {
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (auto name : both_types) {
        std::vector<std::pair<version, model>> shared{furnished(directed, multi, name, 12), furnished(directed, multi, name, 40)};
        auto longer = shared[1];
        for (int64_t i = 0; i < 30; ++i) {
          std::vector<edit> edits{node_edit(what::update_node, name(5), {{"age", i}}), edge_edit(what::upsert_edge, name(5), name(i + 4), {{"w", i}}, {}, true)};
          if (multi) edits.pop_back();
          for (auto& e : edits) ASSERT_EQ(longer.second.apply(e), 0);
          longer.first = edited(longer.first, edits);
          if (i % 10 == 0) shared.push_back(longer);
        }
        auto write = [&](int t) {
          random_edits random{false, uint64_t(t), 1};
          for (int64_t round = 0; round < 30; ++round) {
            auto& [from, known] = shared[size_t(random.below(int(shared.size())))];
            auto v = from;
            for (int64_t i = 0; i < 20; ++i) {
              auto fresh = name(1000 + t * 100'000 + round * 100 + i), old = name(4 + i % 8);
              v = edited(v, {edge_edit(what::add_edge, fresh, old, {{"t", int64_t{t}}}, {}, true), node_edit(what::update_node, old, {{"x" + std::to_string(i), i}}),
                             node_edit(what::set_graph_attribute, int64_t{0}, {{"title", i}})});
            }
            ASSERT_EQ(v.nodes(), from.nodes() + 20);
            ASSERT_EQ(v.edges(), from.edges() + 20);
            v = edited(v, {node_edit(what::remove_node, name(5))});
            ASSERT_FALSE(v.find(seen(name(5))));
            edit_report report;
            std::vector<edit> fails{node_edit(what::update_node, name(6), {{"age", int64_t{-1}}}), node_edit(what::update_node, name(-1), {})};
            ASSERT_THROW(from.apply(fails, report), failure);
          }
        };
        auto read = [&](int t) {
          auto& [v, m] = shared[size_t(t) % shared.size()];
          ASSERT_NO_FATAL_FAILURE(expect_reads(v, m));
          ASSERT_FALSE(v.find(seen(name(1000))));
        };
        together(3, 3, write, read);
        for (auto& [v, m] : shared) ASSERT_NO_FATAL_FAILURE(expect_reads(v, m));
      }
}

TEST(version_threads, read_an_empty_version_while_others_choose_its_keys) {
  for (bool multi : {false, true})
    for (int round = 0; round < 100; ++round) {
      auto empty = empty_of(true, multi);
      auto titled = edited(empty, {node_edit(what::set_graph_attribute, int64_t{0}, {{"title", "none"}})});
      auto write = [&](int t) {
        auto& from = t % 2 ? empty : titled;
        for (int64_t i = 0; i < 5; ++i) {
          bool of_text = (t / 2) % 2;
          auto name = both_types[of_text ? 0 : 1];
          auto k = multi ? std::optional{of_text ? key{"k"} : key{i}} : std::nullopt;
          auto v = edited(from, {edge_edit(what::add_edge, name(i), name(i + 1), {}, k, true)});
          ASSERT_EQ(v.kind().keys, of_text ? key_type::utf8 : key_type::int64);
          if (multi) { ASSERT_EQ(v.kind().edge_keys, of_text ? key_type::utf8 : key_type::int64); }
          ASSERT_EQ(v.key_of(*v.find(seen(name(i + 1)))), name(i + 1));
        }
      };
      auto read = [&](int t) {
        auto& v = t ? empty : titled;
        ASSERT_EQ(v.kind().keys, key_type::none);
        ASSERT_EQ(v.kind().edge_keys, key_type::none);
        ASSERT_EQ(v.nodes() + v.edges(), 0u);
        ASSERT_FALSE(v.find("node-1"));
        ASSERT_FALSE(v.find(int64_t{1}));
        ASSERT_EQ(v.attributes().size(), t ? 0u : 1u);
      };
      together(4, 2, write, read);
      if (HasFailure()) return;
    }
}

TEST(version_threads, read_a_node_without_parallel_edges_while_another_writes_the_first) {
  for (int round = 0; round < 200; ++round) {
    auto base = edited(empty_of(true, true), {node_edit(what::add_node, int64_t{1}), node_edit(what::add_node, int64_t{2})});
    auto write = [&](int) { edited(base, {edge_edit(what::add_edge, int64_t{1}, int64_t{2}, {}, key{"first"})}); };
    auto read = [&](int) {
      ASSERT_EQ(base.kind().edge_keys, key_type::none);
      ASSERT_FALSE(base.has_edge(0, 1));
    };
    together(1, 2, write, read);
    auto numbered = edited(base, {edge_edit(what::add_edge, int64_t{1}, int64_t{2}, {}, key{int64_t{7}})});
    ASSERT_EQ(numbered.edges_between(0, 1), std::vector<key>{int64_t{7}});
  }
}

TEST(version_threads, read_a_hub_while_its_edges_and_the_dictionary_grow) {
  for (auto name : both_types) {
    auto [base, m] = furnished(true, false, name, 10);
    auto expected = base.neighbors(*base.find(seen(name(0))), direction::out);
    std::vector<version> newest(2, base);
    auto write = [&, from = base](int t) {
      auto v = from;
      for (int64_t i = 0; i < 3'000; ++i) v = edited(v, {edge_edit(what::upsert_edge, name(0), name(100 + 2 * i + t), {{"w", i}}, {}, true)});
      newest[size_t(t)] = v;
    };
    auto read = [&, from = base](int) {
      auto hub = *from.find(seen(name(0)));
      ASSERT_EQ(from.neighbors(hub, direction::out), expected);
      ASSERT_EQ(from.node_attributes(hub).size(), 2u);
      for (int64_t i = 0; i < 6'000; i += 500) ASSERT_FALSE(from.find(seen(name(100 + i))));
    };
    together(2, 2, write, read);
    for (int64_t t = 0; t < 2; ++t) {
      EXPECT_EQ(newest[size_t(t)].edges(), base.edges() + 3'000);
      EXPECT_EQ(newest[size_t(t)].find(seen(name(101))).has_value(), t == 1);
    }
  }
}

TEST(version_threads, fold_what_others_go_on_from) {
#if defined(__SANITIZE_THREAD__)
  tbb::global_control here{tbb::global_control::max_allowed_parallelism, 1};  // oneTBB's own threads are not seen by TSan
#endif
  for (bool multi : {false, true})
    for (int round = 0; round < 20; ++round) {
      auto titled = edited(empty_of(true, multi), {node_edit(what::set_graph_attribute, int64_t{0}, {{"title", "none"}})});
      auto [base, m] = furnished(true, multi, text, 30);
      auto write = [&, from = base](int t) {
        edited(titled, {node_edit(what::add_node, t % 2 ? text(t) : number(t))});
        auto v = from;
        for (int64_t i = 0; i < 40; ++i) {
          v = edited(v, {edge_edit(what::add_edge, text(0), text(1000 + 2 * i + t), {{"w", i}}, {}, true)});
          if (i % 20 == 0) { ASSERT_EQ(v.fold()->total_edges, v.edges()); }
        }
      };
      auto read = [&, from = base, known = m](int t) {
        if (t == 0) { ASSERT_EQ(titled.fold()->kind.keys, key_type::none); }
        ASSERT_NO_FATAL_FAILURE(expect_same(from.fold(), known));
        ASSERT_NO_FATAL_FAILURE(expect_reads(from, known));
      };
      together(2, 2, write, read);
      if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace gli
