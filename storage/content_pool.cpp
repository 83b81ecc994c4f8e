#include "storage/content_pool.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "runtime/error.h"
#include "storage/clock.h"
#include "storage/keys.h"
#include "storage/page_rows.h"
#include "storage/pending.h"

namespace gli::storage {
namespace {

[[noreturn]] void fail_page(const ordered_store& store, const hash128& h, const char* reason) {
  throw failure{errc::corrupt, store.name() + ": page " + to_hex(h) + " " + reason};
}

}  // namespace

content_pool::content_pool(std::shared_ptr<ordered_store> store) : store_{std::move(store)} {}

bool content_pool::has(const hash128& h) const { return snapshot{*this}.has(h); }
byte_buffer content_pool::get(const hash128& h) const { return snapshot{*this}.get(h); }

bool content_pool::snapshot::has(const hash128& h) const { return has_page(*pages_, h); }

byte_buffer content_pool::snapshot::get(const hash128& h) const {
  byte_buffer page;
  get(h, [&](size_t bytes) {
    page.resize(bytes);
    return page.data();
  });
  return page;
}

void content_pool::snapshot::get(const hash128& h, const std::function<uint8_t*(size_t bytes)>& room) const {
  auto stored = find_page(*pages_, h);
  if (!stored) fail_page(*store_, h, "is missing");
  byte_buffer unpacked;
  auto bytes = stored->row;
  if (stored->is_packed) bytes = unpacked = stored->bytes(store_->name());
  auto to = room(bytes.size());
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  if (content_hash({to, bytes.size()}) != h) fail_page(*store_, h, "does not match its hash");
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
    if (!has_page(*transaction, hash)) return false;
  for (auto& hash : order) write_page(*transaction, hash, pages_.at(hash));
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

std::vector<hash128> content_pool::hashes() const {
  std::vector<hash128> all;
  for_each_page(*store_->read(), store_->name(), [&](const stored_page& page) { all.push_back(page.hash); });
  return all;
}

content_pool::statistics content_pool::stats() const {
  statistics total;
  for_each_page(*store_->read(), store_->name(), [&](const stored_page& page) {
    ++total.pages;
    total.bytes += page.size();
  });
  return total;
}

uint64_t content_pool::verify(const std::function<void(const std::string&, const std::string&)>& damaged) const {
  store_->check();
  uint64_t pages = 0;
  auto look = [&](const stored_page& page) {
    ++pages;
    auto name = "page " + to_hex(page.hash);
    try {
      if (content_hash(page.bytes("")) != page.hash) damaged(name, "does not match its hash");
    } catch (const failure& f) {
      if (f.code() != errc::corrupt) throw;
      damaged(name, std::string{f.what()}.substr(name.size() + 1));
    }
  };
  for_each_page(*store_->read(), store_->name(), look, [&](bytes_view key) {
    ++pages;
    damaged("page with a key of " + std::to_string(key.size()) + " bytes", "is no page");
  });
  return pages;
}

}  // namespace gli::storage
