#pragma once
// Questions about what is called by the hashes of keys, to the partitions that know: a name's home, which owner_of says, or where a node lies.

#include <algorithm>
#include <span>
#include <unordered_map>
#include <vector>

#include "partitions/array_message.h"
#include "runtime/communicator.h"
#include "runtime/hash.h"

namespace gli {

inline std::vector<uint32_t> homes_of(std::span<const hash128> names, uint32_t partitions) {
  std::vector<uint32_t> homes;
  homes.reserve(names.size());
  for (auto& name : names) homes.push_back(owner_of(name, partitions));
  return homes;
}

/// answer(names[i]), as partition where[i] gives it, beside the names. T is trivially copyable. Collective; answer() must not communicate and not throw.
template <class T, class Answer>
std::vector<T> ask_partitions(std::span<const hash128> names, std::span<const uint32_t> where, communicator& all, Answer&& answer) {
  std::vector<std::vector<hash128>> asked(all.size());
  for (size_t i = 0; i < names.size(); ++i) asked[where[i]].push_back(names[i]);
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) put_array(outgoing[q], asked[q]);
  auto questions = all.all_to_all(std::move(outgoing));
  std::vector<byte_buffer> replies(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) {
    std::vector<T> told;
    for (auto& name : array_reader{questions[q]}.template get<hash128>()) told.push_back(answer(name));
    put_array(replies[q], told);
  }
  std::vector<std::vector<T>> told;
  for (auto& bytes : all.all_to_all(std::move(replies))) told.push_back(array_reader{bytes}.template get<T>());
  std::vector<size_t> next(all.size());
  std::vector<T> made;
  made.reserve(names.size());
  for (auto q : where) made.push_back(told[q].at(next[q]++));
  return made;
}

/// The same of the names' homes.
template <class T, class Answer>
std::vector<T> ask_homes(std::span<const hash128> names, communicator& all, Answer&& answer) {
  return ask_partitions<T>(names, homes_of(names, all.size()), all, answer);
}

namespace detail {

struct named_value { hash128 name, value; };

/// What all partitions have beside the names whose home is here.
inline std::vector<named_value> bring_home(std::span<const hash128> names, std::span<const hash128> values, communicator& all) {
  std::vector<std::vector<named_value>> told(all.size());
  for (size_t i = 0; i < names.size(); ++i) told[owner_of(names[i], all.size())].push_back({names[i], values[i]});
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) put_array(outgoing[q], told[q]);
  std::vector<named_value> brought;
  for (auto& bytes : all.all_to_all(std::move(outgoing)))
    for (auto& pair : array_reader{bytes}.get<named_value>()) brought.push_back(pair);
  return brought;
}

}  // namespace detail

/// The smallest of the values beside equal names, over all partitions. Collective.
inline std::vector<hash128> least_of(std::span<const hash128> names, std::span<const hash128> values, communicator& all) {
  std::unordered_map<hash128, hash128, hash128_hasher> least;
  for (auto& pair : detail::bring_home(names, values, all)) {
    auto& known = least.emplace(pair.name, pair.value).first->second;
    known = std::min(known, pair.value);
  }
  return ask_homes<hash128>(names, all, [&](const hash128& name) { return least.at(name); });
}

/// The values that any partition has beside `here`, which are at home on this one; what no partition names has itself. Collective.
inline std::vector<hash128> values_at_home(std::span<const hash128> names, std::span<const hash128> values, std::span<const hash128> here, communicator& all) {
  std::unordered_map<hash128, hash128, hash128_hasher> known;
  for (auto& pair : detail::bring_home(names, values, all)) known.emplace(pair.name, pair.value);
  std::vector<hash128> made;
  for (auto& name : here) {
    auto found = known.find(name);
    made.push_back(found == known.end() ? name : found->second);
  }
  return made;
}

}  // namespace gli
