#include "runtime/routing.h"

#include <numeric>
#include <string>

#include "runtime/batches.h"
#include "runtime/error.h"
#include "runtime/hash.h"

namespace gli {

namespace {

/// Where the target's key is smaller than the source's.
std::vector<bool> backwards(const column& source, const column& target) {
  std::vector<bool> swap(static_cast<size_t>(source.length));
  bool numbers = source.type == column_type::int64;
  for (int64_t i = 0; i < source.length; ++i)
    swap[size_t(i)] = numbers ? target.int64(i) < source.int64(i) : target.bytes(i) < source.bytes(i);
  return swap;
}

}  // namespace

template <class OwnerOf>
void rows_of_owners::route(OwnerOf&& owner_of_row) {
  std::vector<uint32_t> owner(rows_.size());
  for (size_t i = 0; i < owner.size(); ++i) ++begin_[(owner[i] = owner_of_row(int64_t(i))) + 1];
  std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
  auto next = begin_;
  for (size_t i = 0; i < owner.size(); ++i) rows_[next[owner[i]]++] = uint32_t(i);
}

rows_of_owners::rows_of_owners(const column& keys, uint32_t owners) : begin_(owners + 1), rows_(size_t(keys.length)) {
  if (keys.length > UINT32_MAX) throw failure{errc::value, "a batch of " + std::to_string(keys.length) + " rows"};
  if (keys.type == column_type::int64) route([&](int64_t i) { return owner_of(key_hash(keys.int64(i)), owners); });
  else route([&](int64_t i) { return owner_of(key_hash(keys.bytes(i)), owners); });
}

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
  rows_of_owners dealt{keys, owners};
  std::vector<column_batch> parts;
  for (uint32_t q = 0; q < owners; ++q) parts.push_back(gather(rows, dealt.of(q)));
  return parts;
}

}  // namespace gli
