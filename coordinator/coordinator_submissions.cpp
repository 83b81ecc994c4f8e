#include <spdlog/spdlog.h>

#include <utility>

#include "coordinator/coordinator_metrics.h"
#include "coordinator/coordinator_state.h"
#include "coordinator/job_files.h"
#include "runtime/credentials.h"
#include "runtime/host.h"

namespace gli {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds longest_wait = 10s, between_looks = 100ms;

int64_t now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// A job is a driver, and asks workers of other hosts as one.
void check_credentials(const std::string& path, const std::string& cluster) {
  if (path.empty()) return;
  try {
    auto own = load_credentials(path, role::driver);
    if (own.cluster != cluster) throw failure{errc::value, "the credentials in " + path + " are of cluster '" + own.cluster + "'"};
  } catch (const failure& e) {
    throw failure{errc::unavailable, "a job on host " + host_name() + ", where the coordinator runs, would have no driver's credentials: " + e.what() +
                                         "; `gli credentials` makes that file with the coordinator's own, and beside that one it belongs"};
  }
}

std::chrono::milliseconds bounded(uint32_t wait) { return std::min<std::chrono::milliseconds>(std::chrono::milliseconds{wait}, longest_wait); }

}  // namespace

template <class T> std::function<void(T)> coordinator::from_runner(std::function<void(T)> then) {
  return [actor = caf::actor_cast<caf::actor>(self_->address()), then = std::move(then)](T result) {
    caf::anon_send(actor, control::later{[then, result = std::move(result)] { then(result); }});
  };
}

void coordinator::begin_submissions() {
  auto actor = caf::actor_cast<caf::actor>(self_->address());
  auto on_actor = [actor](std::function<void()> then) { caf::anon_send(actor, control::later{std::move(then)}); };
  runner_ = std::make_unique<job_runner>(
      options_.jobs, job_runner::handlers{[=, this](uint64_t id, uint32_t pid) { on_actor([=, this] { carry_out(submissions_.has_process(id, pid)); }); },
                                          [=, this](uint64_t id, submissions::end_of_job how) {
                                            on_actor([=, this] {
                                              carry_out(submissions_.ended(id, how, now()));
                                              if (ending_) quit_if_alone();
                                            });
                                          }});
  carry_out(submissions_.found(find_jobs(options_.jobs.directory), now()));
}

void coordinator::carry_out(const submissions::actions& list) {
  for (auto& action : list) {
    if (auto* a = std::get_if<submissions::store>(&action)) store(a->id);
    if (auto* a = std::get_if<submissions::start>(&action)) runner_->start(a->id);
    if (auto* a = std::get_if<submissions::stop>(&action)) runner_->stop(a->id, ending_);
    if (auto* a = std::get_if<submissions::changed>(&action); a && submissions_.has(a->id)) runner_->note(submissions_.job(a->id));
    if (auto* a = std::get_if<submissions::over>(&action)) {
      options_.metrics->job_over(a->how, double(a->ran) / 1e6);
      tell_over(a->id);
    }
    if (auto* a = std::get_if<submissions::forget>(&action)) runner_->forget(a->id);
    if (auto* a = std::get_if<submissions::arm>(&action))
      self_->delayed_send(self_, std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>{options_.job_lease}),
                          control::later{[this, a = *a] { carry_out(submissions_.lease_over(a.id, a.lease, now())); }});
  }
}

/// Jobs start when all partitions have workers, and these what their predecessors held.
void coordinator::may_start_jobs() { carry_out(submissions_.may_start(members_.is_ready() && unrestored_.empty(), now())); }

// --- submitting ------------------------------------------------------------------------------------------------------------

void coordinator::ask(asker who, const submission& r) {
  check(r);
  check_credentials(options_.job_credentials, options_.who.cluster);
  submissions::actions actions;
  auto id = submissions_.submit(r, who.session, now(), actions);
  if (submissions_.is_stored(id)) return answer(who, std::vector<submitted_job>{submissions_.job(id)});
  await_stored_.emplace(id, who);
  unstored_.try_emplace(id, r);
  carry_out(actions);
}

void coordinator::store(uint64_t id) {
  auto what = unstored_.extract(id);
  runner_->store(submissions_.job(id), std::move(what.mapped()), from_runner<std::string>([this, id](std::string why) { tell_stored(id, why); }));
}

void coordinator::tell_stored(uint64_t id, const std::string& why) {
  auto actions = why.empty() ? submissions_.stored(id, now()) : submissions_.not_stored(id);
  bool there = submissions_.is_stored(id);
  auto said = there ? reply{std::vector<submitted_job>{submissions_.job(id)}} : reply{failure_note{errc::io, "the job cannot be stored: " + why}};
  auto [begin, end] = await_stored_.equal_range(id);
  for (auto a = begin; a != end; ++a) answer(a->second, said);
  await_stored_.erase(begin, end);
  if (there) spdlog::info("job {} ({}) submitted", id, submissions_.job(id).name);
  carry_out(actions);
}

// --- asking ----------------------------------------------------------------------------------------------------------------

void coordinator::ask(asker who, const ask_jobs&) { answer(who, submissions_.all()); }

const submitted_job& coordinator::stored_job(uint64_t id) const {
  if (!submissions_.is_stored(id)) throw failure{errc::key, "no job has the number " + std::to_string(id)};
  return submissions_.job(id);
}

void coordinator::ask(asker who, const ask_job& r) {
  auto& job = stored_job(r.job);
  submissions_.touched(r.job, who.session);
  if (r.wait == 0 || has_ended(job.state)) return answer(who, std::vector<submitted_job>{job});
  auto turn = next_turn_++;
  await_over_.emplace(r.job, job_waiter{who, turn});
  self_->delayed_send(self_, bounded(r.wait), control::later{[this, id = r.job, turn] {
    auto [begin, end] = await_over_.equal_range(id);
    for (auto w = begin; w != end; ++w)
      if (w->second.turn == turn) {
        answer(w->second.who, std::vector<submitted_job>{submissions_.job(id)});  // it is there: whoever waits is told of its end
        await_over_.erase(w);
        return;
      }
  }});
}

void coordinator::tell_over(uint64_t id) {
  bool kept = submissions_.has(id);
  auto said = kept ? reply{std::vector<submitted_job>{submissions_.job(id)}} : reply{failure_note{errc::key, "job " + std::to_string(id) + " is no longer kept"}};
  if (kept) spdlog::info("job {} ({}): {}", id, submissions_.job(id).name, name_of(submissions_.job(id).state));
  auto [begin, end] = await_over_.equal_range(id);
  for (auto w = begin; w != end; ++w) answer(w->second.who, said);
  await_over_.erase(begin, end);
}

void coordinator::ask(asker who, const ask_job_log& r) {
  stored_job(r.job);
  submissions_.touched(r.job, who.session);
  send_log(who, r, std::chrono::steady_clock::now() + bounded(r.wait));
}

/// Looks again until there is more of it, or no more to come.
void coordinator::send_log(asker who, const ask_job_log& r, std::chrono::steady_clock::time_point until) {
  if (!submissions_.has(r.job)) return answer(who, failure_note{errc::key, "job " + std::to_string(r.job) + " is no longer kept"});
  bool over = has_ended(submissions_.job(r.job).state);
  runner_->read_log(r.job, r.offset, from_runner<job_piece>([=, this](job_piece piece) {
    piece.last = piece.last && over;
    bool more = !piece.bytes.empty() || piece.last;
    if (more || std::chrono::steady_clock::now() >= until || !open_.contains(who.session)) return answer(who, std::move(piece));
    self_->delayed_send(self_, between_looks, control::later{[=, this] { send_log(who, r, until); }});
  }));
}

void coordinator::ask(asker who, const ask_job_result& r) {
  stored_job(r.job);
  runner_->read_result(r.job, r.offset, from_runner<job_piece>([=, this](job_piece piece) { answer(who, std::move(piece)); }));
}

void coordinator::ask(asker who, const cancel_job& r) {
  stored_job(r.job);
  carry_out(submissions_.cancel(r.job, "cancelled by a driver", now()));
  answer(who, done{});
}

}  // namespace gli
