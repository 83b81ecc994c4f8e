// What partitions tell each other while they read: comes as it went, and what is no message is refused.

#include "partitions/piece_message.h"

#include <gtest/gtest.h>

#include <random>

#include "runtime/batches.h"

namespace gli {
namespace {

/// A number of as many bits as comes, of either sign.
int64_t some_number(std::mt19937_64& random) {
  auto bits = int(random() % 65);
  auto x = bits == 0 ? 0 : int64_t(random() >> (64 - bits));
  return random() % 2 ? x : int64_t(-uint64_t(x));
}

column numbers(std::mt19937_64& random, const char* name, int64_t rows, bool nulls) {
  column_builder built{name, column_type::int64};
  auto around = some_number(random), range = some_number(random);
  for (int64_t i = 0; i < rows; ++i) {
    if (nulls && random() % 3 == 0) built.append_null();
    else built.append_int64(int64_t(uint64_t(around) + (range ? random() % uint64_t(range) : 0)));
  }
  return built.finish();
}

column texts(std::mt19937_64& random, const char* name, int64_t rows) {
  column_builder built{name, column_type::utf8};
  for (int64_t i = 0; i < rows; ++i) {
    if (random() % 5 == 0) built.append_null();
    else built.append_bytes(std::string(random() % 9, 'x') + std::to_string(i));
  }
  return built.finish();
}

column others(std::mt19937_64& random, const char* name, column_type type, int64_t rows) {
  column_builder built{name, type};
  for (int64_t i = 0; i < rows; ++i) type == column_type::boolean ? built.append_bool(random() % 2) : built.append_float64(double(random()) / 3);
  return built.finish();
}

column_batch some_batch(std::mt19937_64& random) {
  auto rows = int64_t(random() % 300);
  return {rows,
          {numbers(random, "source", rows, false), texts(random, "name", rows), numbers(random, "count", rows, true), others(random, "weight", column_type::float64, rows),
           others(random, "new", column_type::boolean, rows), numbers(random, "_seq", rows, false)}};
}

struct message {
  std::vector<column_batch> batches;
  std::vector<std::vector<uint32_t>> rows;
  byte_buffer bytes;
};

message some_message(std::mt19937_64& random) {
  message m;
  for (auto n = random() % 4; n > 0; --n) m.batches.push_back(some_batch(random));
  std::vector<chosen_rows> chosen;
  for (auto& batch : m.batches) {
    m.rows.emplace_back();
    for (uint32_t i = 0; i < batch.rows; ++i)
      if (random() % 2) m.rows.back().push_back(i);
  }
  for (size_t i = 0; i < m.batches.size(); ++i) chosen.push_back({&m.batches[i], m.rows[i]});
  piece_note note;
  note.lines = random() % 1000;
  note.bad = bad_line{3, "no number"};
  note.types = {column_type::float64};
  m.bytes = encode_piece(note, chosen);
  return m;
}

void expect_same(const column& is, const column& was, int64_t more) {
  ASSERT_EQ(is.name, was.name);
  ASSERT_EQ(is.length, was.length);
  for (int64_t i = 0; i < is.length; ++i) {
    ASSERT_EQ(is.valid(i), was.valid(i));
    if (!was.valid(i)) continue;
    if (more) ASSERT_EQ(is.int64(i), int64_t(uint64_t(was.int64(i)) + uint64_t(more)));
    else ASSERT_EQ(to_string(is.at(i)), to_string(was.at(i)));
  }
}

TEST(piece_message, brings_the_chosen_rows_and_takes_their_places_further) {
  std::mt19937_64 random{1};
  column_batch came;
  for (int round = 0; round < 300; ++round) {
    auto m = some_message(random);
    piece_reader reader{m.bytes};
    ASSERT_EQ(reader.note.bad->what, "no number");
    ASSERT_EQ(reader.note.types, std::vector{column_type::float64});
    int64_t later = round % 3 ? 0 : 1'000'000;
    for (size_t i = 0; i < m.batches.size(); ++i) {
      ASSERT_TRUE(reader.next(came, uint64_t(later)));
      auto was = gather(m.batches[i], m.rows[i]);
      ASSERT_EQ(came.rows, was.rows);
      ASSERT_EQ(came.columns.size(), was.columns.size());
      for (size_t c = 0; c < was.columns.size(); ++c) expect_same(came.columns[c], was.columns[c], was.columns[c].name == "_seq" ? later : 0);
    }
    ASSERT_FALSE(reader.next(came, 0));
  }
}

TEST(piece_message, numbers_that_lie_close_together_take_few_bytes) {
  column_builder built{"_seq", column_type::int64};
  std::vector<uint32_t> all;
  for (uint32_t i = 0; i < 10'000; ++i) {
    built.append_int64((int64_t{1} << 40) + i);
    all.push_back(i);
  }
  column_batch batch{10'000, {built.finish()}};
  EXPECT_LT(encode_piece({}, {{&batch, all}}).size(), 2 * 10'000 + 200);
}

TEST(piece_message, that_ends_early_or_is_changed_is_refused_or_read_as_another) {
  std::mt19937_64 random{2};
  auto read = [](const byte_buffer& bytes) {
    piece_reader reader{bytes};
    column_batch came;
    while (reader.next(came, 0)) came.check();
  };
  for (int round = 0; round < 300; ++round) {
    auto m = some_message(random);
    auto cut = m.bytes;
    cut.resize(random() % cut.size());
    auto changed = m.bytes;
    changed[random() % changed.size()] = uint8_t(random());
    for (auto& bytes : {cut, changed}) {
      try {
        read(bytes);
      } catch (const failure& f) {
        EXPECT_TRUE(f.code() == errc::protocol || f.code() == errc::value) << f.what();
      }
    }
  }
}

}  // namespace
}  // namespace gli
