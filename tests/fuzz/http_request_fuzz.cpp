// What browsers and scrapers say, as they might say it to get in: no name but loopback's own is taken for it, and no guess for the token.

#include <arpa/inet.h>
#include <strings.h>

#include <cstdlib>
#include <string>

#include "runtime/http_request.h"

namespace {

/// As the kernel reads addresses.
bool is_loopback(std::string host) {
  if (!host.empty() && host[0] == '[') host = host.substr(1, host.find(']') - 1);
  else host = host.substr(0, host.find(':'));
  host = host.substr(0, host.find('%'));
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return strcasecmp(host.c_str(), "localhost") == 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gli;
  std::string text(reinterpret_cast<const char*>(data), size);
  const std::string token(64, 'a');
  http_request r{"GET", text, "127.0.0.1:8787", text, "", text};
  if (path_of(text).find('?') != std::string::npos) std::abort();
  if (names_loopback(text) && !is_loopback(text)) std::abort();
  if (is_same_origin(r, "http") && !text.empty() && strcasecmp(text.c_str(), "http://127.0.0.1:8787") != 0) std::abort();
  if (bears(r, token) && text.substr(7) != token) std::abort();
  return 0;
}
