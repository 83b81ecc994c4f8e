// Programs of edits on versions old and new, against the plain model. A program that fails is shrunk to a short one. RC_PARAMS="max_success=10000
// max_size=200" in the environment asks for more.

#include "loaded_model.h"
#include "version_program.h"

namespace gli {
namespace {

/// The model's rows in any order, for the loader.
testing::table rows_of(const model& m, uint64_t seed) {
  testing::table rows;
  for (auto& [k, n] : m.nodes) rows.nodes.push_back({k, parameters{n.second.begin(), n.second.end()}});
  for (auto& [name, r] : m.edges) {
    auto& [s, t, k] = name;
    rows.edges.push_back({s, t, m.multi ? std::optional{k} : std::nullopt, parameters{r.begin(), r.end()}});
  }
  std::mt19937_64 random{seed};
  std::shuffle(rows.nodes.begin(), rows.nodes.end(), random);
  std::shuffle(rows.edges.begin(), rows.edges.end(), random);
  return rows;
}

TEST(version_property, programs_do_what_the_plain_model_does) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps) { program{steps, any_world(false)}.run(); }));
}

TEST(version_property, ids_are_equal_exactly_when_contents_are) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps) {
    program p{steps, any_world(false)};
    p.run();
    p.expect_ids_tell_contents_apart();
  }));
}

TEST(version_property, ids_grown_from_older_versions_are_those_of_the_whole) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps) {
    program p{steps, any_world(false)};
    p.run();
    for (auto& [v, m] : p.versions()) {
      if (*rc::gen::inRange(0, 3) == 0) continue;
      auto grown = v.identity();
      RC_ASSERT(grown == id_of({graph{copy_body(v.fold())}}));
      RC_ASSERT(grown == v.identity());
    }
  }));
}

TEST(version_property, a_program_ends_with_the_id_of_its_content_loaded_in_any_order_on_any_partitions) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps, uint64_t seed) {
    program p{steps, any_world(true)};
    p.run();
    auto folded = p.last().fold();
    auto rows = rows_of(p.last_model(), seed);
    auto kind = folded->kind;
    kind.keys = folded->kind.keys == key_type::none ? key_type::int64 : folded->kind.keys;
    if (kind.multi) kind.edge_keys = key_type::int64;
    for (uint32_t partitions : {1, 2, 4}) RC_ASSERT(id_of(testing::load(kind, rows, partitions)) == id_of({folded}));
  }));
}

}  // namespace
}  // namespace gli
