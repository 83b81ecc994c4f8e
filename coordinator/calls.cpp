#include "coordinator/calls.h"

#include <algorithm>
#include <utility>

namespace gli {

void calls::asked(uint64_t id, std::string what, std::string driver, time now) {
  auto& info = all_[id].info;
  info.id = id;
  info.what = std::move(what);
  info.driver = std::move(driver);
  info.since = now;
}

void calls::started(uint64_t id, time now) {
  if (auto found = all_.find(id); found != all_.end()) found->second.info.started = now;
}

void calls::progressed(uint64_t id, uint32_t partition, const progress_note& how_far) {
  auto found = all_.find(id);
  if (found == all_.end()) return;
  sent(id, partition, how_far.bytes);
  if (partition != 0) return;
  auto& info = found->second.info;
  info.step = how_far.what;
  info.done = how_far.done;
  info.total = how_far.total;
  info.detail = how_far.detail;
}

void calls::sent(uint64_t id, uint32_t partition, uint64_t bytes) {
  auto found = all_.find(id);
  if (found == all_.end()) return;
  auto before = std::exchange(found->second.sent[partition], bytes);
  found->second.info.bytes += bytes - before;
}

std::optional<call_info> calls::ended(uint64_t id) {
  auto node = all_.extract(id);
  return node ? std::optional{std::move(node.mapped().info)} : std::nullopt;
}

const call_info* calls::find(uint64_t id) const {
  auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second.info;
}

std::vector<call_info> calls::report() const {
  std::vector<call_info> list;
  for (auto& [id, e] : all_) list.push_back(e.info);
  std::stable_partition(list.begin(), list.end(), [](const call_info& c) { return c.started != 0; });
  return list;
}

size_t calls::running() const {
  return size_t(std::count_if(all_.begin(), all_.end(), [](auto& e) { return e.second.info.started != 0; }));
}

}  // namespace gli
