// Commits that some number of partitions wrote, on another number of partitions: the same graph, and the same results.
#include "partitions/stored_partition.h"

#include <gtest/gtest.h>

#include "partitions/catalog.h"
#include "partitions/embedded_store.h"
#include "partitions/partition_edit.h"
#include "partitions/patch.h"
#include "partitions/reshard.h"
#include "runtime/error.h"
#include "storage/page_rows.h"
#include "tests/partitions/random_graphs.h"
#include "tests/partitions/same_graph.h"

namespace gli {
namespace {

using storage::commit_record;
using storage::graph_store;
using testing::expect_same_graph;
using testing::graph_shape;
using testing::in_process_hub;

constexpr uint32_t numbers_of_partitions[] = {1, 2, 3, 4, 8};

/// Which partitions reach the store: all, the first, every third. Others have their pages read and written for them.
constexpr uint32_t strides_of_reach[] = {1, 1000, 3};

/// A store that partitions write: pages of each in its own pool, then the commit.
class written_by_partitions {
 public:
  explicit written_by_partitions(uint32_t reach = 1) : reach_{reach} {}
  std::shared_ptr<graph_store> store = graph_store::in_memory();

  shared_store reached(communicator& all) const {
    if (reach_ == 1) return {store, all};
    return {all.rank() % reach_ == 0 ? store : nullptr, "the store", all};
  }

  commit_record commit(const std::vector<graph>& parts, const std::vector<std::vector<node_values>>& results = {}) {
    commit_record record;
    record.message = "m";
    record.nodes = parts[0]->total_nodes;
    record.edges = parts[0]->total_edges;
    record.kind = parts[0]->kind;
    for (auto& r : results) record.results.push_back({r[0].provenance, std::vector<hash128>(parts.size())});
    record.roots.resize(parts.size());
    in_process_hub{uint32_t(parts.size())}.run([&](communicator& all) {
      auto p = all.rank();
      reached(all).write([&](const page_has& has, const page_put& put) {
        std::vector<hash128> roots{write_graph(parts[p], has, put)};
        record.roots[p] = roots[0];
        for (size_t i = 0; i < results.size(); ++i) {
          roots.push_back(write_values(results[i][p], has, put));
          record.results[i].roots[p] = roots.back();
        }
        return roots;
      });
    });
    record.graph_id = identity(parts);
    auto head = store->head("main");
    if (head) record.parents = {*head};
    return store->publish(record, "main", head);
  }

  static hash128 identity(const std::vector<graph>& parts) {
    hash128 id;
    in_process_hub{uint32_t(parts.size())}.run([&](communicator& all) {
      auto sum = identity_of(parts[all.rank()], all);
      if (all.rank() == 0) id = sum;
    });
    return id;
  }

  std::vector<graph> read(const hash128& commit, uint32_t partitions) {
    std::vector<graph> parts(partitions);
    in_process_hub{partitions}.run([&](communicator& all) {
      auto shared = reached(all);
      parts[all.rank()] = committed_graph(shared, commit, all);
    });
    return parts;
  }

 private:
  uint32_t reach_;
};

std::vector<graph> edited(std::vector<graph> parts, const std::vector<edit>& edits) {
  in_process_hub{uint32_t(parts.size())}.run([&](communicator& all) {
    edit_report report;
    parts[all.rank()] = apply(parts[all.rank()], edits, report, all);
  });
  return parts;
}

std::vector<node_values> computed(const std::vector<graph>& parts, const run_algorithm& what) {
  std::vector<node_values> values(parts.size());
  in_process_hub{uint32_t(parts.size())}.run([&](communicator& all) { values[all.rank()] = run(parts[all.rank()], what, all); });
  return values;
}

std::map<key, value> by_key(const std::vector<node_values>& parts) {
  std::map<key, value> all;
  for (auto& v : parts)
    for (int32_t i = 0; i < v.of->size; ++i)
      if (v.of->live(i)) all[node_key(v.of, i)] = v.data.at(i);
  return all;
}

key name(int i, bool text) { return text ? key{"n" + std::to_string(i * 7 - 300)} : key{int64_t{i * 7 - 300}}; }

/// Nodes that go, come, and come again; edges in both directions; attributes of other types than before.
std::vector<edit> some_edits(const graph_kind& kind, bool text) {
  std::vector<edit> edits;
  using what = edit::what;
  for (int i = 0; i < 20; i += 3) edits.push_back({what::upsert_node, name(i, text), {}, {}, {{"age", std::string{"old"}}, {"new", 2.5}}, false});
  for (int i = 1; i < 20; i += 3) {
    edits.push_back({what::upsert_node, name(i, text), {}, {}, {}, false});
    edits.push_back({what::remove_node, name(i, text), {}, {}, {}, false});
  }
  edits.push_back({what::upsert_node, name(4, text), {}, {}, {}, false});
  for (int i = 0; i < 15; ++i) {
    edit e{what::upsert_edge, name(i, text), name(500 + i % 4, text), {}, {{"weight", double(i)}}, true};
    if (kind.multi) e.edge_key = int64_t{i % 2};
    edits.push_back(e);
  }
  edits.push_back({what::set_graph_attribute, {}, {}, {}, {{"title", std::string{"t"}}, {"n", int64_t{3}}}, false});
  return edits;
}

TEST(resharding, is_the_same_graph_on_any_number_of_partitions) {
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true})
        for (auto written : numbers_of_partitions) {
          auto reach = strides_of_reach[(written + directed + 2 * multi) % 3];
          auto rows = testing::random_rows({directed, multi, text, 120, 300}, written);
          auto parts = testing::load(rows, written);
          written_by_partitions w{reach};
          auto first = w.commit(parts);
          auto changed = edited(parts, some_edits(rows.kind, text));
          auto second = w.commit(changed);
          for (auto read : numbers_of_partitions) {
            SCOPED_TRACE(std::to_string(written) + " to " + std::to_string(read));
            auto again = w.read(first.id, read);
            expect_same_graph(gather(again), gather(parts));
            again = w.read(second.id, read);
            expect_same_graph(gather(again), gather(changed));
            EXPECT_EQ(w.identity(again), second.graph_id);
            for (auto& g : again) {
              EXPECT_EQ(g->attributes, changed[0]->attributes);
              EXPECT_EQ(g->kind, changed[0]->kind);
              for (size_t i = 0; i < g->node_columns.size(); ++i) EXPECT_EQ(g->node_columns[i].name, changed[0]->node_columns[i].name);
            }
            expect_same_graph(gather(edited(again, some_edits(rows.kind, text))), gather(edited(changed, some_edits(rows.kind, text))));
          }
        }
}

TEST(resharding, leaves_behind_what_a_selection_dropped) {
  auto parts = testing::load(testing::random_rows({}, 3), 4);
  in_process_hub{4}.run([&](communicator& all) {
    auto g = parts[all.rank()];
    parts[all.rank()] = restrict_to(g, [&](int32_t v) { return node_hash(g, v).low % 3 != 0; }, {}, all);
  });
  written_by_partitions w;
  auto commit = w.commit(parts);
  for (uint32_t read : {1, 3, 8}) {
    auto again = w.read(commit.id, read);
    expect_same_graph(gather(again), gather(parts));
    for (auto& g : again) EXPECT_EQ(g->size, int32_t(g->nodes));
  }
}

TEST(resharding, keeps_what_an_empty_graph_is) {
  for (uint32_t written : {1, 2})
    for (uint32_t read : {1, 2, 4}) {
      testing::graph_rows none;
      none.kind = {.directed = false, .multi = true};
      auto parts = edited(testing::load(none, written), {{edit::what::set_graph_attribute, {}, {}, {}, {{"title", std::string{"t"}}}, false}});
      written_by_partitions w;
      auto again = w.read(w.commit(parts).id, read);
      EXPECT_EQ(again[0]->kind, parts[0]->kind);
      EXPECT_EQ(again[0]->attributes, parts[0]->attributes);
      EXPECT_EQ(gather(again)->nodes, 0u);
    }
}

TEST(resharding, sends_a_hub_and_many_rows_in_several_exchanges) {
  testing::graph_rows rows;
  rows.kind.keys = key_type::int64;
  for (int64_t i = 0; i < 140'000; ++i) rows.edges.push_back({key{int64_t{-1}}, key{i}, 0, value{}, value{}});
  auto whole = testing::load(rows, 1);
  written_by_partitions w;
  auto commit = w.commit(whole);
  expect_same_graph(gather(w.read(commit.id, 2)), whole[0]);
}

TEST(resharding, refuses_partitions_that_do_not_belong_together) {
  auto a = testing::load(testing::random_rows({}, 1), 2), b = testing::load(testing::random_rows({}, 2), 2);
  std::vector<std::vector<graph>> misfits{{a[1], a[0]}, {a[0], b[1]}};
  for (auto& parts : misfits)
    in_process_hub{4}.run([&](communicator& all) {
      std::vector<graph> mine;
      if (all.rank() % 2 == 0) mine.push_back(parts[all.rank() / 2]);
      try {
        reshard(mine, 2, all);
        ADD_FAILURE() << "they were taken";
      } catch (const failure& f) {
        EXPECT_EQ(f.code(), errc::corrupt) << f.what();
      }
    });
}

TEST(stored_partitions, read_results_that_other_partitions_wrote) {
  auto rows = testing::random_rows({}, 5);
  for (auto written : numbers_of_partitions) {
    auto parts = edited(testing::load(rows, written), some_edits(rows.kind, false));
    auto ranks = computed(parts, {"pagerank", {}});
    auto labels = computed(parts, {"connected_components", {}});
    written_by_partitions w{strides_of_reach[written % 3]};
    auto commit = w.commit(parts, {ranks, labels});
    for (auto read : numbers_of_partitions) {
      auto graphs = w.read(commit.id, read);
      std::vector<node_values> again(read), others(read);
      in_process_hub{read}.run([&](communicator& all) {
        auto shared = w.reached(all);
        again[all.rank()] = committed_values(shared, commit.id, 0, graphs[all.rank()], all);
        others[all.rank()] = committed_values(shared, commit.id, 1, graphs[all.rank()], all);
      });
      EXPECT_EQ(by_key(again), by_key(ranks)) << written << " to " << read;
      EXPECT_EQ(by_key(others), by_key(labels)) << written << " to " << read;
      EXPECT_EQ(again[0].provenance.arguments, ranks[0].provenance.arguments);
      EXPECT_EQ(again[0].summary, ranks[0].summary);
    }
    embedded_store here{*w.store};
    auto whole = here.read(w.store->resolve("main"));
    EXPECT_EQ(by_key({here.read_result(commit, 0, whole)}), by_key(ranks));
    EXPECT_EQ(here.verify(), std::vector<std::string>{});
  }
}

TEST(stored_partitions, find_kept_results_of_any_number_of_partitions) {
  auto rows = testing::random_rows({}, 6);
  auto what = provenance_of({"pagerank", {}});
  for (auto written : numbers_of_partitions) {
    auto parts = testing::load(rows, written);
    written_by_partitions w{strides_of_reach[written % 3]};
    auto commit = w.commit(parts);
    auto ranks = computed(parts, {"pagerank", {}});
    storage::stored_result result{ranks[0].provenance, {}};
    for (uint32_t p = 0; p < written; ++p)
      w.store->pool(p).store([&](storage::content_pool::batch& batch) {
        result.roots.push_back(write_values(ranks[p], [&](const hash128& h) { return batch.has(h); },
                                            [&](const hash128& h, std::span<const uint8_t> page) { batch.put(h, page); }));
        return std::vector{result.roots.back()};
      });
    w.store->keep_result(commit.id, result);
    for (auto read : numbers_of_partitions) {
      auto graphs = w.read(commit.id, read);
      std::vector<node_values> again(read);
      in_process_hub{read}.run([&](communicator& all) {
        auto shared = w.reached(all);
        again[all.rank()] = kept_values(shared, commit.id, what, graphs[all.rank()], all);
      });
      EXPECT_EQ(by_key(again), by_key(ranks)) << written << " to " << read;
    }
    embedded_store here{*w.store};
    auto found = here.read_kept_result(commit.graph_id, what, here.read(commit).at.fold());
    ASSERT_TRUE(found);
    EXPECT_EQ(by_key({*found}), by_key(ranks));
    EXPECT_FALSE(here.read_kept_result(commit.graph_id, provenance_of({"degree", {}}), here.read(commit).at.fold()));
  }
}

class stored_patches : public ::testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(reached_by, stored_patches, ::testing::ValuesIn(strides_of_reach));

TEST_P(stored_patches, are_read_by_any_number_of_partitions) {
  auto rows = testing::random_rows({true, false, false, 300, 900}, 7);
  written_by_partitions w{GetParam()};
  embedded_store here{*w.store};
  version v{testing::load(rows, 1)[0]};
  std::vector<std::pair<commit_record, version>> commits;
  auto commit = [&] {
    commit_record record;
    record.message = "m";
    auto head = here.head("main");
    if (head) record.parents = {*head};
    commits.emplace_back(here.commit(v, {}, record, "main", head), v);
  };
  commit();
  for (int i = 0; i < 4; ++i) {
    edit_report report;
    auto edits = some_edits(rows.kind, false);
    edits.resize(edits.size() - size_t(5 * i));
    edits.push_back({edit::what::upsert_node, key{int64_t{100'000 + i}}, {}, {}, {{"age", int64_t{i}}}, false});
    edits.push_back({edit::what::remove_node, key{int64_t{100'000 + i - 1}}, {}, {}, {}, false});
    if (i == 0) edits.pop_back();
    v = v.apply(edits, report);
    commit();
    ASSERT_TRUE(commits.back().first.is_patch());
  }
  for (auto& [record, was] : commits)
    for (auto read : numbers_of_partitions) expect_same_graph(gather(w.read(record.id, read)), was.fold());
}

TEST_P(stored_patches, that_lead_elsewhere_are_named) {
  written_by_partitions w{GetParam()};
  embedded_store here{*w.store};
  version v{testing::load(testing::random_rows({}, 8), 1)[0]};
  commit_record record;
  record.message = "m";
  auto base = here.commit(v, {}, record, "main", {});
  edit_report report;
  auto more = v.apply(std::vector<edit>{{edit::what::add_node, key{int64_t{77'777}}, {}, {}, {}, false}}, report);
  record.graph_id = {1, 2};
  record.parents = {base.id};
  auto lie = w.store->publish(record, "main", base.id, encode(patch_between(v, more)));
  for (auto read : numbers_of_partitions)
    in_process_hub{read}.run([&](communicator& all) {
      try {
        auto shared = w.reached(all);
        committed_graph(shared, lie.id, all);
        ADD_FAILURE() << "it was read";
      } catch (const failure& f) {
        EXPECT_EQ(f.code(), errc::corrupt);
        EXPECT_NE(std::string{f.what()}.find("commit " + to_hex(lie.id) + ": what is stored is graph"), std::string::npos) << f.what();
      }
    });
}

TEST(stored_partitions, do_not_send_pages_that_the_store_has) {
  auto parts = testing::load(testing::random_rows({true, false, false, 5000, 20000}, 9), 3);
  written_by_partitions w{1000};
  w.commit(parts);
  auto before = w.store->pool(2).stats();
  for (auto& page : w.store->pool(2).hashes()) ASSERT_EQ(content_hash(w.store->pool(2).get(page)), page);
  uint64_t put = 0;
  in_process_hub{3}.run([&](communicator& all) {
    w.reached(all).write([&](const page_has& has, const page_put& write) {
      return std::vector{write_graph(parts[all.rank()], has, [&](const hash128& h, std::span<const uint8_t> page) {
        if (all.rank() == 2) ++put;
        write(h, page);
      })};
    });
  });
  EXPECT_EQ(put, 0u);
  EXPECT_EQ(w.store->pool(2).stats().bytes, before.bytes);
}

TEST(stored_partitions, hear_when_a_page_of_another_is_missing) {
  auto parts = testing::load(testing::random_rows({}, 10), 3);
  written_by_partitions w{1000};
  auto commit = w.commit(parts);
  auto transaction = w.store->pool(2).environment().write();
  storage::erase_page(*transaction, commit.roots[2]);
  transaction->commit();
  in_process_hub{3}.run([&](communicator& all) {
    auto shared = w.reached(all);
    try {
      committed_graph(shared, commit.id, all);
      ADD_FAILURE() << "it was read";
    } catch (const failure& f) {
      EXPECT_EQ(f.code(), errc::corrupt) << f.what();
      EXPECT_NE(std::string{f.what()}.find(to_hex(commit.roots[2])), std::string::npos) << f.what();
    }
  });
}

TEST(stored_partitions, of_whom_none_reaches_the_store_say_so) {
  in_process_hub{2}.run([&](communicator& all) {
    try {
      shared_store{nullptr, "/data/people.gli", all};
      ADD_FAILURE() << "it was opened";
    } catch (const failure& f) {
      EXPECT_EQ(f.code(), errc::io);
      EXPECT_NE(std::string{f.what()}.find("no worker reaches /data/people.gli"), std::string::npos) << f.what();
    }
  });
}

}  // namespace
}  // namespace gli
