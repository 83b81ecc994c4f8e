// Bytes made smaller: they come out as they went in, and what is no packed bytes is an error that names them, without much memory.
#include "storage/packed.h"

#include <cstring>
#include <random>

#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

template <class T>
byte_buffer bytes_of(const std::vector<T>& numbers) {
  byte_buffer bytes(numbers.size() * sizeof(T));
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

std::vector<uint32_t> ascending(size_t many) {
  std::mt19937 random{3};
  std::vector<uint32_t> numbers;
  for (size_t i = 0; i < many; ++i) numbers.push_back((i % 10 ? numbers.back() : 0) + random() % 2000);
  return numbers;
}

void expect_back(const byte_buffer& plain) {
  auto packed = pack(plain);
  if (!packed) return;
  EXPECT_LE(packed->size(), plain.size() - plain.size() / 8);
  EXPECT_EQ(unpacked_size(*packed), plain.size());
  EXPECT_EQ(unpack(*packed, "it"), plain);
}

TEST(packed_bytes, come_out_as_they_went_in) {
  std::mt19937 random{1};
  for (int i = 0; i < 300; ++i) {
    byte_buffer plain(random() % 3000);
    auto values = 1 + random() % 256, step = 1 + random() % 9;
    for (size_t at = 0; at < plain.size(); ++at) plain[at] = at % step ? 0 : uint8_t(random() % values);
    expect_back(plain);
  }
  expect_back(bytes_of(ascending(300'000)));
}

TEST(packed_bytes, of_sorted_numbers_take_little_more_than_their_differences) {
  auto neighbors = ascending(10'000);
  EXPECT_LT(pack(bytes_of(neighbors))->size(), 16'000u);  // 11 bits each are in them
  std::vector<int64_t> keys;
  for (int64_t k = 0; k < 10'000; ++k) keys.push_back(1'000'000'000'000 + 3 * k);
  EXPECT_LT(pack(bytes_of(keys))->size(), 300u);
  std::vector<double> prices;
  for (int i = 0; i < 10'000; ++i) prices.push_back(i % 100 / 4.0);
  EXPECT_LT(pack(bytes_of(prices))->size(), 2'000u);
}

TEST(packed_bytes, are_not_made_where_little_is_gained) {
  EXPECT_FALSE(pack(noise(10'000, 1)));
  EXPECT_FALSE(pack({}));
  EXPECT_FALSE(pack(byte_buffer(20, 0)));
  EXPECT_TRUE(pack(byte_buffer(2'000, 0)));
}

TEST(packed_bytes, that_are_none_are_named) {
  auto plain = bytes_of(ascending(1'000));
  auto good = *pack(plain);
  EXPECT_FAILURE(errc::corrupt, "page 7 is packed in 4 bytes", unpack(bytes_view{good}.first(4), "page 7"));
  auto bad = good;
  bad[0] = 9;
  EXPECT_FAILURE(errc::corrupt, "page 7 is packed in an unknown layout, 9", unpack(bad, "page 7"));
  bad = good;
  bad[1] ^= 1;
  EXPECT_FAILURE(errc::corrupt, "page 7 is damaged: its packed bytes do not make the 4001 that they say", unpack(bad, "page 7"));
  bad = good;
  bad.resize(bad.size() - 1);
  EXPECT_FAILURE(errc::corrupt, "page 7 is damaged", unpack(bad, "page 7"));
}

TEST(packed_bytes, that_promise_more_than_they_can_hold_get_no_room) {
  byte_buffer promise{0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3};
  EXPECT_FAILURE(errc::corrupt, "page 7 says that 3 packed bytes hold 4294967295", unpack(promise, "page 7"));
}

TEST(packed_bytes, with_any_byte_changed_are_an_error_or_other_bytes) {
  auto good = *pack(bytes_of(ascending(500)));
  for (size_t at = 0; at < good.size(); ++at)
    for (uint8_t bit = 1; bit; bit = uint8_t(bit << 1)) {
      auto bad = good;
      bad[at] ^= bit;
      try {
        EXPECT_EQ(unpack(bad, "it").size(), unpacked_size(bad));
      } catch (const failure& f) {
        EXPECT_EQ(f.code(), errc::corrupt) << f.what();
      }
    }
}

}  // namespace
}  // namespace gli::storage
