#include "coordinator/jobs.h"

#include <algorithm>

namespace gli {

namespace {
bool takes_part(const std::vector<uint32_t>& partitions, uint32_t p) { return std::find(partitions.begin(), partitions.end(), p) != partitions.end(); }
}  // namespace

jobs::actions jobs::submit(uint64_t id, std::vector<uint32_t> partitions, uint64_t owner) {
  auto& queue = queues_[owner];
  if (queue.empty() && owner != own) turns_.push_back(owner);
  queue.push_back({id, std::move(partitions), {}, {}});
  actions out;
  start_next(out);
  return out;
}

size_t jobs::waiting() const {
  size_t count = running_ ? 1 : 0;
  for (auto& [owner, queue] : queues_) count += queue.size();
  return count;
}

void jobs::start_next(actions& out) {
  if (running_ || queues_.empty()) return;
  running_ = take_next();
  out.push_back(start{running_->id, running_->partitions});
}

/// An owner who has more goes to the end of the line.
jobs::entry jobs::take_next() {
  auto found = queues_.find(own);
  if (found == queues_.end()) {
    found = queues_.find(turns_.front());
    turns_.pop_front();
    if (found->second.size() > 1) turns_.push_back(found->first);
  }
  auto next = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) queues_.erase(found);
  return next;
}

void jobs::remove_if(const std::function<bool(const entry&)>& unwanted) {
  for (auto& [owner, queue] : queues_) std::erase_if(queue, unwanted);
  std::erase_if(queues_, [](auto& q) { return q.second.empty(); });
  std::erase_if(turns_, [this](uint64_t owner) { return !queues_.contains(owner); });
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
  for (auto& [owner, queue] : queues_)
    for (auto& e : queue)
      if (needs(e)) out.push_back(finish{e.id, failure_note{errc::worker_lost, why}});
  remove_if(needs);
  if (running_ && needs(*running_))
    for (auto& a : end_running({errc::worker_lost, why})) out.push_back(std::move(a));
  return out;
}

jobs::actions jobs::cancelled(uint64_t id, const std::string& why) {
  if (is_running(id)) return end_running({errc::cancelled, why});
  auto before = waiting();
  remove_if([&](const entry& e) { return e.id == id; });
  if (waiting() == before) return {};
  return {finish{id, failure_note{errc::cancelled, why}}};
}

jobs::actions jobs::end_running(failure_note why) {
  actions out{abort{running_->id, running_->partitions, why}, finish{running_->id, std::move(why)}};
  running_.reset();
  start_next(out);
  return out;
}

}  // namespace gli
