#include "partitions/page.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace gli {

namespace {
constexpr std::align_val_t page_alignment{64};
enum hash_state { absent = 0, computing = 1, known = 2 };
}  // namespace

void page::free_aligned::operator()(std::byte* p) const { ::operator delete(p, page_alignment); }

page::page(size_t bytes, unwritten) : words_{static_cast<std::byte*>(::operator new(std::max<size_t>(bytes, 1), page_alignment))}, size_{bytes} {}

page::page(size_t bytes) : page{bytes, unwritten{}} { std::memset(words_.get(), 0, bytes); }

const hash128& page::hash() const {
  if (hashed_.load(std::memory_order_acquire) == known) return hash_;
  int expected = absent;
  if (hashed_.compare_exchange_strong(expected, computing, std::memory_order_acquire)) {
    hash_ = content_hash(bytes());
    hashed_.store(known, std::memory_order_release);
    hashed_.notify_all();
  } else {
    hashed_.wait(computing, std::memory_order_acquire);
  }
  return hash_;
}

}  // namespace gli
