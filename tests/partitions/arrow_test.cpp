#include "partitions/loaders/arrow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <random>

#include "runtime/error.h"

namespace gli {
namespace {

// --- batches from outside, built by hand -----------------------------------------------------------------------------------

/// One column as a stranger might send it. Buffers left out are null pointers.
struct foreign_column {
  std::string format, name = "x";
  int64_t length = 0, nulls = 0, offset = 0;
  std::vector<std::vector<uint8_t>> buffers;
  std::shared_ptr<foreign_column> dictionary;
  const char* metadata = nullptr;
};

template <class T>
std::vector<uint8_t> raw(std::initializer_list<T> values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::copy(values.begin(), values.end(), reinterpret_cast<T*>(bytes.data()));
  return bytes;
}

std::vector<uint8_t> raw(std::string_view text) { return {text.begin(), text.end()}; }

/// A struct array over columns; counts how often array and schema were released.
class foreign_batch {
 public:
  explicit foreign_batch(std::vector<foreign_column> columns, int64_t offset = 0) : columns_{std::move(columns)} {
    for (auto& c : columns_) add(c);
    for (auto& n : nodes_) arrays_.push_back(&n->array), schemas_.push_back(&n->schema);
    auto length = columns_.empty() ? 0 : columns_[0].length - offset;
    array = {length, 0, offset, 1, int64_t(arrays_.size()), no_buffers_, arrays_.data(), nullptr, release_array, this};
    schema = {"+s", "", nullptr, 0, int64_t(schemas_.size()), schemas_.data(), nullptr, release_schema, this};
  }
  foreign_batch(const foreign_batch&) = delete;

  ArrowArray array{};
  ArrowSchema schema{};
  int arrays_released = 0, schemas_released = 0;

 private:
  struct node {
    ArrowArray array{};
    ArrowSchema schema{};
    std::vector<const void*> buffers;
    std::unique_ptr<node> dictionary;
  };

  static void release_array(ArrowArray* a) {
    ++static_cast<foreign_batch*>(a->private_data)->arrays_released;
    a->release = nullptr;
  }
  static void release_schema(ArrowSchema* s) {
    ++static_cast<foreign_batch*>(s->private_data)->schemas_released;
    s->release = nullptr;
  }
  static std::unique_ptr<node> make(foreign_column& c) {
    auto n = std::make_unique<node>();
    for (auto& b : c.buffers) n->buffers.push_back(b.empty() ? nullptr : b.data());
    if (c.dictionary) n->dictionary = make(*c.dictionary);
    n->array = {c.length,          c.nulls, c.offset, int64_t(n->buffers.size()), 0,
                n->buffers.data(), nullptr, nullptr,  [](ArrowArray*) {},         nullptr};
    n->schema = {c.format.c_str(), c.name.c_str(), c.metadata, 0, 0, nullptr, nullptr, [](ArrowSchema*) {}, nullptr};
    if (n->dictionary) n->array.dictionary = &n->dictionary->array, n->schema.dictionary = &n->dictionary->schema;
    return n;
  }
  void add(foreign_column& c) { nodes_.push_back(make(c)); }

  std::vector<foreign_column> columns_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::vector<ArrowArray*> arrays_;
  std::vector<ArrowSchema*> schemas_;
  const void* no_buffers_[1] = {nullptr};
};

std::string show(const column& c) {
  std::string out = type_name(c.type);
  for (int64_t i = 0; i < c.length; ++i) out += " " + to_string(c.at(i));
  return out;
}

std::string imported(foreign_column c, int64_t offset = 0) {
  foreign_batch batch{{std::move(c)}, offset};
  auto got = import_batch(&batch.array, &batch.schema);
  EXPECT_EQ(batch.arrays_released, 1);
  EXPECT_EQ(batch.schemas_released, 0);
  return show(got.columns.at(0));
}

/// "type: message" or "value: message".
std::string refused(foreign_column c) {
  foreign_batch batch{{std::move(c)}};
  try {
    import_batch(&batch.array, &batch.schema);
  } catch (const failure& f) {
    EXPECT_EQ(batch.arrays_released, 1);
    return (f.code() == errc::type ? "type: " : f.code() == errc::value ? "value: " : "?: ") + std::string{f.what()};
  }
  return "taken";
}

// --- import ----------------------------------------------------------------------------------------------------------------

TEST(arrow_import, widens_integers_and_floats) {
  EXPECT_EQ(imported({"c", "x", 2, 0, 0, {{}, raw<int8_t>({-128, 127})}, {}}), "int64 -128 127");
  EXPECT_EQ(imported({"C", "x", 2, 0, 0, {{}, raw<uint8_t>({0, 255})}, {}}), "int64 0 255");
  EXPECT_EQ(imported({"s", "x", 2, 0, 0, {{}, raw<int16_t>({-32768, 1})}, {}}), "int64 -32768 1");
  EXPECT_EQ(imported({"S", "x", 2, 0, 0, {{}, raw<uint16_t>({65535, 1})}, {}}), "int64 65535 1");
  EXPECT_EQ(imported({"i", "x", 2, 0, 0, {{}, raw<int32_t>({INT32_MIN, 1})}, {}}), "int64 -2147483648 1");
  EXPECT_EQ(imported({"I", "x", 2, 0, 0, {{}, raw<uint32_t>({UINT32_MAX, 1})}, {}}), "int64 4294967295 1");
  EXPECT_EQ(imported({"l", "x", 2, 0, 0, {{}, raw<int64_t>({INT64_MAX, -1})}, {}}), "int64 9223372036854775807 -1");
  EXPECT_EQ(imported({"L", "x", 1, 0, 0, {{}, raw<uint64_t>({uint64_t{INT64_MAX}})}, {}}), "int64 9223372036854775807");
  EXPECT_EQ(imported({"f", "x", 2, 0, 0, {{}, raw<float>({0.5f, -3})}, {}}), "float64 0.5 -3.0");
  EXPECT_EQ(imported({"g", "x", 1, 0, 0, {{}, raw<double>({0.1})}, {}}), "float64 0.1");
}

TEST(arrow_import, refuses_integers_beyond_int64_unless_they_are_null) {
  auto two = raw<uint64_t>({uint64_t{1} << 63, 7});
  EXPECT_EQ(refused({"L", "x", 2, 0, 0, {{}, two}, {}}), "value: arrow column 'x': 9223372036854775808 is beyond int64");
  EXPECT_EQ(imported({"L", "x", 2, 1, 0, {{0b10}, two}, {}}), "int64 null 7");
}

TEST(arrow_import, converts_times_to_microseconds) {
  EXPECT_EQ(imported({"tss:", "t", 2, 0, 0, {{}, raw<int64_t>({0, 86400})}, {}}), "timestamp 1970-01-01T00:00:00 1970-01-02T00:00:00");
  EXPECT_EQ(imported({"tsm:UTC", "t", 1, 0, 0, {{}, raw<int64_t>({1500})}, {}}), "timestamp 1970-01-01T00:00:01.500000");
  EXPECT_EQ(imported({"tsu:Europe/Paris", "t", 1, 0, 0, {{}, raw<int64_t>({1})}, {}}), "timestamp 1970-01-01T00:00:00.000001");
  EXPECT_EQ(imported({"tsn:", "t", 3, 0, 0, {{}, raw<int64_t>({1999, -1, -1000})}, {}}),
            "timestamp 1970-01-01T00:00:00.000001 1969-12-31T23:59:59.999999 1969-12-31T23:59:59.999999");
  EXPECT_EQ(imported({"tdD", "t", 2, 0, 0, {{}, raw<int32_t>({1, -1})}, {}}), "timestamp 1970-01-02T00:00:00 1969-12-31T00:00:00");
  EXPECT_EQ(imported({"tdm", "t", 1, 0, 0, {{}, raw<int64_t>({86400000})}, {}}), "timestamp 1970-01-02T00:00:00");
  EXPECT_EQ(refused({"tss:", "t", 1, 0, 0, {{}, raw<int64_t>({INT64_MAX / 1000})}, {}}),
            "value: arrow column 't': 9223372036854775 is beyond int64 microseconds");
}

TEST(arrow_import, takes_text_and_bytes_in_every_layout) {
  EXPECT_EQ(imported({"u", "x", 3, 0, 0, {{}, raw<int32_t>({0, 2, 2, 5}), raw("abcde")}, {}}), "utf8 'ab' '' 'cde'");
  EXPECT_EQ(imported({"U", "x", 2, 0, 0, {{}, raw<int64_t>({1, 2, 5}), raw("abcde")}, {}}), "utf8 'b' 'cde'");
  EXPECT_EQ(imported({"z", "x", 1, 0, 0, {{}, raw<int32_t>({0, 2}), {0xff, 0x01}}, {}}), "binary 0xff01");
  EXPECT_EQ(imported({"Z", "x", 1, 0, 0, {{}, raw<int64_t>({0, 2}), {0xff, 0x01}}, {}}), "binary 0xff01");
  EXPECT_EQ(imported({"w:2", "x", 2, 1, 0, {{0b01}, {1, 2, 3, 4}}, {}}), "binary 0x0102 null");
  EXPECT_EQ(imported({"u", "x", 3, 1, 0, {{0b101}, raw<int32_t>({0, 2, 4, 5}), raw("abcde")}, {}}), "utf8 'ab' null 'e'");
  EXPECT_EQ(imported({"u", "x", 2, 0, 0, {{}, raw<int32_t>({0, 0, 0}), {}}, {}}), "utf8 '' ''");
}

TEST(arrow_import, takes_string_views) {
  std::vector<uint8_t> views;
  for (auto part : {raw<int32_t>({3}), raw(std::string_view{"abc\0\0\0\0\0\0\0\0\0", 12}), raw<int32_t>({13, 0, 0, 2})})
    views.insert(views.end(), part.begin(), part.end());
  EXPECT_EQ(imported({"vu", "x", 2, 0, 0, {{}, views, raw("..thirteen long"), raw<int64_t>({15})}, {}}), "utf8 'abc' 'thirteen long'");
  EXPECT_EQ(imported({"vz", "x", 1, 0, 1, {{}, views, raw("..thirteen long"), raw<int64_t>({15})}, {}}),
            "binary 0x746869727465656e206c6f6e67");
  EXPECT_EQ(refused({"vu", "x", 2, 0, 0, {{}, views, raw("..thirteen lon"), raw<int64_t>({14})}, {}}),
            "value: arrow column 'x': a view points outside its buffers");
  EXPECT_EQ(refused({"vu", "x", 2, 0, 0, {{}, views, raw<int64_t>({0})}, {}}),
            "value: arrow column 'x': a view points outside its buffers");
}

TEST(arrow_import, expands_dictionaries) {
  auto words = std::make_shared<foreign_column>(foreign_column{"u", "", 3, 1, 0, {{0b011}, raw<int32_t>({0, 3, 5, 5}), raw("redon")}, {}});
  EXPECT_EQ(imported({"c", "x", 5, 1, 0, {{0b11011}, raw<int8_t>({1, 0, 9, 2, 0})}, words}), "utf8 'on' 'red' null null 'red'");
  EXPECT_EQ(imported({"I", "x", 1, 0, 2, {{}, raw<uint32_t>({9, 9, 1})}, words}), "utf8 'on'");
  EXPECT_EQ(refused({"c", "x", 1, 0, 0, {{}, raw<int8_t>({3})}, words}), "value: arrow column 'x': index 3 is not in the dictionary");
  EXPECT_EQ(refused({"c", "x", 1, 0, 0, {{}, raw<int8_t>({-1})}, words}), "value: arrow column 'x': index -1 is not in the dictionary");
  EXPECT_EQ(refused({"f", "x", 1, 0, 0, {{}, raw<float>({0})}, words}), "value: arrow column 'x': dictionary indices are no integers");
  auto numbers = std::make_shared<foreign_column>(foreign_column{"l", "", 2, 0, 0, {{}, raw<int64_t>({7, 8})}, {}});
  EXPECT_EQ(imported({"s", "x", 3, 0, 0, {{}, raw<int16_t>({1, 0, 1})}, numbers}), "int64 8 7 8");
}

TEST(arrow_import, takes_null_and_boolean_columns) {
  EXPECT_EQ(imported({"n", "x", 3, 3, 0, {}, {}}), "utf8 null null null");
  EXPECT_EQ(imported({"b", "x", 3, 0, 0, {{}, {0b101}}, {}}), "bool true false true");
  EXPECT_EQ(imported({"b", "x", 3, 1, 6, {{0b01000000, 0b1}, {0b11000000, 0b1}}, {}}), "bool true null true");
}

TEST(arrow_import, reads_slices_where_they_lie) {
  EXPECT_EQ(imported({"i", "x", 2, -1, 9, {{0xff, 0b011}, raw<int32_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})}, {}}), "int64 9 null");
  EXPECT_EQ(imported({"u", "x", 2, 0, 1, {{}, raw<int32_t>({0, 2, 3, 6}), raw("abcdef")}, {}}), "utf8 'c' 'def'");
  EXPECT_EQ(imported({"i", "x", 4, 0, 1, {{}, raw<int32_t>({0, 1, 2, 3, 4})}, {}}, 2), "int64 3 4") << "the batch itself is sliced";
}

TEST(arrow_import, slices_agree_with_whole_columns) {
  std::mt19937 random{3};
  for (int round = 0; round < 300; ++round) {
    auto n = int64_t(1 + random() % 70);
    foreign_column c{random() % 2 ? "b" : "l", "x", n, -1, 0, {std::vector<uint8_t>(16), std::vector<uint8_t>(size_t(n) * 8)}, {}};
    for (auto& buffer : c.buffers) std::generate(buffer.begin(), buffer.end(), [&] { return uint8_t(random()); });
    foreign_batch whole{{c}};
    auto all = import_batch(&whole.array, &whole.schema);
    c.offset = int64_t(random() % size_t(n));
    c.length = int64_t(random() % size_t(n - c.offset + 1));
    foreign_batch part{{c}};
    auto some = import_batch(&part.array, &part.schema);
    for (int64_t i = 0; i < c.length; ++i) ASSERT_EQ(some.columns[0].at(i), all.columns[0].at(c.offset + i));
  }
}

TEST(arrow_import, leaves_nothing_of_the_sender_in_null_rows) {
  foreign_batch batch{
      {{"l", "x", 2, 1, 0, {{0b10}, raw<int64_t>({-1, 5})}, {}}, {"u", "y", 2, 1, 0, {{0b10}, raw<int32_t>({0, 3, 4}), raw("abcd")}, {}}}};
  auto got = import_batch(&batch.array, &batch.schema);
  EXPECT_EQ(got.columns[0].int64(0), 0);
  EXPECT_EQ(got.columns[1].values, raw("d"));
}

TEST(arrow_import, names_column_and_format_that_it_does_not_take) {
  for (auto* format : {"e", "d:10,2", "+vl", "+s", "+r", "ttu", "tDs", "tiM", "w:-1", "w:x", "", "xyz", "tsx:"})
    EXPECT_EQ(refused({format, "x", 0, 0, 0, {}, {}}), "type: arrow column 'x': format '" + std::string{format} + "' is not supported");
}

TEST(arrow_import, wants_the_elements_of_lists) {
  for (auto* format : {"+l", "+L", "+w:2"})
    EXPECT_EQ(refused({format, "x", 0, 0, 0, {}, {}}), "value: arrow column 'x': its schema has 0 children");
  EXPECT_EQ(refused({"+w:-1", "x", 0, 0, 0, {}, {}}), "type: arrow column 'x': format '+w:-1' is not supported");
}

TEST(arrow_import, checks_what_it_is_given) {
  auto ints = raw<int64_t>({1, 2});
  EXPECT_EQ(refused({"l", "x", 2, 0, 0, {{}}, {}}), "value: arrow column 'x': has 1 buffers");
  EXPECT_EQ(refused({"l", "x", 2, 0, 0, {{}, {}}, {}}), "value: arrow column 'x': has no values");
  EXPECT_EQ(refused({"l", "x", 2, 1, 0, {{}, ints}, {}}), "value: arrow column 'x': has nulls but no validity bitmap");
  EXPECT_EQ(refused({"l", "x", 2, 0, -1, {{}, ints}, {}}), "value: arrow column 'x': has length 2 and offset -1");
  EXPECT_EQ(refused({"u", "x", 2, 0, 0, {{}, raw<int32_t>({0, 3, 1}), raw("abc")}, {}}), "value: arrow column 'x': offsets decrease");
  EXPECT_EQ(refused({"u", "x", 2, 0, 0, {{}, raw<int32_t>({-1, 3, 3}), raw("abc")}, {}}), "value: arrow column 'x': negative offset");
  EXPECT_EQ(refused({"u", "x", 1, 0, 0, {{}, raw<int32_t>({0, 3}), {}}, {}}), "value: arrow column 'x': has offsets but no bytes");
  EXPECT_EQ(refused({"u", "x", 1, 0, 0, {{}, raw<int32_t>({0, 3}), {0x61, 0xff, 0x62}}, {}}), "value: arrow column 'x': text is not UTF-8");
  EXPECT_EQ(refused({"u", "x", 2, 0, 0, {{}, raw<int32_t>({0, 1, 2}), raw("é")}, {}}), "value: arrow column 'x': text is not UTF-8");
}

TEST(arrow_import, checks_the_batch_as_a_whole) {
  foreign_batch few{{{"l", "x", 1, 0, 0, {{}, raw<int64_t>({1})}, {}}}};
  few.array.n_children = 0;
  EXPECT_THROW(import_batch(&few.array, &few.schema), failure);
  foreign_batch shorter{{{"l", "x", 2, 0, 0, {{}, raw<int64_t>({1, 2})}, {}}, {"l", "y", 1, 0, 0, {{}, raw<int64_t>({1})}, {}}}};
  EXPECT_THROW(import_batch(&shorter.array, &shorter.schema), failure);
  foreign_batch column{{{"l", "x", 1, 0, 0, {{}, raw<int64_t>({1})}, {}}}};
  column.schema.format = "l";
  EXPECT_THROW(import_batch(&column.array, &column.schema), failure);
  foreign_batch nulls{{{"l", "x", 2, 0, 0, {{}, raw<int64_t>({1, 2})}, {}}}};
  uint8_t validity = 0b01;
  const void* buffers[] = {&validity};
  nulls.array.buffers = buffers;
  nulls.array.null_count = 1;
  EXPECT_THROW(import_batch(&nulls.array, &nulls.schema), failure);
  EXPECT_EQ(nulls.arrays_released, 1);
  EXPECT_THROW(import_batch(&nulls.array, &nulls.schema), failure) << "released already";
}

}  // namespace
}  // namespace gli
