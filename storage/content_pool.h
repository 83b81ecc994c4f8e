#pragma once
// Content-addressed pages in an ordered store: equal content is stored once. storage/FORMAT.md.
//
// Threads: a pool is for any thread; a batch for one.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/hash.h"
#include "storage/ordered_store.h"

namespace gli::storage {

class content_pool {
 public:
  explicit content_pool(std::shared_ptr<ordered_store> store);

  bool has(const hash128& h) const;
  /// The bytes, rehashed. failure{corrupt} names the page when they do not match or are missing.
  byte_buffer get(const hash128& h) const;

  /// The pool as it was when this was made, for as long as it lives: what gc() removes meanwhile stays. Threads: any.
  class snapshot {
   public:
    explicit snapshot(const content_pool& pool) : store_{pool.store_}, pages_{pool.store_->read()} {}
    bool has(const hash128& h) const;
    byte_buffer get(const hash128& h) const;  // as content_pool::get
    /// The same, written to the place that room(bytes), which is called once, has for them. What is there was hashed there.
    void get(const hash128& h, const std::function<uint8_t*(size_t bytes)>& room) const;
    reader& transaction() const { return *pages_; }

   private:
    std::shared_ptr<ordered_store> store_;
    std::unique_ptr<reader> pages_;
  };

  /// One transaction of new pages: put() collects (copies), commit() writes and syncs all or nothing and leaves the batch empty; a
  /// commit that threw leaves the batch as it was, so that it can be tried again. Equal pages are written once; a stored page that
  /// was damaged is healed.
  class batch {
   public:
    explicit batch(content_pool& pool) : pool_{pool} {}
    bool has(const hash128& h);
    void put(const hash128& h, std::span<const uint8_t> bytes);
    /// `roots`: the pages that a commit is going to name; gc() leaves what they lead to alone until it does (storage/FORMAT.md, "Garbage").
    /// failure{conflict} when gc() removed meanwhile a page that has() found.
    void commit(std::span<const hash128> roots = {});
    uint64_t pages() const { return pages_.size(); }
    uint64_t bytes() const { return bytes_; }

   private:
    friend content_pool;
    bool try_commit(std::span<const hash128> roots);  // false when gc() removed what has() found

    content_pool& pool_;
    std::unique_ptr<snapshot> there_;  // what has() looks at, from its first call to the commit
    std::unordered_map<hash128, byte_buffer, hash128_hasher> pages_;
    std::unordered_set<hash128, hash128_hasher> found_;
    uint64_t bytes_ = 0;
  };

  /// What most callers need: build(batch) puts pages and returns their roots, which are then committed; anew when gc() removed meanwhile a page
  /// that it found there.
  void store(const std::function<std::vector<hash128>(batch&)>& build);
  ordered_store& environment() const { return *store_; }

  /// Of all pages that are there now.
  std::vector<hash128> hashes() const;

  struct statistics { uint64_t pages = 0, bytes = 0; };
  statistics stats() const;
  /// Rereads and rehashes every page; calls damaged(hash, reason) for each that does not hold. Returns how many were read. Throws
  /// failure{corrupt} when the store's own structure does not hold.
  uint64_t verify(const std::function<void(const std::string& page, const std::string& reason)>& damaged) const;

 private:
  std::shared_ptr<ordered_store> store_;
};

}  // namespace gli::storage
