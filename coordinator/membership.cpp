#include "coordinator/membership.h"

#include <algorithm>

namespace gli {

membership::actions membership::joined(const hello& greeting) {
  auto vacant = [&](uint32_t p) { return p < seats_.size() && !seats_[p].taken; };
  uint32_t p = greeting.partition;
  if (!vacant(p)) p = uint32_t(std::find_if(seats_.begin(), seats_.end(), [](const seat& s) { return !s.taken; }) - seats_.begin());
  if (!vacant(p)) return {refuse{"all " + std::to_string(seats_.size()) + " partitions have workers"}};
  auto worker = next_worker_++;
  seats_[p] = seat{{worker, p, greeting.pid, greeting.host, greeting.address, "starting", ""}, greeting.log, true, true, false, true};
  actions result{assign{worker, p}};
  for (auto& a : announce_if_complete()) result.push_back(std::move(a));
  return result;
}

membership::actions membership::announce_if_complete() {
  ready_ = false;
  if (!std::all_of(seats_.begin(), seats_.end(), [](const seat& s) { return s.taken; })) return {};
  announce a{++term_, {}};
  for (auto& s : seats_) {
    a.doors.push_back(s.info.address);
    s.placed = false;
  }
  return {std::move(a)};
}

membership::actions membership::placed(uint32_t term, uint32_t partition) {
  if (term != term_ || partition >= seats_.size() || !seats_[partition].taken) return {};
  seats_[partition].placed = true;
  if (ready_ || !std::all_of(seats_.begin(), seats_.end(), [](const seat& s) { return s.taken && s.placed; })) return {};
  ready_ = true;
  ready r{term_, {}};
  for (auto& s : seats_) {
    if (s.fresh) r.fresh.push_back(s.info.partition);
    s.fresh = false;
    s.info.state = "ready";
  }
  return {std::move(r)};
}

membership::actions membership::left(uint32_t worker) {
  for (auto& s : seats_) {
    if (!s.taken || s.info.worker != worker) continue;
    s.taken = s.placed = false;
    s.info.state = "lost";
    ready_ = false;
    return {lost{worker, s.info.partition}};
  }
  return {};
}

std::optional<uint32_t> membership::worker_of(uint32_t partition) const {
  if (partition >= seats_.size() || !seats_[partition].taken) return {};
  return seats_[partition].info.worker;
}

std::vector<worker_info> membership::report() const {
  std::vector<worker_info> rows;
  for (auto& s : seats_)
    if (s.was_taken) rows.push_back(s.info);
  return rows;
}

std::string membership::why_not_ready() const {
  if (ready_) return "";
  for (auto& s : seats_)
    if (s.was_taken && !s.taken)
      return "partition " + std::to_string(s.info.partition) + " has no worker: worker " + std::to_string(s.info.worker) + " (pid " +
             std::to_string(s.info.pid) + ") is gone; restart it";
  auto taken = std::count_if(seats_.begin(), seats_.end(), [](const seat& s) { return s.taken; });
  return "the cluster is starting: " + std::to_string(taken) + " of " + std::to_string(seats_.size()) + " workers have joined";
}

std::string membership::name_of_partition(uint32_t partition) const {
  auto& i = seats_[partition].info;
  return "worker " + std::to_string(i.worker) + " (pid " + std::to_string(i.pid) + ", partition " + std::to_string(partition) + ")";
}

}  // namespace gli
