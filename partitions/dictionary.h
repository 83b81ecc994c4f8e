#pragma once
// Keys ↔ dense ids 0, 1, 2 … of one key type. Append-only.
//
// Threads: building is for one thread; a shared dictionary is read by any number, lock-free, while intern_shared() appends from any thread. All
// versions and branches of a graph share one: what find() gives may be an id that another version made, and is then absent in this one.
// Keys and hashes never move.

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "partitions/page.h"
#include "runtime/hash.h"
#include "runtime/value.h"

namespace gli {

class dictionary {
 public:
  static constexpr int32_t default_limit = INT32_MAX;  // ids; failure{memory} beyond
  explicit dictionary(key_type type, int32_t limit = default_limit);
  ~dictionary();

  key_type type() const;
  int32_t size() const;
  std::optional<int32_t> find(int64_t k) const;
  std::optional<int32_t> find(std::string_view k) const;
  std::optional<int32_t> find(const hash128& h) const;
  int32_t find(int64_t k, const hash128& h) const;           // with h = key_hash(k) at hand, of a dictionary of that type; -1: absent
  int32_t find(std::string_view k, const hash128& h) const;
  int64_t int_key(int32_t id) const;
  std::string_view text_key(int32_t id) const;  // valid as long as the dictionary
  key key_of(int32_t id) const;
  const hash128& hash_of(int32_t id) const;

  /// The id, new or old, and whether it is new.
  std::pair<int32_t, bool> intern(int64_t k);
  std::pair<int32_t, bool> intern(std::string_view k);

  /// The same with h = key_hash(k) at hand, and the fetch of what they will read first.
  std::pair<int32_t, bool> intern(int64_t k, const hash128& h);
  std::pair<int32_t, bool> intern(std::string_view k, const hash128& h);
  /// Interns one after the other keys that it does not know, as long as they are new; how many were. For the thread that builds.
  int32_t intern_new(std::span<const int64_t> keys);
  void prefetch(const hash128& h) const;
  void prefetch_text(const hash128& h) const;    // the next step, of text keys, while nobody appends
  void prefetch_shared(const hash128& h) const;  // as prefetch, while other threads append
  void prefetch_key(int32_t id) const;           // and its hash

  void reserve(int32_t ids);  // room in the index, so that interning up to `ids` keys does not rebuild it

  /// Gives each key a new id: that of `id` is new_id[id], each of 0 … size() - 1 once. For the thread that builds.
  void renumber(std::span<const int32_t> new_id);

  /// The id of a key, new or old, in a dictionary that versions share.
  int32_t intern_shared(int64_t k);
  int32_t intern_shared(std::string_view k);

  uint64_t memory_bytes() const;

 private:
  template <class Key> int32_t intern_locked(const Key& k);
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace gli
