#pragma once
// Rows of a batch as a loader takes them. Inside of loader*.cpp only.

#include <cstdint>
#include <string>
#include <string_view>

#include "partitions/loader_state.h"
#include "runtime/error.h"
#include "runtime/value.h"

namespace gli {

constexpr int64_t rows_at_once = 256;  // whose hashes are computed, and index entries fetched, before they are interned

/// A key column as its type.
struct int_keys {
  const column& c;
  int64_t operator[](int64_t i) const { return c.int64(i); }
};
struct text_keys {
  const column& c;
  std::string_view operator[](int64_t i) const { return c.bytes(i); }
};

/// The input row of each row of a batch.
class row_numbers {
 public:
  row_numbers(const column_batch& batch, uint64_t next);
  /// Null when they are next, next + 1, …
  const int64_t* given() const { return seq_ ? reinterpret_cast<const int64_t*>(seq_->values.data()) : nullptr; }
  bool in_order() const { return in_order_; }
  bool ascend() const { return ascend_; }  // and no two are the same
  uint64_t operator[](int64_t i) const { return seq_ ? uint64_t(seq_->int64(i)) : next_ + uint64_t(i); }

 private:
  const column* seq_;
  uint64_t next_;
  bool in_order_ = true, ascend_ = true;
};

/// Where a batch's edges go in a chunk that has room for them.
struct edge_slots { int32_t *from, *to; };

inline bool is_own(const load_options& o, const hash128& h) {
  return o.partitions == 1 || (o.owners ? o.owner(h) : owner_of(h, o.partitions)) == o.partition;
}

inline void check_owned(const load_options& o, const hash128& h) {
  if (!is_own(o, h)) throw failure{errc::protocol, "a row of partition " + std::to_string(o.owner(h)) + " came to partition " +
                                                       std::to_string(o.partition)};
}

template <class Key>
int32_t note_target(graph_loader::state& s, const Key& k, const hash128& h, uint64_t place) {
  return is_own(s.options, h) ? s.own->note(k, h, place) : ~s.remote->note(k, h, place);
}

/// Whether an undirected edge must be turned so that its smaller key is the source: only in a whole graph.
template <class Key>
bool is_turned(const graph_loader::state& s, const Key& source, const Key& target) {
  if (s.options.kind.directed || !(target < source)) return false;
  if (s.options.partitions > 1) throw failure{errc::protocol, "an undirected edge came with its larger key as source"};
  return true;
}

/// Rows of a batch of edges between int64 keys to ids.
void take_edges(graph_loader::state& s, const int_keys& sources, const int_keys& targets, const row_numbers& rows, int64_t count, edge_slots to);

}  // namespace gli
