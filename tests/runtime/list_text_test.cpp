#include "runtime/list_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "runtime/error.h"
#include "runtime/json_text.h"

using namespace gli;

namespace {

const std::vector<std::pair<std::string, column_type>> lists = {
    {"[true,false]", column_type::list_boolean},
    {"[1,-9223372036854775808,9007199254740993]", column_type::list_int64},
    {"[1.0,-0.0,1e-05,0.0001,1e+16,123456789012345.6,NaN,-Infinity]", column_type::list_float64},
    {"[\"a\",\"\",\"],\\\"[\",\"\\u0001é😀\"]", column_type::list_utf8},
    {"[{\"$timestamp\":-5},{\"$timestamp\":1700000000000000}]", column_type::list_timestamp},
};

}  // namespace

TEST(list_text, of_a_list_of_one_type_comes_back_from_its_row) {
  for (auto& [text, type] : lists) {
    EXPECT_EQ(list_type(text), type) << text;
    auto row = list_row(type, text);
    EXPECT_TRUE(is_list_row(type, row));
    EXPECT_EQ(list_text(type, row), text);
  }
}

TEST(list_text, that_is_not_written_so_stays_json) {
  for (auto text : {"", "[", "[]", "[1", "1", "{\"a\":[1]}", "[1, 2]", "[1,2.0]", "[1,null]", "[null]", "[[1],[2]]", "[{\"a\":1}]", "[01]", "[-0]", "[1.00]",
                    "[1e2]", "[\"\\u00e9\"]", "[1,]", "[,1]", "[\"a]", "[\"a\"\"b\"]", "[9223372036854775808]", "[{\"$binary\":\"00\"}]", "[true,1]", "[1]]"})
    EXPECT_EQ(list_type(text), std::nullopt) << text;
}

TEST(list_text, of_the_empty_list_is_a_row_of_every_type) {
  for (auto& [text, type] : lists) {
    EXPECT_EQ(list_row(type, "[]"), "");
    EXPECT_EQ(list_text(type, ""), "[]");
  }
}

TEST(list_text, of_another_type_is_refused_naming_both) {
  try {
    list_row(column_type::list_int64, "[\"a\"]");
    FAIL();
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::type);
    EXPECT_EQ(std::string{f.what()}, "a column of type list<int64> cannot hold [\"a\"]");
  }
}

TEST(list_text, holds_every_float) {
  std::mt19937_64 random{3};
  for (int i = 0; i < 20000; ++i) {
    double x;
    auto bits = random();
    std::memcpy(&x, &bits, sizeof x);
    if (i % 2) x = double(int64_t(bits)) / double(int64_t{1} << (i % 60));
    if (std::isnan(x)) continue;
    std::string row;
    put_element(row, column_type::list_float64, {reinterpret_cast<const char*>(&x), sizeof x});
    auto text = list_text(column_type::list_float64, row);
    EXPECT_EQ(list_type(text), column_type::list_float64) << text;
    EXPECT_EQ(list_row(column_type::list_float64, text), row) << text;
  }
}

TEST(list_text, rows_that_do_not_fit_their_bytes_are_known) {
  EXPECT_FALSE(is_list_row(column_type::list_int64, "1234567"));
  EXPECT_FALSE(is_list_row(column_type::list_boolean, "\2"));
  EXPECT_FALSE(is_list_row(column_type::list_utf8, "abc"));
  EXPECT_FALSE(is_list_row(column_type::list_utf8, {"\5\0\0\0abcd", 8}));
  EXPECT_FALSE(is_list_row(column_type::list_utf8, {"\1\0\0\0ab", 6}));
  EXPECT_TRUE(is_list_row(column_type::list_utf8, {"\1\0\0\0a", 5}));
}

TEST(common_type, is_number_of_ints_and_floats_and_json_of_what_else_differs) {
  auto of = [](std::initializer_list<value> values) {
    uint32_t bits = 0;
    for (auto& v : values) bits |= type_bits_of(v);
    return common_type(bits);
  };
  EXPECT_EQ(of({int64_t{1}, value{}}), column_type::int64);
  EXPECT_EQ(of({int64_t{1}, 1.0}), column_type::number);
  EXPECT_EQ(of({int64_t{1}, 1.0, true}), column_type::json);
  EXPECT_EQ(of({json{"[1]"}, json{"[]"}}), column_type::list_int64);
  EXPECT_EQ(of({json{"[1]"}, json{"[1.0]"}}), column_type::json);
  EXPECT_EQ(of({json{"[]"}}), column_type::json);
  EXPECT_EQ(of({json{"[]"}, int64_t{1}}), column_type::json);
  EXPECT_EQ(of({json{"{}"}, json{"[1]"}}), column_type::json);
  EXPECT_EQ(common_type(column_type::number, column_type::float64), column_type::number);
}
