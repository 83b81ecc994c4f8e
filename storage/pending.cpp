#include "storage/pending.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>

#include "storage/clock.h"
#include "storage/keys.h"
#include "storage/record_bytes.h"

namespace gli::storage {
namespace {

constexpr auto pending_magic = record_magic("GLIW");
constexpr uint32_t record_version = 1;

std::string link_target(const char* path) {
  char target[128];
  auto length = ::readlink(path, target, sizeof target);
  return length > 0 && size_t(length) < sizeof target ? std::string(target, size_t(length)) : "";
}

std::string this_host() {
  std::string boot;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> boot;
  auto space = link_target("/proc/self/ns/pid");
  return boot.empty() || space.empty() ? "" : boot + " " + space;
}

/// Field 22 of its line in /proc, which begins "ID (NAME) "; the name may hold anything.
std::optional<uint64_t> start_of(uint64_t process) {
  std::ifstream file{"/proc/" + std::to_string(process) + "/stat"};
  std::string line{std::istreambuf_iterator<char>{file}, {}};
  auto end = line.rfind(')');
  if (end == line.npos) return {};
  std::istringstream fields{line.substr(end + 1)};
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  uint64_t ticks = 0;
  return fields >> ticks ? std::optional{ticks} : std::nullopt;
}

void put(writer& pages, const pending_record& r) {
  auto key = key_of(pending_key(r.process));
  r.batches.empty() ? pages.erase(table::pending, key) : pages.put(table::pending, key, encode(r));
}

/// Those at work in this process: the row alone cannot tell its threads apart.
struct own_leases {
  std::mutex mutex;
  std::set<ordered_store*> held;
};
own_leases& leases() {
  static own_leases all;
  return all;
}

void take_row(ordered_store& manifest) {
  auto now = microseconds_now();
  auto w = manifest.write();
  if (auto stored = w->get(table::about, as_bytes(gc_key))) {
    auto other = decode_pending(*stored);
    auto ended = other.process == this_process() || other.batches.empty() || is_over(other.process, other.batches[0], now);
    if (!ended)
      throw failure{errc::conflict, manifest.name() + ": another gc() is at work, in process " + std::to_string(other.process.id) + ": wait until it has ended"};
  }
  w->put(table::about, as_bytes(gc_key), encode(pending_record{this_process(), {{now, {}}}}));
  w->commit();
}

}  // namespace

process_name this_process() {
  auto id = uint64_t(::getpid());
  auto started = start_of(id);
  return {started ? this_host() : "", id, started.value_or(0)};
}

bool is_known_dead(const process_name& p) {
  if (p.host.empty() || p.host != this_host()) return false;
  if (::kill(pid_t(p.id), 0) != 0 && errno == ESRCH) return true;
  auto started = start_of(p.id);
  return started && *started != p.started;
}

byte_buffer encode(const pending_record& r) {
  record_writer w{pending_magic, record_version};
  w.text(r.process.host);
  w.u64(r.process.id);
  w.u64(r.process.started);
  w.u32(uint32_t(r.batches.size()));
  for (auto& b : r.batches) {
    w.u64(uint64_t(b.time));
    w.u32(uint32_t(b.roots.size()));
    for (auto& root : b.roots) w.hash(root);
  }
  return w.finish();
}

pending_record decode_pending(bytes_view record) {
  record_reader r{record, pending_magic, record_version, "a record of pending pages"};
  pending_record p;
  p.process.host = r.text();
  p.process.id = r.u64();
  p.process.started = r.u64();
  p.batches.resize(r.count(12));
  for (auto& b : p.batches) {
    b.time = int64_t(r.u64());
    b.roots.resize(r.count(16));
    for (auto& root : b.roots) root = r.hash();
  }
  r.end();
  return p;
}

hash128 pending_key(const process_name& p) {
  record_writer w;
  w.text(p.host);
  w.u64(p.id);
  w.u64(p.started);
  return content_hash(w.bytes());
}

int64_t note_pending(writer& pages, std::span<const hash128> roots, int64_t now) {
  pending_record own{this_process(), {}};
  if (auto stored = pages.get(table::pending, key_of(pending_key(own.process)))) own = decode_pending(*stored);
  auto& all = own.batches;
  if (!all.empty()) now = std::max(now, all.back().time + 1);
  if (all.size() >= most_pending_batches) all.erase(all.begin(), all.end() - (most_pending_batches - 1));
  all.push_back({now, {roots.begin(), roots.end()}});
  put(pages, own);
  return now;
}

std::vector<pending_record> pending_in(reader& pages) {
  std::vector<pending_record> all;
  pages.scan(table::pending, {}, [&](bytes_view key, bytes_view value) {
    all.push_back(decode_pending(value));
    if (!std::ranges::equal(key, key_of(pending_key(all.back().process)))) throw failure{errc::corrupt, "a record of pending pages has another process's key"};
    return true;
  });
  return all;
}

bool is_over(const process_name& process, const pending_batch& batch, int64_t now) {
  return batch.time + pending_for < now || is_known_dead(process);
}

void drop_pending(writer& pages, const std::function<bool(const process_name&, const pending_batch&)>& goes) {
  for (auto& r : pending_in(pages))
    if (std::erase_if(r.batches, [&](auto& b) { return goes(r.process, b); })) put(pages, r);
}

gc_lease::gc_lease(ordered_store& manifest) : manifest_{manifest} {
  std::lock_guard lock{leases().mutex};
  if (leases().held.contains(&manifest)) throw failure{errc::conflict, manifest.name() + ": another gc() of this process is at work: wait until it has ended"};
  take_row(manifest);
  leases().held.insert(&manifest);
}

/// A row that could not be removed is taken over by the next gc() of this process, or of any when this one has ended.
gc_lease::~gc_lease() {
  std::lock_guard lock{leases().mutex};
  leases().held.erase(&manifest_);
  try {
    auto w = manifest_.write();
    w->erase(table::about, as_bytes(gc_key));
    w->commit();
  } catch (const std::exception&) {  // the row stays, and says which process it was
  }
}

}  // namespace gli::storage
