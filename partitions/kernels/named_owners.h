#pragma once
// Questions about nodes that are called by the hashes of keys, to the partitions that own them.

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "partitions/array_message.h"
#include "runtime/communicator.h"
#include "runtime/hash.h"

namespace gli {

/// answer(name), as the partition that owns each name gives it, beside the names. T is trivially copyable. Collective; answer() must not communicate and not throw.
template <class T, class Answer>
std::vector<T> ask_owners(const std::vector<hash128>& names, communicator& all, Answer&& answer) {
  std::vector<std::vector<hash128>> asked(all.size());
  for (auto& name : names) asked[owner_of(name, all.size())].push_back(name);
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
  for (auto& name : names) {
    auto q = owner_of(name, all.size());
    made.push_back(told[q].at(next[q]++));
  }
  return made;
}

/// The smallest of the values beside equal names, over all partitions. Collective.
inline std::vector<hash128> least_of(const std::vector<hash128>& names, const std::vector<hash128>& values, communicator& all) {
  struct pair { hash128 name, value; };
  std::vector<std::vector<pair>> told(all.size());
  for (size_t i = 0; i < names.size(); ++i) told[owner_of(names[i], all.size())].push_back({names[i], values[i]});
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) put_array(outgoing[q], told[q]);
  std::unordered_map<hash128, hash128, hash128_hasher> least;
  for (auto& bytes : all.all_to_all(std::move(outgoing)))
    for (auto& p : array_reader{bytes}.get<pair>()) {
      auto& known = least.emplace(p.name, p.value).first->second;
      known = std::min(known, p.value);
    }
  return ask_owners<hash128>(names, all, [&](const hash128& name) { return least.at(name); });
}

}  // namespace gli
