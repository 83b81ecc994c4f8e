#pragma once
// What a browser or a scraper says that decides whether it is answered (docs/seeing.md, "Who is let in"). Pure.

#include <string>
#include <string_view>

namespace gli {

/// A request without a body. Header fields are as they came, empty where there was none.
struct http_request {
  std::string method, target, host, origin, fetch_site, authorization;
};

/// The path of a target, without its query.
std::string_view path_of(std::string_view target);

/// Whether a Host field, HOST or HOST:PORT, is localhost or a loopback address. The port is anyone's: it may come through a tunnel.
bool names_loopback(std::string_view host);

/// Whether no page of another origin asks. `scheme`: "http" or "https", how this is served.
bool is_same_origin(const http_request& r, std::string_view scheme);

/// Whether Authorization is "Bearer `token`". Takes as long for any guess of the token's length.
bool bears(const http_request& r, std::string_view token);

}  // namespace gli
