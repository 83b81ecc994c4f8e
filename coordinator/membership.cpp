#include "coordinator/membership.h"

#include <algorithm>

#include "runtime/address.h"

namespace gli {

namespace {

std::string on_host(const std::string& host) { return host.empty() ? "" : " on host " + host; }

}  // namespace

membership::actions membership::joined(const hello& greeting) {
  auto vacant = [&](uint32_t p) { return p < seats_.size() && !seats_[p].taken; };
  uint32_t p = greeting.partition;
  if (!vacant(p)) p = uint32_t(std::find_if(seats_.begin(), seats_.end(), [](const seat& s) { return !s.taken; }) - seats_.begin());
  if (!vacant(p)) return {refuse{"all " + std::to_string(seats_.size()) + " partitions have workers"}};
  if (auto why = out_of_reach(greeting); !why.empty()) return {refuse{why, greeting.tls_address.empty()}};
  auto worker = next_worker_++;
  worker_info info{worker, p, greeting.pid, greeting.host, greeting.address, "starting", "", greeting.host_id, greeting.tls_address, greeting.cores,
                   greeting.numa_node, greeting.memory_limit};
  seats_[p] = seat{std::move(info), greeting.log, true, true, false, true};
  actions result{assign{worker, p}};
  for (auto& a : announce_if_complete()) result.push_back(std::move(a));
  return result;
}

membership::actions membership::announce_if_complete() {
  ready_ = false;
  if (!std::all_of(seats_.begin(), seats_.end(), [](const seat& s) { return s.taken; })) return {};
  for (auto& s : seats_) s.placed = false;
  return {announce{++term_}};
}

/// Workers on different hosts need TLS doors, both.
std::string membership::out_of_reach(const hello& greeting) const {
  for (auto& s : seats_)
    if (s.taken && s.info.host_id != greeting.host_id && (s.info.tls_address.empty() || greeting.tls_address.empty()))
      return name_of_partition(s.info.partition) + " and this one" + on_host(greeting.host) + " are on different hosts, and " +
             (greeting.tls_address.empty() ? "this one" : "that one") + " has no TLS door: start it with credentials";
  return "";
}

std::vector<std::string> membership::doors_for(uint32_t partition) const {
  std::vector<std::string> doors;
  for (auto& s : seats_) doors.push_back(door_for(host_of_partition(partition), s.info));
  return doors;
}

bool membership::all_on(const std::string& host_id) const {
  return std::all_of(seats_.begin(), seats_.end(), [&](auto& s) { return !s.taken || s.info.host_id == host_id; });
}

void membership::uses(uint32_t worker, uint64_t memory, uint64_t sent, uint64_t received) {
  for (auto& s : seats_) {
    if (!s.taken || s.info.worker != worker) continue;
    s.info.memory = memory;
    s.info.sent = sent;
    s.info.received = received;
  }
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
             std::to_string(s.info.pid) + ")" + on_host(s.info.host) + " is gone; restart it";
  auto taken = std::count_if(seats_.begin(), seats_.end(), [](const seat& s) { return s.taken; });
  return "the cluster is starting: " + std::to_string(taken) + " of " + std::to_string(seats_.size()) + " workers have joined";
}

std::string membership::name_of_partition(uint32_t partition) const {
  auto& i = seats_[partition].info;
  return "worker " + std::to_string(i.worker) + " (pid " + std::to_string(i.pid) + ", partition " + std::to_string(partition) + ")" + on_host(i.host);
}

}  // namespace gli
