#include "storage/content_pool.h"

#include <algorithm>
#include <cassert>

#include "runtime/error.h"
#include "storage/clock.h"
#include "storage/keys.h"
#include "storage/pending.h"

namespace gli::storage {
namespace {

std::string page_name(bytes_view key) {
  return "page " + (key.size() == 16 ? to_hex(hash_of(key)) : "with a key of " + std::to_string(key.size()) + " bytes");
}

[[noreturn]] void fail_page(const ordered_store& store, const hash128& h, const char* reason) {
  throw failure{errc::corrupt, store.name() + ": page " + to_hex(h) + " " + reason};
}

bool same(bytes_view a, bytes_view b) { return std::ranges::equal(a, b); }

}  // namespace

content_pool::content_pool(std::shared_ptr<ordered_store> store) : store_{std::move(store)} {}

bool content_pool::has(const hash128& h) const { return snapshot{*this}.has(h); }
byte_buffer content_pool::get(const hash128& h) const { return snapshot{*this}.get(h); }

bool content_pool::snapshot::has(const hash128& h) const { return pages_->get(table::pages, key_of(h)).has_value(); }

byte_buffer content_pool::snapshot::get(const hash128& h) const {
  auto stored = pages_->get(table::pages, key_of(h));
  if (!stored) fail_page(*store_, h, "is missing");
  byte_buffer bytes(stored->begin(), stored->end());
  if (content_hash(bytes) != h) fail_page(*store_, h, "does not match its hash");
  return bytes;
}

bool content_pool::batch::has(const hash128& h) {
  if (pages_.contains(h)) return true;
  if (!there_) there_ = std::make_unique<snapshot>(pool_);
  if (!there_->has(h)) return false;
  found_.insert(h);
  return true;
}

void content_pool::batch::put(const hash128& h, std::span<const uint8_t> bytes) {
  assert(content_hash(bytes) == h);
  if (pages_.try_emplace(h, bytes.begin(), bytes.end()).second) bytes_ += bytes.size();
}

void content_pool::batch::commit(std::span<const hash128> roots) {
  if (!try_commit(roots))
    throw failure{errc::conflict, pool_.store_->name() + ": gc() removed pages that these stand on: write them again"};
}

/// In key order, so that neighbors in the table are written together. What is there and differs is damaged: written anew.
bool content_pool::batch::try_commit(std::span<const hash128> roots) {
  there_.reset();
  if (pages_.empty() && found_.empty()) return true;
  std::vector<hash128> order;
  order.reserve(pages_.size());
  for (auto& [hash, bytes] : pages_) order.push_back(hash);
  std::ranges::sort(order);
  auto transaction = pool_.store_->write();
  for (auto& hash : found_)
    if (!transaction->get(table::pages, key_of(hash))) return false;
  for (auto& hash : order) {
    auto& bytes = pages_.at(hash);
    auto key = key_of(hash);
    auto stored = transaction->get(table::pages, key);
    if (!stored || !same(*stored, bytes)) transaction->put(table::pages, key, bytes);
  }
  if (!roots.empty()) note_pending(*transaction, roots, microseconds_now());
  transaction->commit();
  pages_.clear();
  found_.clear();
  bytes_ = 0;
  return true;
}

void content_pool::store(const std::function<std::vector<hash128>(batch&)>& build) {
  for (;;) {
    batch pages{*this};
    auto roots = build(pages);
    if (pages.try_commit(roots)) return;
  }
}

content_pool::statistics content_pool::stats() const {
  statistics total;
  store_->read()->scan(table::pages, {}, [&](bytes_view, bytes_view bytes) {
    ++total.pages;
    total.bytes += bytes.size();
    return true;
  });
  return total;
}

uint64_t content_pool::verify(const std::function<void(const std::string&, const std::string&)>& damaged) const {
  store_->check();
  uint64_t pages = 0;
  store_->read()->scan(table::pages, {}, [&](bytes_view key, bytes_view bytes) {
    ++pages;
    if (key.size() != 16)
      damaged(page_name(key), "is no page");
    else if (content_hash(bytes) != hash_of(key))
      damaged(page_name(key), "does not match its hash");
    return true;
  });
  return pages;
}

}  // namespace gli::storage
