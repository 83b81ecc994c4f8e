#include "partitions/version.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <thread>

#include "runtime/error.h"
#include "version_model.h"

namespace gli {
namespace {

version with_nodes(int64_t n, graph_kind kind = {}) {
  std::vector<edit> edits;
  for (int64_t k = 0; k < n; ++k) edits.push_back(node_edit(what::add_node, k));
  return edited(version{graph{kind}}, edits);
}

/// A tree of versions: edits go on from the newest or from any old one.
class tree_program {
 public:
  tree_program(bool directed, bool multi, bool text, uint64_t seed, int keys) : random_{text, seed, keys}, text_{text} {
    model m;
    m.directed = directed;
    m.multi = multi;
    graph_kind kind;
    kind.directed = directed;
    kind.multi = multi;
    all_.push_back({version{graph{kind}}, m});
  }

  void run(int steps, int most) {
    for (int step = 0; step < steps; ++step) {
      auto& from = random_.below(6) ? all_.back() : all_[size_t(random_.below(int(all_.size())))];
      auto next = grown(from, most);
      expect_reads(next.first, next.second);
      if (testing::Test::HasFatalFailure()) FAIL() << "step " << step;
      if (all_.size() >= 40) all_.erase(all_.begin() + random_.below(20));
      all_.push_back(std::move(next));
      if (step % 5 == 0) expect_folded();
      if (testing::Test::HasFatalFailure()) FAIL() << "fold after step " << step;
    }
    for (auto& [v, m] : all_) expect_reads(v, m);
  }

 private:
  using pair = std::pair<version, model>;

  pair grown(const pair& from, int most) {
    auto [v, m] = from;
    std::vector<edit> edits;
    int error = 0;
    for (int i = random_.below(most); i >= 0 && !error; --i) {
      edits.push_back(random_.any_edit(m));
      error = m.apply(edits.back());
    }
    if (!error) return {edited(v, edits), m};
    try {
      edited(v, edits);
      ADD_FAILURE() << "no failure";
    } catch (const failure& f) {
      EXPECT_EQ(int(f.code()), error) << f.what();
    }
    return from;
  }

  void expect_folded() {
    auto& [v, m] = all_[size_t(random_.below(int(all_.size())))];
    expect_same(v.fold(), m);
    expect_reads(v, m);
    if (random_.below(3) == 0) {  // and on from pages
      version again{v.fold()};
      expect_reads(again, m);
      all_.push_back({again, m});
    }
  }

  random_edits random_;
  bool text_;
  std::vector<pair> all_;
};

TEST(version, agrees_with_a_plain_model_in_a_tree_of_versions) {
  uint64_t seed = 100;
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true}) {
        SCOPED_TRACE(testing::Message() << "directed " << directed << " multi " << multi << " text " << text);
        tree_program{directed, multi, text, seed++, 12}.run(300, 4);
        tree_program{directed, multi, text, seed++, 40}.run(60, 60);
      }
}

TEST(version, keeps_every_version_of_a_long_history) {
  constexpr int64_t n = 50, edits = 20'000;
  auto v = with_nodes(n);
  std::vector<version> history{v};
  std::vector<std::set<int64_t>> hub{{}};
  std::mt19937_64 random{5};
  std::set<int64_t> now;
  for (int64_t i = 0; i < edits; ++i) {
    auto t = int64_t(random() % n);
    bool there = now.contains(t);
    v = edited(v, {edge_edit(there ? what::remove_edge : what::add_edge, int64_t{0}, t)});
    there ? void(now.erase(t)) : void(now.insert(t));
    if (i % 97 == 0) history.push_back(v), hub.push_back(now);
  }
  for (size_t i = 0; i < history.size(); ++i) {
    auto& old = history[i];
    ASSERT_EQ(old.edges(), hub[i].size());
    std::set<int64_t> seen_now;
    for (auto id : old.neighbors(*old.find(int64_t{0}), direction::out)) seen_now.insert(std::get<int64_t>(old.key_of(id)));
    ASSERT_EQ(seen_now, hub[i]);
    if (i % 20 == 0) { ASSERT_EQ(old.fold()->total_edges, hub[i].size()); }
  }
}

TEST(version, reads_through_many_forks_behind_one_another) {
  auto v = with_nodes(200);
  for (int64_t i = 0; i < 40; ++i) {
    std::vector<edit> edits;
    for (int64_t t = 0; t < 80; ++t) edits.push_back(edge_edit(what::upsert_edge, i, t, {{"i", i}, {"t", t}}));
    auto next = edited(v, edits);
    edited(v, {node_edit(what::add_node, 1000 + i)});  // v's log goes on with this
    auto fork = edited(v, {node_edit(what::remove_node, i)});
    EXPECT_FALSE(fork.find(i));
    v = next;
    v = edited(v, {node_edit(what::update_node, i, {{"x", i}})});
  }
  EXPECT_EQ(v.edges(), 40u * 80u);
  for (int64_t i = 0; i < 40; ++i) {
    EXPECT_EQ(v.degree(*v.find(i), direction::out), 80u);
    EXPECT_EQ(v.edge_attributes(*v.find(i), *v.find(int64_t{7}), int64_t{0}), (parameters{{"i", i}, {"t", int64_t{7}}}));
    EXPECT_EQ(v.node_attributes(*v.find(i)), (parameters{{"x", i}}));
  }
  EXPECT_EQ(v.fold()->total_edges, 40u * 80u);
}

TEST(version, keeps_attributes_that_are_set_one_by_one) {
  auto v = with_nodes(2);
  for (int64_t i = 0; i < 3'000; ++i) v = edited(v, {node_edit(what::update_node, int64_t{0}, {{"a" + std::to_string(i % 700), i}})});
  auto found = v.node_attributes(0);
  ASSERT_EQ(found.size(), 700u);
  for (int64_t i = 0; i < 700; ++i) EXPECT_EQ(found["a" + std::to_string(i)], value{i + (i < 200 ? 2800 : 2100)});
  EXPECT_EQ(node_attributes(v.fold(), 0), found);
}

TEST(version, forgets_the_old_attributes_of_what_came_again) {
  auto pages = version{edited(with_nodes(2), {node_edit(what::update_node, int64_t{0}, {{"x", int64_t{1}}}),
                                              edge_edit(what::add_edge, int64_t{0}, int64_t{1}, {{"x", int64_t{1}}})}).fold()};
  auto node = edited(pages, {node_edit(what::remove_node, int64_t{0}), node_edit(what::add_node, int64_t{0})});
  auto edge = edited(pages, {edge_edit(what::remove_edge, int64_t{0}, int64_t{1}), edge_edit(what::add_edge, int64_t{0}, int64_t{1})});
  for (int64_t i = 0; i < 100; ++i) {
    node = edited(node, {node_edit(what::update_node, int64_t{0}, {{"z", i}})});
    edge = edited(edge, {edge_edit(what::update_edge, int64_t{0}, int64_t{1}, {{"z", i}})});
    ASSERT_EQ(node.node_attributes(0), (parameters{{"z", i}}));
    ASSERT_EQ(edge.edge_attributes(0, 1, int64_t{0}), (parameters{{"z", i}}));
  }
  EXPECT_EQ(node_attributes(node.fold(), 0), (parameters{{"z", int64_t{99}}}));
}

TEST(version, chooses_the_next_key_by_what_is_there_whatever_was_before) {
  graph_kind kind;
  kind.multi = true;
  auto v = with_nodes(2, kind);
  auto add = [](std::optional<key> k = {}) { return edge_edit(what::add_edge, int64_t{0}, int64_t{1}, {}, k); };
  v = edited(v, {add(), add(), edge_edit(what::remove_edge, int64_t{0}, int64_t{1}, {}, key{int64_t{0}}), add(key{int64_t{5}}), add()});
  EXPECT_EQ(v.edges_between(0, 1), (std::vector<key>{int64_t{1}, int64_t{2}, int64_t{5}}));
}

TEST(version, sets_many_attributes_of_one_node_in_time_that_grows_with_their_number) {
  auto v = with_nodes(1);
  for (int64_t i = 0; i < 20'000; ++i) v = edited(v, {node_edit(what::update_node, int64_t{0}, {{"a" + std::to_string(i), i}})});
  EXPECT_EQ(v.node_attributes(0).size(), 20'000u);
}

TEST(version, is_gone_with_its_last_holder) {
  auto base = with_nodes(100);
  auto bytes = [] { return mallinfo2().uordblks; };
  size_t before = 0;
  for (int64_t i = 0; i < 1'000'000; ++i) {
    if (i == 1'000) before = bytes();
    auto fork = edited(base, {node_edit(what::update_node, i % 100, {{"x", i}})});
    if (i % 1'000 == 0) { ASSERT_EQ(edited(fork, {node_edit(what::remove_node, i % 100)}).fold()->nodes, 99u); }
  }
  EXPECT_LT(bytes(), before + (1 << 20));
}

TEST(version, has_the_key_type_of_its_own_nodes) {
  version empty{graph{}};
  auto ints = edited(empty, {node_edit(what::add_node, int64_t{1})});
  auto texts = edited(empty, {node_edit(what::add_node, named("a"))});
  EXPECT_EQ(empty.kind().keys, key_type::none);
  EXPECT_EQ(ints.kind().keys, key_type::int64);
  EXPECT_EQ(texts.kind().keys, key_type::utf8);
  EXPECT_FALSE(empty.find(int64_t{1}));
  EXPECT_THROW(ints.find("a"), failure);
  EXPECT_EQ(ints.fold()->kind.keys, key_type::int64);
}

TEST(version, is_folded_once_for_all_who_ask) {
  auto v = edited(with_nodes(10), {edge_edit(what::add_edge, int64_t{1}, int64_t{2})});
  auto one = v.fold();
  EXPECT_EQ(&*v.fold(), &*one);
  auto later = edited(v, {edge_edit(what::add_edge, int64_t{2}, int64_t{3})});
  EXPECT_EQ(later.fold()->total_edges, 2u);
  EXPECT_EQ(v.fold()->total_edges, 1u);
}

TEST(version, gives_every_thread_that_edits_the_same_one_a_version_of_its_own) {
  for (bool multi : {false, true}) {
    graph_kind kind;
    kind.multi = multi;
    auto base = with_nodes(100, kind);
    constexpr int64_t threads = 4, edits = 1'500;
    std::vector<version> ends(threads, base);
    std::vector<std::thread> running;
    for (int64_t t = 0; t < threads; ++t)
      running.emplace_back([&, t] {
        auto v = base;
        for (int64_t i = 0; i < edits; ++i) {
          v = edited(v, {node_edit(what::add_node, 1000 + i * threads + t), edge_edit(what::add_edge, 1000 + i * threads + t, i % 100, {{"t", t}})});
          if (i % 100 == 0) { ASSERT_EQ(base.nodes(), 100u); }
          if (i % 500 == 0) { ASSERT_EQ(v.fold()->total_edges, uint64_t(i) + 1); }
          ASSERT_EQ(v.edges(), uint64_t(i) + 1);
          ASSERT_EQ(v.degree(*v.find(i % 100), direction::in), uint64_t(i / 100) + 1);
        }
        ends[size_t(t)] = v;
      });
    for (auto& r : running) r.join();
    for (int64_t t = 0; t < threads; ++t) {
      auto& v = ends[size_t(t)];
      EXPECT_EQ(v.nodes(), 100u + edits);
      for (int64_t i = 0; i < edits; ++i)
        for (int64_t other = 0; other < threads; ++other) EXPECT_EQ(v.find(1000 + i * threads + other).has_value(), other == t);
      EXPECT_EQ(v.fold()->total_edges, uint64_t(edits));
    }
  }
}

TEST(version, is_read_by_many_threads_while_one_goes_on) {
  auto v = with_nodes(64);
  std::vector<edit> first;
  for (int64_t t = 1; t < 20; ++t) first.push_back(edge_edit(what::add_edge, int64_t{0}, t, {{"w", t}}));
  v = edited(v, first);
  std::atomic<bool> done{false};
  auto read = [&, old = v] {
    auto expected = old.neighbors(0, direction::out);
    ASSERT_EQ(expected.size(), 19u);
    for (int i = 0; i < 200 || !done; ++i) {
      ASSERT_EQ(old.neighbors(0, direction::out), expected);
      ASSERT_EQ(old.edges(), 19u);
      ASSERT_EQ(old.edge_attributes(0, *old.find(int64_t{7}), int64_t{0}), (parameters{{"w", int64_t{7}}}));
      ASSERT_FALSE(old.find(int64_t{5'000}));
    }
    ASSERT_EQ(old.fold()->total_edges, 19u);
  };
  std::thread a{read}, b{read};
  for (int64_t i = 0; i < 5'000; ++i)
    v = edited(v, {edge_edit(what::upsert_edge, int64_t{0}, i, {{"w", -i}}, {}, true), edge_edit(what::upsert_edge, int64_t{0}, int64_t{7}, {{"w", i}})});
  done = true;
  a.join();
  b.join();
  EXPECT_EQ(v.edges(), 5'000u);
}

TEST(version, says_when_ids_run_out_and_stays_as_it_was) {
  auto body = copy_body(with_nodes(3).fold());
  auto few = std::make_shared<dictionary>(key_type::int64, 4);
  for (int64_t k = 0; k < 3; ++k) few->intern(k);
  body->keys = few;
  version v{graph{std::shared_ptr<const graph::body>{body}}};
  auto full = edited(v, {node_edit(what::add_node, int64_t{3})});
  edit_report report;
  try {
    full.apply(std::vector<edit>{edge_edit(what::add_edge, int64_t{0}, int64_t{9}, {}, {}, true)}, report);
    FAIL() << "a fifth id of four";
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::memory);
    EXPECT_STREQ(f.what(), "a partition holds at most 4 nodes");
  }
  EXPECT_EQ(full.nodes(), 4u);
  EXPECT_EQ(full.edges(), 0u);
  EXPECT_EQ(edited(full, {edge_edit(what::add_edge, int64_t{0}, int64_t{3})}).edges(), 1u);
  EXPECT_EQ(full.fold()->nodes, 4u);
}

TEST(version, counts_the_bytes_of_the_logs_behind_it) {
  auto base = with_nodes(1);
  auto v = base;
  for (int64_t k = 1; k < 1000; ++k) v = edited(v, {node_edit(what::add_node, k)});
  edited(v, {node_edit(what::add_node, int64_t{1000})});
  auto fork = edited(v, {node_edit(what::add_node, int64_t{1001})});
  EXPECT_GT(fork.log_bytes(), v.log_bytes());
}

}  // namespace
}  // namespace gli
