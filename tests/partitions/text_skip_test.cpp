// Bad lines that are left out, ids within bounds, lines before the rows, zstd.

#include <gtest/gtest.h>
#include <zstd.h>

#include "partitions/loaders/metis.h"
#include "partitions/loaders/text.h"
#include "tests/partitions/text_files.h"

namespace gli {
namespace {

using namespace gli::testing;
using strings = std::vector<std::string>;

class text_skip : public ::testing::Test {
 protected:
  text_options file(const std::string& content) {
    text_options o;
    o.path = files_.write("f", content);
    o.skip_bad_lines = true;
    return o;
  }

  /// Rows, then what was left out as "LINE: what".
  strings read(const text_options& options) {
    strings out;
    read_with_guesses(options, [&](const text_options& o) {
      text_table t;
      report_ = {};
      read_edge_text(o, {{}, [&](const column_batch& b) { t.add(b); }}, {}, &report_);
      out = show(t);
    });
    for (auto& bad : report_.first_skipped) out.push_back(std::to_string(bad.line) + ": " + bad.what);
    return out;
  }

  scratch_directory files_;
  text_report report_;
};

std::string zstd_packed(const std::string& plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  return packed;
}

TEST_F(text_skip, leaves_out_lines_with_too_few_or_too_many_fields) {
  EXPECT_EQ(read(file("1 2 8\n1 2\n3 4 5 6\n3 4 7\n")),
            (strings{"1 2 8", "3 4 7", "2: expected 3 fields, found 2", "3: expected 3 fields, found 4"}));
  EXPECT_EQ(report_.rows, 2u);
  EXPECT_EQ(report_.skipped, 2u);
}

TEST_F(text_skip, a_bad_line_widens_no_type_and_makes_no_key_text) {
  EXPECT_EQ(read(file("1 2 8\nann 2 x y\n3 4 7\n")), (strings{"1 2 8", "3 4 7", "2: expected 3 fields, found 4"}));
}

TEST_F(text_skip, a_bad_line_leaves_nothing_in_the_rows_beside_it) {
  auto o = file("1 2 yes,,true,a\n");
  o = file("a,b,true,x,1\nc,,true,yyyy,2\ne,f,,z,\ng,h,maybe,q,3\ni,j,false,w,4\n");
  o.delimiter = ',';
  o.names = {"source", "target", "b", "s", "n"};
  o.types = {column_type::boolean, column_type::utf8, column_type::int64};
  EXPECT_EQ(read(o), (strings{"'a' 'b' true 'x' 1", "'e' 'f' null 'z' null", "'i' 'j' false 'w' 4", "2: target is empty",
                              "4: b 'maybe' is not true or false"}));
}

TEST_F(text_skip, the_first_line_that_fits_tells_the_columns) {
  EXPECT_EQ(read(file("one\n\n1 2\n3 4\n")), (strings{"1 2", "3 4", "1: expected 2 or 3 fields, found 1"}));
}

TEST_F(text_skip, leaves_out_lines_that_are_no_text) {
  EXPECT_EQ(read(file("\xff 2\n1 2\n3 \xc3\n5 6\n")), (strings{"1 2", "5 6", "1: not a text file", "3: not a text file"}));
}

TEST_F(text_skip, counts_all_and_names_the_first_ten_over_many_pieces) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += i % 1000 == 999 ? "bad\n" : "1 2 3\n";
  auto out = read(file(text));
  EXPECT_EQ(report_.rows, 999'000u);
  EXPECT_EQ(report_.skipped, 1000u);
  ASSERT_EQ(report_.first_skipped.size(), bad_lines_named);
  for (size_t i = 0; i < bad_lines_named; ++i) EXPECT_EQ(report_.first_skipped[i].line, int64_t(1000 * (i + 1)));
}

TEST_F(text_skip, refuses_ids_out_of_bounds) {
  auto o = file("1 2\n0 1\n1 4\n3 1\n");
  o.lowest_id = 1;
  o.highest_id = 3;
  o.keys = key_type::int64;
  EXPECT_EQ(read(o), (strings{"1 2", "3 1", "2: source 0 is not within 1 and 3", "3: target 4 is not within 1 and 3"}));
}

TEST_F(text_skip, lines_before_the_rows_count) {
  auto o = file("7 8 9 10\n1 2\nx\n");
  o.skip_lines = 1;
  EXPECT_EQ(read(o), (strings{"1 2", "3: expected 2 fields, found 1"}));
}

TEST_F(text_skip, zstd_is_told_by_its_magic_bytes) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + " " + std::to_string(i + 1) + "\n";
  auto o = file(zstd_packed(text) + zstd_packed("a b\n"));
  EXPECT_EQ(read(o).back(), "'a' 'b'");
  EXPECT_EQ(report_.rows, 300'001u);
}

TEST_F(text_skip, names_damaged_and_truncated_zstd_data) {
  auto packed = zstd_packed(std::string(100'000, '1') + " 2\n");
  auto cut = file(packed.substr(0, packed.size() - 3));
  EXPECT_EQ(failure_of([&] { read(cut); }).message, cut.path + ": truncated zstd data");
  for (size_t i = 4; i < 8; ++i) packed[i] = char(packed[i] ^ 0x5a);
  auto damaged = file(packed);
  EXPECT_EQ(failure_of([&] { read(damaged); }).message.find(damaged.path + ": "), 0u);
}

TEST_F(text_skip, the_mirror_of_an_edge_has_the_negative_weight) {
  column_batch b{1, {}};
  for (auto [name, x] : {std::pair{"source", 1}, {"target", 2}, {"n", 5}}) {
    column_builder c{name, column_type::int64};
    c.append_int64(x);
    b.columns.push_back(c.finish());
  }
  auto m = negated_mirror(b);
  EXPECT_EQ(m.find("source")->int64(0), 2);
  EXPECT_EQ(m.find("target")->int64(0), 1);
  EXPECT_EQ(m.find("n")->int64(0), -5);
}

// --- METIS -----------------------------------------------------------------------------------------------------------------

class metis : public text_skip {
 protected:
  strings read(const std::string& content, bool skip = false) {
    strings out;
    auto show_all = [&](const column_batch& b) {
      b.check();
      for (int64_t i = 0; i < b.rows; ++i) {
        std::string row;
        for (auto& c : b.columns) row += (row.empty() ? "" : " ") + c.name + "=" + to_string(c.at(i));
        out.push_back(row);
      }
    };
    report_ = {};
    read_metis_text(files_.write("m", content), skip, {show_all, show_all}, {}, &report_);
    for (auto& bad : report_.first_skipped) out.push_back(std::to_string(bad.line) + ": " + bad.what);
    return out;
  }
  std::string complaint(const std::string& content) {
    auto message = failure_of([&] { read(content); }).message;
    auto path = files_ / "m";
    return message.substr(message.find(path) == 0 ? path.size() + 1 : 0);
  }
};

TEST_F(metis, reads_sizes_weights_and_weights_of_edges) {
  EXPECT_EQ(read("% a triangle and a loner\n4 3 111 2\n1 2 3 2 10 3 20\n4 5 6 1 10 3 30\n% beside\n7 8 9 1 20 2 30\n0 0 0\n"),
            (strings{"=1 size=1 weight_1=2 weight_2=3", "=2 size=4 weight_1=5 weight_2=6", "=3 size=7 weight_1=8 weight_2=9",
                     "=4 size=0 weight_1=0 weight_2=0", "source=1 target=2 weight=10", "source=1 target=3 weight=20",
                     "source=2 target=3 weight=30"}));
}

TEST_F(metis, a_blank_line_is_a_node_without_neighbors) {
  EXPECT_EQ(read("3 1\n3\n\n1\n\n"), (strings{"=1", "=2", "=3", "source=1 target=3"}));
}

TEST_F(metis, names_the_line_of_what_does_not_fit) {
  EXPECT_EQ(complaint("x 1\n"), "1: the number of nodes 'x' is not an integer");
  EXPECT_EQ(complaint("2 1\n2\n3\n"), "3: neighbor 3 is not within 1 and 2");
  EXPECT_EQ(complaint("2 1\n2\n2\n"), "3: node 2 is its own neighbor");
  EXPECT_EQ(complaint("2 1 1\n2\n1 5\n"), "2: a neighbor without the weight of its edge");
  EXPECT_EQ(complaint("2 1\n2\n1\n1\n"), "4: a line after those of 2 nodes");
  EXPECT_EQ(complaint("2 1 2\n"), "1: fmt '2' is not up to three of 0 and 1");
  EXPECT_EQ(complaint("% nothing\n"), " empty file");
  EXPECT_EQ(complaint("3 1\n2\n1\n"), " the header promises 3 nodes, lines follow for 2");
}

TEST_F(metis, both_ends_of_an_edge_must_tell_the_same) {
  EXPECT_NE(complaint("2 1 1\n2 5\n1 6\n").find("the two ends of an edge differ"), std::string::npos);
  EXPECT_NE(complaint("3 2\n2\n1\n1\n").find("promises 2 edges"), std::string::npos);
}

TEST_F(metis, a_line_that_is_left_out_costs_only_what_its_neighbors_do_not_tell) {
  EXPECT_EQ(read("3 2 10\n7 2\nx 1 3\n9 2\n", true),
            (strings{"=1 weight=7", "=2 weight=null", "=3 weight=9", "source=1 target=2", "source=3 target=2",
                     "3: weight 'x' is not an integer"}));
}

TEST_F(metis, reads_lines_longer_than_a_piece) {
  constexpr int n = 1'000'000;
  std::string text = std::to_string(n) + " " + std::to_string(n - 1) + "\n";
  for (int i = 2; i <= n; ++i) text += std::to_string(i) + " ";
  text += "\n";
  for (int i = 2; i <= n; ++i) text += "1\n";
  EXPECT_EQ(read(text).size(), size_t(2 * n - 1));
}

}  // namespace
}  // namespace gli
