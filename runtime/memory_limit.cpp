#include "runtime/memory_limit.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_scheduler_observer.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <new>
#include <sstream>
#include <thread>
#include <utility>

#include "runtime/error.h"

namespace gli {

namespace {

constexpr uint64_t full_reserve = 16ull << 20;
constexpr uint64_t least_room = 16ull << 20;  // for graphs

std::atomic<uint64_t> given{0}, soft{0}, hard{0};
std::atomic<bool> reserve_open{false};
thread_local memory_for whom = memory_for::everybody;

void set_limit(uint64_t now) {
  rlimit limit{now, hard};
  if (setrlimit(RLIMIT_DATA, &limit) != 0) throw failure{errc::value, "a memory limit of " + bytes_text(given) + ": " + std::strerror(errno)};
}

/// operator new found nothing and tries again when this returns.
void no_memory() {
  if (whom == memory_for::a_call || reserve_open.exchange(true)) throw std::bad_alloc{};
  rlimit limit{hard, hard};
  setrlimit(RLIMIT_DATA, &limit);
}

/// A line of /proc/PID/status, in bytes.
uint64_t status_bytes(const std::string& name, const std::string& pid = "self") {
  std::ifstream file{"/proc/" + pid + "/status"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) * 1024;
  return 0;
}

/// What of the program and its libraries can be resident and is not limited: mappings of files that cannot be written to.
uint64_t code_bytes() {
  uint64_t total = 0;
  std::ifstream file{"/proc/self/maps"};
  for (std::string line; std::getline(file, line);) {
    uint64_t begin = 0, end = 0;
    char access[5] = "";
    if (line.find('/') != std::string::npos && std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s", &begin, &end, access) == 3 && access[1] != 'w')
      total += end - begin;
  }
  return total;
}

/// What a process has reserved and not touched: stacks, and what malloc has ready.
uint64_t untouched_bytes(const std::string& pid = "self") {
  auto reserved = status_bytes("VmData", pid), anonymous = status_bytes("RssAnon", pid);
  return reserved - std::min(reserved, anonymous);
}

struct call_now {
  std::mutex mutex;
  std::string who, what = "this";
  uint64_t before = 0;
} now;

/// With its mutex held.
std::string text_of(const std::string& what, uint64_t used, const char* when) {
  auto who = now.who.empty() ? "process " + std::to_string(::getpid()) : now.who;
  auto limit = given ? "its memory_limit is " + bytes_text(given) + ", of which " : "of the machine's memory ";
  return who + " has not enough memory for " + what + ": " + limit + bytes_text(used) + when;
}

struct helpers final : tbb::task_scheduler_observer {
  helpers() { observe(true); }
  ~helpers() override { observe(false); }
  void on_scheduler_entry(bool is_worker) override {
    if (is_worker) whom = memory_for::a_call;
  }
};

}  // namespace

void limit_memory(uint64_t bytes) {
  if (bytes == 0) return;
  auto anonymous = status_bytes("RssAnon"), code = code_bytes(), untouched = untouched_bytes();
  auto reserve = std::min(full_reserve, bytes / 16);
  auto least = code + anonymous + reserve + least_room;
  if (bytes < least) throw failure{errc::value, "a memory limit of " + bytes_text(bytes) + " is less than a worker needs: " + bytes_text(least)};
  given = bytes;
  hard = bytes - code + untouched;
  soft = hard - reserve;
  set_limit(soft);
  std::set_new_handler(no_memory);
}

uint64_t memory_limit() { return given; }

void limit_child(pid_t child, const std::string& what) {
  if (given == 0) return;
  release_spare_memory();
  auto used = resident_bytes();
  if (used + least_room > given) throw failure{errc::memory, no_memory_text(what)};
  rlimit limit{std::min<uint64_t>(hard, given - used + untouched_bytes(std::to_string(child))), hard};
  ::prlimit(child, RLIMIT_DATA, &limit, nullptr);  // of one that has ended there is nothing to limit
}

uint64_t resident_bytes() {
  uint64_t all = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> all >> resident;
  return resident * uint64_t(::sysconf(_SC_PAGESIZE));
}

void release_spare_memory() { ::malloc_trim(0); }

void refill_reserve() {
  if (given == 0 || !reserve_open) return;
  set_limit(soft);
  reserve_open = false;
}

allocating::allocating(memory_for now) : before_{std::exchange(whom, now)} {}
allocating::~allocating() { whom = before_; }

void helpers_allocate_for_calls(unsigned threads) {
  static thread_local helpers observer;
  constexpr auto patience = std::chrono::seconds{1};
  std::atomic<unsigned> here{0};
  auto end = std::chrono::steady_clock::now() + patience;
  tbb::parallel_for(tbb::blocked_range<unsigned>{0, threads}, [&](const auto&) {
    for (++here; here < threads && std::chrono::steady_clock::now() < end;) std::this_thread::yield();
  }, tbb::simple_partitioner{});
}

void name_this_process(std::string who) {
  std::lock_guard lock{now.mutex};
  now.who = std::move(who);
}

void begin_call(std::string what) {
  auto before = resident_bytes();
  std::lock_guard lock{now.mutex};
  now.what = std::move(what);
  now.before = before;
}

std::string no_memory_text() {
  allocating the_answer{memory_for::everybody};
  std::lock_guard lock{now.mutex};
  return now.before ? text_of(now.what, now.before, " were in use before") : text_of(now.what, resident_bytes(), " are in use");
}

std::string no_memory_text(const std::string& what) {
  allocating the_answer{memory_for::everybody};
  std::lock_guard lock{now.mutex};
  return text_of(what, resident_bytes(), " are in use");
}

std::string bytes_text(uint64_t bytes) {
  constexpr uint64_t mebibyte = 1 << 20, gibibyte = 1 << 30;
  char text[32];
  bool large = bytes >= gibibyte;
  std::snprintf(text, sizeof text, "%.1f %s", double(bytes) / double(large ? gibibyte : mebibyte), large ? "GiB" : "MiB");
  return text;
}

}  // namespace gli
