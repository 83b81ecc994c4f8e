// Files that several partitions read together: the same graph, reports and failures as read by one process, wherever ranges are cut.

#include "partitions/load_sources.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <random>

#include "partitions/loaders/gap.h"
#include "partitions/loaders/input.h"
#include "partitions/loaders/known_ids.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/loaders/metis.h"
#include "partitions/loaders/source_share.h"
#include "tests/partitions/loaded_model.h"
#include "tests/partitions/text_files.h"

namespace gli {
namespace {

using namespace gli::testing;

/// What came of a load, in words.
struct result {
  std::string failure;
  std::string graph_id;
  std::vector<key> order;
  std::map<edge_name, parameters> edges;
  std::vector<uint64_t> counts;
  std::vector<std::string> lines;  // skipped ones, of all sources

  friend bool operator==(const result&, const result&) = default;
};

std::ostream& operator<<(std::ostream& out, const result& r) {
  out << "failure '" << r.failure << "', id " << r.graph_id << ", " << r.order.size() << " nodes:";
  for (auto& k : r.order) out << ' ' << to_string(k);
  out << "; counts";
  for (auto n : r.counts) out << ' ' << n;
  for (auto& l : r.lines) out << "\n  " << l;
  return out;
}

void tell(const load_report& report, const std::vector<text_report>& lines, result& to) {
  to.counts = {report.nodes, report.edges, report.duplicate_nodes, report.duplicate_edges, report.lost_nodes, report.lost_edges};
  for (auto& of_source : lines) {
    to.lines.push_back(std::to_string(of_source.rows) + " rows, " + std::to_string(of_source.skipped) + " skipped");
    for (auto& bad : of_source.first_skipped) to.lines.push_back(std::to_string(bad.line) + ": " + bad.what);
  }
}

void tell(const std::vector<graph>& parts, result& to) {
  to.order = merged_order(parts);
  to.edges = edges_of(parts);
  expect_mirrors_agree(parts);
}

/// By the readers of one process, source after source.
result alone(const read_sources& what) {
  result r;
  auto keys = what.kind.keys;
  std::vector<std::vector<column_type>> types(what.sources.size());
  for (;;) {
    size_t at = 0;
    try {
      auto kind = what.kind;
      kind.keys = keys;
      graph_loader loader{{kind, 0, 1, what.endpoints_must_exist, what.origin, what.duplicates}};
      auto known = std::make_shared<known_ids>();
      std::vector<text_report> lines(what.sources.size());
      for (; at < what.sources.size(); ++at) {
        auto& source = what.sources[at];
        batch_sink sink{[&](const column_batch& rows) { loader.add_nodes(rows), known->add(rows); }, [&](const column_batch& rows) { loader.add_edges(rows); }};
        if (source.what == "kronecker") {
          generate_kronecker(int(int_parameter(source.format, "scale")), 16, uint64_t(int_parameter(source.format, "seed")), sink);
          lines[at].rows = uint64_t(16) << int_parameter(source.format, "scale");
          continue;
        }
        if (source.what == "metis_edges") continue;  // came with the nodes
        if (source.what == "metis_nodes") {
          read_metis_text(source.path, bool_parameter(source.format, "skip_bad_lines", false), sink, {}, &lines[at]);
          std::swap(lines[at].rows, lines[at + 1].rows);
          continue;
        }
        auto o = text_options_of(source, keys);
        if (!types[at].empty()) o.types = types[at], o.types_may_widen = true;
        if (bool_parameter(source.format, "known_ids", false)) o.known = known;
        if (bool_parameter(source.format, "negated_mirrors", false))
          sink.edges = [&](const column_batch& rows) { loader.add_edges(rows), loader.add_edges(negated_mirror(rows)); };
        if (source.what == "nodes") read_node_text(o, sink, {}, &lines[at]);
        else read_edge_text(o, sink, {}, &lines[at]);
        known->settle();
      }
      solo all;
      load_report report;
      auto g = loader.finish(all, report);
      r.graph_id = to_hex(identity_of(g, all));
      tell(report, lines, r);
      tell({g}, r);
      return r;
    } catch (const keys_are_text&) {
      keys = key_type::utf8;
    } catch (const columns_changed& c) {
      types[at] = c.types;
    } catch (const failure& f) {
      r.failure = std::to_string(int(f.code())) + " " + f.what();
      return r;
    }
  }
}

/// By several partitions, in pieces of at most so many bytes.
result together_on(uint32_t partitions, const read_sources& what, uint64_t piece_bytes) {
  result r;
  std::vector<std::string> failures(partitions);
  std::vector<graph> parts(partitions);
  std::vector<result> told(partitions);
  in_process_hub{partitions}.run([&](communicator& all) {
    try {
      sources_report report;
      auto g = load_sources(what, report, all, piece_bytes);
      told[all.rank()].graph_id = to_hex(identity_of(g, all));
      tell(report.rows, report.lines, told[all.rank()]);
      parts[all.rank()] = with_mirror_keys(g, all);
    } catch (const failure& f) {
      failures[all.rank()] = std::to_string(int(f.code())) + " " + f.what();
    }
  });
  for (auto& f : failures) EXPECT_EQ(f, failures[0]);
  r.failure = failures[0];
  if (!r.failure.empty()) return r;
  for (auto& other : told) EXPECT_EQ(other, told[0]);
  r = told[0];
  tell(parts, r);
  return r;
}

class load_sources_of : public ::testing::Test {
 protected:
  row_source source(const std::string& what, const std::string& content, parameters format = {}) {
    auto name = "f" + std::to_string(files_written_++);
    format.emplace("comment", std::string{"#"});
    return {what, files_.write(name, content), std::move(format)};
  }
  static read_sources load_of(std::vector<row_source> sources) {
    auto origin = sources.back().path;
    return {{}, false, origin, duplicate_policy::first, std::move(sources)};
  }
  void expect_alike(const read_sources& what, std::initializer_list<uint64_t> piece_bytes = {1, 5, 64, 1000, 0}) {
    auto expected = alone(what);
    for (uint32_t partitions : {1u, 2u, 3u, 4u})
      for (auto bytes : piece_bytes)
        ASSERT_EQ(together_on(partitions, what, bytes), expected) << partitions << " partitions, " << bytes << " bytes";
  }

  scratch_directory files_;
  int files_written_ = 0;
};

TEST_F(load_sources_of, a_file_that_is_cut_anywhere_is_read_as_a_whole) {
  expect_alike(load_of({source("edges", "1 2\n2 3\n\n# 5 5\n3 1\n10 2\r\n7 7\n2 3")}));
  expect_alike(load_of({source("edges", "\xef\xbb\xbf" "1 2\n2 3\n")}));
  expect_alike(load_of({source("edges", "ann bob 1\nbob cid 2.5\n\ncid ann x\nd ann 7\n")}));
  expect_alike(load_of({source("edges", "1 2 1\n2 3 2\n3 4 2.5\n")}));
  expect_alike(load_of({source("edges", "1 2\n2 3\n3 007\n")}));
}

TEST_F(load_sources_of, a_header_is_found_wherever_it_is) {
  parameters format{{"header", true}, {"delimiter", std::string{","}}};
  expect_alike(load_of({source("edges", "# a comment\n\nsource,target,since\n1,2,3\n4,5,6\n", format)}));
  expect_alike(load_of({source("edges", "source,target,since", format)}));
}

TEST_F(load_sources_of, the_first_bad_line_is_the_failure_of_all) {
  for (auto text : {"", "# nothing\n\n", "1\n", "1 2\n2 3\n3\n4\n", "1 2 3\n\n4 5\n", "1 2\n\x80 3\n4\n", "1 2\n3\n\x80 3\n", "1 2 0.5\nx y\n"})
    expect_alike(load_of({source("edges", text)}));
  expect_alike(load_of({source("edges", "1 2 0.5\n2 3 heavy\n3 4 5 6\n", {{"types.0", std::string{"float64"}}})}));
  auto what = load_of({source("edges", "1 2\n2 ann\n")});
  what.kind.keys = key_type::int64;
  expect_alike(what);
}

TEST_F(load_sources_of, a_line_over_its_limit_is_refused_and_names_its_number) {
  std::string long_line(longest_line + 10, '1');
  auto what = load_of({source("edges", "1 2\n3 4\n" + long_line + " 5\n6 7\n")});
  EXPECT_NE(alone(what).failure.find(":3: line over 1 MiB"), std::string::npos);
  expect_alike(what, {1000, 65536, 0});
  auto fits = load_of({source("edges", "a b\n" + std::string(longest_line - 2, 'x') + " y\nc d\n")});
  EXPECT_EQ(alone(fits).failure, "");
  expect_alike(fits, {5000, 0});
}

TEST_F(load_sources_of, packed_files_are_read_by_one_for_all) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += std::to_string(i * 37 % 101) + " " + std::to_string(i * 53 % 97) + "\n";
  expect_alike(load_of({source("edges", gzipped(text))}));
  expect_alike(load_of({source("edges", gzipped(text + "1 2 3\n"))}));
  auto packed = gzipped(text);
  expect_alike(load_of({source("edges", packed.substr(0, packed.size() - 20))}));
}

TEST_F(load_sources_of, ldbc_edges_must_end_in_nodes_of_the_node_file) {
  for (bool skips : {false, true})
    for (auto edges : {"1 2 0.5\n2 9 1\n", "1 2 0.5\n3 77 1\n77 1 2\n1\n9 1 3\n", "9 9\n"}) {
      parameters nodes_format{{"comment", std::string{}}, {"types.0", std::string{"float64"}}, {"skip_bad_lines", skips}};
      auto edges_format = nodes_format;
      edges_format["known_ids"] = skips;
      auto what = load_of({source("nodes", "9 1\n1 2.5\n3 1\n2 0\n", nodes_format), source("edges", edges, edges_format)});
      what.kind = {.directed = false, .keys = key_type::int64};
      what.endpoints_must_exist = true;
      expect_alike(what);
    }
}

TEST_F(load_sources_of, generated_edges_are_those_of_one_process) {
  for (int64_t scale : {3, 9})
    for (bool directed : {true, false}) {
      read_sources what{{.directed = directed, .keys = key_type::int64}, false, "K", duplicate_policy::first,
                        {{"kronecker", "", {{"scale", scale}, {"edge_factor", int64_t{16}}, {"seed", int64_t{5}}}}}};
      expect_alike(what, {0});
    }
}

TEST_F(load_sources_of, numbers_are_nodes_in_order) {
  read_sources what{{}, false, "n", duplicate_policy::first, {{"numbers", "", {{"count", int64_t{700'000}}}}}};
  for (uint32_t partitions : {1u, 3u}) {
    auto found = together_on(partitions, what, 0);
    ASSERT_EQ(found.order.size(), 700'000u);
    for (int64_t i = 0; i < 700'000; ++i) ASSERT_EQ(found.order[size_t(i)], key{i + 1});
  }
}

/// A METIS file, or nearly one.
std::string random_metis(std::mt19937& random, bool bad) {
  auto one_in = [&](unsigned n) { return random() % n == 0; };
  int nodes = int(random() % 12);
  bool sizes = one_in(3), weights = one_in(3), of_edges = one_in(2);
  std::vector<std::vector<std::pair<int, int>>> beside(size_t(nodes) + 1);
  int edges = 0;
  for (int u = 1; u <= nodes; ++u)
    for (int v = u + 1; v <= nodes; ++v)
      if (one_in(3)) {
        auto w = int(random() % 50);
        beside[size_t(u)].emplace_back(v, w), beside[size_t(v)].emplace_back(u, w), ++edges;
      }
  auto noise = [&] { return std::string{one_in(9) ? "% 1 2\n" : ""}; };
  auto text = noise() + (one_in(9) ? "\n" : "") + std::to_string(nodes) + " " + std::to_string(edges + (bad && one_in(9))) + " " + (sizes ? "1" : "0") +
              (weights ? "1" : "0") + (of_edges ? "1" : "0") + "\n";
  for (int u = 1; u <= nodes; ++u) {
    if (bad && one_in(12)) continue;
    text += noise();
    for (int i = 0; i < sizes + weights; ++i) text += std::to_string(random() % 9) + " ";
    for (auto [v, w] : beside[size_t(u)]) text += std::to_string(v) + " " + (of_edges ? std::to_string(w) + " " : "");
    if (bad && one_in(8)) text += one_in(2) ? "x" : std::to_string(u);
    text += one_in(9) ? "\r\n" : "\n";
  }
  if (one_in(9)) text += one_in(2) ? " \n" : bad ? "1\n" : "%\n";
  return text;
}

TEST_F(load_sources_of, metis_files_at_random_are_read_alike) {
  std::mt19937 random{12};
  for (int round = 0; round < 60; ++round) {
    bool skips = random() % 2;
    auto text = random_metis(random, random() % 2);
    auto path = source("metis_nodes", random() % 6 == 0 ? gzipped(text) : text).path;
    parameters format{{"skip_bad_lines", skips}};
    auto what = load_of({{"metis_nodes", path, format}, {"metis_edges", path, format}});
    what.kind = {.directed = false, .multi = random() % 3 == 0, .keys = key_type::int64};
    what.origin = path + ": row ";
    if (!skips) what.duplicates = duplicate_policy(random() % 3);
    auto expected = alone(what);
    for (uint32_t partitions : {1u, 3u})
      for (uint64_t bytes : {uint64_t{1 + random() % 20}, uint64_t{0}})
        ASSERT_EQ(together_on(partitions, what, bytes), expected) << partitions << " partitions, " << bytes << " bytes:\n" << text;
  }
}

TEST(load_sources, gap_graphs_are_those_that_one_process_makes) {
  for (auto kind : {gap_kind::kronecker, gap_kind::uniform})
    for (bool weighted : {false, true})
      for (int scale : {1, 5, 15}) {
        graph_loader loader{load_options{.kind = {.directed = false, .keys = key_type::int64}}};
        generate_gap(kind, scale, weighted, {[&](auto& b) { loader.add_nodes(b); }, [&](auto& b) { loader.add_edges(b); }});
        solo alone;
        load_report report;
        auto expected = partition_facts(loader.finish(alone, report));
        row_source edges{kind == gap_kind::uniform ? "gap_uniform" : "gap_kronecker", "", {{"scale", int64_t{scale}}, {"weighted", weighted}}};
        row_source nodes{"numbers", "", {{"first", int64_t{0}}, {"count", int64_t{1} << scale}}};
        read_sources what{{.directed = false, .keys = key_type::int64}, true, "gap", duplicate_policy::first, {nodes, edges}};
        for (uint32_t partitions : {1, 2, 4})
          in_process_hub{partitions}.run([&](communicator& all) {
            sources_report told;
            auto g = load_sources(what, told, all);
            EXPECT_EQ(identity_of(g, all), expected) << scale << " on " << partitions;
            EXPECT_EQ(told.rows.edges, report.edges);
          });
      }
}

/// A serialized graph of the suite: of 1,000 nodes most have no neighbors, and some have pieces' worth of them.
class serialized_graph {
 public:
  serialized_graph(bool directed, bool weighted, int64_t entries) : path_{own_path() + (weighted ? ".wsg" : ".sg")} {
    std::mt19937 random{5};
    for (int64_t i = 0; i < entries; ++i) {
      auto source = int32_t(random() % 8 ? random() % 4 * 100 : random() % nodes), target = int32_t(random() % nodes), weight = int32_t(random() % 9) - 4;
      at_[size_t(source)].push_back({target, weight});
      if (!directed && source != target) at_[size_t(target)].push_back({source, weight});
    }
    std::vector<int64_t> offsets{0};
    for (auto& all : at_) offsets.push_back(offsets.back() + int64_t(all.size()));
    put(uint8_t(directed)), put(offsets.back()), put(int64_t{nodes});
    for (auto o : offsets) put(o);
    for (auto& all : at_)
      for (auto& [target, weight] : all) {
        put(target);
        if (weighted) put(weight);
      }
  }
  /// As it is, but for these bytes.
  const std::string& write(size_t at = 0, const std::string& other = {}) const {
    auto bytes = bytes_;
    bytes.replace(at, other.size(), other);
    std::ofstream{path_, std::ios::binary} << bytes;
    return path_;
  }
  static constexpr int32_t nodes = 1'000;

 private:
  template <class T>
  void put(T x) {
    bytes_.append(reinterpret_cast<const char*>(&x), sizeof x);
  }
  static std::string own_path() { return ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  const std::string path_;
  std::array<std::vector<std::pair<int32_t, int32_t>>, nodes> at_;
  std::string bytes_;
};

read_sources of_serialized(const std::string& path, bool directed, bool weighted) {
  row_source numbered{"numbers", "", {{"first", int64_t{0}}, {"count", int64_t{serialized_graph::nodes}}}}, edges{"gap_edges", path, {{"weighted", weighted}}};
  return {{.directed = directed, .keys = key_type::int64}, false, path + ": row ", duplicate_policy::first, {numbered, edges}};
}

TEST(load_sources, serialized_graphs_of_many_pieces_are_those_that_one_process_reads) {
  for (bool directed : {false, true})
    for (bool weighted : {false, true})
      for (int64_t entries : {0, 10, 900'000}) {
        serialized_graph file{directed, weighted, entries};
        auto path = file.write();
        graph_loader loader{load_options{.kind = {.directed = directed, .keys = key_type::int64}}};
        read_gap(path, {[&](auto& b) { loader.add_nodes(b); }, [&](auto& b) { loader.add_edges(b); }});
        solo alone;
        load_report report;
        auto expected = partition_facts(loader.finish(alone, report));
        for (uint32_t partitions : {1, 2, 4})
          in_process_hub{partitions}.run([&](communicator& all) {
            sources_report told;
            auto g = load_sources(of_serialized(path, directed, weighted), told, all);
            EXPECT_EQ(identity_of(g, all), expected) << entries << " on " << partitions;
            EXPECT_EQ(told.rows.duplicate_edges, report.duplicate_edges);
          });
      }
}

TEST(load_sources, damaged_serialized_graphs_fail_alike_wherever_it_is) {
  serialized_graph file{true, false, 900'000};
  auto offsets = size_t{17}, entries = offsets + 8 * (serialized_graph::nodes + 1);
  std::string large(8, '\x7f'), negative(4, '\xff');
  for (auto at : {offsets, offsets + 8, offsets + 8 * 500, offsets + 8 * 999, entries - 8, entries, entries + 4 * 300'000, entries + 4 * 899'999}) {
    auto path = file.write(at, at < entries ? large : negative);
    for (uint32_t partitions : {1, 2, 4})
      in_process_hub{partitions}.run([&](communicator& all) {
        sources_report told;
        try {
          load_sources(of_serialized(path, true, false), told, all);
          ADD_FAILURE() << "read byte " << at;
        } catch (const failure& f) {
          EXPECT_EQ(f.what(), path + (at < entries ? ": the offsets do not lead from 0 to 900000" : ": a neighbor -1 outside 0 … 999"));
        }
      });
  }
}

TEST_F(load_sources_of, mirrored_entries_follow_theirs) {
  auto what = load_of({source("edges", "1 2 5\n3 1 -2\n2 2 7\n2 1 9\n", {{"names.0", std::string{"source"}}, {"names.1", std::string{"target"}}, {"names.2", std::string{"w"}}, {"negated_mirrors", true}})});
  for (auto policy : {duplicate_policy::first, duplicate_policy::last, duplicate_policy::sum}) {
    what.duplicates = policy;
    expect_alike(what);
  }
}

/// Lines of all sorts; bad ones only where `bad` says so.
std::string random_lines(std::mt19937& random, bool bad) {
  auto pick = [&](auto... all) { const std::string list[] = {all...}; return list[random() % sizeof...(all)]; };
  bool weights = random() % 2, words = random() % 4 == 0, floats = random() % 3 == 0;
  std::string text;
  for (auto n = random() % 60; n > 0; --n) {
    if (random() % 9 == 0) text += pick("\n", "# 1 2\n", "%\n", " \t\r\n");
    if (bad && random() % 8 == 0) text += pick("1\n", "1 2 3 4\n", "\xff 1\n", "1 \x80 2\n", "x\n");
    auto id = [&] { return (words && random() % 10 == 0 ? "n" : "") + std::to_string(random() % 25); };
    text += id() + pick(" ", "\t", "   ") + id();
    if (weights) text += " " + std::to_string(random() % 50) + (floats && random() % 10 == 0 ? ".25" : "");
    text += pick("\n", "\n", "\r\n", n == 1 ? "" : "\n");
  }
  return text;
}

TEST_F(load_sources_of, files_at_random_are_read_alike) {
  std::mt19937 random{11};
  for (int round = 0; round < 150; ++round) {
    bool skips = random() % 2;
    auto text = random_lines(random, skips || random() % 3 == 0);
    auto content = random() % 6 == 0 ? gzipped(text) : text;
    auto what = load_of({source("edges", content, {{"skip_bad_lines", skips}})});
    what.kind.directed = random() % 2;
    what.kind.multi = random() % 3 == 0;
    what.duplicates = duplicate_policy(random() % 3);
    auto expected = alone(what);
    for (uint32_t partitions : {1u, 2u, 4u})
      for (uint64_t bytes : {uint64_t{1 + random() % 40}, uint64_t{0}})
        ASSERT_EQ(together_on(partitions, what, bytes), expected) << partitions << " partitions, " << bytes << " bytes:\n" << text;
  }
}

TEST_F(load_sources_of, a_file_that_one_partition_does_not_have_is_named_with_it) {
  auto what = load_of({source("edges", "1 2\n")});
  auto fails_as = [&](const std::string& other_path) {
    std::vector<failed> told(3);
    in_process_hub{3}.run([&](communicator& all) {
      auto mine = what;
      if (all.rank() == 1) mine.sources[0].path = other_path;
      mine.sources[0].format["name"] = std::string{"g.txt"};
      sources_report report;
      told[all.rank()] = failure_of([&] { load_sources(mine, report, all); });
    });
    for (auto& t : told) EXPECT_EQ(t.message, told[0].message);
    return told[0];
  };
  auto missing = fails_as("/nowhere/g.txt");
  EXPECT_EQ(missing.code, errc::not_found);
  EXPECT_TRUE(missing.message.starts_with("g.txt: no such file for partition 1 (pid ")) << missing.message;
  auto longer = fails_as(files_.write("longer", "1 2\n3 4\n"));
  EXPECT_EQ(longer.code, errc::io);
  EXPECT_TRUE(longer.message.starts_with("g.txt: has 4 bytes for partition 0 (pid ")) << longer.message;
  EXPECT_NE(longer.message.find("and 8 for partition 1 (pid "), std::string::npos) << longer.message;
}

TEST_F(load_sources_of, what_is_no_regular_file_is_refused_before_it_is_opened) {
  auto pipe = files_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  auto what = load_of({{"edges", pipe, {}}});
  EXPECT_NE(together_on(2, what, 0).failure.find("no regular file"), std::string::npos);
  what.sources[0].path = files_.path();
  EXPECT_NE(together_on(2, what, 0).failure.find("is a directory"), std::string::npos);
}

TEST_F(load_sources_of, rows_that_do_not_fit_those_before_fail_all) {
  std::string many;
  for (int i = 0; i < 300; ++i) many += std::to_string(i) + " " + std::to_string(i * 7 % 300) + " 1\n";
  expect_alike(load_of({source("edges", many), source("edges", "1 2 x\n")}));
  auto keys = load_of({source("edges", many), source("edges", "a b 1\n")});
  EXPECT_EQ(alone(keys).failure, "");  // the first file is read again, with text for keys
  expect_alike(keys);
  EXPECT_NE(together_on(3, load_of({source("vertices", "1\n")}), 0).failure.find("'vertices'"), std::string::npos);
}

}  // namespace
}  // namespace gli
