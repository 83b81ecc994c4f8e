#include "runtime/token.h"

#include <fcntl.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "runtime/error.h"

namespace gli {

namespace {

using token_bytes = std::array<uint8_t, 32>;
constexpr std::string_view purpose = "gli http token";

std::string hex(const token_bytes& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (auto b : bytes) {
    text += digits[b >> 4];
    text += digits[b & 15];
  }
  return text;
}

std::string derived(const shared_secret& secret) {
  token_bytes bytes;
  unsigned length = 0;
  if (!HMAC(EVP_sha256(), secret.data(), int(secret.size()), reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(), bytes.data(), &length))
    throw failure{errc::internal, "OpenSSL cannot derive a token"};
  return hex(bytes);
}

std::string drawn() {
  token_bytes bytes;
  if (RAND_bytes(bytes.data(), int(bytes.size())) != 1) throw failure{errc::internal, "OpenSSL has no random bytes"};
  return hex(bytes);
}

bool is_token(std::string_view text) {
  return text.size() == 2 * sizeof(token_bytes) && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// Nothing when there is no file, or not a whole token in it.
std::optional<std::string> kept(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0 && errno == ENOENT) return std::nullopt;
  if (file < 0) throw failure{errc::io, path + ": " + std::strerror(errno)};
  struct closing { int file; ~closing() { ::close(file); } } guard{file};
  struct stat s;
  if (::fstat(file, &s) != 0 || !S_ISREG(s.st_mode) || s.st_uid != ::geteuid()) throw failure{errc::io, path + " is no file of yours"};
  if ((s.st_mode & 077) != 0) throw failure{errc::io, path + " may be read by others: chmod 600 " + path};
  char text[2 * sizeof(token_bytes) + 1];
  auto length = ::read(file, text, sizeof text);
  std::string found(text, size_t(std::max<ssize_t>(length, 0)));
  if (found.ends_with('\n')) found.pop_back();
  return is_token(found) ? std::optional{found} : std::nullopt;
}

}  // namespace

std::string token_for(const std::string& directory, const credentials* cluster) {
  auto path = directory + "/token";
  auto before = kept(path);
  auto token = cluster ? derived(cluster->secret) : before ? *before : drawn();
  if (token != before) write_private(path, token + "\n");
  return token;
}

}  // namespace gli
