#pragma once
// Keys that cut what all partitions have, in the order of the keys, into parts of one size: sorting by sampling, as [Blelloch et al. 1991].

#include <tbb/parallel_sort.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "partitions/byte_stream.h"
#include "partitions/together.h"
#include "runtime/communicator.h"

namespace gli {

/// Key: a number, or std::string_view.
template <class Key>
struct weighted_key {
  Key key;
  uint64_t weight;
};

/// What owns a key's value: text that views point into comes from elsewhere.
template <class Key>
using kept_key = std::conditional_t<std::is_same_v<Key, std::string_view>, std::string, Key>;

namespace detail {

constexpr uint64_t samples_per_part = 256;

/// The weight of own keys up to each of some, ascending, that differ by about `step`.
template <class Key>
byte_buffer sample(const std::vector<weighted_key<Key>>& own, uint64_t step) {
  byte_buffer message;
  byte_writer to{message};
  uint64_t weight = 0;
  for (size_t i = 0; i < own.size(); ++i) {
    weight += own[i].weight;
    if (weight < step && i + 1 < own.size()) continue;
    if constexpr (std::is_same_v<Key, std::string_view>) to.put_text(own[i].key);
    else to.put(own[i].key);
    to.put_varint(std::exchange(weight, 0));
  }
  return message;
}

template <class Key>
std::vector<weighted_key<kept_key<Key>>> joined_samples(const std::vector<byte_buffer>& told) {
  std::vector<weighted_key<kept_key<Key>>> all;
  for (auto& message : told)
    for (byte_reader from{message}; !from.at_end();) {
      kept_key<Key> key;
      if constexpr (std::is_same_v<Key, std::string_view>) key = std::string{from.get_text()};
      else key = from.get<Key>();
      all.push_back({std::move(key), from.get_varint()});
    }
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.key < b.key; });
  return all;
}

}  // namespace detail

/// all.size() - 1 keys, ascending: part p is of the keys above the p-th and up to the next. Parts are even within (partitions / 256) of one. Own keys
/// may come in any order; each partition has others. Collective.
template <class Key>
std::vector<kept_key<Key>> even_splitters(std::vector<weighted_key<Key>> own, communicator& all) {
  tbb::parallel_sort(own.begin(), own.end(), [](auto& a, auto& b) { return a.key < b.key; });
  uint64_t total = 0;
  for (auto& k : own) total += k.weight;
  all.all_reduce({&total, 1}, reduction::sum);
  auto told = all.all_to_all(std::vector<byte_buffer>(all.size(), detail::sample(own, std::max<uint64_t>(1, total / (detail::samples_per_part * all.size())))));
  std::vector<kept_key<Key>> ends;
  together(all, [&] {
    uint64_t before = 0;
    for (auto& [key, weight] : detail::joined_samples<Key>(told)) {
      before += weight;
      while (ends.size() + 1 < all.size() && before * all.size() >= total * (ends.size() + 1)) ends.push_back(key);
    }
  });
  return ends;
}

/// The part of a key.
template <class Key>
uint32_t part_of(const std::vector<kept_key<Key>>& ends, const Key& key) {
  return uint32_t(std::lower_bound(ends.begin(), ends.end(), key) - ends.begin());
}

}  // namespace gli
