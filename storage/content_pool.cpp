#include "storage/content_pool.h"

#include <algorithm>
#include <cassert>

#include "runtime/error.h"
#include "storage/keys.h"

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

bool content_pool::has(const hash128& h) const { return store_->read()->get(table::pages, key_of(h)).has_value(); }

byte_buffer content_pool::get(const hash128& h) const {
  auto transaction = store_->read();
  auto stored = transaction->get(table::pages, key_of(h));
  if (!stored) fail_page(*store_, h, "is missing");
  byte_buffer bytes(stored->begin(), stored->end());
  if (content_hash(bytes) != h) fail_page(*store_, h, "does not match its hash");
  return bytes;
}

bool content_pool::batch::has(const hash128& h) const { return pages_.contains(h) || pool_.has(h); }

void content_pool::batch::put(const hash128& h, std::span<const uint8_t> bytes) {
  assert(content_hash(bytes) == h);
  if (pages_.try_emplace(h, bytes.begin(), bytes.end()).second) bytes_ += bytes.size();
}

/// In key order, so that neighbors in the table are written together. What is there and differs is damaged: written anew.
void content_pool::batch::commit() {
  if (pages_.empty()) return;
  std::vector<hash128> order;
  order.reserve(pages_.size());
  for (auto& [hash, bytes] : pages_) order.push_back(hash);
  std::ranges::sort(order);
  auto transaction = pool_.store_->write();
  for (auto& hash : order) {
    auto& bytes = pages_.at(hash);
    auto key = key_of(hash);
    auto stored = transaction->get(table::pages, key);
    if (!stored || !same(*stored, bytes)) transaction->put(table::pages, key, bytes);
  }
  transaction->commit();
  pages_.clear();
  bytes_ = 0;
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
