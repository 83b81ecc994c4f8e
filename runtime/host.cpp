#include "runtime/host.h"

#include <netdb.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

namespace gli {

namespace {

std::string name_space(const char* which) {
  char target[64] = {};
  auto length = ::readlink(which, target, sizeof target - 1);
  return length > 0 ? target : "?";
}

std::string kernel_boot() {
  std::string boot;
  std::getline(std::ifstream{"/proc/sys/kernel/random/boot_id"}, boot);
  return boot;
}

/// Whether the processors of a sysfs list ("0-3,8") hold all of a set.
bool holds(const std::string& list, cpu_set_t wanted) {
  std::istringstream in{list};
  for (std::string range; std::getline(in, range, ',');) {
    int first = 0, last = 0;
    if (std::sscanf(range.c_str(), "%d-%d", &first, &last) < 2) last = first;
    for (int cpu = first; cpu <= last && cpu < CPU_SETSIZE; ++cpu) CPU_CLR(size_t(cpu), &wanted);
  }
  return CPU_COUNT(&wanted) == 0;
}

}  // namespace

std::string this_host() {
  return kernel_boot() + " " + name_space("/proc/self/ns/net") + " " + name_space("/proc/self/ns/mnt") + " " + std::to_string(::geteuid());
}

std::string directory_identity(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) return {};
  return kernel_boot() + " " + std::to_string(found.st_dev) + " " + std::to_string(found.st_ino);
}

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

/// A datagram socket that is connected sends nothing, and knows where it would send from.
std::string own_address_towards(const host_port& there) {
  addrinfo wanted{}, *list = nullptr;
  wanted.ai_socktype = SOCK_DGRAM;
  if (int error = ::getaddrinfo(there.host.c_str(), std::to_string(there.port).c_str(), &wanted, &list))
    throw failure{errc::unavailable, "no host is called '" + there.host + "': " + ::gai_strerror(error)};
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> found{list, ::freeaddrinfo};
  int why = EHOSTUNREACH;
  for (auto* a = found.get(); a; a = a->ai_next) {
    int descriptor = ::socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    char text[NI_MAXHOST];
    bool known = descriptor >= 0 && ::connect(descriptor, a->ai_addr, a->ai_addrlen) == 0 && ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
                 ::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0;
    why = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (known) return text;
  }
  throw failure{errc::unavailable, "no way to " + there.host + ": " + std::strerror(why)};
}

int own_numa_node() {
  cpu_set_t own;
  if (::sched_getaffinity(0, sizeof own, &own) != 0) return -1;
  std::error_code none;
  for (auto& entry : std::filesystem::directory_iterator{"/sys/devices/system/node", none}) {
    int node = -1;
    std::string list;
    if (std::sscanf(entry.path().filename().c_str(), "node%d", &node) == 1 && std::getline(std::ifstream{entry.path() / "cpulist"}, list) && holds(list, own))
      return node;
  }
  return -1;
}

}  // namespace gli
