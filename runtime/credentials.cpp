#include "runtime/credentials.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "runtime/error.h"
#include "runtime/private_folder.h"

namespace gli {

namespace {

constexpr const char* secret_block = "GLI SECRET";
constexpr off_t largest_file = 64 << 10;
constexpr long day = 24 * 3600;
constexpr std::array roles{role::worker, role::driver, role::coordinator};  // the last that is written says that all are there

using certificate = credentials::certificate;
using key = credentials::key;
using memory_bio = std::unique_ptr<BIO, void (*)(BIO*)>;

[[noreturn]] void fail(const std::string& what) {
  char text[256] = "no reason given";
  if (auto code = ERR_get_error()) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  throw failure{errc::internal, "OpenSSL cannot " + what + ": " + text};
}

void must(bool done, const char* what) {
  if (!done) fail(what);
}

[[noreturn]] void refuse(errc code, const std::string& path, const std::string& why) { throw failure{code, "the credentials in " + path + " " + why}; }

memory_bio free_later(BIO* b) { return {b, [](BIO* x) { BIO_free_all(x); }}; }
certificate own(X509* c) { return {c, X509_free}; }
key own(EVP_PKEY* k) { return {k, EVP_PKEY_free}; }

// --- making ----------------------------------------------------------------------------------------------------------------

key make_key() {
  auto k = own(EVP_EC_gen("P-256"));
  must(k != nullptr, "make a key");
  return k;
}

void add_name(X509_NAME* name, int field, const std::string& text) {
  must(X509_NAME_add_entry_by_NID(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()), int(text.size()), -1, 0), "name a certificate");
}

void extend(X509* c, X509* issuer, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, c, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
  must(extension != nullptr && X509_add_ext(c, extension, -1), "extend a certificate");
  X509_EXTENSION_free(extension);
}

/// A certificate of `k` that is not signed yet.
certificate draft(const std::string& cluster, const char* unit, EVP_PKEY* k, long days) {
  auto c = own(X509_new());
  must(c != nullptr, "make a certificate");
  uint64_t serial = 0;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "draw a number");
  auto from = days < 0 ? 2 * days * day : -day;  // a day's grace for clocks
  must(X509_set_version(c.get(), X509_VERSION_3) && ASN1_INTEGER_set_uint64(X509_get_serialNumber(c.get()), serial >> 1 | 1) &&
           X509_gmtime_adj(X509_getm_notBefore(c.get()), from) && X509_gmtime_adj(X509_getm_notAfter(c.get()), days * day) &&
           X509_set_pubkey(c.get(), k),
       "fill in a certificate");
  auto* name = X509_get_subject_name(c.get());
  add_name(name, NID_commonName, std::string{"gli "} + unit);
  add_name(name, NID_organizationName, cluster);
  add_name(name, NID_organizationalUnitName, unit);
  return c;
}

void sign(X509* c, X509* issuer, EVP_PKEY* k) {
  must(X509_set_issuer_name(c, X509_get_subject_name(issuer)) && X509_sign(c, k, EVP_sha256()), "sign a certificate");
}

certificate make_authority(const std::string& cluster, EVP_PKEY* k) {
  auto c = draft(cluster, "authority", k, credentials_days{}.of[0]);
  extend(c.get(), c.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(c.get(), c.get(), NID_key_usage, "critical,keyCertSign");
  extend(c.get(), c.get(), NID_subject_key_identifier, "hash");
  sign(c.get(), c.get(), k);
  return c;
}

certificate make_certificate(role r, const std::string& cluster, EVP_PKEY* k, X509* authority, EVP_PKEY* authority_key, long days) {
  auto c = draft(cluster, name_of(r), k, days);
  extend(c.get(), authority, NID_basic_constraints, "critical,CA:FALSE");
  extend(c.get(), authority, NID_key_usage, "critical,digitalSignature");
  extend(c.get(), authority, NID_ext_key_usage, r == role::driver ? "clientAuth" : "serverAuth,clientAuth");
  extend(c.get(), authority, NID_authority_key_identifier, "keyid");
  if (r != role::driver) extend(c.get(), authority, NID_subject_alt_name, (std::string{"DNS:gli-"} + name_of(r)).c_str());  // for clients of metrics and page
  sign(c.get(), authority, authority_key);
  return c;
}

std::string as_pem(X509* c, EVP_PKEY* k, X509* authority, const shared_secret& secret) {
  auto out = free_later(BIO_new(BIO_s_secmem()));
  must(out != nullptr && PEM_write_bio_X509(out.get(), c) && PEM_write_bio_PKCS8PrivateKey(out.get(), k, nullptr, nullptr, 0, nullptr, nullptr) &&
           PEM_write_bio_X509(out.get(), authority) && PEM_write_bio(out.get(), secret_block, "", secret.data(), long(secret.size())) > 0,
       "write PEM");
  char* text = nullptr;
  auto bytes = BIO_get_mem_data(out.get(), &text);
  return {text, size_t(bytes)};
}

// --- reading ---------------------------------------------------------------------------------------------------------------

/// Nobody but its owner may read it; but where that is root and we are not, root has decided who is in its group, or named us in its access control list, which
/// its mode shows as the group's.
void check_private(const std::string& path, const struct stat& s) {
  bool from_root = s.st_uid == 0 && ::geteuid() != 0;
  if (s.st_uid != ::geteuid() && !from_root) refuse(errc::io, path, "belong to another user");
  if ((s.st_mode & (from_root ? 037 : 077)) == 0) return;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", unsigned(s.st_mode & 07777));
  refuse(errc::io, path, std::string{"may be read by others (mode "} + mode + "): chmod " + (from_root ? "440 " : "600 ") + path);
}

std::string read_private(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw failure{errno == ENOENT ? errc::not_found : errc::io, "no credentials in " + path + ": " + std::strerror(errno)};
  struct closing { int file; ~closing() { ::close(file); } } guard{file};
  struct stat s;
  if (::fstat(file, &s) != 0 || !S_ISREG(s.st_mode)) refuse(errc::io, path, "are in no regular file: name one of the .pem files that gli start made");
  check_private(path, s);
  if (s.st_size > largest_file) refuse(errc::value, path, "are too large to be credentials");
  std::string text(size_t(s.st_size), '\0');
  if (::read(file, text.data(), text.size()) != ssize_t(text.size())) refuse(errc::io, path, "cannot be read");
  return text;
}

struct pem_block {
  std::string name;
  std::vector<uint8_t> bytes;
};

std::optional<pem_block> next_block(BIO* in) {
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
  if (!PEM_read_bio(in, &name, &header, &data, &length)) return ERR_clear_error(), std::nullopt;
  pem_block block{name, {data, data + length}};
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, size_t(length));
  return block;
}

std::string entry(const X509* c, int field) {
  char text[256] = {};
  auto length = X509_NAME_get_text_by_NID(X509_get_subject_name(c), field, text, sizeof text);
  return length > 0 ? std::string(text, size_t(length)) : "";
}

}  // namespace

void write_private(const std::string& path, const std::string& text) {
  auto next = path + ".next";
  ::unlink(next.c_str());
  int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool written = file >= 0 && ::fchmod(file, 0600) == 0 && ::write(file, text.data(), text.size()) == ssize_t(text.size()) && ::fsync(file) == 0;
  auto error = errno;
  if (file >= 0) ::close(file);
  if (!written || ::rename(next.c_str(), path.c_str()) != 0) throw failure{errc::io, path + " cannot be written: " + std::strerror(written ? errno : error)};
}

const char* name_of(role r) { return r == role::coordinator ? "coordinator" : r == role::worker ? "worker" : "driver"; }

role role_of(const X509* c) {
  auto unit = entry(c, NID_organizationalUnitName);
  for (auto r : roles)
    if (unit == name_of(r)) return r;
  throw failure{errc::protocol, "a certificate says no role that there is"};
}

std::string cluster_of(const X509* c) { return entry(c, NID_organizationName); }

void make_credentials(const std::string& folder, const std::string& cluster, const credentials_days& days) {
  if (cluster.empty() || cluster.size() > 64) throw failure{errc::value, "a cluster's id has 1 to 64 bytes where it has credentials, not '" + cluster + "'"};
  make_private_folder(folder);
  auto authority_key = make_key();
  auto authority = make_authority(cluster, authority_key.get());
  shared_secret secret;
  must(RAND_priv_bytes(secret.data(), int(secret.size())) == 1, "draw a secret");
  for (auto r : roles) {
    auto k = make_key();
    auto c = make_certificate(r, cluster, k.get(), authority.get(), authority_key.get(), days.of[size_t(r)]);
    auto text = as_pem(c.get(), k.get(), authority.get(), secret);
    write_private(folder + "/" + name_of(r) + ".pem", text);
    OPENSSL_cleanse(text.data(), text.size());
  }
  OPENSSL_cleanse(secret.data(), secret.size());
}

credentials load_credentials(const std::string& path) {
  auto text = read_private(path);
  auto in = free_later(BIO_new_mem_buf(text.data(), int(text.size())));
  credentials all{path, role::driver, "", own(static_cast<X509*>(nullptr)), own(static_cast<X509*>(nullptr)), own(static_cast<EVP_PKEY*>(nullptr)), {}};
  bool has_secret = false;
  while (auto block = next_block(in.get())) {
    const unsigned char* at = block->bytes.data();
    auto length = long(block->bytes.size());
    if (block->name == PEM_STRING_X509 && !all.authority) {
      (all.own ? all.authority : all.own).reset(d2i_X509(nullptr, &at, length));
    } else if (block->name == PEM_STRING_PKCS8INF && !all.own_key) {
      all.own_key.reset(d2i_AutoPrivateKey(nullptr, &at, length));
    } else if (block->name == secret_block && block->bytes.size() == all.secret.size()) {
      std::copy(block->bytes.begin(), block->bytes.end(), all.secret.begin());
      has_secret = true;
    }
    OPENSSL_cleanse(block->bytes.data(), block->bytes.size());
  }
  OPENSSL_cleanse(text.data(), text.size());
  ERR_clear_error();
  if (!all.own || !all.authority || !all.own_key || !has_secret)
    refuse(errc::value, path, "are not whole: a certificate, its key, the authority's certificate and the secret, as gli start wrote them");
  if (X509_check_private_key(all.own.get(), all.own_key.get()) != 1) refuse(errc::value, path, "have a key that does not belong to their certificate");
  if (X509_cmp_current_time(X509_get0_notAfter(all.own.get())) <= 0)
    refuse(errc::value, path, "have expired: end the cluster, delete its folder of credentials, start it again and copy them again");
  all.role = role_of(all.own.get());
  all.cluster = cluster_of(all.own.get());
  return all;
}

credentials load_credentials(const std::string& path, role needed) {
  auto all = load_credentials(path);
  if (all.role != needed) refuse(errc::value, path, std::string{"are a "} + name_of(all.role) + "'s, not a " + name_of(needed) + "'s");
  return all;
}

}  // namespace gli
