#include "runtime/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "runtime/error.h"

using namespace gli;

namespace {

const std::vector<value> one_of_each = {value{},           value{true},        value{int64_t{-7}},         value{2.5},
                                        value{std::string{"ann"}}, value{timestamp{1'700'000'000'000'001}},
                                        value{binary{std::string{"\0\xff", 2}}},
                                        value{json{"{\"a\":[1,2]}"}}};

const std::vector<column_type> every_type = {column_type::boolean, column_type::int64,  column_type::float64, column_type::utf8,
                                             column_type::timestamp, column_type::binary, column_type::json,   column_type::number,
                                             column_type::list_boolean, column_type::list_int64, column_type::list_float64, column_type::list_utf8,
                                             column_type::list_timestamp};

value of_type(column_type t, int i) {
  switch (t) {
    case column_type::boolean: return i % 3 == 0;
    case column_type::int64: return int64_t{i} * -1'000'000'007;
    case column_type::float64: return i / 7.0;
    case column_type::utf8: return std::string(size_t(i % 5), 'a') + std::to_string(i);
    case column_type::timestamp: return timestamp{i};
    case column_type::binary: return binary{std::string(size_t(i % 3), '\0')};
    case column_type::json: return json{"[" + std::to_string(i) + "]"};
    case column_type::number: return i % 2 ? value{int64_t{i} << 54} : value{i / 4.0};
    case column_type::list_boolean: return json{i % 3 ? "[true,false]" : "[]"};
    case column_type::list_int64: return json{"[" + std::to_string(i) + ",7]"};
    case column_type::list_float64: return json{"[0.5," + std::to_string(i) + ".0]"};
    case column_type::list_utf8: return json{"[\"\",\"" + std::string(size_t(i % 7), 'z') + "\"]"};
    case column_type::list_timestamp: return json{"[{\"$timestamp\":" + std::to_string(i) + "}]"};
  }
  return {};
}

column batch_column(std::string name, int64_t length) {
  column_builder built{std::move(name), column_type::int64};
  for (int64_t i = 0; i < length; ++i) built.append_int64(i);
  return built.finish();
}

errc refusal(const column_batch& batch) {
  try {
    batch.check();
  } catch (const failure& f) {
    return f.code();
  }
  return errc{};
}

}  // namespace

TEST(column_builder, gives_back_what_was_appended_with_and_without_nulls) {
  for (auto type : every_type)
    for (int null_every : {0, 1, 3, 11}) {
      column_builder built{"x", type};
      std::vector<value> expected;
      for (int i = 0; i < 100; ++i) {
        expected.push_back(null_every && i % null_every == 0 ? value{} : of_type(type, i));
        built.append(expected.back());
      }
      auto c = built.finish();
      ASSERT_EQ(c.length, 100);
      EXPECT_EQ(c.validity.empty(), null_every == 0);
      for (int i = 0; i < 100; ++i) EXPECT_EQ(c.at(i), expected[size_t(i)]) << type_name(type) << " row " << i;
      column_batch{100, {c}}.check();
    }
}

TEST(column_builder, appends_rows_of_other_columns_singly_and_in_bulk) {
  for (auto type : every_type)
    for (int null_every : {0, 4}) {
      column_builder first{"x", type};
      for (int i = 0; i < 50; ++i) first.append(null_every && i % null_every == 0 ? value{} : of_type(type, i));
      auto from = first.finish();
      column_builder singly{"x", type}, in_bulk{"x", type};
      for (int round = 0; round < 2; ++round) {
        for (int64_t i = 3; i < 41; ++i) singly.append_from(from, i);
        in_bulk.append_rows(from, 3, 41);
      }
      auto a = singly.finish(), b = in_bulk.finish();
      ASSERT_EQ(a.length, b.length);
      for (int64_t i = 0; i < a.length; ++i) EXPECT_EQ(a.at(i), b.at(i));
    }
}

TEST(column_builder, refuses_a_value_of_another_type_naming_the_column) {
  column_builder built{"age", column_type::int64};
  try {
    built.append(value{std::string{"old"}});
    FAIL();
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::type);
    EXPECT_STREQ(f.what(), "column 'age' is int64, not utf8: 'old'");
  }
}

TEST(column_builder, starts_anew_after_finish) {
  column_builder built{"x", column_type::utf8};
  built.append_bytes("one");
  built.finish();
  built.append_bytes("two");
  auto c = built.finish();
  EXPECT_EQ(c.length, 1);
  EXPECT_EQ(c.bytes(0), "two");
}

TEST(column_batch, checks_what_came_from_outside) {
  auto good = batch_column("x", 3);
  EXPECT_NO_THROW((column_batch{3, {good}}.check()));
  EXPECT_EQ(refusal({4, {good}}), errc::value);
  EXPECT_EQ(refusal({-1, {}}), errc::value);
  auto short_values = good;
  short_values.values.resize(23);
  EXPECT_EQ(refusal({3, {short_values}}), errc::value);
  auto unknown = good;
  unknown.type = column_type{9};
  EXPECT_EQ(refusal({3, {unknown}}), errc::value);
  auto huge = good;
  huge.length = INT64_MAX;
  EXPECT_EQ(refusal({INT64_MAX, {huge}}), errc::value);
}

TEST(column_batch, checks_offsets_of_text) {
  column_builder built{"x", column_type::utf8};
  built.append_bytes("abc");
  built.append_bytes("de");
  auto good = built.finish();
  EXPECT_NO_THROW((column_batch{2, {good}}.check()));
  for (auto offsets : {std::vector<int64_t>{0, 3}, {0, 4, 3}, {0, 3, 6}, {-1, 3, 5}, {}}) {
    auto bad = good;
    bad.offsets = offsets;
    EXPECT_EQ(refusal({2, {bad}}), errc::value);
  }
  auto short_bitmap = good;
  short_bitmap.length = 9;
  short_bitmap.offsets.assign(10, 0);
  short_bitmap.validity = {0xff};
  EXPECT_EQ(refusal({9, {short_bitmap}}), errc::value);
}

TEST(column_batch, finds_columns_by_name) {
  column_batch batch{2, {batch_column("a", 2), batch_column("b", 2)}};
  EXPECT_EQ(batch.find("b"), &batch.columns[1]);
  EXPECT_EQ(batch.find("c"), nullptr);
}

TEST(to_string, shows_values_on_one_line) {
  std::vector<std::string> expected = {"null",  "true", "-7", "2.5", "'ann'", "2023-11-14T22:13:20.000001", "0x00ff", "{\"a\":[1,2]}"};
  for (size_t i = 0; i < one_of_each.size(); ++i) EXPECT_EQ(to_string(one_of_each[i]), expected[i]);
  EXPECT_EQ(to_string(value{3.0}), "3.0");
  EXPECT_EQ(to_string(value{-0.0}), "-0.0");
  EXPECT_EQ(to_string(value{std::nan("")}), "nan");
  EXPECT_EQ(to_string(value{-std::numeric_limits<double>::infinity()}), "-inf");
  EXPECT_EQ(to_string(value{timestamp{-1}}), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(to_string(key{std::string{"it's\n"}}), "'it\\'s\\n'");
  EXPECT_EQ(to_string(key{int64_t{42}}), "42");
}

TEST(to_key, takes_integers_and_text_only) {
  EXPECT_EQ(to_key(value{int64_t{3}}), key{int64_t{3}});
  EXPECT_EQ(to_key(value{std::string{"x"}}), key{std::string{"x"}});
  for (auto& v : {value{}, value{1.0}, value{true}, value{json{"1"}}}) EXPECT_EQ(to_key(v), std::nullopt);
  EXPECT_EQ(to_value(key{int64_t{3}}), value{int64_t{3}});
}

TEST(parameters, are_read_by_type_and_name) {
  parameters p{{"n", int64_t{3}}, {"x", 0.5}, {"yes", true}, {"who", std::string{"ann"}}, {"nothing", value{}}};
  EXPECT_EQ(int_parameter(p, "n"), 3);
  EXPECT_EQ(real_parameter(p, "x"), 0.5);
  EXPECT_EQ(real_parameter(p, "n"), 3.0);
  EXPECT_TRUE(bool_parameter(p, "yes"));
  EXPECT_EQ(text_parameter(p, "who"), "ann");
  EXPECT_EQ(key_parameter(p, "who"), key{std::string{"ann"}});
  EXPECT_EQ(int_parameter(p, "absent", 9), 9);
  EXPECT_EQ(int_parameter(p, "nothing", 9), 9);
}

TEST(parameters, say_what_is_missing_or_of_another_type) {
  parameters p{{"n", std::string{"three"}}};
  auto code = [](auto&& read) {
    try {
      read();
    } catch (const failure& f) {
      return f.code();
    }
    return errc{};
  };
  EXPECT_EQ(code([&] { int_parameter(p, "n"); }), errc::type);
  EXPECT_EQ(code([&] { int_parameter(p, "m"); }), errc::value);
  EXPECT_EQ(code([&] { key_parameter({{"k", 1.5}}, "k"); }), errc::type);
}
