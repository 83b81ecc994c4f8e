#include "partitions/page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "partitions/column_page.h"
#include "partitions/topology_build.h"
#include "runtime/error.h"

using namespace gli;

namespace {

std::string some_list(column_type type) {
  switch (type) {
    case column_type::list_boolean: return "[true,false,true]";
    case column_type::list_int64: return "[1,-2]";
    case column_type::list_float64: return "[0.5]";
    case column_type::list_timestamp: return "[{\"$timestamp\":7}]";
    default: return "[\"a\",\"\",\"bcd\"]";
  }
}

column random_column(column_type type, int rows, int null_every, std::mt19937_64& random) {
  column_builder built{"x", type};
  for (int i = 0; i < rows; ++i) {
    if (null_every && random() % uint64_t(null_every) == 0) built.append_null();
    else if (is_list(type)) built.append(json{random() % 3 ? some_list(type) : "[]"});
    else if (is_variable(type)) built.append_bytes(std::string(random() % 9, 'q'));
    else if (type == column_type::number && random() % 2) built.append_float64(double(random() >> 12) / 8);
    else if (type == column_type::boolean) built.append_bool(random() & 1);
    else built.append_int64(int64_t(random() >> 12));
  }
  return built.finish();
}

const std::vector<column_type> every_type = {column_type::boolean, column_type::int64,  column_type::float64, column_type::utf8,
                                             column_type::timestamp, column_type::binary, column_type::json,   column_type::number,
                                             column_type::list_boolean, column_type::list_int64, column_type::list_float64, column_type::list_utf8,
                                             column_type::list_timestamp};

bool is_refused(std::vector<uint8_t> bytes) {
  std::vector<uint64_t> aligned((bytes.size() + 7) / 8);
  if (!bytes.empty()) std::memcpy(aligned.data(), bytes.data(), bytes.size());
  try {
    check_column_page({reinterpret_cast<const uint8_t*>(aligned.data()), bytes.size()});
  } catch (const failure& f) {
    return f.code() == errc::corrupt;
  }
  return false;
}

using edge = std::pair<int32_t, int32_t>;

std::vector<edge> edges_in(const topology& t) {
  std::vector<edge> found;
  for (size_t p = 0; p < t.directory.size(); ++p)
    for (uint32_t v = 0; v < t.directory[p]->vertices; ++v)
      for (auto u : t.directory[p]->of(int32_t(v))) found.emplace_back(int32_t(p << vertices_per_page_bits | v), u);
  return found;
}

}  // namespace

TEST(page, is_aligned_zero_and_hashed_once_for_all_threads) {
  page p{1000};
  EXPECT_EQ(reinterpret_cast<uintptr_t>(p.data()) % 64, 0u);
  EXPECT_TRUE(std::all_of(p.data(), p.data() + 1000, [](uint8_t x) { return x == 0; }));
  p.data()[17] = 3;
  std::vector<hash128> told(4);
  std::vector<std::thread> threads;
  for (auto& h : told) threads.emplace_back([&] { h = p.hash(); });
  for (auto& t : threads) t.join();
  for (auto& h : told) EXPECT_EQ(h, content_hash(p.bytes()));
}

TEST(column_page, holds_the_rows_of_a_column) {
  std::mt19937_64 random{5};
  for (auto type : every_type)
    for (int null_every : {0, 2, 50}) {
      auto c = random_column(type, 77, null_every, random);
      auto made = make_column_page(c, 10, 70);
      column_page_view view{*made};
      check_column_page(made->bytes());
      ASSERT_EQ(view.rows(), 60u);
      uint32_t nulls = 0;
      for (uint32_t i = 0; i < 60; ++i) {
        EXPECT_EQ(view.at(i), c.at(i + 10));
        nulls += !view.valid(i);
      }
      EXPECT_EQ(view.nulls(), nulls);
      column_builder back{"x", type};
      append_page(back, *made);
      auto again = back.finish();
      for (int64_t i = 0; i < 60; ++i) EXPECT_EQ(again.at(i), c.at(i + 10));
    }
}

TEST(column_page, gathers_rows_of_columns_and_pages_in_any_order) {
  std::mt19937_64 random{6};
  for (auto type : every_type) {
    auto c = random_column(type, 50, 5, random);
    std::vector<int64_t> rows;
    std::vector<uint32_t> whole;
    for (int i = 0; i < 40; ++i) rows.push_back(i % 7 == 0 ? -1 : int64_t(random() % 50));
    auto first = make_column_page(c, rows);
    for (uint32_t i = 40; i-- > 0;) whole.push_back(i);
    auto second = make_column_page(*first, whole);
    check_column_page(second->bytes());
    for (uint32_t i = 0; i < 40; ++i) EXPECT_EQ(column_page_view{*second}.at(i), rows[39 - i] < 0 ? value{} : c.at(rows[39 - i]));
  }
}

TEST(column_page, of_equal_content_has_equal_bytes) {
  std::mt19937_64 random{7};
  auto c = random_column(column_type::utf8, 30, 3, random);
  std::vector<int64_t> rows(30);
  for (int64_t i = 0; i < 30; ++i) rows[size_t(i)] = i;
  EXPECT_EQ(make_column_page(c, 0, 30)->hash(), make_column_page(c, rows)->hash());
}

TEST(column_page, damaged_anywhere_is_refused_or_reads_within_bounds) {
  std::mt19937_64 random{8};
  auto made = make_column_page(random_column(column_type::utf8, 20, 4, random), 0, 20);
  std::vector<uint8_t> good{made->bytes().begin(), made->bytes().end()};
  EXPECT_FALSE(is_refused(good));
  for (size_t n = 0; n < good.size(); ++n) EXPECT_TRUE(is_refused({good.begin(), good.begin() + ptrdiff_t(n)}));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= uint8_t(1u << (bit % 8));
    if (is_refused(bad)) continue;
    page copy{bad.size()};
    std::copy(bad.begin(), bad.end(), copy.data());
    column_page_view view{copy};
    for (uint32_t i = 0; i < view.rows(); ++i) view.at(i);
  }
}

TEST(sort_edges, gives_what_a_sorted_set_gives) {
  std::mt19937_64 random{9};
  for (int32_t vertices : {1, 5, 1024, 1025, 5000}) {
    std::vector<int32_t> from, to;
    std::set<edge> distinct;
    std::multiset<edge> all;
    for (int i = 0; i < 30'000; ++i) {
      from.push_back(int32_t(random() % uint64_t(vertices)));
      to.push_back(int32_t(random() % uint64_t(vertices)) - vertices / 2);
      distinct.emplace(from.back(), to.back());
      all.emplace(from.back(), to.back());
    }
    std::vector<edge_span> spans{{std::span{from}.first(11'000), std::span{to}.first(11'000)},
                                 {std::span{from}.subspan(11'000), std::span{to}.subspan(11'000)}};
    for (bool rows : {false, true}) {
      edge_order order{parallel_edges::merge, {}, {}, rows};
      auto merged = sort_edges(vertices, spans, order);
      EXPECT_EQ(edges_in(merged.pages), (std::vector<edge>{distinct.begin(), distinct.end()}));
      EXPECT_EQ(merged.dropped, all.size() - distinct.size());
      order.parallel = parallel_edges::keep;
      auto kept = sort_edges(vertices, spans, order);
      EXPECT_EQ(edges_in(kept.pages), (std::vector<edge>{all.begin(), all.end()}));
      EXPECT_EQ(kept.pages.edges, all.size());
    }
  }
}

TEST(sort_edges, sorts_ends_all_over_their_range) {
  std::mt19937_64 random{10};
  std::vector<int32_t> from, to;
  std::map<edge, uint32_t> first;
  for (uint32_t i = 0; i < 20'000; ++i) {
    from.push_back(int32_t(random() % 3'000));
    to.push_back(i % 3 ? int32_t(uint32_t(random())) : i % 2 ? INT32_MIN : INT32_MAX);
    first.emplace(edge{from.back(), to.back()}, i);
  }
  std::vector<edge> distinct;
  std::vector<uint32_t> rows, rows_found;
  for (auto& [e, row] : first) distinct.push_back(e), rows.push_back(row);
  std::vector<edge_span> spans{{from, to}};
  EXPECT_EQ(edges_in(sort_edges(3'000, spans, {}).pages), distinct);
  auto sorted = sort_edges(3'000, spans, {.want_rows = true});
  EXPECT_EQ(edges_in(sorted.pages), distinct);
  for (auto& of_page : sorted.rows) rows_found.insert(rows_found.end(), of_page.begin(), of_page.end());
  EXPECT_EQ(rows_found, rows);
}

TEST(sort_edges, keeps_the_first_row_of_parallel_edges_in_key_order) {
  std::vector<int32_t> from(8, 0), to{4, -1, 4, 4, -1, 4, 2, 4};
  std::vector<int> keys{3, 1, 2, 3, 1, 1, 9, 2};
  std::vector<edge_span> spans{{from, to}};
  edge_order order{parallel_edges::by_key, [&](uint32_t a, uint32_t b) { return keys[a] - keys[b]; }, {}, true};
  auto sorted = sort_edges(1, spans, order);
  EXPECT_EQ(edges_in(sorted.pages), (std::vector<edge>{{0, -1}, {0, 2}, {0, 4}, {0, 4}, {0, 4}}));
  EXPECT_EQ(sorted.rows[0], (std::vector<uint32_t>{1, 6, 5, 2, 0}));
  EXPECT_EQ(sorted.dropped, 3u);
}

TEST(topology_page, is_checked_before_it_is_trusted) {
  std::vector<uint32_t> off{0, 2, 2, 3};
  std::vector<int32_t> neighbors{-2, 1, 2};
  auto good = make_topology_page(off, neighbors);
  EXPECT_NO_THROW(check_topology_page(good->bytes(), 3, 3, 2));
  EXPECT_THROW(check_topology_page(good->bytes(), 3, 2, 2), failure);
  EXPECT_THROW(check_topology_page(good->bytes(), 3, 3, 1), failure);
  EXPECT_THROW(check_topology_page(good->bytes(), 4, 3, 2), failure);
  EXPECT_THROW(check_topology_page(good->bytes().first(good->size() - 8), 3, 3, 2), failure);
  page unsorted{good->size()};
  std::copy(good->bytes().begin(), good->bytes().end(), unsorted.data());
  std::swap(reinterpret_cast<topology_page*>(unsorted.data())->neighbor[0], reinterpret_cast<int32_t*>(unsorted.data())[1030]);
  EXPECT_THROW(check_topology_page(unsorted.bytes(), 3, 3, 2), failure);
}

namespace {

/// What topology pages have to be, vertex by vertex.
bool is_sound(const topology_page& t, uint32_t vertices, int32_t size, int32_t mirrors) {
  if (t.off[0] != 0) return false;
  for (uint32_t v = 0; v < vertices_per_page; ++v)
    if (t.off[v + 1] < t.off[v] || t.off[v + 1] > t.edges || (v >= vertices && t.off[v] != t.edges)) return false;
  if (t.off[vertices_per_page] != t.edges) return false;
  for (uint32_t v = 0; v < vertices; ++v) {
    auto all = t.of(int32_t(v));
    if (!std::is_sorted(all.begin(), all.end())) return false;
    for (auto u : all)
      if (u < -mirrors || u >= size) return false;
  }
  return true;
}

}  // namespace

TEST(topology_page, is_refused_when_one_number_does_not_fit_and_only_then) {
  std::mt19937_64 random{5};
  int refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    auto vertices = uint32_t(i % 50 ? 1 + random() % 12 : vertices_per_page);
    int32_t size = 20, mirrors = int32_t(random() % 4);
    std::vector<uint32_t> off{0};
    std::vector<int32_t> neighbors;
    for (uint32_t v = 0; v < vertices; ++v) {
      for (auto left = random() % 3 ? random() % 6 : 0; left > 0; --left) neighbors.push_back(int32_t(random() % uint64_t(size + mirrors)) - mirrors);
      std::sort(neighbors.begin() + off.back(), neighbors.end());
      off.push_back(uint32_t(neighbors.size()));
    }
    auto good = make_topology_page(off, neighbors);
    EXPECT_NO_THROW(check_topology_page(good->bytes(), vertices, size, mirrors));
    page changed{good->size(), page::unwritten{}};
    std::copy(good->bytes().begin(), good->bytes().end(), changed.data());
    auto& t = *reinterpret_cast<topology_page*>(changed.data());
    if (neighbors.empty() || random() % 3 == 0) t.off[random() % std::min<uint64_t>(vertices + 2, vertices_per_page + 1)] = uint32_t(random() % (neighbors.size() + 2));
    else t.neighbor[random() % neighbors.size()] = int32_t(random() % 30) - 6;
    auto sound = is_sound(t, vertices, size, mirrors);
    refused += !sound;
    if (sound) EXPECT_NO_THROW(check_topology_page(changed.bytes(), vertices, size, mirrors));
    else EXPECT_THROW(check_topology_page(changed.bytes(), vertices, size, mirrors), failure);
  }
  EXPECT_GT(refused, 300);
  EXPECT_LT(refused, 2'700);
}

namespace {

column texts(const std::vector<std::string>& rows) {
  column_builder built{"x", column_type::utf8};
  for (auto& text : rows)
    if (text == "null") built.append_null();
    else built.append_bytes(text);
  return built.finish();
}

std::vector<std::string> words_of(size_t different, size_t rows) {
  std::vector<std::string> all;
  for (size_t i = 0; i < rows; ++i) all.push_back(i % 11 == 3 ? "null" : "word number " + std::to_string(i * 7 % different));
  return all;
}

size_t plain_bytes(const column& c) { return 32 + 8 * ((size_t(c.length) + 63) / 64) + size_t(c.length + 1) * 4 + c.values.size(); }

}  // namespace

TEST(column_page, of_few_words_is_coded_and_smaller) {
  for (size_t different : {1u, 10u, 255u, 256u, 257u, 3000u}) {
    auto c = texts(words_of(different, 3000));
    auto made = make_column_page(c, 0, c.length);
    check_column_page(made->bytes());
    column_page_view view{*made};
    EXPECT_EQ(view.raw_codes() != nullptr, different <= 256) << different;
    if (view.raw_codes()) EXPECT_LT(made->size(), plain_bytes(c) / 2) << different;
    else EXPECT_LE(made->size(), plain_bytes(c) + 16) << different;
    for (uint32_t i = 0; i < view.rows(); ++i) ASSERT_EQ(view.at(i), c.at(i));
  }
}

TEST(column_page, is_not_coded_where_that_is_no_smaller) {
  auto made = make_column_page(texts({"a", "b", "c", "d"}), 0, 4);
  EXPECT_EQ(column_page_view{*made}.raw_codes(), nullptr);
}

TEST(column_page, written_run_by_run_has_the_bytes_of_one_made_at_once) {
  std::mt19937_64 random{12};
  for (size_t different : {3u, 200u, 256u, 400u}) {
    auto old = texts(words_of(different, 900));
    auto page = make_column_page(old, 0, 900);
    auto now = words_of(different, 900);
    column_page_writer out{column_type::utf8, 900};
    uint32_t next = 0;
    for (uint32_t row : {0u, 17u, 18u, 500u, 899u}) {
      out.rows(page.get(), next, row - next);
      now[row] = random() % 2 ? "word number 1" : "new";
      out.put(now[row]);
      next = row + 1;
    }
    EXPECT_EQ(out.finish()->hash(), make_column_page(texts(now), 0, 900)->hash()) << different;
  }
}

TEST(column_page, whose_words_or_lists_do_not_fit_is_refused) {
  auto c = texts(words_of(10, 500));
  auto made = make_column_page(c, 0, c.length);
  auto code = size_t(column_page_view{*made}.raw_codes() - made->data());
  for (auto [at, byte] : {std::pair<size_t, uint8_t>{code + 4, 10}, {24, 0}, {24, 11}, {25, 2}, {28, 1}, {4, 7}}) {
    auto bytes = std::vector<uint8_t>{made->bytes().begin(), made->bytes().end()};
    bytes[at] = byte;
    EXPECT_TRUE(is_refused(bytes)) << at;
  }
  column_builder lists{"x", column_type::list_utf8};
  lists.append(json{"[\"abc\"]"});
  auto list = make_column_page(lists.finish(), 0, 1);
  auto bytes = std::vector<uint8_t>{list->bytes().begin(), list->bytes().end()};
  EXPECT_FALSE(is_refused(bytes));
  bytes[size_t(column_page_view{*list}.raw_values() - list->data())] = 4;
  EXPECT_TRUE(is_refused(bytes));
}
