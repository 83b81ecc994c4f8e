#include "runtime/exchange_hub.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/tls_bridge.h"

namespace gli {

namespace {

using namespace std::chrono_literals;
constexpr std::chrono::milliseconds first_retry = 10ms, last_retry = 500ms;

std::string name_of(uint32_t partition, const std::string& door) { return "partition " + std::to_string(partition) + " at " + door; }

void close_all(const std::vector<exchange_hub::link_ptr>& links) {
  for (auto& l : links) l->close();
}

}  // namespace

exchange_hub::exchange_hub(asio::io_context& io, identity who, std::string own_address, exchange::beyond_host beyond, double connect_seconds)
    : io_{io}, who_{std::move(who)}, own_address_{std::move(own_address)}, beyond_{std::move(beyond)}, connect_patience_{connect_seconds} {}

// --- placement and connections ---------------------------------------------------------------------------------------------

void exchange_hub::place(uint32_t term, uint32_t rank, std::vector<std::string> doors) {
  std::vector<link_ptr> old;
  std::vector<visitor> visitors;
  {
    std::lock_guard lock{mutex};
    if (stopped_ || (placed_ && term <= term_)) return;
    if (job_ != 0) set_aborted(errc::worker_lost, "the workers' placement changed while job " + std::to_string(job_) + " ran");
    old = renew_peers(doors, placed_ && rank == rank_ && doors.size() == peers_.size());
    term_ = term;
    rank_ = rank;
    placed_ = true;
    visitors.swap(early_);
    connect_missing(0ms);
  }
  close_all(old);
  for (auto& v : visitors) adopt(v.greeting, std::move(v.socket));
  changed_.notify_all();
}

/// Takes the new doors; answers the links that are no longer anybody's.
std::vector<exchange_hub::link_ptr> exchange_hub::renew_peers(const std::vector<std::string>& doors, bool keep) {
  std::vector<link_ptr> old;
  std::vector<peer> renewed(doors.size());
  for (size_t q = 0; q < peers_.size(); ++q) {
    if (q < renewed.size()) renewed[q].connecting = peers_[q].connecting;
    if (keep && peers_[q].door == doors[q]) renewed[q].link = std::move(peers_[q].link);
    else if (peers_[q].link) old.push_back(std::move(peers_[q].link));
  }
  for (size_t q = 0; q < doors.size(); ++q) renewed[q].door = doors[q];
  peers_ = std::move(renewed);
  return old;
}

void exchange_hub::adopt(const hello& greeting, local_socket socket) {
  {
    std::lock_guard lock{mutex};
    if (stopped_) return;
    if (!placed_ || greeting.term > term_) {
      auto same = [&](const visitor& v) { return v.greeting.partition == greeting.partition; };
      early_.erase(std::remove_if(early_.begin(), early_.end(), same), early_.end());
      early_.push_back({greeting, std::move(socket)});
      return;
    }
    if (greeting.partition <= rank_) return;
  }
  attach(greeting.partition, greeting.address, socket);
}

/// Makes the socket the link to that partition, if its door is the placed one; null if not.
exchange_hub::link_ptr exchange_hub::attach(uint32_t partition, const std::string& address, local_socket& socket) {
  link_ptr fresh, old;
  {
    std::lock_guard lock{mutex};
    if (stopped_ || partition >= peers_.size() || partition == rank_ || peers_[partition].door != address) return nullptr;
    exchange_link::ends ends{cluster_hash(who_.cluster), who_.epoch, rank_, partition};
    fresh = std::make_shared<exchange_link>(std::move(socket), ends, address, shared_from_this());
    old = std::exchange(peers_[partition].link, fresh);
    peers_[partition].why_not.clear();
  }
  if (old) old->close();
  fresh->start();
  changed_.notify_all();
  return fresh;
}

bool exchange_hub::wants(uint32_t partition) const {
  return !stopped_ && placed_ && partition < rank_ && partition < peers_.size() && !peers_[partition].live();
}

void exchange_hub::connect_missing(std::chrono::milliseconds delay) {
  for (uint32_t q = 0; q < peers_.size(); ++q) {
    if (!wants(q) || peers_[q].connecting) continue;
    peers_[q].connecting = true;
    asio::co_spawn(io_, connect(shared_from_this(), q, delay), asio::detached);
  }
}

/// What to say at that partition's door; nothing when no connection to it is wanted any longer.
std::optional<hello> exchange_hub::greeting_for(uint32_t partition, std::string& door) {
  std::lock_guard lock{mutex};
  if (!wants(partition)) {
    if (partition < peers_.size()) peers_[partition].connecting = false;
    return {};
  }
  door = peers_[partition].door;
  hello h;
  h.software = software_name;
  h.what = purpose::bulk;
  h.cluster = who_.cluster;
  h.address = is_tls(door) ? beyond_.address : own_address_;  // as it was placed for the peer, who is as far from here as we are from him
  h.pid = uint32_t(::getpid());
  h.partition = rank_;
  h.term = term_;
  return h;
}

void exchange_hub::failed_at(uint32_t partition, const std::string& door, const std::string& why) {
  std::lock_guard lock{mutex};
  if (partition < peers_.size() && peers_[partition].door == door) peers_[partition].why_not = why;
}

/// Knocks until there is a link or none is wanted.
asio::awaitable<void> exchange_hub::connect(std::shared_ptr<exchange_hub> self, uint32_t partition, std::chrono::milliseconds delay) {
  asio::steady_timer timer{self->io_};
  for (;; delay = std::clamp(2 * delay, first_retry, last_retry)) {
    timer.expires_after(delay);
    co_await timer.async_wait(asio::use_awaitable);
    std::string door;
    auto greeting = self->greeting_for(partition, door);
    if (!greeting) co_return;
    try {
      auto [socket, w] = co_await async_knock_at(self->io_, door, *greeting, limits::hello_seconds, self->beyond_.bridge.get());
      self->attach(partition, door, socket);
    } catch (const std::exception& e) {  // not there yet, or never: begin() says so to the job that needs it
      self->failed_at(partition, door, e.what());
    }
  }
}

void exchange_hub::broken(exchange_link& which) {
  {
    std::lock_guard lock{mutex};
    which.box.broken = true;
    auto q = which.peer();
    if (q < peers_.size() && peers_[q].link.get() == &which) connect_missing(first_retry);
  }
  changed_.notify_all();
}

void exchange_hub::stop() {
  std::vector<link_ptr> all;
  {
    std::lock_guard lock{mutex};
    stopped_ = true;
    if (job_ != 0) set_aborted(errc::unavailable, "this worker ends");
    for (auto& p : peers_) if (p.link) all.push_back(std::move(p.link));
    peers_.clear();
    early_.clear();
  }
  close_all(all);
  changed_.notify_all();
}

// --- frames ----------------------------------------------------------------------------------------------------------------

bool exchange_hub::past(uint32_t term, uint64_t job) const { return term < term_ || job <= past_job_ || job == starved_job_; }

bool exchange_hub::stale(const frame_header& header) {
  std::lock_guard lock{mutex};
  return header.epoch != who_.epoch || past(header.term, header.job);
}

bool exchange_hub::received(exchange_link& from, const frame_header& header) {
  std::lock_guard lock{mutex};
  if (past(header.term, header.job) || (header.job == job_ && header.round <= round_)) return true;
  from.box.unreturned.push_back({header.job, header.round, header.length});
  return false;
}

void exchange_hub::arrived(exchange_link& from, bulk_message message) {
  {
    std::lock_guard lock{mutex};
    if (past(message.term, message.job)) return;
    from.box.messages.push_back(std::move(message));
  }
  changed_.notify_all();
}

void exchange_hub::starved(uint64_t job) {
  {
    std::lock_guard lock{mutex};
    starved_job_ = job;
  }
  changed_.notify_all();
}

// --- jobs ------------------------------------------------------------------------------------------------------------------

void exchange_hub::set_aborted(errc code, const std::string& why) {
  if (!aborted_) aborted_ = failure_note{code, why};
}

void exchange_hub::throw_if_aborted() const {
  if (aborted_) throw failure{aborted_->code, aborted_->message};
  if (job_ != 0 && job_ == starved_job_) throw std::bad_alloc{};
}

void exchange_hub::check_running() {
  std::lock_guard lock{mutex};
  throw_if_aborted();
}

/// The first partition without a connection.
std::optional<uint32_t> exchange_hub::missing() const {
  for (uint32_t q = 0; q < peers_.size(); ++q)
    if (q != rank_ && !peers_[q].live()) return q;
  return {};
}

exchange_hub::members exchange_hub::begin(uint64_t id) {
  std::unique_lock lock{mutex};
  if (!placed_) throw failure{errc::internal, "job " + std::to_string(id) + " came before the placement"};
  if (job_ != 0) throw failure{errc::internal, "job " + std::to_string(job_) + " still runs"};
  if (id <= past_job_) {
    throw_if_aborted();
    throw failure{errc::cancelled, "job " + std::to_string(id) + " is over"};
  }
  aborted_.reset();
  job_ = id;
  round_ = 0;
  connect_missing(0ms);
  changed_.wait_for(lock, connect_patience_, [&] { return aborted_ || !missing(); });
  auto absent = missing();
  if (!aborted_ && !absent) {
    members m{term_, rank_, {}};
    for (auto& p : peers_) m.links.push_back(p.link);
    m.links[rank_] = nullptr;
    return m;
  }
  job_ = 0;
  throw_if_aborted();
  auto& peer = peers_[*absent];
  throw failure{errc::worker_lost, name_of(*absent, peer.door) + " cannot be reached" + (peer.why_not.empty() ? "" : ": " + peer.why_not)};
}

/// Drops what waits from that peer for jobs of the past; answers the credit that this frees.
uint64_t exchange_hub::forget(exchange_link& link) {
  uint64_t bytes = 0;
  auto& box = link.box;
  std::erase_if(box.messages, [&](const bulk_message& m) { return past(m.term, m.job); });
  std::erase_if(box.unreturned, [&](const exchange_link::mailbox::debt& d) {
    bool free = d.job <= past_job_;
    if (free) bytes += d.bytes;
    return free;
  });
  return bytes;
}

/// Frames of jobs up to this one are of the past. Answers what credit that frees, by link.
exchange_hub::refunds exchange_hub::pass(uint64_t job) {
  past_job_ = std::max(past_job_, job);
  refunds all;
  for (auto& p : peers_) if (p.link) all.emplace_back(p.link, forget(*p.link));
  return all;
}

void exchange_hub::end(uint64_t id) {
  refunds credit;
  {
    std::lock_guard lock{mutex};
    job_ = 0;
    credit = pass(id);
  }
  for (auto& [link, bytes] : credit) link->give_back(bytes);
}

void exchange_hub::abort(uint64_t up_to_job, errc code, const std::string& why) {
  refunds credit;
  {
    std::lock_guard lock{mutex};
    if (job_ == 0) aborted_.reset();
    if (job_ <= up_to_job) set_aborted(code, why);
    credit = pass(up_to_job);
  }
  changed_.notify_all();
  for (auto& [link, bytes] : credit) {
    link->drop(up_to_job);
    link->give_back(bytes);
  }
}

void exchange_hub::enter(const members& m, uint32_t round) {
  ++rounds;
  std::vector<std::pair<exchange_link*, uint64_t>> credit;
  {
    std::lock_guard lock{mutex};
    throw_if_aborted();
    round_ = round;
    for (auto& link : m.links) {
      if (!link || link->box.unreturned.empty()) continue;
      uint64_t bytes = 0;
      std::erase_if(link->box.unreturned, [&](const exchange_link::mailbox::debt& d) {
        bool reached = d.job < job_ || (d.job == job_ && d.round <= round);
        if (reached) bytes += d.bytes;
        return reached;
      });
      credit.emplace_back(link.get(), bytes);
    }
  }
  for (auto& [link, bytes] : credit) link->give_back(bytes);
}

bulk_message exchange_hub::take(exchange_link& from, uint32_t round) {
  std::unique_lock lock{mutex};
  auto& messages = from.box.messages;
  for (;; changed_.wait(lock)) {
    throw_if_aborted();
    auto found = std::find_if(messages.begin(), messages.end(), [&](const bulk_message& m) { return m.job == job_ && m.round == round; });
    if (found != messages.end()) {
      auto message = std::move(*found);
      messages.erase(found);
      return message;
    }
    if (from.box.broken) throw failure{errc::worker_lost, name_of(from.peer(), from.address()) + " is gone"};
  }
}

}  // namespace gli
