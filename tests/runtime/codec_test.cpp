#include "runtime/codec.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "tests/runtime/message_text.h"
#include "tests/runtime/random_messages.h"

namespace gli {
namespace {

using testing::maker;
using testing::tell;

/// A kind of message: what one with random content says, its bytes, and what bytes say when decoded.
struct kind_of_message {
  std::string name;
  std::function<std::pair<std::string, byte_buffer>(maker&)> make;
  std::function<std::string(bytes_view)> read;
};

template <class Make, class Read> kind_of_message message(std::string name, Make make, Read read) {
  return {std::move(name),
          [make](maker& m) {
            auto x = make(m);
            return std::pair{tell(x), encode(x)};
          },
          [read](bytes_view body) { return tell(read(body)); }};
}

const std::vector<kind_of_message>& all_messages() {
  static const std::vector<kind_of_message> all{
      message("hello", [](maker& m) { return m.greeting(); }, decode_hello),
      message("welcome", [](maker& m) { return welcome{uint32_t(m.random()), m.text(), m.text(), uint32_t(m.random())}; }, decode_welcome),
      message("failure", [](maker& m) { return m.note(); }, decode_failure),
      message("request", [](maker& m) { return request{m.number(), uint32_t(m.random()), m.ask()}; }, decode_request),
      message("reply", [](maker& m) { return m.answer(); }, decode_reply),
      message("edits", [](maker& m) { return m.edits(); }, decode_edits),
      message("progress", [](maker& m) { return progress_note{m.text(), m.number(), m.number(), m.text(), m.number()}; }, decode_progress),
      message("load_batch", [](maker& m) { return m.rows(); }, decode_load_batch),
      message("batch", [](maker& m) { return m.batch(); }, decode_batch),
      message("job", [](maker& m) { return m.any_job(); }, decode_job),
      message("job_result", [](maker& m) { return job_result{m.some()}; }, decode_job_result),
      message("submission", [](maker& m) { return m.submitted(); }, decode_submission),
      message("submitted_job", [](maker& m) { return m.a_job(); }, decode_submitted_job),
      message("query", [](maker& m) { return query{m.text(), m.number(), m.number(), m.number(), m.some()}; }, decode_query),
  };
  return all;
}

TEST(codec, every_message_with_random_content_comes_back_as_it_was) {
  maker m{std::mt19937_64{1}};
  for (auto& kind : all_messages())
    for (int i = 0; i < 300; ++i) {
      auto [said, bytes] = kind.make(m);
      ASSERT_EQ(bytes.size() % 8, 0u);
      ASSERT_EQ(kind.read(bytes), said) << kind.name;
    }
}

TEST(codec, a_body_that_is_not_aligned_is_read_all_the_same) {
  maker m{std::mt19937_64{2}};
  for (auto& kind : all_messages()) {
    auto [said, bytes] = kind.make(m);
    byte_buffer shifted(bytes.size() + 3);
    std::copy(bytes.begin(), bytes.end(), shifted.begin() + 3);
    ASSERT_EQ(kind.read(bytes_view{shifted}.subspan(3)), said) << kind.name;
  }
}

/// Damaged bytes may decode to something else; what they may not do is anything but decode or fail as a protocol error.
void expect_refused_or_read(const kind_of_message& kind, bytes_view bytes) {
  try {
    kind.read(bytes);
  } catch (const failure& e) { ASSERT_EQ(e.code(), errc::protocol) << kind.name << ": " << e.what(); }
}

TEST(codec, truncated_messages_are_refused_or_read_never_worse) {
  maker m{std::mt19937_64{3}};
  for (auto& kind : all_messages())
    for (int i = 0; i < 40; ++i) {
      auto bytes = kind.make(m).second;
      for (size_t size = 0; size < bytes.size(); size += 1 + m.below(bytes.size() / 8 + 1))
        expect_refused_or_read(kind, byte_buffer{bytes.begin(), bytes.begin() + ptrdiff_t(size)});
    }
}

TEST(codec, flipped_bits_are_refused_or_read_never_worse) {
  maker m{std::mt19937_64{4}};
  for (auto& kind : all_messages())
    for (int i = 0; i < 1500; ++i) {
      auto bytes = kind.make(m).second;
      for (auto flips = 1 + m.below(8); flips > 0; --flips) bytes[m.below(std::min<size_t>(bytes.size(), 64u << m.below(8)))] ^= uint8_t(1 << m.below(8));
      expect_refused_or_read(kind, bytes);
    }
}

TEST(codec, random_words_are_refused_or_read_never_worse) {
  maker m{std::mt19937_64{5}};
  for (auto& kind : all_messages())
    for (int i = 0; i < 1500; ++i) {
      byte_buffer bytes(8 * m.below(60));
      for (size_t w = 0; w < bytes.size(); w += 8) {
        auto word = m.below(3) ? m.number() & 0x0000'00ff'0000'00ff : m.random();  // small pointers are the ones that resolve
        std::memcpy(bytes.data() + w, &word, 8);
      }
      expect_refused_or_read(kind, bytes);
    }
}

TEST(codec, a_list_that_points_at_itself_costs_no_more_than_its_limit) {
  // A Query whose argument list is one of 2^26 structs of no size.
  auto bytes = encode(query{"q", 0, 0, 0, {{"a", int64_t{1}}}});
  uint64_t words[2] = {uint64_t{1} | uint64_t{7} << 32, uint64_t{1} << 28};
  for (size_t w = 0; w + 16 <= bytes.size(); w += 8) {
    auto damaged = bytes;
    std::memcpy(damaged.data() + w, words, 16);
    expect_refused_or_read(all_messages().back(), damaged);
  }
}

TEST(codec, expressions_nest_sixty_deep_and_no_deeper) {
  auto nested = [](int depth) {
    expression e;
    e.literal = true;
    for (int i = 0; i < depth; ++i) {
      expression outer;
      outer.op = operation::logical_not;
      outer.arguments.push_back(std::move(e));
      e = std::move(outer);
    }
    return request{1, 0, job{1, 2, 3, select_elements{e, {}}}};
  };
  auto deep = nested(60);
  EXPECT_EQ(tell(decode_request(encode(deep))), tell(deep));
  try {
    encode(nested(61));
    FAIL();
  } catch (const failure& e) { EXPECT_EQ(e.code(), errc::value); }
}

TEST(codec, numbers_that_name_nothing_are_refused) {
  auto refused = [](auto&& f) {
    try {
      f();
      ADD_FAILURE() << "decoded";
    } catch (const failure& e) { EXPECT_EQ(e.code(), errc::protocol); }
  };
  column_batch b{1, {{"x", column_type(8), 1, {}, byte_buffer(8), {}}}};
  refused([&] { decode_batch(encode(b)); });
  b.columns[0].type = column_type(0);
  refused([&] { decode_batch(encode(b)); });
  expression e;
  e.op = operation(999);
  refused([&] { decode_job(encode(job{1, 1, 1, select_elements{e, {}}})); });
  e.op = operation::add;  // without arguments
  refused([&] { decode_job(encode(job{1, 1, 1, select_elements{e, {}}})); });
  refused([&] { decode_request(encode(request{1, 1, load_begin{{true, false, key_type(9), key_type::none}, false, ""}})); });
  refused([&] { decode_request(encode(request{1, 1, load_begin{{}, false, "", duplicate_policy(4)}})); });
  refused([&] { decode_submission(encode(submission{1, "x", submission::kind(2), "", {}, "", "", "", false})); });
  refused([&] { decode_submitted_job(encode(submitted_job{1, "x", submission::kind::script, submission_state(6), false, 0, 0, 0, 0, -1, {}, 0, 0})); });
}

TEST(codec, batches_whose_buffers_do_not_fit_are_refused) {
  auto refused = [](column_batch b) {
    try {
      decode_batch(encode(b));
      ADD_FAILURE() << "decoded";
    } catch (const failure& e) { EXPECT_EQ(e.code(), errc::protocol); }
  };
  column good{"x", column_type::utf8, 2, {}, {'a', 'b', 'c'}, {0, 1, 3}};
  EXPECT_NO_THROW(decode_batch(encode(column_batch{2, {good}})));
  auto with = [&](auto change) {
    column_batch b{2, {good}};
    change(b);
    refused(std::move(b));
  };
  with([](column_batch& b) { b.rows = 3; });
  with([](column_batch& b) { b.rows = b.columns[0].length = -1; });
  with([](column_batch& b) { b.rows = b.columns[0].length = INT64_MAX; });
  with([](column_batch& b) { b.columns[0].offsets[1] = 4; });
  with([](column_batch& b) { b.columns[0].offsets[0] = -1; });
  with([](column_batch& b) { b.columns[0].offsets.pop_back(); });
  with([](column_batch& b) { b.columns[0].type = column_type::int64; });
}

TEST(codec, a_large_batch_is_one_segment_without_waste) {
  column c{"x", column_type::int64, 1 << 20, {}, byte_buffer(8u << 20, 7), {}};
  auto bytes = encode(column_batch{c.length, {c}});
  EXPECT_LT(bytes.size(), (8u << 20) + 1024);
  EXPECT_EQ(decode_batch(bytes).columns[0].values, c.values);
}

TEST(codec, an_unknown_failure_code_of_a_newer_peer_is_a_failure_all_the_same) {
  auto note = decode_failure(encode(failure_note{errc(4000), "new"}));
  EXPECT_EQ(note.code, errc::internal);
  EXPECT_EQ(note.message, "new");
}

}  // namespace
}  // namespace gli
