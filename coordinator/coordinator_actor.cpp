#include "coordinator/coordinator_actor.h"

#include <unistd.h>

#include <chrono>
#include <deque>
#include <fstream>
#include <utility>

#include <spdlog/spdlog.h>

#include "coordinator/coordinator_metrics.h"
#include "coordinator/coordinator_state.h"
#include "runtime/host.h"
#include "runtime/log.h"

namespace gli {

using namespace std::chrono_literals;

namespace {

constexpr size_t remembered_failures = 8;

/// The last lines of a log file, to go into the error that its process's death causes.
std::string last_lines(const std::string& path, size_t count) {
  std::ifstream file{path, std::ios::ate};
  if (!file) return "";
  constexpr std::streamoff tail = 4096;
  auto size = std::streamoff(file.tellg());
  file.seekg(size > tail ? size - tail : 0);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
    if (lines.size() > count) lines.pop_front();
  }
  std::string text;
  for (auto& line : lines) text += "\n    " + line;
  return text;
}

int64_t microseconds_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::vector<char> to_chars(const byte_buffer& b) { return {b.begin(), b.end()}; }

}  // namespace

caf::actor spawn_coordinator(caf::actor_system& system, coordinator_options options) {
  return system.spawn([](caf::stateful_actor<std::shared_ptr<coordinator>>* self, coordinator_options o) {
    self->state = std::make_shared<coordinator>(self, std::move(o));
    return self->state->behavior();
  }, std::move(options));
}

coordinator::coordinator(caf::event_based_actor* self, coordinator_options options)
    : self_{self}, options_{std::move(options)}, members_{options_.partitions}, submissions_{{.running = options_.max_jobs}} {
  self_->set_exception_handler([this](std::exception_ptr& e) {
    try {
      std::rethrow_exception(e);
    } catch (const std::exception& why) {
      end_at_once(why.what());
    }
    return caf::make_error(caf::sec::runtime_error);
  });
  self_->set_down_handler([this](const caf::down_msg& m) { on_worker_down(m.source); });
  begin_submissions();
}

caf::behavior coordinator::behavior() {
  return {
      // membership
      [this](const worker_came& m) { on(m); },
      [this](const control::placed& m) { on(m); },
      [this](const control::usage& m) { on(m); },
      // jobs
      [this](const control::job_finished& m) { on(m); },
      [this](const control::job_failed& m) { carry_out(jobs_.failed(m.id, m.partition, {errc(m.code), m.message})); },
      [this](const control::job_progress& m) { on(m); },
      // drivers
      [this](const driver_came& m) { on(m); },
      [this](const control::load_opened& m) { on(m); },
      [this](const driver_asked& m) { on(m); },
      [this](const driver_gone& m) { on(m); },
      [this](const look& m) { on(m); },
      [this](const control::later& m) { m.then(); },
      [this](const end_cluster& m) { end(m.why); },
  };
}

// --- workers ---------------------------------------------------------------------------------------------------------------

void coordinator::on(const worker_came& m) {
  if (ending_) {
    ::close(m.descriptor);
    return;
  }
  control::take(self_, m.descriptor, [this, greeting = m.greeting](caf::actor worker, const std::string& why) {
    if (!worker) return spdlog::warn("worker pid {} did not register: {}", greeting.pid, why);
    auto actions = members_.joined(greeting);
    if (auto* refused = std::get_if<membership::refuse>(&actions.front())) {
      spdlog::warn("worker pid {} refused: {}", greeting.pid, refused->why);
      auto how = refused->for_good ? control::ending::refused : control::ending::refused_for_now;
      return self_->send(worker, control::quit{refused->why, uint8_t(how)});
    }
    auto& a = std::get<membership::assign>(actions.front());
    workers_[a.worker] = worker;
    worker_of_[worker.address()] = a.worker;
    self_->monitor(worker);
    self_->send(worker, control::assign{options_.who.epoch, a.worker, a.partition, members_.partitions()});
    spdlog::info("worker {} (pid {}) has partition {}", a.worker, greeting.pid, a.partition);
    carry_out(actions);
  });
}

void coordinator::on(const control::placed& m) { carry_out(members_.placed(m.term, m.partition)); }

void coordinator::on(const control::usage& m) {
  auto found = worker_of_.find(caf::actor_cast<caf::actor_addr>(self_->current_sender()));
  if (found != worker_of_.end()) members_.uses(found->second, m.memory, m.sent, m.received);
}

void coordinator::on_worker_down(const caf::actor_addr& who) {
  auto found = worker_of_.find(who);
  if (found == worker_of_.end()) return;
  auto worker = found->second;
  workers_.erase(worker);
  worker_of_.erase(found);
  if (ending_) return quit_if_alone();
  carry_out(members_.left(worker));
}

void coordinator::carry_out(const membership::actions& list) {
  for (auto& action : list) {
    if (auto* a = std::get_if<membership::announce>(&action)) carry_out(*a);
    if (auto* r = std::get_if<membership::ready>(&action)) carry_out(*r);
    if (auto* l = std::get_if<membership::lost>(&action)) carry_out(*l);
  }
}

void coordinator::carry_out(const membership::announce& a) {
  for (uint32_t p = 0; p < members_.partitions(); ++p) self_->send(workers_[*members_.worker_of(p)], control::place{a.term, members_.doors_for(p)});
}

void coordinator::carry_out(const membership::ready& r) {
  spdlog::info("ready: {} partitions, term {}", members_.partitions(), r.term);
  unrestored_.insert(r.fresh.begin(), r.fresh.end());
  restoration_failed_ = false;
  auto list = handles_.restore();
  restoring_ = list.size();
  if (list.empty()) unrestored_.clear();
  may_start_jobs();
  std::vector<uint32_t> fresh(unrestored_.begin(), unrestored_.end());
  auto by_all = stores_for_others();
  for (auto& [what, everywhere] : list)
    submit(what, everywhere || by_all ? everybody() : fresh, {}, [this, what = what](const job_outcome& outcome) { restored(what, outcome); });
}

/// A partition that dies while others are restored leaves them to the next time; any other failure costs the handle.
void coordinator::restored(const job& what, const job_outcome& outcome) {
  if (auto* note = std::get_if<failure_note>(&outcome)) {
    spdlog::error("restoring {}: {}", describe(what.body), note->message);
    if (note->code == errc::worker_lost)
      restoration_failed_ = true;
    else
      drop({what.output != 0 ? what.output : what.graph});
  }
  if (--restoring_ == 0 && !restoration_failed_) unrestored_.clear();
  may_start_jobs();
}

void coordinator::carry_out(const membership::lost& l) {
  auto name = members_.name_of_partition(l.partition);
  bool here = members_.host_of_partition(l.partition) == host_;
  auto lines = here ? last_lines(members_.log_of_partition(l.partition), 5) : "";
  auto died = name + (here ? " died" : " died or was cut off");
  spdlog::error(died);
  options_.metrics->worker_lost();
  handles_.lose(name);
  auto why = died + (lines.empty() ? "" : "; its last log lines:" + lines);
  members_.explain(l.partition, why);
  for (auto& [load, o] : std::exchange(opening_, {})) answer(o.who, failure_note{errc::worker_lost, why});
  carry_out(jobs_.worker_lost(l.partition, why));
  may_start_jobs();
}

// --- jobs ------------------------------------------------------------------------------------------------------------------

std::vector<uint32_t> coordinator::everybody() const {
  std::vector<uint32_t> all(members_.partitions());
  for (uint32_t p = 0; p < all.size(); ++p) all[p] = p;
  return all;
}

/// Whether workers may not reach a store that lies on this host: those that do read and write for them.
bool coordinator::stores_for_others() const { return !members_.all_on(host_); }

/// Says which directory a store's path leads to from here: what is nowhere here is not what some worker has under that path.
void coordinator::place_store(job_body& body) const {
  std::visit([this](auto& b) {
    if constexpr (requires { b.at; }) {
      b.at.clear();
      if (!stores_for_others()) return;
      b.at = directory_identity(b.store);
      if (b.at.empty()) b.at = "nowhere";
    }
  }, body);
}

void coordinator::submit(job j, std::vector<uint32_t> partitions, asker who, std::function<void(job_outcome)> then) {
  j.id = next_job_++;
  place_store(j.body);
  if (who.session != 0) {
    job_of_[who] = j.id;
    asker_of_[j.id] = who;
  }
  waiting_[j.id] = std::move(then);
  auto id = j.id;
  auto driver = open_.find(who.session);
  calls_.asked(id, describe(j.body), driver == open_.end() ? "" : driver->second, microseconds_now());
  job_bodies_[id] = std::move(j);
  carry_out(jobs_.submit(id, std::move(partitions), who.session));
}

void coordinator::on(const control::job_progress& m) {
  calls_.progressed(m.id, m.partition, {m.what, m.done, m.total, m.detail, m.bytes});
  auto asker = asker_of_.find(m.id);
  auto call = calls_.find(m.id);
  if (m.partition == 0 && call && asker != asker_of_.end())
    options_.drivers->tell(asker->second.session, asker->second.sequence, {m.what, m.done, m.total, m.detail, call->bytes});
}

void coordinator::on(const control::job_finished& m) {
  calls_.sent(m.id, m.partition, m.bytes);
  try {
    carry_out(jobs_.finished(m.id, m.partition, decode_job_result({reinterpret_cast<const uint8_t*>(m.result.data()), m.result.size()})));
  } catch (const failure& e) {
    carry_out(jobs_.failed(m.id, m.partition, {e.code(), e.what()}));
  }
}

void coordinator::carry_out(const jobs::actions& list) {
  for (auto action : list) {
    if (auto* s = std::get_if<jobs::start>(&action)) carry_out(*s);
    if (auto* f = std::get_if<jobs::finish>(&action)) carry_out(*f);
    if (auto* a = std::get_if<jobs::abort>(&action))
      for (auto p : a->partitions)
        if (auto worker = members_.worker_of(p)) self_->send(workers_[*worker], control::abort_jobs{a->id, uint16_t(a->why.code), a->why.message});
    if (auto* d = std::get_if<jobs::await_death>(&action))
      self_->delayed_send(self_, 1s, control::later{[this, id = d->id] { carry_out(jobs_.grace_over(id)); }});
  }
}

void coordinator::carry_out(const jobs::start& s) {
  calls_.started(s.id, microseconds_now());
  log_of_call about{s.id};
  spdlog::debug("{} starts", describe(job_bodies_.at(s.id).body));
  auto bytes = to_chars(encode(job_bodies_.at(s.id)));
  for (auto p : s.partitions)
    if (auto worker = members_.worker_of(p)) self_->send(workers_[*worker], control::start_job{s.id, members_.term(), bytes});
}

void coordinator::carry_out(jobs::finish& f) {
  if (auto* note = std::get_if<failure_note>(&f.outcome); note && note->code != errc::cancelled) remember(f.id, *note);
  ended(f.id, f.outcome);
  job_bodies_.erase(f.id);
  if (auto found = asker_of_.find(f.id); found != asker_of_.end()) {
    job_of_.erase(found->second);
    asker_of_.erase(found);
  }
  auto found = waiting_.find(f.id);
  if (found == waiting_.end()) return;
  auto then = std::move(found->second);
  waiting_.erase(found);
  then(std::move(f.outcome));
}

/// Says how a call went; its body is still there.
void coordinator::ended(uint64_t id, const job_outcome& outcome) {
  auto call = calls_.ended(id);
  if (!call) return;
  log_of_call about{id};
  auto* why = std::get_if<failure_note>(&outcome);
  auto& body = job_bodies_.at(id).body;
  options_.metrics->ended(std::holds_alternative<run_program>(body) ? "program" : describe(body), !why ? "done" : why->code == errc::cancelled ? "cancelled" : "failed",
                          call->started ? double(microseconds_now() - call->started) / 1e6 : 0, call->bytes);
  auto by = call->driver.empty() ? "" : " of driver " + call->driver;
  auto milliseconds = call->started ? (microseconds_now() - call->started) / 1000 : 0;
  if (why) spdlog::warn("{}{} failed after {} ms: {}", call->what, by, milliseconds, why->message);
  else spdlog::info("{}{} took {} ms, {} bytes between workers", call->what, by, milliseconds, call->bytes);
}

void coordinator::remember(uint64_t id, const failure_note& why) {
  failed_.push_back({id, describe(job_bodies_.at(id).body), why, microseconds_now()});
  if (failed_.size() > remembered_failures) failed_.pop_front();
}

void coordinator::end(const std::string& why) {
  if (ending_) return;
  ending_ = true;
  spdlog::info("ending: {}", why);
  for (auto& [number, worker] : workers_) self_->send(worker, control::quit{why, uint8_t(control::ending::told)});
  carry_out(submissions_.end(why));
  self_->delayed_send(self_, 200ms, control::later{[this] { may_quit_ = true, quit_if_alone(); }});  // let answers leave
  self_->delayed_send(self_, 5s, control::later{options_.on_quit});
}

void coordinator::quit_if_alone() {
  if (may_quit_ && workers_.empty() && submissions_.processes() == 0) runner_->afterwards(options_.on_quit);
}

/// A bug or no memory: the workers notice, and whoever started the cluster sees its process end.
void coordinator::end_at_once(const std::string& why) {
  spdlog::critical("the coordinator cannot go on: {}", why);
  options_.on_quit();
}

}  // namespace gli
