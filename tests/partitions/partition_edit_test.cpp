#include "partitions/partition_edit.h"

#include "partitions/version.h"
#include "tests/partitions/edit_model.h"
#include "tests/partitions/loaded_model.h"

namespace gli {
namespace {

using parts_of = std::vector<graph>;

/// One call on every partition; with the keys of mirrors.
template <class Call>
parts_of on_each(const parts_of& parts, Call&& call) {
  parts_of made(parts.size());
  gli::testing::in_process_hub hub{uint32_t(parts.size())};
  hub.run([&](communicator& all) { made[all.rank()] = with_mirror_keys(call(parts[all.rank()], all), all); });
  return made;
}

parts_of edited(const parts_of& parts, const std::vector<edit>& edits, edit_report& report) {
  std::vector<edit_report> reports(parts.size());
  auto made = on_each(parts, [&](const graph& g, communicator& all) { return apply(g, edits, reports[all.rank()], all); });
  for (auto& r : reports) EXPECT_EQ(std::pair(r.duplicates, r.lossy_duplicate), std::pair(reports[0].duplicates, reports[0].lossy_duplicate));
  report = reports[0];
  return made;
}

hash128 identity(const parts_of& parts) {
  hash128 sum;
  for (auto& g : parts) sum += partition_facts(g);
  return sum;
}

/// The columns of a load stand as its batches came, which are not those of another number of partitions; edits go on behind them.
std::vector<std::pair<std::string, column_type>> schema(const std::vector<paged_column>& columns) {
  std::vector<std::pair<std::string, column_type>> all;
  for (auto& c : columns) all.emplace_back(c.name, c.type);
  auto loaded = std::find_if(all.begin(), all.end(), [](auto& c) { return c.first.size() == 1; });
  std::sort(all.begin(), loaded);
  return all;
}

/// The partitions are those of the whole graph: content, order, columns, and what they know of one another.
void expect_parts_of(const parts_of& parts, const graph& whole, const model& m) {
  expect_same(gather(parts), m);
  EXPECT_EQ(identity(parts), partition_facts(whole));
  EXPECT_EQ(gli::testing::merged_order(parts), gli::testing::merged_order({whole}));
  EXPECT_EQ(gli::testing::edges_of(parts).size(), whole->out.edges);
  EXPECT_EQ(gli::testing::arcs_of(parts, true), gli::testing::arcs_of(parts, false));
  gli::testing::expect_mirrors_agree(parts, gli::testing::mirrors_are::anywhere);
  for (auto& g : parts) {
    EXPECT_EQ(schema(g->node_columns), schema(whole->node_columns));
    EXPECT_EQ(schema(g->edge_columns), schema(whole->edge_columns));
    EXPECT_EQ(g->kind, whole->kind);
    EXPECT_EQ(g->attributes, whole->attributes);
    EXPECT_EQ(std::pair(g->total_nodes, g->total_edges), std::pair(whole->total_nodes, whole->total_edges));
  }
}

model model_of(const gli::testing::model& loaded) {
  model m;
  m.directed = loaded.kind.directed;
  m.multi = loaded.kind.multi;
  for (auto& k : loaded.order) m.nodes[k] = {m.next++, loaded.nodes.at(k)};
  for (auto& [name, attributes] : loaded.edges) m.edges[name] = attributes;
  return m;
}

/// Random batches of edits on a whole graph, its partitions and the model.
class random_batches {
 public:
  random_batches(graph_kind kind, const gli::testing::table& rows, uint32_t partitions, bool text, uint64_t seed, int keys)
      : random_{text, seed, keys}, model_{model_of(gli::testing::plainly(kind, rows))}, whole_{gli::testing::load(kind, rows, 1)[0]},
        parts_{gli::testing::load(kind, rows, partitions)} {}

  void run(int batches, int most) {
    for (int b = 0; b < batches && !::testing::Test::HasFailure(); ++b) {
      SCOPED_TRACE(::testing::Message() << "batch " << b);
      batch(most);
    }
  }

 private:
  void batch(int most) {
    auto before = model_;
    std::vector<edit> edits;
    int error = 0;
    for (int i = random_.below(most); i >= 0 && !error; --i) {
      edits.push_back(random_.any_edit(model_));
      error = model_.apply(edits.back());
      if (error && random_.below(10)) {
        edits.pop_back();
        error = 0;
      }
    }
    if (error) {
      model_ = before;
      return refused(edits);
    }
    edit_report alone, report;
    whole_ = apply(whole_, edits, alone);
    auto old = parts_;
    parts_ = edited(parts_, edits, report);
    EXPECT_EQ(std::pair(report.duplicates, report.lossy_duplicate), std::pair(alone.duplicates, alone.lossy_duplicate));
    expect_parts_of(parts_, whole_, model_);
    expect_same(gather(old), before);
    if (random_.below(8) == 0) parts_ = edited(old, edits, report);  // others went on from there before
  }

  void refused(const std::vector<edit>& edits) {
    std::string alone;
    edit_report report;
    try { apply(whole_, edits, report); } catch (const failure& f) { alone = f.what(); }
    try {
      edited(parts_, edits, report);
      ADD_FAILURE() << "no failure: " << alone;
    } catch (const failure& f) {
      EXPECT_EQ(f.what(), alone);
    }
  }

  random_edits random_;
  model model_;
  graph whole_;
  parts_of parts_;
};

}  // namespace

TEST(partition_edit, leaves_the_partitions_of_the_graph_that_the_same_edits_make_of_the_whole_one) {
  uint64_t seed = 1;
  for (uint32_t partitions : {1u, 2u, 4u})
    for (bool directed : {true, false})
      for (bool multi : {false, true})
        for (bool text : {false, true}) {
          SCOPED_TRACE(::testing::Message() << partitions << " partitions, directed " << directed << ", multi " << multi << ", text " << text);
          graph_kind kind{directed, multi, key_type::none, key_type::none};
          random_batches{kind, {}, partitions, text, ++seed, 30}.run(60, 12);
          if (::testing::Test::HasFailure()) return;
        }
}

TEST(partition_edit, goes_on_from_loaded_partitions) {
  uint64_t seed = 100;
  for (bool directed : {true, false})
    for (bool multi : {false, true}) {
      SCOPED_TRACE(::testing::Message() << "directed " << directed << ", multi " << multi);
      graph_kind kind{directed, multi, key_type::none, key_type::none};
      auto rows = gli::testing::random_table(++seed, kind, false, 2500, 5000);
      random_batches{kind, rows, 3, false, seed, 2500}.run(5, 150);
      if (::testing::Test::HasFailure()) return;
    }
}

TEST(partition_edit, refuses_what_a_partition_says_that_makes_no_sense_and_changes_nothing) {
  auto parts = gli::testing::load({}, gli::testing::random_table(7, {}, false, 100, 300), 2);
  auto before = identity(parts);
  std::vector<edit> edits{edge_edit(what::upsert_edge, int64_t{1}, int64_t{2}, {}, {}, true), node_edit(what::remove_node, int64_t{1})};
  for (int message : {0, 1}) {
    auto call = [&](const graph& g, communicator& all) {
      gli::testing::broken_message broken{all, message};
      edit_report report;
      return apply(g, edits, report, broken);
    };
    EXPECT_THROW(on_each(parts, call), failure) << "message " << message;
    EXPECT_EQ(identity(parts), before);
  }
}

}  // namespace gli
