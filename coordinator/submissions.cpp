#include "coordinator/submissions.h"

#include <algorithm>
#include <utility>

#include "runtime/error.h"

namespace gli {

namespace {

using state = submission_state;

constexpr const char* lost_with_coordinator = "the coordinator ended while the job ran";

}  // namespace

const submissions::entry& submissions::entry_of(uint64_t id) const {
  auto found = jobs_.find(id);
  if (found == jobs_.end()) throw failure{errc::key, "no job has the number " + std::to_string(id)};
  return found->second;
}

bool submissions::is_alive(uint64_t id) const {
  auto found = jobs_.find(id);
  return found != jobs_.end() && !has_ended(found->second.what.state);
}

std::vector<submitted_job> submissions::all() const {
  std::vector<submitted_job> list;
  for (auto& [id, e] : jobs_)
    if (e.is_stored) list.push_back(e.what);
  return list;
}

size_t submissions::processes() const {
  return size_t(std::count_if(jobs_.begin(), jobs_.end(), [](auto& j) { return j.second.what.state == state::running; }));
}

submissions::actions submissions::found(std::vector<std::pair<submitted_job, uint64_t>> jobs, int64_t now) {
  actions out;
  for (auto& [what, bytes] : jobs) {
    next_ = std::max(next_, what.id + 1);
    if (what.token != 0) by_token_[what.token] = what.id;
    auto& e = jobs_[what.id] = {what, true, {}, 0, {}, bytes};
    if (what.state == state::running)
      conclude(e, state::lost, lost_with_coordinator, now, out);
    else if (what.state == state::waiting && !what.detached)
      out.push_back(arm{what.id, e.lease = next_lease_++});
  }
  drop_old(out);
  return out;
}

uint64_t submissions::submit(const submission& what, uint64_t session, int64_t now, actions& out) {
  if (auto same = by_token_.find(what.token); same != by_token_.end()) {
    touched(same->second, session);
    return same->second;
  }
  if (ending_) throw failure{errc::unavailable, "the cluster ends"};
  auto waiting = std::count_if(jobs_.begin(), jobs_.end(), [](auto& j) { return j.second.what.state == state::waiting; });
  if (size_t(waiting) >= limits_.waiting)
    throw failure{errc::unavailable, std::to_string(waiting) + " jobs wait already: submit more when some of them have ended"};
  auto id = next_++;
  auto& e = jobs_[id];
  e.what.id = id;
  e.what.name = what.name;
  e.what.what = what.what;
  e.what.detached = what.detached;
  e.what.submitted = now;
  e.what.token = what.token;
  e.holders.insert(session);
  by_token_[what.token] = id;
  out.push_back(store{id});
  return id;
}

submissions::actions submissions::stored(uint64_t id, int64_t now) {
  auto found = jobs_.find(id);
  if (found == jobs_.end()) return {};
  found->second.is_stored = true;
  actions out;
  start_next(now, out);
  return out;
}

submissions::actions submissions::not_stored(uint64_t id) {
  auto found = jobs_.find(id);
  if (found == jobs_.end()) return {};
  by_token_.erase(found->second.what.token);
  jobs_.erase(found);
  return {forget{id}};
}

submissions::actions submissions::may_start(bool ready, int64_t now) {
  ready_ = ready;
  actions out;
  start_next(now, out);
  return out;
}

void submissions::start_next(int64_t now, actions& out) {
  auto running = processes();
  for (auto& [id, e] : jobs_) {
    if (!ready_ || ending_ || running >= limits_.running) return;
    if (e.what.state != state::waiting || !e.is_stored) continue;
    e.what.state = state::running;
    e.what.started = now;
    ++running;
    out.push_back(changed{id});
    out.push_back(start{id});
  }
}

submissions::actions submissions::has_process(uint64_t id, uint32_t pid) {
  if (!is_alive(id)) return {};
  jobs_.at(id).what.pid = pid;
  return {changed{id}};
}

submissions::actions submissions::ended(uint64_t id, end_of_job how, int64_t now) {
  auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second.what.state != state::running) return {};
  auto& e = found->second;
  e.what.exit_status = how.exit_status;
  e.what.result_bytes = how.result_bytes;
  e.bytes = how.bytes;
  actions out;
  if (e.ending && how.went != end_of_job::how::good)
    conclude(e, state::cancelled, *e.ending, now, out);
  else if (how.went == end_of_job::how::good)
    conclude(e, state::succeeded, "", now, out);
  else
    conclude(e, how.went == end_of_job::how::bad ? state::failed : state::lost, std::move(how.error), now, out);
  start_next(now, out);
  drop_old(out);
  return out;
}

void submissions::conclude(entry& e, submission_state state, std::string error, int64_t now, actions& out) {
  e.what.state = state;
  e.what.error = std::move(error);
  e.what.ended = now;
  e.what.pid = 0;
  e.ending.reset();
  out.push_back(changed{e.what.id});
  out.push_back(over{e.what.id, state, e.what.started == 0 ? 0 : now - e.what.started});
}

submissions::actions submissions::cancel(uint64_t id, const std::string& why, int64_t now) {
  auto& e = const_cast<entry&>(entry_of(id));
  actions out;
  if (has_ended(e.what.state) || e.ending) return out;
  if (e.what.state == state::running) {
    e.ending = why;
    out.push_back(stop{id});
    return out;
  }
  conclude(e, state::cancelled, why, now, out);
  drop_old(out);
  return out;
}

void submissions::touched(uint64_t id, uint64_t session) {
  if (!is_alive(id)) return;
  auto& e = jobs_.at(id);
  e.holders.insert(session);
  e.lease = 0;
}

submissions::actions submissions::session_gone(uint64_t session) {
  actions out;
  for (auto& [id, e] : jobs_)
    if (e.holders.erase(session) && e.holders.empty() && !e.what.detached && !has_ended(e.what.state)) out.push_back(arm{id, e.lease = next_lease_++});
  return out;
}

submissions::actions submissions::lease_over(uint64_t id, uint64_t lease, int64_t now) {
  if (!is_alive(id) || jobs_.at(id).lease != lease) return {};
  return cancel(id, "its driver has gone, and it was attached", now);
}

submissions::actions submissions::end(const std::string& why) {
  ending_ = true;
  actions out;
  for (auto& [id, e] : jobs_)
    if (e.what.state == state::running) {
      if (!e.ending) e.ending = why;
      out.push_back(stop{id});
    }
  return out;
}

/// Those that ended first, until the rest is few and small enough. The highest number stays: a coordinator that starts again counts on from it.
void submissions::drop_old(actions& out) {
  std::vector<const entry*> ended;
  for (auto& [id, e] : jobs_)
    if (has_ended(e.what.state) && id + 1 < next_) ended.push_back(&e);
  std::sort(ended.begin(), ended.end(), [](auto* a, auto* b) { return std::pair{a->what.ended, a->what.id} > std::pair{b->what.ended, b->what.id}; });
  uint64_t count = 0, bytes = 0;
  std::vector<uint64_t> old;
  for (auto* e : ended)
    if (bytes += e->bytes; ++count > 1 && (count > limits_.kept || bytes > limits_.kept_bytes)) old.push_back(e->what.id);
  for (auto id : old) {
    by_token_.erase(jobs_.at(id).what.token);
    jobs_.erase(id);
    out.push_back(forget{id});
  }
}

}  // namespace gli
