// Export, and whole streams there and back.

#include <gtest/gtest.h>

#include <cerrno>

#include "partitions/loaders/arrow.h"
#include "runtime/error.h"

namespace gli {
namespace {

const std::vector<column_type> all_types = {column_type::boolean,   column_type::int64,  column_type::float64, column_type::utf8,
                                            column_type::timestamp, column_type::binary, column_type::json,    column_type::number,
                                            column_type::list_boolean, column_type::list_int64, column_type::list_float64, column_type::list_utf8,
                                            column_type::list_timestamp};

value sample(column_type t, int64_t i) {
  switch (t) {
    case column_type::boolean:
      return i % 3 == 0;
    case column_type::int64:
      return i * 1000003;
    case column_type::float64:
      return double(i) / 8;
    case column_type::utf8:
      return "text " + std::to_string(i);
    case column_type::timestamp:
      return timestamp{i * 1000000};
    case column_type::binary:
      return binary{std::string(size_t(i % 4), '\xff')};
    case column_type::json:
      return json{"{\"a\":" + std::to_string(i) + "}"};
    case column_type::number:
      return i % 2 ? value{(int64_t{1} << 60) + i} : value{double(i) / 8};
    case column_type::list_boolean:
      return json{i % 4 ? "[true,false]" : "[]"};
    case column_type::list_int64:
      return json{"[" + std::to_string(i) + ",-1,2]"};
    case column_type::list_float64:
      return json{"[" + std::to_string(i) + ".5]"};
    case column_type::list_utf8:
      return json{"[\"" + std::string(size_t(i % 5), 'x') + "\",\"\"]"};
    case column_type::list_timestamp:
      return json{"[{\"$timestamp\":" + std::to_string(i) + "}]"};
  }
  return {};
}

/// One column of each type; every seventh value is null where `nulls`.
column_batch sample_batch(int64_t rows, bool nulls, int64_t from = 0) {
  column_batch batch{rows, {}};
  for (auto t : all_types) {
    column_builder column{type_name(t), t};
    for (auto i = from; i < from + rows; ++i) column.append(nulls && i % 7 == 0 ? value{} : sample(t, i));
    batch.columns.push_back(column.finish());
  }
  return batch;
}

void expect_same(const column_batch& a, const column_batch& b) {
  ASSERT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.columns.size(), b.columns.size());
  for (size_t c = 0; c < a.columns.size(); ++c) {
    EXPECT_EQ(a.columns[c].name, b.columns[c].name);
    EXPECT_EQ(a.columns[c].type, b.columns[c].type);
    for (int64_t i = 0; i < a.rows; ++i) ASSERT_EQ(a.columns[c].at(i), b.columns[c].at(i)) << a.columns[c].name << " " << i;
  }
}

TEST(arrow_export, comes_back_as_it_was) {
  for (int64_t rows : {0, 1, 8, 100})
    for (bool nulls : {false, true}) {
      auto batch = sample_batch(rows, nulls);
      ArrowArray array;
      ArrowSchema schema;
      export_batch(batch, &array, &schema);
      auto back = import_batch(&array, &schema);
      EXPECT_EQ(array.release, nullptr);
      schema.release(&schema);
      expect_same(back, batch);
    }
}

TEST(arrow_export, hands_over_the_buffers_that_it_was_given) {
  auto batch = sample_batch(10, false);
  const void* values = batch.columns[1].values.data();
  ArrowArray array;
  ArrowSchema schema;
  export_batch(std::move(batch), &array, &schema);
  EXPECT_EQ(array.children[1]->buffers[1], values);
  EXPECT_EQ(array.children[1]->n_buffers, 2);
  EXPECT_EQ(array.children[3]->n_buffers, 3);
  array.release(&array);
  schema.release(&schema);
}

TEST(arrow_export, says_formats_and_counts_nulls) {
  ArrowArray array;
  ArrowSchema schema;
  export_batch(sample_batch(15, true), &array, &schema);
  std::string formats;
  for (int64_t i = 0; i < schema.n_children; ++i) formats += std::string{schema.children[i]->format} + " ";
  EXPECT_EQ(formats, "b l g U tsu: Z U +s +L +L +L +L +L ");
  EXPECT_EQ(std::string{schema.format}, "+s");
  for (int64_t i = 0; i < array.n_children; ++i) EXPECT_EQ(array.children[i]->null_count, 3);
  array.release(&array);
  schema.release(&schema);
}

TEST(arrow_export, shares_the_buffer_of_numbers_and_of_lists_of_numbers) {
  auto batch = sample_batch(10, true);
  const void *numbers = batch.columns[7].values.data(), *elements = batch.columns[9].values.data();
  ArrowArray array;
  ArrowSchema schema;
  export_batch(std::move(batch), &array, &schema);
  for (int64_t field : {0, 1}) EXPECT_EQ(array.children[7]->children[field]->buffers[1], numbers);
  EXPECT_EQ(array.children[9]->children[0]->buffers[1], elements);
  EXPECT_EQ(array.children[9]->children[0]->length, 24);
  EXPECT_EQ(std::string{schema.children[7]->children[0]->name}, "int");
  array.release(&array);
  schema.release(&schema);
}

TEST(arrow_export, lets_a_consumer_keep_one_column) {
  ArrowArray array;
  ArrowSchema schema;
  export_batch(sample_batch(5, false), &array, &schema);
  auto kept = *array.children[1];
  array.children[1]->release = nullptr;
  auto kept_schema = *schema.children[1];
  schema.children[1]->release = nullptr;
  array.release(&array);
  schema.release(&schema);
  EXPECT_EQ(static_cast<const int64_t*>(kept.buffers[1])[4], 4 * 1000003);
  EXPECT_EQ(std::string{kept_schema.name}, "int64");
  kept.release(&kept);
  kept_schema.release(&kept_schema);
}

TEST(arrow_stream, carries_batches_in_order) {
  std::vector<column_batch> batches = {sample_batch(3, false), sample_batch(0, false, 3), sample_batch(20, true, 3)};
  ArrowArrayStream stream;
  export_stream(batches, &stream);
  size_t seen = 0;
  import_stream(&stream, [&](const column_batch& b) { expect_same(b, batches.at(seen++)); });
  EXPECT_EQ(seen, 3u);
  EXPECT_EQ(stream.release, nullptr);
}

TEST(arrow_stream, may_be_left_early) {
  ArrowArrayStream stream;
  export_stream({sample_batch(3, false), sample_batch(3, false)}, &stream);
  struct enough {};
  EXPECT_THROW(import_stream(&stream, [](const column_batch&) { throw enough{}; }), enough);
  EXPECT_EQ(stream.release, nullptr);
  export_stream({sample_batch(3, false)}, &stream);
  stream.release(&stream);
}

TEST(arrow_stream, refuses_batches_that_differ) {
  auto other = sample_batch(1, false);
  other.columns.pop_back();
  ArrowArrayStream stream;
  EXPECT_THROW(export_stream({sample_batch(1, false), other}, &stream), failure);
  EXPECT_THROW(export_stream({}, &stream), failure);
}

/// A stream that gives a schema, then the error, or the end when that is 0.
struct failing_stream {
  int error;
  ArrowArrayStream stream{schema, next, last_error, release, this};

  static int schema(ArrowArrayStream*, ArrowSchema* out) {
    ArrowArray array;
    export_batch(sample_batch(0, false), &array, out);
    array.release(&array);
    return 0;
  }
  static int next(ArrowArrayStream* s, ArrowArray* out) {
    *out = {};
    return static_cast<failing_stream*>(s->private_data)->error;
  }
  static const char* last_error(ArrowArrayStream*) { return "the disk is gone"; }
  static void release(ArrowArrayStream* s) { s->release = nullptr; }
};

TEST(arrow_stream, passes_on_what_its_producer_says) {
  failing_stream broken{EIO};
  try {
    import_stream(&broken.stream, [](const column_batch&) {});
    FAIL();
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::io);
    EXPECT_EQ(std::string{f.what()}, "arrow stream: the disk is gone");
  }
  EXPECT_EQ(broken.stream.release, nullptr);
}

TEST(arrow_stream, without_batches_still_shows_its_columns) {
  failing_stream empty{0};
  int calls = 0;
  import_stream(&empty.stream, [&](const column_batch& b) {
    ++calls;
    b.check();
    expect_same(b, sample_batch(0, false));
  });
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace gli
