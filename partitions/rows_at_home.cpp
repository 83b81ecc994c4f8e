#include "partitions/rows_at_home.h"

#include <algorithm>
#include <span>

#include "partitions/array_message.h"
#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/rows.h"
#include "partitions/together.h"
#include "partitions/values.h"
#include "runtime/batches.h"
#include "runtime/codec.h"

namespace gli {

namespace {

column_batch one_column(column c) {
  auto rows = c.length;
  return {rows, {std::move(c)}};
}

/// The only column of what was sent, of so many rows.
column only_column(const byte_buffer& message, size_t rows) {
  auto batch = decode_batch(message);
  if (batch.columns.size() != 1 || size_t(batch.rows) != rows) throw failure{errc::protocol, "a partition sent values of other nodes than these"};
  return std::move(batch.columns[0]);
}

column joined(const std::vector<column>& parts, const column& like) {
  column_builder out{like.name, like.type};
  for (auto& c : parts) {
    if (c.type != like.type) throw failure{errc::protocol, "partitions' values are of different types"};
    out.append_rows(c, 0, c.length);
  }
  return out.finish();
}

}  // namespace

rows_at_home::rows_at_home(const graph& of, communicator& all) : of_{of}, all_{all}, begin_(all.size() + 1), place_(all.size()) {
  std::vector<byte_buffer> outgoing(all.size());
  std::vector<std::vector<hash128>> hashes(all.size());
  for (auto v : nodes_by_hash(of)) {
    own_.push_back(uint32_t(v));
    hashes[owner_of(of->keys->hash_of(v), all.size())].push_back(of->keys->hash_of(v));
  }
  for (uint32_t q = 0; q < all.size(); ++q) {
    begin_[q + 1] = begin_[q] + hashes[q].size();
    put_array(outgoing[q], hashes[q]);
  }
  auto told = all.all_to_all(std::move(outgoing));
  together(all, [&] {
    struct row { hash128 key; uint32_t owner, at; };
    std::vector<row> rows;
    for (uint32_t q = 0; q < all.size(); ++q)
      for (auto& h : array_reader{told[q]}.get<hash128>()) {
        rows.push_back({h, q, uint32_t(place_[q].size())});
        place_[q].push_back(0);
      }
    std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.key < b.key; });
    for (uint32_t i = 0; i < rows.size(); ++i) place_[rows[i].owner][rows[i].at] = i;
    count_ = rows.size();
  });
}

column rows_at_home::bring(const column& by_id) const {
  std::vector<byte_buffer> outgoing(all_.size());
  for (uint32_t q = 0; q < all_.size(); ++q) outgoing[q] = encode(one_column(gather(by_id, std::span{own_}.subspan(begin_[q], begin_[q + 1] - begin_[q]))));
  auto told = all_.all_to_all(std::move(outgoing));
  column made;
  together(all_, [&] {
    std::vector<column> parts;
    std::vector<uint32_t> from(count_);
    uint32_t next = 0;
    for (uint32_t q = 0; q < all_.size(); ++q) {
      parts.push_back(only_column(told[q], place_[q].size()));
      for (auto place : place_[q]) from[place] = next++;
    }
    made = gather(joined(parts, by_id), from);
  });
  return made;
}

column rows_at_home::send_back(const column& rows) const {
  std::vector<byte_buffer> outgoing(all_.size());
  for (uint32_t q = 0; q < all_.size(); ++q) outgoing[q] = encode(one_column(gather(rows, place_[q])));
  auto told = all_.all_to_all(std::move(outgoing));
  column made;
  together(all_, [&] {
    std::vector<column> parts;
    for (uint32_t q = 0; q < all_.size(); ++q) parts.push_back(only_column(told[q], begin_[q + 1] - begin_[q]));
    made = values_by_id(joined(parts, rows), of_);
  });
  return made;
}

}  // namespace gli
