// Patches lead from any version to any other, whatever way they came about.
#include "partitions/patch.h"

#include <gtest/gtest.h>

#include <random>

#include "runtime/error.h"
#include "version_program.h"

namespace gli {
namespace {

/// The order is the newer graph's where the patch says so.
void expect_content(const version& made, const model& m, bool in_order) {
  auto g = made.fold();
  if (in_order) return expect_same(g, m);
  auto other = m;
  uint64_t place = 0;
  for (auto v : insertion_order(g)) {
    auto at = other.nodes.find(node_key(g, v));
    ASSERT_NE(at, other.nodes.end());
    at->second.first = place++;
  }
  expect_same(g, other);
}

void expect_equal(const patch& a, const patch& b) { ASSERT_EQ(encode(a), encode(b)); }

void lead_from_one_to_the_other(const version& a, const version& b, const model& m) {
  auto p = patch_between(a, b);
  holds([&] { expect_content(apply(a, p), m, p.in_order); });
  holds([&] { expect_equal(decode_patch(encode(p)), p); });
  auto near = patch_along_logs(a, b);
  if (near) RC_ASSERT((id_of({graph{copy_body(a.fold())}}) += near->facts) == id_of({graph{copy_body(b.fold())}}));
}

TEST(patches, lead_from_any_version_to_any_other) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps) {
    program run{steps, any_world(false)};
    run.run();
    auto& all = run.versions();
    auto other = *rc::gen::inRange<size_t>(0, all.size());
    for (size_t i = 0; i < all.size(); i += 1 + all.size() / 8) {
      lead_from_one_to_the_other(all[i].first, all[other].first, all[other].second);
      lead_from_one_to_the_other(all[other].first, all[i].first, all[i].second);
      RC_ASSERT(patch_between(all[i].first, all[i].first).empty());
    }
  }));
}

TEST(patches, from_a_version_to_one_that_it_became_keep_the_order) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps) {
    auto forwards = steps;
    for (auto& s : forwards) {
      s.back = 0;
      if (s.act == step::does::restart) s.act = step::does::fold;  // two of them leave nothing in common
    }
    program run{forwards, any_world(false)};
    run.run();
    auto& all = run.versions();
    auto at = *rc::gen::inRange<size_t>(0, all.size());
    RC_ASSERT(patch_between(all[at].first, run.last()).in_order);
  }));
}

TEST(patches, many_at_once_come_to_what_they_come_to_one_by_one) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps) {
    program run{steps, any_world(false)};
    run.run();
    auto& all = run.versions();
    std::vector<byte_buffer> patches;
    auto at = all.front().first;
    for (auto& [v, m] : all) {
      patches.push_back(encode(patch_between(at, v)));
      at = apply(at, decode_patch(patches.back()));
    }
    holds([&] { expect_content(apply_all(all.front().first, patches), all.back().second, false); });
    RC_ASSERT(id_of({graph{copy_body(apply_all(all.front().first, patches).fold())}}) == id_of({graph{copy_body(at.fold())}}));
  }));
}

TEST(patches, of_more_edits_than_are_made_at_once_keep_their_order) {
  auto v = version{graph{}};
  std::vector<byte_buffer> patches;
  for (int64_t i = 0; i < 10; ++i) {
    std::vector<edit> edits;
    for (int64_t k = 0; k < 1'000; ++k) edits.push_back(node_edit(what::add_node, i * 1'000 + k * 7 % 1'000, {{"x", i}}));
    edit_report report;
    auto next = v.apply(edits, report);
    patches.push_back(encode(patch_between(v, next)));
    v = next;
  }
  auto made = apply_all(version{graph{}}, patches);
  EXPECT_EQ(made.identity(), v.identity());
  auto order = insertion_order(made.fold()), was = insertion_order(v.fold());
  ASSERT_EQ(order.size(), was.size());
  for (size_t i = 0; i < order.size(); ++i) ASSERT_EQ(made.key_of(order[i]), v.key_of(was[i]));
  patches.push_back({1, 2, 3});
  EXPECT_THROW(apply_all(version{graph{}}, patches), failure);
}

/// Nodes and edges that come, change, go and come again, one edit at a time.
class restless {
 public:
  restless(bool directed, bool text) : text_{text}, at{graph{graph_kind{.directed = directed}}} {
    for (int64_t i = 0; i < nodes; ++i) make(node_edit(what::add_node, named(i)));
    for (int i = 0; i < 1'000; ++i) make(edge_edit(what::upsert_edge, named(int64_t(random_() % nodes)), named(int64_t(random_() % nodes))));
    at = version{at.fold()};
  }
  void step() {
    auto act = random_() % 16;
    auto a = any(), b = any();
    if (act == 0 && at.find(view_of(a))) return make(node_edit(what::remove_node, a));
    if (act < 3) return make(node_edit(what::upsert_node, a, {{"x", int64_t(random_() % 5)}}));
    auto s = at.find(view_of(a)), t = at.find(view_of(b));
    if (!s || !t) return;
    bool there = at.has_edge(*s, *t) || (!at.kind().directed && at.has_edge(*t, *s));
    if (act < 6 && there) return make(edge_edit(what::remove_edge, a, b));
    make(edge_edit(what::upsert_edge, a, b, {{"w", int64_t(random_() % 5)}}));
  }

 private:
  static constexpr int64_t nodes = 60;
  key named(int64_t i) const { return text_ ? key{"n" + std::to_string(i)} : key{i}; }
  key any() { return named(int64_t(random_() % (nodes + nodes / 4))); }
  void make(const edit& e) { at = edited(at, {e}); }

  std::mt19937 random_{3};
  bool text_;

 public:
  version at;
};

TEST(patches, of_more_edits_than_are_made_at_once_know_what_those_before_them_did) {
  for (bool directed : {true, false})
    for (bool text : {true, false}) {
      restless graphs{directed, text};
      auto from = graphs.at;
      std::vector<byte_buffer> patches;
      size_t edits = 0;
      while (edits < 14'000) {
        auto before = graphs.at;
        for (int i = 0; i < 40; ++i) graphs.step();
        auto p = patch_between(before, graphs.at);
        edits += p.edits.size();
        patches.push_back(encode(p));
      }
      auto made = apply_all(version{from.root()}, patches);
      EXPECT_EQ(id_of({graph{copy_body(made.fold())}}), id_of({graph{copy_body(graphs.at.fold())}})) << directed << text;
      EXPECT_EQ(made.edges(), graphs.at.edges());
    }
}

TEST(patches, between_graphs_with_nothing_in_common_compare_their_pages) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& some, const std::vector<step>& others) {
    auto w = any_world(false);
    program a{some, w}, b{others, w};
    a.run(), b.run();
    RC_ASSERT(id_of({apply(a.last(), patch_between(a.last(), b.last())).fold()}) == id_of({b.last().fold()}));
  }));
}

version chain(int64_t nodes) {
  std::vector<edit> edits;
  for (int64_t i = 0; i < nodes; ++i) edits.push_back(node_edit(what::add_node, i));
  for (int64_t i = 0; i + 1 < nodes; ++i) edits.push_back(edge_edit(what::add_edge, i, i + 1, {{"w", i}}));
  return version{edited(version{graph{}}, edits).fold()};
}

TEST(patches, name_what_was_changed_and_nothing_else) {
  auto a = chain(1000);
  auto b = edited(a, {edge_edit(what::update_edge, int64_t{5}, int64_t{6}, {{"w", int64_t{7}}}), node_edit(what::remove_node, int64_t{999}),
                      node_edit(what::add_node, int64_t{-1}), edge_edit(what::add_edge, int64_t{-1}, int64_t{0}),
                      edge_edit(what::update_edge, int64_t{7}, int64_t{8}, {{"w", int64_t{7}}})});
  auto p = patch_between(a, b);
  ASSERT_EQ(p.edits.size(), 4u);
  EXPECT_EQ(p.edits[0].op, what::remove_node);
  EXPECT_EQ(p.edits[1].node, key{int64_t{-1}});
  EXPECT_EQ(p.edits[2].target, key{int64_t{0}});
  EXPECT_EQ(p.edits[3].node, key{int64_t{5}});
  EXPECT_LT(encode(p).size(), 40u);
}

TEST(patches, keep_the_type_of_a_value_that_stays_equal) {
  auto a = edited(chain(1), {node_edit(what::update_node, int64_t{0}, {{"x", int64_t{1}}})});
  auto b = edited(a, {node_edit(what::update_node, int64_t{0}, {{"x", 1.0}})});
  auto made = apply(a, patch_between(a, b));
  EXPECT_EQ(made.node_attributes(0).at("x"), value{1.0});
}

TEST(patches, reach_over_a_fold_while_its_log_is_there) {
  auto a = edited(chain(100), {node_edit(what::add_node, int64_t{500})});
  auto later = version{edited(a, {node_edit(what::add_node, int64_t{501})}).fold()};
  auto b = edited(later, {node_edit(what::remove_node, int64_t{3})});
  auto p = patch_between(a, b);
  EXPECT_TRUE(p.in_order);
  ASSERT_EQ(p.edits.size(), 2u);
  EXPECT_EQ(p.edits[1].node, key{int64_t{501}});
}

TEST(patches, of_other_graphs_are_refused_and_change_nothing) {
  auto a = chain(10);
  auto p = patch_between(a, edited(a, {node_edit(what::remove_node, int64_t{9})}));
  auto fails = [](auto&& f) {
    try {
      f();
      return errc::internal;
    } catch (const failure& e) {
      return e.code();
    }
  };
  EXPECT_EQ(fails([&] { apply(chain(9), p); }), errc::value);
  graph_kind undirected;
  undirected.directed = false;
  EXPECT_EQ(fails([&] { apply(version{graph{undirected}}, p); }), errc::value);
  EXPECT_EQ(fails([&] { patch_between(a, version{graph{undirected}}); }), errc::value);
  auto more = patch_between(a, edited(a, {node_edit(what::add_node, int64_t{77})}));
  EXPECT_EQ(fails([&] { apply(edited(a, {node_edit(what::add_node, int64_t{77})}), more); }), errc::value);
}

patch with_everything() {
  graph_kind kind;
  kind.multi = true;
  auto a = edited(version{graph{kind}}, {node_edit(what::add_node, named("a")), node_edit(what::add_node, named("b")), node_edit(what::add_node, named("c")),
                                         edge_edit(what::add_edge, named("a"), named("b"), {}, key{int64_t{1}}),
                                         edge_edit(what::add_edge, named("a"), named("b"), {{"x", true}}, key{int64_t{2}})});
  auto b = edited(a, {node_edit(what::remove_node, named("c")), edge_edit(what::remove_edge, named("a"), named("b"), {}, key{int64_t{1}}),
                      node_edit(what::add_node, named("d"), {{"f", 0.5}, {"i", int64_t{-3}}, {"s", std::string{"text"}}, {"t", timestamp{-7}}}),
                      edge_edit(what::add_edge, named("d"), named("a"), {{"j", json{"[1]"}}, {"y", binary{std::string("\0\xff", 2)}}}, key{int64_t{-9}}),
                      node_edit(what::update_node, named("a"), {{"s", std::string{"new"}}}),
                      edge_edit(what::update_edge, named("a"), named("b"), {{"x", value{}}}, key{int64_t{2}}),
                      {what::set_graph_attribute, {}, {}, {}, {{"title", std::string{"t"}}}, false}});
  return patch_between(a, b);
}

TEST(patches, as_bytes_come_back_as_they_were) {
  auto p = with_everything();
  ASSERT_EQ(p.edits.size(), 7u);
  auto back = decode_patch(encode(p));
  EXPECT_EQ(encode(back), encode(p));
  ASSERT_EQ(back.edits.size(), 7u);
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(back.edits[i].op, p.edits[i].op);
    EXPECT_EQ(back.edits[i].edge_key, p.edits[i].edge_key);
    EXPECT_EQ(back.edits[i].attributes, p.edits[i].attributes);
    if (i < 6) { EXPECT_EQ(back.edits[i].node, p.edits[i].node); }
  }
  EXPECT_TRUE(decode_patch(encode(patch{})).empty());
}

/// What decodes at all can be written and read again.
void expect_corrupt_or_whole(std::span<const uint8_t> bytes) {
  try {
    auto p = decode_patch(bytes);
    expect_equal(decode_patch(encode(p)), p);
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::corrupt) << f.what();
  }
}

TEST(patches, damaged_bytes_are_refused_or_another_patch) {
  auto good = encode(with_everything());
  for (size_t n = 0; n < good.size(); ++n) EXPECT_THROW(decode_patch(std::span{good}.first(n)), failure);
  for (size_t i = 0; i < good.size(); ++i)
    for (int x = 0; x < 256; ++x) {
      auto bad = good;
      bad[i] = uint8_t(x);
      expect_corrupt_or_whole(bad);
    }
  EXPECT_TRUE(rc::check([](const std::vector<uint8_t>& noise) {
    auto bytes = noise;
    if (!bytes.empty()) bytes[0] = 1;
    holds([&] { expect_corrupt_or_whole(bytes); });
  }));
}

TEST(patches, with_keys_at_the_ends_of_their_range_come_back) {
  auto a = version{graph{}};
  std::vector<edit> edits;
  for (auto k : {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}}) edits.push_back(node_edit(what::add_node, k, {{"x", k}}));
  auto p = patch_between(a, edited(a, edits));
  expect_equal(decode_patch(encode(p)), p);
}

}  // namespace
}  // namespace gli
