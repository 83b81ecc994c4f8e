#pragma once
// The state of the coordinator's actor, shared by the files that implement its behaviour: coordinator_actor.cpp (workers, jobs),
// coordinator_requests.cpp (drivers) and coordinator_submissions.cpp (what users submit). Not for others.

#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <set>

#include "coordinator/calls.h"
#include "coordinator/coordinator_actor.h"
#include "coordinator/handles.h"
#include "coordinator/jobs.h"
#include "coordinator/membership.h"
#include "coordinator/submissions.h"
#include "runtime/host.h"
#include "storage/states.h"

namespace gli {

/// Who asked, so that an answer finds its way.
struct asker { gateway::session session = 0; uint32_t sequence = 0; auto operator<=>(const asker&) const = default; };

using job_outcome = std::variant<std::vector<job_result>, failure_note>;

class coordinator {
 public:
  coordinator(caf::event_based_actor* self, coordinator_options options);
  caf::behavior behavior();

 private:
  // workers
  void on(const worker_came& m);
  void on(const control::placed& m);
  void on(const control::usage& m);
  void on_worker_down(const caf::actor_addr& who);
  void carry_out(const membership::actions& list);
  void carry_out(const membership::announce& a);
  void carry_out(const membership::ready& r);
  void carry_out(const membership::lost& l);
  void restored(const job& what, const job_outcome& outcome);

  // jobs
  void carry_out(const jobs::actions& list);
  void carry_out(const jobs::start& s);
  void carry_out(jobs::finish& f);
  void remember(uint64_t id, const failure_note& why);
  void on(const control::job_finished& m);
  void on(const control::job_progress& m);
  void ended(uint64_t id, const job_outcome& outcome);
  void submit(job j, std::vector<uint32_t> partitions, asker who, std::function<void(job_outcome)> then);
  std::vector<uint32_t> everybody() const;
  bool stores_for_others() const;
  void place_store(job_body& body) const;

  // drivers (coordinator_requests.cpp)
  void on(const driver_came& m) { open_[m.session] = m.name; }
  void on(const driver_asked& m);
  void on(const driver_gone& m);
  void count_lease();
  void on(const look& m) const { m.then(view()); }
  status_report report() const;
  cluster_view view() const;
  void ask(asker who, const ping&);
  void ask(asker who, const ask_status&);
  void ask(asker who, const load_begin& r);
  void on(const control::load_opened& m);
  void ask(asker who, const job& r);
  void ask(asker who, const release_handles& r);
  void ask(asker who, const commit_graph& r);
  void ask(asker who, const ask_history& r);
  void ask(asker who, const checkout& r);
  void ask(asker who, const open_store& r);
  void ask(asker who, const keep_result& r);
  void ask(asker who, const shutdown_cluster&);
  void ask(asker who, const cancel_request& r);
  void answer(asker who, const reply& r);
  void must_be_ready() const;
  void finish_output(asker who, const job& j, job_outcome& outcome, const std::optional<stored_at>& stored);
  void register_output(asker who, const job& j, const std::vector<job_result>& results);
  void note_store(const std::string& path);
  void write_commit(asker who, const commit_graph& r, const std::string& graph_id);
  void write_result(asker who, const keep_result& r, const storage::commit_record& record);
  void publish_result(asker who, const keep_result& r, const storage::commit_record& record, const std::vector<job_result>& written);
  void publish(asker who, const commit_graph& r, const std::string& graph_id, const std::vector<job_result>& written);
  void read_commit(asker who, const checkout& r, const storage::commit_record& record);
  void drop(const std::vector<handle>& list);
  /// Runs `work` on the disk thread, then `then` here; a failure of work is `who`'s answer.
  template <class T> void on_disk(asker who, std::function<T()> work, std::function<void(T)> then);

  // what users submit (coordinator_submissions.cpp)
  void ask(asker who, const submission& r);
  void ask(asker who, const ask_jobs&);
  void ask(asker who, const ask_job& r);
  void ask(asker who, const ask_job_log& r);
  void ask(asker who, const ask_job_result& r);
  void ask(asker who, const cancel_job& r);
  void begin_submissions();
  const submitted_job& stored_job(uint64_t id) const;  // failure{key} when there is none
  void may_start_jobs();
  void carry_out(const submissions::actions& list);
  void store(uint64_t id);
  void tell_stored(uint64_t id, const std::string& why);
  void tell_over(uint64_t id);
  void send_log(asker who, const ask_job_log& r, std::chrono::steady_clock::time_point until);
  /// Comes back to the actor with what the runner's thread gives.
  template <class T> std::function<void(T)> from_runner(std::function<void(T)> then);

  void end(const std::string& why);
  void quit_if_alone();
  void end_at_once(const std::string& why);

  caf::event_based_actor* self_;
  coordinator_options options_;
  const std::string host_ = this_host();
  membership members_;
  jobs jobs_;
  calls calls_;
  handles handles_;
  std::map<uint32_t, caf::actor> workers_;                        // by worker number
  std::map<caf::actor_addr, uint32_t> worker_of_;
  std::map<uint64_t, job> job_bodies_;                            // submitted, not finished
  std::map<uint64_t, std::function<void(job_outcome)>> waiting_;  // by job
  std::map<asker, uint64_t> job_of_;
  std::map<uint64_t, asker> asker_of_;
  struct opening { asker who; size_t missing; };                  // workers that have not opened the load
  std::map<handle, opening> opening_;
  std::map<gateway::session, std::set<handle>> owned_;            // handles that end with their driver
  std::map<gateway::session, std::string> open_;                  // drivers, by what they call themselves
  uint64_t absences_ = 0;                                         // times that the last driver went
  std::set<uint32_t> unrestored_;  // partitions that do not hold yet what the others hold
  size_t restoring_ = 0;           // restoration jobs under way
  bool restoration_failed_ = false;
  std::deque<failed_job> failed_;  // the last ones, oldest first
  uint64_t next_job_ = 1;
  submissions submissions_;
  std::map<uint64_t, submission> unstored_;           // by number
  std::multimap<uint64_t, asker> await_stored_;
  struct job_waiter { asker who; uint64_t turn; };
  std::multimap<uint64_t, job_waiter> await_over_;    // by number
  uint64_t next_turn_ = 1;
  bool ending_ = false, may_quit_ = false;
  std::set<std::string> noted_;  // stores that are listed; of the disk thread
  boost::asio::thread_pool disk_{1};
  std::unique_ptr<job_runner> runner_;
};

}  // namespace gli
