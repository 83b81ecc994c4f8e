#include "partitions/partition_actor.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <thread>
#include <utility>

#include "partitions/partition_actor_host.h"
#include "partitions/partition_actor_jobs.h"
#include "runtime/codec.h"
#include "runtime/log.h"
#include "runtime/memory_limit.h"

namespace gli {

namespace {

using clock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds{15};
constexpr auto between_progress = std::chrono::milliseconds{50};        // of partition 0, which says how far a call is
constexpr auto between_words_on_bytes = std::chrono::milliseconds{1000};  // of the others
constexpr auto between_usage = std::chrono::seconds{2};
constexpr uint64_t usage_step = 1 << 20;

/// One thread that runs what it is given, in order.
class job_thread {
 public:
  job_thread() : thread_{[this] { loop(); }} {}
  ~job_thread() {
    post({});
    thread_.join();
  }
  void post(std::function<void()> work) {
    std::lock_guard lock{mutex_};
    queue_.push_back(std::move(work));
    wake_.notify_one();
  }

 private:
  void loop() {
    for (;;) {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] { return !queue_.empty(); });
      auto work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      if (!work) return;
      work();
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::thread thread_;
};

class partition {
 public:
  partition(caf::event_based_actor* self, partition_options options)
      : self_{self}, options_{std::move(options)}, programs_{options_.python} {
    self_->set_down_handler([this](const caf::down_msg&) { options_.on_end("the coordinator is gone", control::ending::lost); });
    self_->set_exception_handler([this](std::exception_ptr& e) {
      try {
        std::rethrow_exception(e);
      } catch (const std::exception& why) {
        options_.on_end(why.what(), control::ending::failed);
      }
      return caf::make_error(caf::sec::runtime_error);
    });
    self_->delayed_send(self_, patience, control::quit{});  // heard only if nobody assigned a partition by then
    thread_.post([threads = options_.threads] { helpers_allocate_for_calls(threads); });
  }

  caf::behavior behavior() {
    return {
        [this](const control::assign& m) { on(m); },
        [this](const control::place& m) { on(m); },
        [this](const control::open_load& m) { on(m); },
        [this](const control::start_job& m) { on(m); },
        [this](const control::abort_jobs& m) { options_.bulk->abort(m.up_to, errc(m.code), m.why); },
        [this](const control::release& m) {  // behind the jobs that may still put something there
          thread_.post([held = options_.held, list = m.handles] {
            for (auto h : list) held->release(h);
          });
        },
        [this](const control::quit& m) { on(m); },
        [this](const control::later& m) { m.then(); },
    };
  }

 private:
  void on(const control::assign& m) {
    partition_ = m.partition;
    partitions_ = m.partitions;
    coordinator_ = caf::actor_cast<caf::actor>(self_->current_sender());
    self_->monitor(coordinator_);
    name_this_process("worker " + std::to_string(m.worker) + " (partition " + std::to_string(m.partition) + ", pid " + std::to_string(::getpid()) + ")");
    tell_usage();
    log_as_worker(m.worker, m.partition);
    spdlog::info("this is worker {}, partition {} of {}", m.worker, m.partition, m.partitions);
  }

  void on(const control::quit& m) {
    bool from_self = self_->current_sender() == self_;
    auto how = control::ending(m.ending);
    if (!from_self) options_.on_end((how == control::ending::told ? "told to quit: " : "refused: ") + m.why, how);
    else if (!coordinator_) options_.on_end("the coordinator took this worker's connection and never assigned a partition", control::ending::lost);
  }

  /// What this process uses and sends, whenever that has changed.
  void tell_usage() {
    control::usage now{resident_bytes() / usage_step * usage_step, options_.bulk->bytes_sent(), options_.bulk->bytes_received()};
    if (now.memory != told_.memory || now.sent != told_.sent || now.received != told_.received) self_->send(coordinator_, now);
    told_ = now;
    self_->delayed_send(self_, between_usage, control::later{[this] { tell_usage(); }});
  }

  void on(const control::place& m) {
    term_ = m.term;
    options_.bulk->place(m.term, partition_, m.doors);
    self_->send(coordinator_, control::placed{m.term, partition_});
  }

  void on(const control::open_load& m) {
    graph_kind kind{m.directed, m.multi, key_type(m.keys), key_type(m.edge_keys)};
    if (m.keeps_rows) options_.held->open_rows(m.load, duplicate_policy(m.duplicates));
    else options_.held->open_load(m.load, {kind, partition_, partitions_, m.endpoints_must_exist, m.origin, duplicate_policy(m.duplicates)});
    self_->send(coordinator_, control::load_opened{m.load});
  }

  void on(const control::start_job& m) {
    if (m.term < term_) return self_->send(coordinator_, control::job_failed{m.id, partition_, uint16_t(errc::worker_lost), "the job is of an earlier term"});
    thread_.post([this, id = m.id, bytes = m.job, to = coordinator_] {
      caf::anon_send(to, run(id, bytes, to));
      if (std::exchange(spare_, false)) release_spare_memory();
    });
  }

  /// On the job thread.
  caf::message run(uint64_t id, const std::vector<char>& bytes, const caf::actor& to) {
    log_of_call about{id};
    auto failed = [&](errc code, const std::string& why) {
      spdlog::warn("failed: {}", why);
      return caf::make_message(control::job_failed{id, partition_, uint16_t(code), why});
    };
    try {
      allocating for_it{memory_for::a_call};
      auto j = decode_job({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
      auto what = describe(j.body);
      begin_call(what);
      auto begun = clock::now();
      spare_ = outputs_of(j.body) > 0 && !makes_values(j.body);  // making a graph takes more than the graph
      auto sent = options_.bulk->bytes_sent();
      auto all = options_.bulk->begin(id, progress_of(id, to));
      auto encoded = encode(run_job(j, *options_.held, programs_, *all));
      spdlog::info("{}: {} ms", what, std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begun).count());
      return caf::make_message(control::job_finished{id, partition_, options_.bulk->bytes_sent() - sent, {encoded.begin(), encoded.end()}});
    } catch (const failure& e) {
      return failed(e.code(), e.what());
    } catch (const std::bad_alloc&) {
      spare_ = true;
      refill_reserve();
      return failed(errc::memory, no_memory_text());
    } catch (const std::exception& e) {
      return failed(errc::internal, e.what());
    }
  }

  exchange::progress_sink progress_of(uint64_t id, const caf::actor& to) const {
    auto between = partition_ == 0 ? between_progress : between_words_on_bytes;
    return [=, this, bulk = options_.bulk, before = options_.bulk->bytes_sent(), last = clock::time_point{}](std::string_view what, uint64_t done, uint64_t total,
                                                                                                          std::string_view detail) mutable {
      if (clock::now() - last < between) return;
      last = clock::now();
      caf::anon_send(to, control::job_progress{id, partition_, std::string{what}, done, total, std::string{detail}, bulk->bytes_sent() - before});
    };
  }

  caf::event_based_actor* self_;
  partition_options options_;
  caf::actor coordinator_;
  uint32_t partition_ = 0, partitions_ = 1, term_ = 0;
  control::usage told_;
  bool spare_ = false;  // of the job thread: memory was freed that nobody needs soon
  host_process programs_;  // of the job thread
  job_thread thread_;
};

}  // namespace

caf::actor spawn_partition(caf::actor_system& system, partition_options options) {
  return system.spawn([](caf::stateful_actor<std::shared_ptr<partition>>* self, partition_options o) {
    self->state = std::make_shared<partition>(self, std::move(o));
    return self->state->behavior();
  }, std::move(options));
}

}  // namespace gli
