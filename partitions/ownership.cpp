#include "partitions/ownership.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "partitions/kernels/named_owners.h"
#include "partitions/together.h"
#include "runtime/error.h"

namespace gli {

namespace {

hash128 entry_hash(const hash128& key, uint32_t owner) {
  std::array<uint64_t, 3> entry{key.low, key.high, owner};
  return content_hash({reinterpret_cast<const uint8_t*>(entry.data()), sizeof entry});
}

/// Of the entries of all partitions: a sum, so that it does not depend on which has which.
hash128 identity(const ownership& o, communicator& all) {
  std::array<uint64_t, 2> sum{all.size(), 0};
  for (size_t i = 0; i < o.hashes.size(); ++i) {
    auto h = entry_hash(o.hashes[i], o.owners[i]);
    sum[0] += h.low;
    sum[1] += h.high;
  }
  all.all_reduce(sum, reduction::sum);
  return {sum[0], sum[1]};
}

/// To each home the keys owned here that it does not own.
std::vector<byte_buffer> away_from_home(std::span<const hash128> own, communicator& all) {
  std::vector<std::vector<hash128>> away(all.size());
  for (auto& h : own)
    if (auto home = owner_of(h, all.size()); home != all.rank()) away[home].push_back(h);
  std::vector<byte_buffer> out(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) put_array(out[q], away[q]);
  return out;
}

/// What all owners told the homes, in the order of the hashes.
void take_entries(ownership& o, const std::vector<byte_buffer>& told) {
  struct entry { hash128 key; uint32_t owner; };
  std::vector<entry> entries;
  for (uint32_t q = 0; q < told.size(); ++q)
    for (auto& h : array_reader{told[q]}.get<hash128>()) entries.push_back({h, q});
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.key < b.key; });
  for (auto& e : entries) {
    if (!o.hashes.empty() && o.hashes.back() == e.key) throw failure{errc::protocol, "two partitions own one node"};
    o.hashes.push_back(e.key);
    o.owners.push_back(e.owner);
  }
}

}  // namespace

std::optional<uint32_t> ownership::find(const hash128& key) const {
  auto at = std::lower_bound(hashes.begin(), hashes.end(), key);
  if (at == hashes.end() || *at != key) return std::nullopt;
  return owners[size_t(at - hashes.begin())];
}

std::string partitioner_of(const graph::body& g) { return g.owners ? g.owners->partitioner : "hash"; }

void check_owned_alike(const graph::body& a, const graph::body& b) {
  auto id = [](const graph::body& g) { return g.owners ? g.owners->id : hash128{}; };
  if (id(a) != id(b))
    throw failure{errc::value, "graphs whose nodes lie on other partitions (" + partitioner_of(a) + ", " + partitioner_of(b) +
                                   ") have no nodes in common on one: repartition() one of them as the other"};
}

uint32_t owner_at_home(const graph::body& g, const hash128& name) {
  auto home = owner_of(name, g.partitions);
  if (home != g.partition) throw failure{errc::value, "partition " + std::to_string(g.partition) + " was asked for a node of partition " + std::to_string(home)};
  return g.owners ? g.owners->find(name).value_or(home) : home;
}

std::vector<uint32_t> owners_of(const graph::body& g, std::span<const hash128> names, communicator& all) {
  if (!g.owners) return homes_of(names, all.size());
  return ask_homes<uint32_t>(names, all, [&](const hash128& name) { return g.owners->find(name).value_or(all.rank()); });
}

std::shared_ptr<const ownership> ownership_of(std::string partitioner, std::span<const hash128> own, communicator& all) {
  auto made = std::make_shared<ownership>();
  made->partitioner = std::move(partitioner);
  auto told = all.all_to_all(away_from_home(own, all));
  together(all, [&] { take_entries(*made, told); });
  made->id = identity(*made, all);
  return made;
}

}  // namespace gli
