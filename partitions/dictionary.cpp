#include "partitions/dictionary.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <mutex>

#include "partitions/growing_array.h"
#include "partitions/huge_array.h"
#include "runtime/error.h"

namespace gli {

namespace {

/// Where texts lie: chunks that never move. Each text is preceded by its length, u64.
class text_arena {
 public:
  const char* append(std::string_view text) {
    auto bytes = sizeof(uint64_t) + text.size();
    if (bytes > left_) grow(bytes);
    uint64_t length = text.size();
    auto at = next_;
    std::memcpy(at, &length, sizeof length);
    std::copy(text.begin(), text.end(), at + sizeof length);
    next_ += bytes;
    left_ -= bytes;
    return at;
  }
  static std::string_view read(const char* at) {
    uint64_t length;
    std::memcpy(&length, at, sizeof length);
    return {at + sizeof length, length};
  }
  uint64_t memory_bytes() const { return total_.load(std::memory_order_relaxed); }  // any thread

 private:
  void grow(size_t needed) {
    auto bytes = std::max<size_t>(needed, std::clamp<size_t>(memory_bytes(), 4096, 1 << 20));
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    next_ = chunks_.back().get();
    left_ = bytes;
    total_.fetch_add(bytes, std::memory_order_relaxed);
  }
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t left_ = 0;
  std::atomic<uint64_t> total_{0};
};

/// Open addressing by the hash's low bits. A slot is an entry, (hash's upper 32 of the low half) << 32 | id + 1, and beside it the key: the int, or where
/// the text lies. An entry of 0 is free. At most half full.
struct index_table {
  struct one { std::atomic<uint64_t> entry{0}, key; };
  explicit index_table(size_t slots) : mask{slots - 1}, slot{slots} {}
  size_t mask;
  zeroed_array<one> slot;

  static uint64_t entry(const hash128& h, int32_t id) { return (h.low & 0xffffffff00000000) | (uint32_t(id) + 1u); }
  /// The id at the first entry of h's probe sequence for which same(id, key) holds, or -1.
  template <class Same>
  int32_t find(const hash128& h, Same&& same) const {
    for (size_t i = h.low & mask;; i = (i + 1) & mask) {
      auto e = slot[i].entry.load(std::memory_order_acquire);
      if (!e) return -1;
      if ((e ^ h.low) >> 32) continue;
      auto id = int32_t(uint32_t(e) - 1);
      if (same(id, slot[i].key.load(std::memory_order_relaxed))) return id;
    }
  }
  void insert(const hash128& h, int32_t id, uint64_t key) {
    auto i = h.low & mask;
    while (slot[i].entry.load(std::memory_order_relaxed)) i = (i + 1) & mask;
    put(i, h, id, key);
  }
  /// Whether the key was new.
  bool insert_new(const hash128& h, int32_t id, uint64_t key) {
    auto i = h.low & mask;
    for (; auto e = slot[i].entry.load(std::memory_order_relaxed); i = (i + 1) & mask)
      if (!((e ^ h.low) >> 32) && slot[i].key.load(std::memory_order_relaxed) == key) return false;
    return put(i, h, id, key), true;
  }
  void renumber(std::span<const int32_t> new_id) {
    for (size_t i = 0; i <= mask; ++i)
      if (auto e = slot[i].entry.load(std::memory_order_relaxed))
        slot[i].entry.store((e & 0xffffffff00000000) | (uint32_t(new_id[uint32_t(e) - 1]) + 1u), std::memory_order_relaxed);
  }
  void put(size_t i, const hash128& h, int32_t id, uint64_t key) {
    slot[i].key.store(key, std::memory_order_relaxed);
    slot[i].entry.store(entry(h, id), std::memory_order_release);
  }
};

uint64_t word_of(int64_t k) { return uint64_t(k); }
uint64_t word_of(const char* text) { return reinterpret_cast<uint64_t>(text); }
std::string_view text_at(uint64_t word) { return text_arena::read(reinterpret_cast<const char*>(word)); }

/// Whether the key beside an entry is the one looked for.
auto same_key(int64_t k) {
  return [k](int32_t, uint64_t word) { return word == uint64_t(k); };
}
auto same_key(std::string_view k) {
  return [k](int32_t, uint64_t word) { return text_at(word) == k; };
}

key to_own(int64_t k) { return k; }
key to_own(std::string_view k) { return std::string{k}; }

template <class Key>
void must_take(key_type mine, key_type other, const Key& k) {
  if (mine == key_type::none) throw failure{errc::internal, "a dictionary without a key type takes no keys"};
  if (mine != other) check_key_type(mine, to_own(k));
}

std::optional<int32_t> found(int32_t id) { return id < 0 ? std::nullopt : std::optional{id}; }

}  // namespace

/// One appender; readers take no lock. An entry is published by the release store into its slot, a table by that into `index`; tables that
/// readers may still hold are kept until the dictionary dies.
struct dictionary::state {
  key_type type;
  int32_t limit;
  std::atomic<int32_t> size{0};
  growing_array<hash128> hashes;
  growing_array<int64_t> ints;
  growing_array<const char*> texts;
  text_arena arena;
  std::atomic<index_table*> index{nullptr};
  std::vector<std::unique_ptr<index_table>> tables;  // the last one is `index`
  std::atomic<uint64_t> table_bytes{0};              // of all of them
  std::mutex appending;       // of intern_shared
  bool shared = false;        // intern_shared was called: readers may be at work while it grows

  state(key_type t, int32_t most) : type{t}, limit{most} { use(std::make_unique<index_table>(16)); }

  void use(std::unique_ptr<index_table> table) {
    auto bytes = (table->mask + 1) * sizeof(index_table::one);
    if (!shared) {
      tables.clear();
      table_bytes = 0;
    }
    table_bytes += bytes;
    tables.push_back(std::move(table));
    index.store(tables.back().get(), std::memory_order_release);
  }

  void grow_index(int32_t ids) {
    auto slots = std::bit_ceil(size_t(ids) * 2);
    if (slots <= tables.back()->mask + 1) return;
    auto table = std::make_unique<index_table>(slots);
    auto known = size.load(std::memory_order_relaxed);
    for (int32_t id = 0; id < known; ++id) table->insert(hashes[id], id, type == key_type::int64 ? word_of(ints[id]) : word_of(texts[id]));
    use(std::move(table));
  }

  template <class T>
  void renumber(growing_array<T>& elements, std::span<const int32_t> new_id) {
    growing_array<T> renumbered;
    for (int32_t id = 0; id < int32_t(new_id.size()); ++id) renumbered.make_room(id);
    for (int32_t id = 0; id < int32_t(new_id.size()); ++id) renumbered[new_id[size_t(id)]] = elements[id];
    elements = std::move(renumbered);
  }

  [[noreturn]] void refuse_more() const { throw failure{errc::memory, "a partition holds at most " + std::to_string(limit) + " nodes"}; }

  template <class Same>
  int32_t find(const hash128& h, Same&& same) const {
    return index.load(std::memory_order_acquire)->find(h, same);
  }

  /// The new id of an absent key; write(id) stores the key itself and gives the word for its slot.
  template <class Write>
  int32_t append(const hash128& h, Write&& write) {
    auto id = size.load(std::memory_order_relaxed);
    if (id >= limit) refuse_more();
    if ((size_t(id) + 1) * 2 > tables.back()->mask + 1) grow_index(id + 1);
    hashes.make_room(id);
    hashes[id] = h;
    tables.back()->insert(h, id, write(id));
    size.store(id + 1, std::memory_order_release);
    return id;
  }
};

dictionary::dictionary(key_type type, int32_t limit) : state_{std::make_unique<state>(type, limit)} {}
dictionary::~dictionary() = default;

key_type dictionary::type() const { return state_->type; }
int32_t dictionary::size() const { return state_->size.load(std::memory_order_acquire); }

std::optional<int32_t> dictionary::find(int64_t k) const {
  if (state_->type != key_type::int64) return std::nullopt;
  return found(state_->find(key_hash(k), same_key(k)));
}

std::optional<int32_t> dictionary::find(std::string_view k) const {
  if (state_->type != key_type::utf8) return std::nullopt;
  return found(state_->find(key_hash(k), same_key(k)));
}

int32_t dictionary::find(int64_t k, const hash128& h) const { return state_->find(h, same_key(k)); }
int32_t dictionary::find(std::string_view k, const hash128& h) const { return state_->find(h, same_key(k)); }

std::optional<int32_t> dictionary::find(const hash128& h) const {
  return found(state_->find(h, [&](int32_t id, uint64_t) { return state_->hashes[id] == h; }));
}

int64_t dictionary::int_key(int32_t id) const { return state_->ints[id]; }
std::string_view dictionary::text_key(int32_t id) const { return text_arena::read(state_->texts[id]); }
const hash128& dictionary::hash_of(int32_t id) const { return state_->hashes[id]; }

key dictionary::key_of(int32_t id) const {
  if (state_->type == key_type::int64) return int_key(id);
  return std::string{text_key(id)};
}

std::pair<int32_t, bool> dictionary::intern(int64_t k) { return intern(k, key_hash(k)); }
std::pair<int32_t, bool> dictionary::intern(std::string_view k) { return intern(k, key_hash(k)); }

std::pair<int32_t, bool> dictionary::intern(int64_t k, const hash128& h) {
  auto& s = *state_;
  must_take(s.type, key_type::int64, k);
  auto id = s.find(h, same_key(k));
  if (id >= 0) return {id, false};
  return {s.append(h, [&](int32_t at) { s.ints.make_room(at); return word_of(s.ints[at] = k); }), true};
}

std::pair<int32_t, bool> dictionary::intern(std::string_view k, const hash128& h) {
  auto& s = *state_;
  must_take(s.type, key_type::utf8, k);
  auto id = s.find(h, same_key(k));
  if (id >= 0) return {id, false};
  return {s.append(h, [&](int32_t at) { s.texts.make_room(at); return word_of(s.texts[at] = s.arena.append(k)); }), true};
}

/// Hashes of some keys first, whose places are then on their way from memory.
int32_t dictionary::intern_new(std::span<const int64_t> keys) {
  constexpr size_t ahead = 32;
  auto& s = *state_;
  auto begin = s.size.load(std::memory_order_relaxed);
  if (keys.empty()) return 0;
  must_take(s.type, key_type::int64, keys[0]);
  if (keys.size() > size_t(s.limit - begin)) s.refuse_more();
  s.grow_index(begin + int32_t(keys.size()));
  auto& table = *s.tables.back();
  auto note = [&](size_t i) {
    auto id = begin + int32_t(i);
    s.hashes.make_room(id), s.ints.make_room(id);
    s.ints[id] = keys[i];
    __builtin_prefetch(&table.slot[(s.hashes[id] = key_hash(keys[i])).low & table.mask], 1);
  };
  for (size_t i = 0; i < std::min(ahead, keys.size()); ++i) note(i);
  size_t i = 0;
  for (; i < keys.size(); ++i) {
    if (i + ahead < keys.size()) note(i + ahead);
    auto id = begin + int32_t(i);
    if (!table.insert_new(s.hashes[id], id, word_of(keys[i]))) break;
  }
  s.size.store(begin + int32_t(i), std::memory_order_release);
  return int32_t(i);
}

void dictionary::prefetch(const hash128& h) const {
  auto& table = *state_->tables.back();
  __builtin_prefetch(&table.slot[h.low & table.mask]);
}

void dictionary::prefetch_text(const hash128& h) const {
  state_->tables.back()->find(h, [](int32_t, uint64_t word) {
    __builtin_prefetch(reinterpret_cast<const char*>(word));
    return true;
  });
}

void dictionary::prefetch_shared(const hash128& h) const {
  auto& table = *state_->index.load(std::memory_order_acquire);
  __builtin_prefetch(&table.slot[h.low & table.mask]);
}

void dictionary::prefetch_key(int32_t id) const {
  __builtin_prefetch(&state_->hashes[id]);
  if (state_->type == key_type::int64) __builtin_prefetch(&state_->ints[id]);
  else __builtin_prefetch(&state_->texts[id]);
}

void dictionary::reserve(int32_t ids) { state_->grow_index(ids); }

/// The index keeps its slots: only what they say is another.
void dictionary::renumber(std::span<const int32_t> new_id) {
  auto& s = *state_;
  s.renumber(s.hashes, new_id);
  if (s.type == key_type::int64) s.renumber(s.ints, new_id);
  else s.renumber(s.texts, new_id);
  s.tables.back()->renumber(new_id);
}

template <class Key>
int32_t dictionary::intern_locked(const Key& k) {
  if (auto known = find(k)) return *known;
  std::lock_guard lock{state_->appending};
  state_->shared = true;
  return intern(k).first;
}

int32_t dictionary::intern_shared(int64_t k) { return intern_locked(k); }
int32_t dictionary::intern_shared(std::string_view k) { return intern_locked(k); }

uint64_t dictionary::memory_bytes() const {
  auto& s = *state_;
  auto keys = size();
  auto key_bytes = s.type == key_type::int64 ? s.ints.memory_bytes(keys) : s.texts.memory_bytes(keys);
  return s.hashes.memory_bytes(keys) + key_bytes + s.arena.memory_bytes() + s.table_bytes;
}

}  // namespace gli
