// Results that are kept beside the commits of their graphs.
#include <algorithm>

#include "runtime/error.h"
#include "storage/manifest.h"

namespace gli::storage {

std::optional<kept_result> graph_store::find_result(const hash128& graph_id, const result_info& info) const {
  auto manifest = state_->manifest->read();
  auto key = key_of(graph_id, info);
  auto record = manifest->get(table::results, key);
  return record ? std::optional{decode_result(*record, key)} : std::nullopt;
}

std::vector<kept_result> graph_store::results_of(const hash128& graph_id) const {
  std::vector<kept_result> all;
  auto first = key_of(graph_id);
  state_->manifest->read()->scan(table::results, first, [&](bytes_view key, bytes_view record) {
    if (key.size() < first.size() || !std::ranges::equal(key.first(first.size()), first)) return false;
    all.push_back(decode_result(record, key));
    return true;
  });
  std::ranges::sort(all, {}, &kept_result::time);
  return all;
}

void graph_store::keep_result(const hash128& commit, stored_result result) {
  auto w = state_->manifest->write();
  if (!w->get(table::commits, key_of(commit))) throw failure{errc::key, "no commit " + to_hex(commit)};
  kept_result kept{read_commit(*w, commit).graph_id, std::move(result), microseconds_now()};
  w->put(table::results, key_of(kept.graph_id, kept.result.info), encode(kept));
  auto held = state_->hold_roots({{}, {}, 0, {kept.result.roots}});
  w->commit();
}

}  // namespace gli::storage
