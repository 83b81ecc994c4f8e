#include "storage/records.h"

#include <cmath>

#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

commit_record full_commit() {
  commit_record c;
  c.graph_id = {1, 2};
  c.parents = {{3, 4}, {5, 6}};
  c.message = std::string{"line\nwith \0 and ", 16} + "\xc3\xa9";
  c.author = "ann";
  c.time = -5;
  c.nodes = 7, c.edges = UINT64_MAX;
  c.kind = {false, true, key_type::utf8, key_type::int64};
  c.roots = {{8, 9}};
  parameters arguments{{"a", value{}}, {"b", true},         {"c", int64_t{-1}},    {"d", -0.0},
                       {"e", "text"},  {"f", timestamp{3}}, {"g", binary{"\xff"}}, {"h", json{"[1]"}}};
  c.results = {{{"pagerank", 2, arguments}, {{10, 11}}}, {{"bfs", 1, {}}, {}}};
  c.page_bytes = 12;
  c.id = commit_id(c);
  return c;
}

/// The same record with its checksum made right again.
byte_buffer resealed(byte_buffer b) {
  auto sum = key_of(content_hash(bytes_view{b}.first(b.size() - 16)));
  std::copy(sum.begin(), sum.end(), b.end() - 16);
  return b;
}

TEST(records, a_commit_comes_back_as_it_was) {
  auto c = full_commit();
  auto back = decode_commit(encode(c), c.id);
  EXPECT_EQ(encode(back), encode(c));
  EXPECT_EQ(back.message, c.message);
  EXPECT_EQ(back.parents, c.parents);
  EXPECT_EQ(back.kind, c.kind);
  EXPECT_EQ(back.results[0].info.arguments, c.results[0].info.arguments);
  EXPECT_TRUE(std::signbit(std::get<double>(back.results[0].info.arguments.at("d"))));
  EXPECT_EQ(back.results[0].roots, c.results[0].roots);
  EXPECT_EQ(back.time, -5);
  EXPECT_EQ(back.edges, UINT64_MAX);
}

TEST(records, a_kept_result_comes_back_under_its_own_key_only) {
  auto c = full_commit();
  kept_result k{c.graph_id, c.results[0], 77};
  auto key = key_of(k.graph_id, k.result.info);
  auto back = decode_result(encode(k), key);
  EXPECT_EQ(encode(back), encode(k));
  EXPECT_EQ(back.result.roots, k.result.roots);
  EXPECT_EQ(back.time, 77);
  auto other = k.result.info;
  ++other.version;
  EXPECT_NE(key_of(k.graph_id, other), key);
  EXPECT_THROW(decode_result(encode(k), key_of(k.graph_id, other)), failure);
  EXPECT_THROW(decode_result(encode(k), key_of(hash128{9, 9}, k.result.info)), failure);
}

TEST(records, a_commit_of_version_1_is_read) {
  auto c = full_commit();
  auto bytes = encode(c);
  bytes.erase(bytes.end() - 33, bytes.end() - 16);
  bytes[4] = 1;
  bytes[8] = uint8_t(bytes[8] - 17);
  auto back = decode_commit(resealed(bytes), c.id);
  EXPECT_EQ(back.page_bytes, 0u);
  EXPECT_FALSE(back.is_patch());
  EXPECT_EQ(back.roots, c.roots);
}

TEST(records, a_branch_keeps_its_description) {
  EXPECT_EQ(decode_branch(encode(branch_record{"b", hash128{1, 2}, "what for"}), "b").description, "what for");
}

TEST(records, a_graph_of_unknown_extent_is_refused) {
  auto c = full_commit();
  c.extent = graph_extent::begins_part;
  EXPECT_EQ(decode_commit(encode(c), c.id).extent, graph_extent::begins_part);
  c.extent = graph_extent(3);
  EXPECT_FAILURE(errc::corrupt, "unknown extent 3", decode_commit(encode(c), c.id));
}

TEST(records, a_commit_with_pages_and_a_patch_is_refused) {
  auto c = full_commit();
  c.patch_bytes = 1;
  EXPECT_FAILURE(errc::corrupt, "both a patch and pages", decode_commit(encode(c), c.id));
  c.roots.clear();
  EXPECT_TRUE(decode_commit(encode(c), c.id).is_patch());
}

TEST(records, the_small_ones_come_back_as_they_were) {
  EXPECT_EQ(decode_branch(encode(branch_record{"b", {}}), "b").head, std::nullopt);
  EXPECT_EQ(decode_branch(encode(branch_record{"b", hash128{1, 2}}), "b").head, (hash128{1, 2}));
  EXPECT_EQ(decode_current(encode(current_record{"dev"})).branch, "dev");
  EXPECT_EQ(decode_format(encode(format_record{7, "pages"}), "s").version, 7u);
  auto e = decode_reflog(encode(reflog_entry{4, "b", hash128{1, 2}, {}, 9, "commit: x"}), 4);
  EXPECT_EQ(e.sequence, 4u);
  EXPECT_EQ(e.before, (hash128{1, 2}));
  EXPECT_EQ(e.after, std::nullopt);
  EXPECT_EQ(e.action, "commit: x");
  auto p = decode_patch(encode(patch_record{{1, 2}, {3, 4}}), {5, 6});
  EXPECT_EQ(p.base, (hash128{1, 2}));
  EXPECT_EQ(p.patch, (byte_buffer{3, 4}));
}

TEST(records, have_the_bytes_that_the_format_page_shows) {
  auto b = encode(branch_record{"dev", hash128{0x0123456789abcdef, 0xfedcba9876543210}});
  byte_buffer expected{'G',  'L',  'I',  'B',  2,    0,    0,    0,    28,   0,    0,    0,    0,    0,    0,    0,
                       3,    0,    0,    0,    'd',  'e',  'v',  1,
                       0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                       0,    0,    0,    0};
  ASSERT_EQ(b.size(), expected.size() + 16);
  EXPECT_EQ(byte_buffer(b.begin(), b.end() - 16), expected);
  EXPECT_EQ(hash_of(bytes_view{b}.last(16)), content_hash(expected));
}

TEST(records, of_the_first_version_are_read) {
  byte_buffer old{'G',  'L',  'I',  'B',  1,    0,    0,    0,    17,   0,    0,    0,    0,    0,    0,    0,    1,
                  0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  old.resize(old.size() + 16);
  EXPECT_EQ(decode_branch(resealed(old), "dev").head, (hash128{0x0123456789abcdef, 0xfedcba9876543210}));
}

TEST(records, under_the_key_of_another_are_named) {
  EXPECT_FAILURE(errc::corrupt, "branch 'dex' holds the branch 'dev'", decode_branch(encode(branch_record{"dev", {}}), "dex"));
  EXPECT_FAILURE(errc::corrupt, "reflog entry 5 holds entry 4", decode_reflog(encode(reflog_entry{4, "b", {}, {}, 9, "commit: x"}), 5));
}

TEST(records, a_commit_id_is_of_content_and_history_and_not_of_partitions) {
  auto c = full_commit(), d = c;
  d.roots.clear(), d.results.clear(), d.nodes = 0;
  EXPECT_EQ(commit_id(c), commit_id(d));
  std::vector<commit_record> others(6, c);
  others[0].graph_id.low ^= 1;
  others[1].parents.pop_back();
  others[2].message += "x";
  others[3].author += "x";
  others[4].time += 1;
  others[5].author = c.message, others[5].message = c.author;
  for (auto& o : others) EXPECT_NE(commit_id(o), commit_id(c));
}

TEST(records, any_flipped_bit_is_named) {
  auto c = full_commit();
  auto good = encode(c);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= uint8_t(1 << bit % 8);
    EXPECT_FAILURE(errc::corrupt, "commit " + to_hex(c.id), decode_commit(bad, c.id));
  }
}

TEST(records, any_cut_is_named) {
  auto c = full_commit();
  auto good = encode(c);
  for (size_t n = 0; n < good.size(); ++n)
    EXPECT_FAILURE(errc::corrupt, "commit " + to_hex(c.id), decode_commit(bytes_view{good}.first(n), c.id));
}

/// With a right checksum, as somebody who means harm would write it: an error or another record, never more than the bytes given.
TEST(records, forged_bytes_are_read_within_bounds) {
  auto c = full_commit();
  auto good = encode(c);
  for (size_t i = 0; i + 16 < good.size(); ++i)
    for (auto x : {0, 1, 0x7f, 0x80, 0xff}) {
      auto bad = good;
      bad[i] = uint8_t(x);
      try {
        auto back = decode_commit(resealed(bad), c.id);
        EXPECT_EQ(back.id, c.id);
      } catch (const failure& f) {
        EXPECT_EQ(f.code(), errc::corrupt);
      }
    }
  for (size_t n = 32; n < good.size(); ++n) {
    byte_buffer cut(good.begin(), good.begin() + ptrdiff_t(n));
    EXPECT_FAILURE(errc::corrupt, "commit", decode_commit(resealed(cut), c.id));
  }
}

TEST(records, one_kind_is_not_read_as_another) {
  EXPECT_FAILURE(errc::corrupt, "branch 'b' is a record of another kind", decode_branch(encode(current_record{"dev"}), "b"));
  auto c = full_commit();
  EXPECT_FAILURE(errc::corrupt, "holds the commit", decode_commit(encode(c), hash128{1, 1}));
}

TEST(records, a_newer_record_version_is_refused_naming_both) {
  auto b = encode(branch_record{"b", {}});
  b[4] = 9;
  EXPECT_FAILURE(errc::corrupt, "has version 9; this program reads up to version 2", decode_branch(resealed(b), "b"));
}

}  // namespace
}  // namespace gli::storage
