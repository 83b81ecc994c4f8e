#include "runtime/http_request.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>

namespace gli {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// HOST of HOST, HOST:PORT, [IPV6] or [IPV6]:PORT; nothing of anything else.
std::optional<std::string_view> without_port(std::string_view host) {
  bool bracketed = host.starts_with('[');
  auto end = bracketed ? host.find(']') : host.find(':');
  if (bracketed && end == host.npos) return std::nullopt;
  auto name = bracketed ? host.substr(1, end - 1) : host.substr(0, end);
  auto rest = end == host.npos ? std::string_view{} : host.substr(end + bracketed);
  if (name.empty() || (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1))))) return std::nullopt;
  return name;
}

}  // namespace

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

bool names_loopback(std::string_view host) {
  auto name = without_port(host);
  if (!name) return false;
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(std::string{*name}, error);
  return error ? equal_but_for_case(*name, "localhost") : address.is_loopback();
}

bool is_same_origin(const http_request& r, std::string_view scheme) {
  if (!r.fetch_site.empty() && r.fetch_site != "same-origin" && r.fetch_site != "none") return false;
  return r.origin.empty() || equal_but_for_case(r.origin, std::string{scheme} + "://" + r.host);
}

bool bears(const http_request& r, std::string_view token) {
  constexpr std::string_view scheme = "Bearer ";
  std::string_view given = r.authorization;
  if (given.size() != scheme.size() + token.size() || !equal_but_for_case(given.substr(0, scheme.size()), scheme)) return false;
  return !token.empty() && CRYPTO_memcmp(given.data() + scheme.size(), token.data(), token.size()) == 0;
}

}  // namespace gli
