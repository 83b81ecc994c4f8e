// Files of more than one piece, packed files, and files at random against a slow reader.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "partitions/loaders/input.h"
#include "partitions/loaders/text.h"
#include "tests/partitions/text_files.h"

namespace gli {
namespace {

using namespace gli::testing;
using strings = std::vector<std::string>;

/// Lines of about 150 bytes, most of them spaces.
std::string numbered_edges(int64_t n) {
  std::string out, gap(130, ' ');
  for (int64_t i = 1; i <= n; ++i) out += std::to_string(i) + gap + std::to_string(i * i) + " " + std::to_string(i % 100) + "\n";
  return out;
}

class text_pieces : public ::testing::Test {
 protected:
  static constexpr int64_t many = 70000;  // lines: over 10 MB, three pieces
  text_options file(const std::string& content) {
    text_options o;
    o.path = files_.write("f", content);
    return o;
  }
  std::string complaint(const std::string& content) {
    auto o = file(content);
    auto f = failure_of([&] { read_guessing(o); });
    EXPECT_EQ(f.code, errc::value);
    return f.message.substr(std::min(f.message.size(), o.path.size() + 1));
  }
  scratch_directory files_;
};

TEST_F(text_pieces, keep_rows_and_line_numbers_in_order) {
  auto t = read_table(file(numbered_edges(many)));
  ASSERT_EQ(t.rows.size(), size_t(many));
  for (int64_t i = 0; i < many; ++i) {
    ASSERT_EQ(t.lines[size_t(i)], i + 1);
    ASSERT_EQ(t.rows[size_t(i)], (std::vector<value>{i + 1, (i + 1) * (i + 1), (i + 1) % 100}));
  }
}

TEST_F(text_pieces, report_progress_up_to_the_files_size) {
  auto content = numbered_edges(many);
  std::vector<std::pair<uint64_t, uint64_t>> seen;
  read_edge_text(file(content), {{}, [](const column_batch&) {}}, [&](uint64_t done, uint64_t total) { seen.emplace_back(done, total); });
  ASSERT_GE(seen.size(), 3u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), (std::pair<uint64_t, uint64_t>{content.size(), content.size()}));
  EXPECT_EQ(seen.front().second, content.size());
}

TEST_F(text_pieces, stop_when_sink_or_progress_throw) {
  struct enough {};
  auto o = file(numbered_edges(many));
  int calls = 0;
  auto stop = [&](uint64_t, uint64_t) {
    if (++calls == 2) throw enough{};
  };
  EXPECT_THROW(read_edge_text(o, {{}, [](const column_batch&) {}}, stop), enough);
  EXPECT_EQ(calls, 2);
  EXPECT_THROW(read_edge_text(o, {{}, [](const column_batch&) { throw enough{}; }}, {}), enough);
}

TEST_F(text_pieces, name_the_line_of_an_error_far_down) {
  EXPECT_EQ(complaint(numbered_edges(many) + "1 2\n"), "70001: expected 3 fields, found 2");
  EXPECT_EQ(complaint(numbered_edges(many) + "\n1 2 \x80\n"), "70002: not a text file");
}

TEST_F(text_pieces, ask_to_begin_again_when_a_guess_was_wrong) {
  auto o = file(numbered_edges(many) + "1 2 0.5\n");
  try {
    read_table(o);
    FAIL() << "the weight 0.5 is no integer";
  } catch (const columns_changed& c) {
    EXPECT_EQ(c.types, (std::vector<column_type>{column_type::float64}));
  }
  auto t = read_guessing(o);
  EXPECT_EQ(t.types.back(), column_type::float64);
  EXPECT_EQ(show(t.rows.back()), "1 2 0.5");
  EXPECT_EQ(t.rows.size(), size_t(many) + 1);
}

TEST_F(text_pieces, widen_twice_and_change_keys_when_they_must) {
  auto t = read_guessing(file(numbered_edges(many) + "1 2 0.5\n" + numbered_edges(many) + "1 b c\n"));
  EXPECT_EQ(t.types, (std::vector<column_type>{column_type::utf8, column_type::utf8, column_type::utf8}));
  EXPECT_EQ(show(t.rows.back()), "'1' 'b' 'c'");
  EXPECT_EQ(show(t.rows.front()), "'1' '1' '1'");
  EXPECT_EQ(t.rows.size(), size_t(2 * many + 2));
}

TEST_F(text_pieces, may_begin_with_comments_only) {
  std::string comments;
  while (comments.size() < 2 * bytes_per_piece) comments += "# nothing to see here, and a little more of it\n";
  auto lines = std::count(comments.begin(), comments.end(), '\n');
  auto t = read_table(file(comments + "1 2\n"));
  EXPECT_EQ(show(t), strings{"1 2"});
  EXPECT_EQ(t.lines, std::vector<int64_t>{lines + 1});
  EXPECT_EQ(complaint(comments), " empty file");
}

TEST_F(text_pieces, hold_lines_up_to_their_limit) {
  std::string longest(longest_line - 2, 'x');
  auto t = read_guessing(file("a b\n" + longest + " y\nc d\n"));
  ASSERT_EQ(t.rows.size(), 3u);
  EXPECT_EQ(std::get<std::string>(t.rows[1][0]).size(), longest.size());
  EXPECT_EQ(complaint("a b\n" + longest + "x y\nc d\n"), "2: line over 1 MiB");
  EXPECT_EQ(complaint("a b\n" + std::string(3 * bytes_per_piece, 'x')), "2: line over 1 MiB");
  EXPECT_EQ(complaint("#" + std::string(3 * bytes_per_piece, 'x')), "1: line over 1 MiB");
  std::string letters = "a b\n";
  while (letters.size() < 2 * bytes_per_piece) letters += "日";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(complaint(letters.insert(4, "x")), "2: line over 1 MiB");
  EXPECT_EQ(complaint(std::string(2 * bytes_per_piece, '\1') + '\0' + std::string(bytes_per_piece, '\1')), "1: line over 1 MiB");
}

// --- gzip ------------------------------------------------------------------------------------------------------------------

TEST_F(text_pieces, are_unpacked_from_gzip) {
  auto plain = numbered_edges(many);
  auto t = read_table(file(gzipped(plain)));
  EXPECT_EQ(t.rows.size(), size_t(many));
  EXPECT_EQ(show(t.rows.back()), show(std::vector<value>{many, many * many, int64_t{0}}));
}

TEST_F(text_pieces, are_unpacked_from_several_members_and_padding) {
  EXPECT_EQ(show(read_table(file(gzipped("1 2\n3") + gzipped(" 4\n") + std::string(512, '\0')))), (strings{"1 2", "3 4"}));
  EXPECT_EQ(complaint(gzipped("")), " empty file");
}

TEST_F(text_pieces, name_the_file_when_gzip_is_damaged) {
  auto packed = gzipped(numbered_edges(10000));
  EXPECT_EQ(complaint(packed.substr(0, packed.size() - 1)), " truncated gzip data");
  EXPECT_EQ(complaint(packed.substr(0, packed.size() / 2)), " truncated gzip data");
  EXPECT_EQ(complaint(packed.substr(0, 2)), " truncated gzip data");
  EXPECT_EQ(complaint(packed + "more"), " damaged gzip data");
  EXPECT_EQ(complaint("\x1f\x8b is no gzip"), " damaged gzip data");
  packed[packed.size() - 6] ^= 1;  // its checksum
  EXPECT_EQ(complaint(packed), " damaged gzip data");
}

// --- at random -------------------------------------------------------------------------------------------------------------

/// A file and what it says, field by field.
struct random_file {
  std::string content;
  std::vector<strings> rows;
  std::vector<int64_t> lines;
};

std::string random_field(std::mt19937& random) {
  static const char* odd[] = {
      "0", "-0", "007", "+1", "nan", "1e5", "-7.25", "x", "é", "9223372036854775807", "-9223372036854775808", "12345678", "123456789"};
  if (random() % 50 == 0) return odd[random() % std::size(odd)];
  auto number = std::to_string(int64_t(random()) * (random() % 3 ? 1 : -999999937));
  return number.substr(0, number[0] == '-' ? number.size() : 1 + random() % number.size());
}

random_file make_random_file(std::mt19937& random) {
  random_file f;
  auto fields = 2 + random() % 3;
  auto pick = [&](std::initializer_list<const char*> all) { return all.begin()[random() % all.size()]; };
  auto lines = 1 + random() % 40;
  for (size_t i = 0; i < lines; ++i) {
    auto last = i + 1 == lines;
    if (!last && random() % 8 == 0) {
      f.content += pick({"\n", "# 1 2 3\n", " \t \r\n", "%\n", "\r\n", "  # x\n"});
      continue;
    }
    auto& row = f.rows.emplace_back();
    f.content += pick({"", "", " ", "\t"});
    for (size_t c = 0; c < fields; ++c) f.content += (c ? pick({" ", "\t", "  "}) : "") + row.emplace_back(random_field(random));
    f.content += pick({"\n", "\n", "\r\n", " \n", last ? "" : "\n"});
    f.lines.push_back(int64_t(i + 1));
  }
  return f;
}

bool is_canonical(const std::string& field) {
  try {
    return std::to_string(std::stoll(field)) == field;
  } catch (const std::exception&) {
    return false;
  }
}

bool is_int(const std::string& field) {
  std::istringstream in{field};
  int64_t x;
  return in >> x && in.peek() == EOF;
}

bool is_float(const std::string& field) {
  char* end;
  std::strtod(field.c_str(), &end);
  return *end == 0;
}

template <class Test>
bool all_fields(const random_file& f, size_t column, const Test& test) {
  return std::all_of(f.rows.begin(), f.rows.end(), [&](auto& row) { return test(row[column]); });
}

value expected_value(const random_file& f, size_t column, const std::string& field) {
  if (column < 2)
    return all_fields(f, 0, is_canonical) && all_fields(f, 1, is_canonical) ? value{int64_t{std::stoll(field)}} : value{field};
  if (all_fields(f, column, is_int)) return int64_t{std::stoll(field)};
  if (all_fields(f, column, is_float)) return std::strtod(field.c_str(), nullptr);
  return field;
}

TEST_F(text_pieces, agree_with_a_slow_reader) {
  std::mt19937 random{7};
  for (int round = 0; round < 500; ++round) {
    auto f = make_random_file(random);
    auto o = file(round % 5 == 0 ? gzipped(f.content) : f.content);
    o.rows_per_batch = 1 + int64_t(random() % 20);
    if (f.rows.front().size() == 4) o.names = {"source", "target", "a", "b"};
    auto t = read_guessing(o);
    ASSERT_EQ(t.lines, f.lines) << f.content;
    for (auto n : t.batch_rows) ASSERT_LE(n, o.rows_per_batch);
    for (size_t i = 0; i < f.rows.size(); ++i)
      for (size_t c = 0; c < f.rows[i].size(); ++c)
        ASSERT_EQ(to_string(t.rows[i][c]), to_string(expected_value(f, c, f.rows[i][c]))) << "row " << i << " of\n" << f.content;
  }
}

}  // namespace
}  // namespace gli
