#include "runtime/routing.h"

#include <numeric>
#include <span>

#include "runtime/batches.h"
#include "runtime/error.h"
#include "runtime/hash.h"

namespace gli {

namespace {

/// Row numbers by owner: those of owner q are order[begin[q]] … order[begin[q + 1] - 1], in their order.
struct routing { std::vector<uint32_t> begin, order; };

template <class OwnerOf> routing route(int64_t rows, uint32_t owners, OwnerOf&& owner_of_row) {
  if (rows > UINT32_MAX) throw failure{errc::value, "a batch of " + std::to_string(rows) + " rows"};
  std::vector<uint32_t> owner(static_cast<size_t>(rows));
  routing r{std::vector<uint32_t>(owners + 1), std::vector<uint32_t>(owner.size())};
  for (size_t i = 0; i < owner.size(); ++i) ++r.begin[(owner[i] = owner_of_row(int64_t(i))) + 1];
  std::partial_sum(r.begin.begin(), r.begin.end(), r.begin.begin());
  auto next = r.begin;
  for (size_t i = 0; i < owner.size(); ++i) r.order[next[owner[i]]++] = uint32_t(i);
  return r;
}

routing route(const column& keys, uint32_t owners) {
  if (keys.type == column_type::int64)
    return route(keys.length, owners, [&](int64_t i) { return owner_of(key_hash(keys.int64(i)), owners); });
  return route(keys.length, owners, [&](int64_t i) { return owner_of(key_hash(keys.bytes(i)), owners); });
}

/// Where the target's key is smaller than the source's.
std::vector<bool> backwards(const column& source, const column& target) {
  std::vector<bool> swap(static_cast<size_t>(source.length));
  bool numbers = source.type == column_type::int64;
  for (int64_t i = 0; i < source.length; ++i)
    swap[size_t(i)] = numbers ? target.int64(i) < source.int64(i) : target.bytes(i) < source.bytes(i);
  return swap;
}

}  // namespace

const column& key_column(const column_batch& rows, const char* name) {
  auto* c = rows.find(name);
  if (!c) throw failure{errc::value, std::string{"rows without a column '"} + name + "'"};
  if (c->type != column_type::int64 && c->type != column_type::utf8)
    throw failure{errc::type, "keys are int64 or str, not " + std::string{type_name(c->type)}};
  return *c;
}

void orient(column_batch& edges) {
  auto& source = const_cast<column&>(key_column(edges, "source"));  // columns of our own batch
  auto& target = const_cast<column&>(key_column(edges, "target"));
  if (source.type != target.type) throw failure{errc::type, "an edge's source and target are keys of one type"};
  auto swap = backwards(source, target);
  auto low = choose(source, target, swap), high = choose(target, source, swap);
  source = std::move(low);
  target = std::move(high);
}

std::vector<column_batch> split_by_owner(const column_batch& rows, const column& keys, uint32_t owners) {
  auto r = route(keys, owners);
  std::vector<column_batch> parts;
  for (uint32_t q = 0; q < owners; ++q) parts.push_back(gather(rows, std::span{r.order}.subspan(r.begin[q], r.begin[q + 1] - r.begin[q])));
  return parts;
}

}  // namespace gli
