#include "runtime/hash.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

using namespace gli;

TEST(hash128, adds_and_subtracts_modulo_2_to_128) {
  hash128 a{UINT64_MAX, 1}, b{1, 0};
  a += b;
  EXPECT_EQ(a, (hash128{0, 2}));
  a -= b;
  EXPECT_EQ(a, (hash128{UINT64_MAX, 1}));
  hash128 zero;
  zero -= b;
  EXPECT_EQ(zero, (hash128{UINT64_MAX, UINT64_MAX}));
  zero += b;
  EXPECT_EQ(zero, hash128{});
}

TEST(hash128, is_ordered_as_a_number) {
  EXPECT_LT((hash128{UINT64_MAX, 0}), (hash128{0, 1}));
  EXPECT_LT((hash128{1, 1}), (hash128{2, 1}));
}

TEST(hash128, goes_to_hex_and_back) {
  hash128 h{0x0123456789abcdef, 0xfedcba9876543210};
  EXPECT_EQ(to_hex(h), "fedcba98765432100123456789abcdef");
  EXPECT_EQ(hash_from_hex(to_hex(h)), h);
  EXPECT_EQ(hash_from_hex("FEDCBA98765432100123456789ABCDEF"), h);
  EXPECT_EQ(hash_from_hex("fedc"), std::nullopt);
  EXPECT_EQ(hash_from_hex("gedcba98765432100123456789abcdef"), std::nullopt);
}

TEST(key_hash, tells_keys_apart_and_integers_from_their_text) {
  std::set<hash128> seen;
  for (int64_t i = -500; i < 500; ++i) {
    EXPECT_TRUE(seen.insert(key_hash(i)).second);
    EXPECT_TRUE(seen.insert(key_hash(std::to_string(i))).second);
    int64_t bytes = i;
    EXPECT_NE(key_hash(i), key_hash(std::string_view{reinterpret_cast<const char*>(&bytes), 8}));
  }
  EXPECT_EQ(key_hash(key{int64_t{5}}), key_hash(int64_t{5}));
  EXPECT_EQ(key_hash(key{std::string{"x"}}), key_hash(std::string_view{"x"}));
}

TEST(key_hash, stays_what_it_is_stored_as) {
  EXPECT_EQ(to_hex(key_hash(int64_t{1})), to_hex(key_hash(key{int64_t{1}})));
  EXPECT_EQ(to_hex(content_hash({})), "99aa06d3014798d86001c324468d497f");
}

TEST(owner_of, spreads_keys_evenly_and_agrees_with_the_product_of_128_bits) {
  for (uint32_t partitions : {1u, 2u, 3u, 8u, 1000u}) {
    std::vector<int> owned(partitions);
    for (int64_t i = 0; i < 20'000; ++i) {
      auto h = key_hash(i);
      auto owner = owner_of(h, partitions);
      ASSERT_LT(owner, partitions);
      EXPECT_NEAR(double(owner), std::floor(double(h.high) / 0x1p64 * partitions), 1);
      ++owned[owner];
    }
    for (auto n : owned) EXPECT_NEAR(n, 20'000 / partitions, 6 * std::sqrt(20'000.0 / partitions));
  }
  EXPECT_EQ(owner_of({0, UINT64_MAX}, 7), 6u);
  EXPECT_EQ(owner_of({0, uint64_t{1} << 63}, 2), 1u);
  EXPECT_EQ(owner_of({0, (uint64_t{1} << 63) - 1}, 2), 0u);
}

TEST(value_hash, counts_numbers_by_value) {
  EXPECT_EQ(value_hash(value{3.0}), value_hash(value{int64_t{3}}));
  EXPECT_EQ(value_hash(value{-0.0}), value_hash(value{int64_t{0}}));
  EXPECT_EQ(value_hash(value{-0x1p63}), value_hash(value{INT64_MIN}));
  EXPECT_NE(value_hash(value{0x1p63}), value_hash(value{INT64_MAX}));
  EXPECT_NE(value_hash(value{3.5}), value_hash(value{int64_t{3}}));
  EXPECT_EQ(value_hash(value{std::nan("")}), value_hash(value{-std::nan("7")}));
  EXPECT_NE(value_hash(value{std::nan("")}), value_hash(value{std::numeric_limits<double>::infinity()}));
}

TEST(value_hash, tells_types_apart) {
  std::vector<value> different = {value{true},          value{int64_t{1}},      value{1.5},       value{std::string{"1"}},
                                  value{timestamp{1}}, value{binary{"1"}}, value{json{"1"}}, value{false}};
  std::set<hash128> seen;
  for (auto& v : different) EXPECT_TRUE(seen.insert(value_hash(v)).second);
}

TEST(value_hash, of_a_column_row_is_that_of_its_value) {
  std::vector<value> values = {value{true}, value{int64_t{-9}}, value{4.0}, value{4.25}, value{std::string{"text"}}, value{timestamp{77}},
                               value{binary{"\x01"}}, value{json{"[]"}}, value{int64_t{1} << 60}, value{2.5}, value{json{"[1e-05,2.0]"}}};
  std::vector<column_type> types = {column_type::boolean, column_type::int64,     column_type::float64, column_type::float64,
                                    column_type::utf8,    column_type::timestamp, column_type::binary,  column_type::json,
                                    column_type::number,  column_type::number,    column_type::list_float64};
  for (size_t i = 0; i < values.size(); ++i) {
    column_builder built{"x", types[i]};
    built.append_null();
    built.append(values[i]);
    EXPECT_EQ(value_hash(built.finish(), 1), value_hash(values[i]));
  }
}

TEST(facts, of_edges_depend_on_direction_only_where_they_should) {
  auto s = key_hash(int64_t{1}), t = key_hash(int64_t{2}), k = key_hash(int64_t{0});
  EXPECT_EQ(edge_fact(s, t, k, false), edge_fact(t, s, k, false));
  EXPECT_NE(edge_fact(s, t, k, true), edge_fact(t, s, k, true));
  EXPECT_NE(edge_fact(s, t, k, true), edge_fact(s, t, key_hash(int64_t{1}), true));
  std::set<hash128> kinds{kind_fact(false, false), kind_fact(false, true), kind_fact(true, false), kind_fact(true, true)};
  EXPECT_EQ(kinds.size(), 4u);
  EXPECT_NE(node_fact(s), s);
  EXPECT_NE(attribute_fact(node_fact(s), name_hash("a"), t), attribute_fact(node_fact(s), name_hash("b"), t));
}
