#include "storage/space.h"

#include "storage/manifest.h"

namespace gli::storage {
namespace {

uint64_t rows_of(reader& manifest, std::string_view table) {
  uint64_t rows = 0;
  manifest.scan(table, {}, [&](bytes_view, bytes_view) { return ++rows, true; });
  return rows;
}

}  // namespace

/// The manifest is read before and after the pages are pinned: a commit that is there both times has its pages in the pinned state.
store_space graph_store::space(const root_format& roots) {
  store_space all;
  auto before = owners_in(*state_->manifest->read());
  std::vector<std::pair<uint32_t, content_pool::snapshot>> pinned;
  for (auto p : state_->partitions()) pinned.emplace_back(p, state_->pool(p));
  auto manifest = state_->manifest->read();
  all.commits = rows_of(*manifest, table::commits);
  all.branches = rows_of(*manifest, table::branches);
  all.tags = rows_of(*manifest, table::tags);
  all.reflog = rows_of(*manifest, table::reflog);
  all.manifest = state_->manifest->space();
  for (auto& [p, pages] : pinned) {
    auto& environment = state_->pool(p).environment();
    partition_space part{p, 0, 0, 0, environment.space()};
    for_each_page(pages.transaction(), environment.name(), [&](auto& page) { ++part.pages, part.bytes += page.size(); });
    page_walk walk{environment.name(), roots};
    auto was_there = [&](const hash128& id) { return before.contains(id); };
    for_each_owner(*manifest, was_there, [&, p = p, &pages = pages, &part = part](const page_owner& owner) {
      for (auto& root : roots_in(owner, p)) part.named_bytes += walk.mark(pages.transaction(), root);
    });
    all.partitions.push_back(part);
  }
  return all;
}

}  // namespace gli::storage
