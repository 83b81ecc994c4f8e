#include "partitions/loaders/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/partitions/text_files.h"

namespace gli {
namespace {

using namespace gli::testing;
using strings = std::vector<std::string>;
using types = std::vector<column_type>;

class text : public ::testing::Test {
 protected:
  text_options file(const std::string& content) {
    text_options o;
    o.path = files_.write("f", content);
    return o;
  }
  text_options csv(const std::string& content) {
    auto o = file(content);
    o.delimiter = ',';
    return o;
  }
  strings edges(const std::string& content) { return show(read_guessing(file(content))); }
  strings nodes(const std::string& content) { return show(read_guessing(file(content), reading::nodes)); }

  /// The failure's message after the path.
  std::string complaint(const text_options& o, reading what = reading::edges) {
    auto f = failure_of([&] { read_guessing(o, what); });
    EXPECT_EQ(f.code, errc::value) << f.message;
    EXPECT_EQ(f.message.find(o.path + ":"), 0u) << f.message;
    return f.message.substr(std::min(f.message.size(), o.path.size() + 1));
  }
  std::string complaint(const std::string& content) { return complaint(file(content)); }

  scratch_directory files_;
};

// --- what files hold -------------------------------------------------------------------------------------------------------

TEST_F(text, reads_pairs_of_ints_among_lines_of_other_shapes) {
  auto t = read_table(file("1 2\n3\t4\r\n  5 6\n7   8\n9 10 \n\n# 1\n-11 -12\n9223372036854775807 -9223372036854775808\n0 1000000000000000000\n"));
  EXPECT_EQ(show(t), (strings{"1 2", "3 4", "5 6", "7 8", "9 10", "-11 -12", "9223372036854775807 -9223372036854775808", "0 1000000000000000000"}));
  EXPECT_EQ(t.lines, (std::vector<int64_t>{1, 2, 3, 4, 5, 8, 9, 10}));
  EXPECT_EQ(edges("1 2\n0 -0000000000000000001\n"), (strings{"'1' '2'", "'0' '-0000000000000000001'"}));
  auto o = csv("1,2\n3,9223372036854775808\n");
  o.keys = key_type::int64;
  EXPECT_EQ(complaint(o), "2: target '9223372036854775808' is not an int64 id");
}

TEST_F(text, reads_edges_with_and_without_weights) {
  auto t = read_table(file("1 2 8\n1\t3   50\n"));
  EXPECT_EQ(t.names, (strings{"source", "target", "weight"}));
  EXPECT_EQ(t.types, (types{column_type::int64, column_type::int64, column_type::int64}));
  EXPECT_EQ(show(t), (strings{"1 2 8", "1 3 50"}));
  EXPECT_EQ(t.lines, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(read_table(file("1 2\n")).names, (strings{"source", "target"}));
}

TEST_F(text, reads_nodes_with_and_without_values) {
  auto t = read_table(file("1 7\n2 3.5\n"), reading::nodes);
  EXPECT_EQ(t.names, (strings{"", "value"}));
  EXPECT_EQ(show(t), (strings{"1 7.0", "2 3.5"}));
  EXPECT_EQ(nodes("5\n6\n"), (strings{"5", "6"}));
}

TEST_F(text, counts_the_lines_that_it_skips) {
  auto t = read_table(file("# a comment\n\n% another\n1 2\n   \t\r\n  # indented\n3 4"));
  EXPECT_EQ(show(t), (strings{"1 2", "3 4"}));
  EXPECT_EQ(t.lines, (std::vector<int64_t>{4, 7}));
}

TEST_F(text, accepts_windows_line_ends_and_a_byte_order_mark) {
  EXPECT_EQ(edges("\xef\xbb\xbf"
                  "1 2 3.5\r\n3 4 x\r\n5 6 7 \r\n"),
            (strings{"1 2 '3.5'", "3 4 'x'", "5 6 '7'"}));
  EXPECT_EQ(show(read_guessing(csv("a,b\r\nc,d\r\n"))), (strings{"'a' 'b'", "'c' 'd'"}));
}

TEST_F(text, takes_no_comments_where_there_are_none) {
  auto o = file("# 2\n%x 3\n");
  o.comment = 0;
  EXPECT_EQ(show(read_guessing(o)), (strings{"'#' '2'", "'%x' '3'"}));
}

TEST_F(text, keys_are_integers_only_in_their_canonical_spelling) {
  EXPECT_EQ(nodes("0\n-5\n9223372036854775807\n-9223372036854775808\n"),
            (strings{"0", "-5", "9223372036854775807", "-9223372036854775808"}));
  for (auto* id :
       {"007", "+1", "-0", "1.0", "x", "-", "00", "9223372036854775808", "-9223372036854775809", "1_000", "0x1", "18446744073709551617"})
    EXPECT_EQ(nodes(std::string{id} + "\n4\n"), (strings{"'" + std::string{id} + "'", "'4'"}));
  EXPECT_THROW(read_table(file("1 2\n3 x\n")), keys_are_text);
}

TEST_F(text, keys_can_be_said_to_be_text) {
  auto o = file("1 2 3\n");
  o.keys = key_type::utf8;
  EXPECT_EQ(show(read_table(o)), (strings{"'1' '2' 3"}));
}

TEST_F(text, guesses_a_type_from_all_fields_of_the_first_piece) {
  EXPECT_EQ(edges("1 2 3\n4 5 +6\n6 7 008\n"), (strings{"1 2 3", "4 5 6", "6 7 8"}));
  EXPECT_EQ(edges("1 2 3\n4 5 .5\n"), (strings{"1 2 3.0", "4 5 0.5"}));
  EXPECT_EQ(edges("1 2 .5\n4 5 6\n7 8 red\n"), (strings{"1 2 '.5'", "4 5 '6'", "7 8 'red'"}));
  EXPECT_EQ(edges("1 2 1e3\n4 5 -inf\n"), (strings{"1 2 1000.0", "4 5 -inf"}));
}

TEST_F(text, reads_floats_exactly) {
  auto o = file("");
  for (double x : {0.1, 1e22, 1.7976931348623157e308, 5e-324, 123456789.123456, 0.000001, 3.0, -0.0, 299792458.0, 1 / 3.0}) {
    char spelled[64];
    std::snprintf(spelled, sizeof spelled, "%.17g", x);
    files_.write("f", "1 2 0.5\n1 2 " + std::string{spelled} + "\n");
    auto y = std::get<double>(read_guessing(o).rows[1][2]);
    EXPECT_EQ(y, x) << spelled;
    EXPECT_EQ(std::signbit(y), std::signbit(x)) << spelled;
  }
  EXPECT_EQ(edges("1 2 1e-999\n1 2 -0.5\n"), (strings{"1 2 0.0", "1 2 -0.5"}));
}

TEST_F(text, takes_names_and_types_as_given) {
  auto o = file("1 true 2 2020-02-29T12:30:01.25Z 5\n3 0 4 1969-12-31 6\n");
  o.names = {"source", "good", "target", "when", "note"};
  o.types = {column_type::boolean, column_type::timestamp, column_type::utf8};
  auto t = read_table(o);
  EXPECT_EQ(t.names, (strings{"source", "target", "good", "when", "note"}));
  EXPECT_EQ(show(t), (strings{"1 2 true 2020-02-29T12:30:01.250000 '5'", "3 4 false 1969-12-31T00:00:00 '6'"}));
}

TEST_F(text, names_columns_by_the_header) {
  auto o = csv("# made by hand\nfrom,to, cost ,colour\nann,bob,1, red\nbob,ann,2,\n");
  o.header = true;
  auto t = read_guessing(o);
  EXPECT_EQ(t.names, (strings{"source", "target", "cost", "colour"}));
  EXPECT_EQ(show(t), (strings{"'ann' 'bob' 1 'red'", "'bob' 'ann' 2 null"}));
  EXPECT_EQ(t.lines, (std::vector<int64_t>{3, 4}));
  o = csv("cost,target,source\n1,b,a\n");
  o.header = true;
  EXPECT_EQ(show(read_guessing(o)), (strings{"'a' 'b' 1"}));
}

TEST_F(text, empty_fields_are_null) {
  EXPECT_EQ(show(read_guessing(csv("1,2,\n3,4,5\n6,7,  \n"))), (strings{"1 2 null", "3 4 5", "6 7 null"}));
  auto o = csv("1,,a,\n2,1,,\n3,0,,2000-01-01\n");
  o.names = {"", "x", "y", "z"};
  o.types = {column_type::boolean, column_type::utf8, column_type::timestamp};
  EXPECT_EQ(show(read_table(o, reading::nodes)), (strings{"1 null 'a' null", "2 true null null", "3 false null 2000-01-01T00:00:00"}));
}

TEST_F(text, reads_utf8) { EXPECT_EQ(edges("Ærø Zürich\n日本 🙂\n"), (strings{"'Ærø' 'Zürich'", "'日本' '🙂'"})); }

TEST_F(text, reads_ldbc_without_guessing) {
  auto o = ldbc_edges(file("1 2 8\n1 3 0.5\n").path);
  EXPECT_EQ(show(read_table(o)), (strings{"1 2 8.0", "1 3 0.5"}));
  EXPECT_EQ(show(read_table(ldbc_edges(file("1 2\n").path))), (strings{"1 2"}));
  EXPECT_EQ(show(read_table(ldbc_nodes(file("1 7\n2 3\n").path), reading::nodes)), (strings{"1 7.0", "2 3.0"}));
  EXPECT_EQ(complaint(ldbc_edges(file("1 2 8\n1 x 5\n").path)), "2: target 'x' is not an int64 id");
  EXPECT_EQ(complaint(ldbc_edges(file("1 2 8\n1 3 abc\n").path)), "2: weight 'abc' is not a number");
  EXPECT_EQ(complaint(ldbc_nodes(file("1\nann\n").path), reading::nodes), "2: node 'ann' is not an int64 id");
}

// --- what files must not hold ----------------------------------------------------------------------------------------------

TEST_F(text, names_the_line_with_too_few_or_too_many_fields) {
  EXPECT_EQ(complaint("1 2 3\n4 5\n"), "2: expected 3 fields, found 2");
  EXPECT_EQ(complaint("1 2\n# c\n4 5 6\n"), "3: expected 2 fields, found 3");
  EXPECT_EQ(complaint("1 2 3 4\n"), "1: expected 2 or 3 fields, found 4");
  EXPECT_EQ(complaint("\n1\n"), "2: expected 2 or 3 fields, found 1");
  EXPECT_EQ(complaint(csv("1,2,3\n4,5\n")), "2: expected 3 fields, found 2");
  EXPECT_EQ(complaint(csv("1,2,3\n4,5,6,\n")), "2: expected 3 fields, found 4");
  EXPECT_EQ(complaint(csv("1,2,3\n \n")), "2: expected 3 fields, found 1");
  auto o = file("1 2 3\n");
  o.names = {"source", "target"};
  EXPECT_EQ(complaint(o), "1: expected 2 fields, found 3");
}

TEST_F(text, names_the_field_that_does_not_fit_a_given_type) {
  auto o = file("1 2 3\n4 5 abc\n");
  o.types = {column_type::float64};
  EXPECT_EQ(complaint(o), "2: weight 'abc' is not a number");
  files_.write("f", "1 2 1e999\n");
  EXPECT_EQ(complaint(o), "1: weight '1e999' is not a number");
  o.types = {column_type::int64};
  files_.write("f", "1 2 1.5\n");
  EXPECT_EQ(complaint(o), "1: weight '1.5' is not an integer");
  o.types = {column_type::boolean};
  EXPECT_EQ(complaint(o), "1: weight '1.5' is not true or false");
  o.types = {column_type::timestamp};
  for (auto* bad : {"2021-02-29", "2021-02-28T", "2021-02-28T24:00", "2021-02-28T1:00", "2021-2-28", "2021-02-28T12:00:61",
                    "2021-02-28T12:00:01.", "x"}) {
    files_.write("f", "1 2 " + std::string{bad} + "\n");
    EXPECT_EQ(complaint(o), "1: weight '" + std::string{bad} + "' is not a timestamp");
  }
}

TEST_F(text, cuts_long_fields_in_messages) {
  auto o = file("1 2 " + std::string(59, 'x') + "ééé\n");
  o.types = {column_type::float64};
  EXPECT_EQ(complaint(o), "1: weight '" + std::string(59, 'x') + "…' is not a number");
}

TEST_F(text, refuses_empty_ids) {
  EXPECT_EQ(complaint(csv("1,2\n,3\n")), "2: source is empty");
  EXPECT_EQ(complaint(csv("1,2\n3, \n")), "2: target is empty");
  EXPECT_EQ(complaint(csv("a,1\n ,2\n"), reading::nodes), "2: node is empty");
}

TEST_F(text, refuses_what_is_no_text) {
  EXPECT_EQ(complaint(std::string{"1 2\n3\0 4\n", 9}), "2: not a text file");
  EXPECT_EQ(complaint("1 2\n\xff\xfe\n"), "2: not a text file");
  EXPECT_EQ(complaint("a b\nc \xc3\n"), "2: not a text file");
  EXPECT_EQ(complaint("a \xed\xa0\x80\n"), "1: not a text file");  // a surrogate
  EXPECT_EQ(complaint("a \xc0\xaf\n"), "1: not a text file");      // an overlong slash
  EXPECT_EQ(complaint("\x7f"
                      "ELF\x02\x01\x01" +
                      std::string(64, '\0')),
            "1: not a text file");
}

TEST_F(text, refuses_empty_files) {
  EXPECT_EQ(complaint(""), " empty file");
  EXPECT_EQ(complaint("\n\n  \n"), " empty file");
  EXPECT_EQ(complaint("# nothing\n% here"), " empty file");
  EXPECT_EQ(complaint("\xef\xbb\xbf"), " empty file");
}

TEST_F(text, says_what_is_wrong_with_a_path) {
  text_options o;
  o.path = files_ / "missing";
  auto f = failure_of([&] { read_table(o); });
  EXPECT_EQ(f.code, errc::not_found);
  EXPECT_EQ(f.message, o.path + ": no such file");
  o.path = files_.path();
  f = failure_of([&] { read_table(o); });
  EXPECT_EQ(f.code, errc::io);
  EXPECT_EQ(f.message, o.path + ": is a directory");
}

TEST_F(text, refuses_columns_that_cannot_be_told_apart) {
  auto o = csv("a,b,x,x\n1,2,3,4\n");
  o.header = true;
  EXPECT_EQ(complaint(o), "1: two columns are named 'x'");
  files_.write("f", "a,b,_seq\n1,2,3\n");
  EXPECT_EQ(complaint(o), "1: '_seq' cannot name an attribute column");
  files_.write("f", "a,b,\n1,2,3\n");
  EXPECT_EQ(complaint(o), "1: '' cannot name an attribute column");
  files_.write("f", "a\n1\n");
  EXPECT_EQ(complaint(o), "1: expected 2 fields, found 1");
}

}  // namespace
}  // namespace gli
