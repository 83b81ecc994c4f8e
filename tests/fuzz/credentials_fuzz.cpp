// Files of credentials: failure, or a certificate with its key. A secret that is read is 32 bytes whatever the file says.

#include <sys/stat.h>

#include <cstdlib>

#include "runtime/credentials.h"
#include "runtime/error.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gli;
  fuzz::memory_file file{{reinterpret_cast<const char*>(data), size}};
  if (::chmod(file.path().c_str(), 0600) != 0) std::abort();
  try {
    auto c = load_credentials(file.path());
    if (X509_check_private_key(c.own.get(), c.own_key.get()) != 1) std::abort();
  } catch (const failure& f) {
    if (f.code() != errc::value && f.code() != errc::protocol) std::abort();
  }
  return 0;
}
