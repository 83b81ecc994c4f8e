#pragma once
// What a process proves with that it belongs to a cluster: one file of PEM blocks (docs/hosts.md, "Credentials"). OpenSSL's own calls throughout.
//
// Thread-safe. Throw failure{io} for a file that cannot be read or that others may read, failure{value} for what is in it; both name the file.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <string>

namespace gli {

enum class role : uint8_t { coordinator, worker, driver };
const char* name_of(role r);

using shared_secret = std::array<uint8_t, 32>;

struct credentials {
  using certificate = std::unique_ptr<X509, void (*)(X509*)>;
  using key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

  std::string path;
  gli::role role;
  std::string cluster;  // id
  certificate own, authority;
  key own_key;
  shared_secret secret;
};

/// How long certificates are valid, by role; negative: they have expired.
struct credentials_days { std::array<long, 3> of{366, 366, 366}; };

/// Makes an authority, and of it `folder`/coordinator.pem, worker.pem and driver.pem; nothing keeps the authority's key. The folder is made, or must be this
/// user's alone; files in it are replaced.
void make_credentials(const std::string& folder, const std::string& cluster, const credentials_days& days = {});

/// Of a regular file, or a link to one, which its owner alone may read: this user, or root, who may let a group read it too (0440, and no more).
credentials load_credentials(const std::string& path);
credentials load_credentials(const std::string& path, role needed);

/// Whole or not at all, with mode 0600. Throws failure{io}.
void write_private(const std::string& path, const std::string& text);

/// The role and cluster that a certificate of the cluster's authority says. failure{protocol} where it says none.
gli::role role_of(const X509* certificate);
std::string cluster_of(const X509* certificate);

}  // namespace gli
