#pragma once
// Items of a graph by the page that they are on: the first digit of a sort, after which each page is sorted by itself.

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace gli {

/// Items in the order of their pages, of one page in the order in which they were given.
template <class T>
struct items_by_page {
  struct run { size_t page; std::span<T> items; };
  std::unique_ptr<T[]> items;
  std::vector<run> runs;  // of pages with any; ascending
};

/// page_of(item) < pages. O(items + pages).
template <class T, class PageOf>
items_by_page<T> group_by_page(std::span<const T> items, size_t pages, PageOf&& page_of) {
  items_by_page<T> to{std::make_unique_for_overwrite<T[]>(items.size()), {}};
  if (items.empty()) return to;
  std::vector<size_t> next(pages);
  for (auto& i : items) ++next[size_t(page_of(i))];
  size_t begin = 0;
  for (size_t p = 0; p < pages; ++p) {
    auto count = std::exchange(next[p], begin);
    if (count) to.runs.push_back({p, {to.items.get() + begin, count}});
    begin += count;
  }
  for (auto& i : items) to.items[next[size_t(page_of(i))]++] = i;
  return to;
}

}  // namespace gli
