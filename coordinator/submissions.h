#pragma once
// The jobs that users submitted (docs/jobs.md): which of them wait, run and are kept. A pure machine: events in, actions out; no I/O; the time, in
// microseconds since 1970, comes with the events.
//
//   submit ──▶ (store) ──stored──▶ waiting ──start──▶ running ──ended──▶ succeeded | failed | lost
//                 └─not_stored──▶ gone        └──cancel──▶ cancelled ◀──ended── (stop) ◀──cancel, lease_over, end
//
// A job is attached to sessions, of those who submitted it or asked for it, unless it is detached: without them for a lease it is cancelled.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "runtime/submission.h"

namespace gli {

class submissions {
 public:
  struct limits {
    size_t running = 8, waiting = 1000, kept = 100;
    uint64_t kept_bytes = uint64_t{4} << 30;
  };
  struct store { uint64_t id; };                      // write down what was submitted, then stored() or not_stored()
  struct start { uint64_t id; };                      // start its process, then ended() once
  struct stop { uint64_t id; };                       // end its processes, then ended()
  struct changed { uint64_t id; };                    // it is to be written down anew
  struct over { uint64_t id; submission_state how; int64_t ran; };  // it has ended, and whoever waits for that may know; ran: microseconds, 0: never
  struct forget { uint64_t id; };                     // remove its files
  struct arm { uint64_t id; uint64_t lease; };        // call lease_over(id, lease) after a lease
  using action = std::variant<store, start, stop, changed, over, forget, arm>;
  using actions = std::vector<action>;

  /// How its processes ended, and what they left.
  struct end_of_job {
    enum class how : uint8_t { good, bad, unknown } went = how::unknown;  // unknown: nobody knows its exit status
    int32_t exit_status = -1;
    std::string error;
    uint64_t result_bytes = 0, bytes = 0;  // bytes: of all its files
  };

  explicit submissions(limits l) : limits_{l} {}

  /// At the start, before all else: jobs that were written down, with the bytes of their files, in the order of their numbers.
  actions found(std::vector<std::pair<submitted_job, uint64_t>> jobs, int64_t now);
  /// The job's number: a new one, or that of the same token. Throws failure{unavailable} when too many wait.
  uint64_t submit(const submission& what, uint64_t session, int64_t now, actions& out);
  actions stored(uint64_t id, int64_t now);
  actions not_stored(uint64_t id);
  /// Whether jobs may start: all partitions have workers.
  actions may_start(bool ready, int64_t now);
  actions has_process(uint64_t id, uint32_t pid);
  actions ended(uint64_t id, end_of_job how, int64_t now);
  /// `why` is what asks hear; a job that has ended stays as it is.
  actions cancel(uint64_t id, const std::string& why, int64_t now);
  /// Somebody asked for it, and holds it from now on.
  void touched(uint64_t id, uint64_t session);
  actions session_gone(uint64_t session);
  actions lease_over(uint64_t id, uint64_t lease, int64_t now);
  /// The cluster ends: nothing starts any more.
  actions end(const std::string& why);

  bool has(uint64_t id) const { return jobs_.contains(id); }
  bool is_stored(uint64_t id) const { return has(id) && jobs_.at(id).is_stored; }
  const submitted_job& job(uint64_t id) const { return entry_of(id).what; }  // failure{key} when there is none
  std::vector<submitted_job> all() const;                                    // stored ones, by number
  size_t processes() const;                                                  // that ended() is to come for

 private:
  struct entry {
    submitted_job what;
    bool is_stored = false;
    std::set<uint64_t> holders;
    uint64_t lease = 0;                 // the last one armed
    std::optional<std::string> ending;  // it was told to end, and why
    uint64_t bytes = 0;
  };
  const entry& entry_of(uint64_t id) const;
  bool is_alive(uint64_t id) const;
  void start_next(int64_t now, actions& out);
  void conclude(entry& e, submission_state state, std::string error, int64_t now, actions& out);
  void drop_old(actions& out);

  limits limits_;
  std::map<uint64_t, entry> jobs_;
  std::map<uint64_t, uint64_t> by_token_;
  uint64_t next_ = 1, next_lease_ = 1;
  bool ready_ = false, ending_ = false;
};

}  // namespace gli
