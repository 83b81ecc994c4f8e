#include "coordinator/jobs.h"

#include <algorithm>

namespace gli {

namespace {
bool takes_part(const std::vector<uint32_t>& partitions, uint32_t p) { return std::find(partitions.begin(), partitions.end(), p) != partitions.end(); }
}  // namespace

jobs::actions jobs::submit(uint64_t id, std::vector<uint32_t> partitions) {
  queue_.push_back({id, std::move(partitions), {}, {}});
  actions out;
  start_next(out);
  return out;
}

void jobs::start_next(actions& out) {
  if (running_ || queue_.empty()) return;
  running_ = std::move(queue_.front());
  queue_.pop_front();
  out.push_back(start{running_->id, running_->partitions});
}

jobs::actions jobs::finished(uint64_t id, uint32_t partition, job_result result) {
  if (!is_running(id) || !takes_part(running_->partitions, partition)) return {};
  running_->results[partition] = std::move(result);
  if (running_->results.size() < running_->partitions.size()) return {};
  std::vector<job_result> results;
  for (auto& [p, r] : running_->results) results.push_back(std::move(r));
  running_.reset();
  actions out{finish{id, std::move(results)}};
  start_next(out);
  return out;
}

jobs::actions jobs::failed(uint64_t id, uint32_t partition, failure_note why) {
  if (!is_running(id) || !takes_part(running_->partitions, partition)) return {};
  if (why.code != errc::worker_lost) return end_running(std::move(why));
  if (running_->suspicion) return {};
  running_->suspicion = std::move(why);
  return {await_death{id}};
}

jobs::actions jobs::grace_over(uint64_t id) {
  if (!is_running(id) || !running_->suspicion) return {};
  return end_running(*running_->suspicion);
}

jobs::actions jobs::worker_lost(uint32_t partition, const std::string& why) {
  actions out;
  auto needs = [&](const entry& e) { return takes_part(e.partitions, partition); };
  for (auto& e : queue_)
    if (needs(e)) out.push_back(finish{e.id, failure_note{errc::worker_lost, why}});
  std::erase_if(queue_, needs);
  if (running_ && needs(*running_))
    for (auto& a : end_running({errc::worker_lost, why})) out.push_back(std::move(a));
  return out;
}

jobs::actions jobs::cancelled(uint64_t id, const std::string& why) {
  if (is_running(id)) return end_running({errc::cancelled, why});
  auto found = std::find_if(queue_.begin(), queue_.end(), [&](const entry& e) { return e.id == id; });
  if (found == queue_.end()) return {};
  queue_.erase(found);
  return {finish{id, failure_note{errc::cancelled, why}}};
}

jobs::actions jobs::end_running(failure_note why) {
  actions out{abort{running_->id, running_->partitions, why}, finish{running_->id, std::move(why)}};
  running_.reset();
  start_next(out);
  return out;
}

}  // namespace gli
