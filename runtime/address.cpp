#include "runtime/address.h"

#include <charconv>

namespace gli {

namespace {

constexpr std::string_view scheme = "gli://";
constexpr size_t longest_host = 253;  // of a name in the DNS

[[noreturn]] void refuse(const std::string& what, const std::string& text, const std::string& why) {
  throw failure{errc::value, "the " + what + " '" + text + "' " + why};
}

uint16_t port_of(std::string_view digits, const std::string& what, const std::string& text) {
  uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) refuse(what, text, "has no port from 0 to 65535 at its end");
  return port;
}

}  // namespace

bool is_tls(const std::string& address) { return address.starts_with(scheme); }

host_port parse_host_port(const std::string& text, const std::string& what) {
  std::string_view rest = text;
  if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  auto colon = rest.rfind(':');
  if (colon == rest.npos) refuse(what, text, "is not HOST:PORT");
  auto host = rest.substr(0, colon);
  bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.size() > longest_host) refuse(what, text, "names no host");
  if (!brackets && host.find(':') != host.npos) refuse(what, text, "needs brackets around an IPv6 address: [::1]:7878");
  for (char c : host)
    if (c <= ' ' || c == '/' || c == '[' || c == ']' || c == 0x7f) refuse(what, text, "names no host");
  return {std::string{host}, port_of(rest.substr(colon + 1), what, text)};
}

std::string tls_address(const host_port& at) {
  bool brackets = at.host.find(':') != at.host.npos;
  return std::string{scheme} + (brackets ? "[" + at.host + "]" : at.host) + ":" + std::to_string(at.port);
}

const std::string& door_for(const std::string& host, const worker_info& worker) {
  return worker.tls_address.empty() || worker.host_id == host ? worker.address : worker.tls_address;
}

}  // namespace gli
