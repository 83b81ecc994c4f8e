#pragma once
// Content-addressed pages in an ordered store: equal content is stored once. storage/FORMAT.md.
//
// Threads: a pool is for any thread; a batch for one.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
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

  /// One transaction of new pages: put() collects (copies), commit() writes and syncs all or nothing and leaves the batch empty; a
  /// commit that threw leaves the batch as it was, so that it can be tried again. Equal pages are written once; a stored page that
  /// was damaged is healed.
  class batch {
   public:
    explicit batch(content_pool& pool) : pool_{pool} {}
    bool has(const hash128& h) const;
    void put(const hash128& h, std::span<const uint8_t> bytes);
    void commit();
    uint64_t pages() const { return pages_.size(); }
    uint64_t bytes() const { return bytes_; }

   private:
    content_pool& pool_;
    std::unordered_map<hash128, byte_buffer, hash128_hasher> pages_;
    uint64_t bytes_ = 0;
  };

  struct statistics { uint64_t pages = 0, bytes = 0; };
  statistics stats() const;
  /// Rereads and rehashes every page; calls damaged(hash, reason) for each that does not hold. Returns how many were read. Throws
  /// failure{corrupt} when the store's own structure does not hold.
  uint64_t verify(const std::function<void(const std::string& page, const std::string& reason)>& damaged) const;

 private:
  std::shared_ptr<ordered_store> store_;
};

}  // namespace gli::storage
