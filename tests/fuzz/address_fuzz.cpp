// Addresses, as users, workers and files say them: failure{value}, or one that is written and read again as the same.

#include <cstdlib>
#include <string>

#include "runtime/address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gli;
  try {
    auto at = parse_host_port({reinterpret_cast<const char*>(data), size});
    if (parse_host_port(tls_address(at)) != at || !is_tls(tls_address(at))) std::abort();
  } catch (const failure& f) {
    if (f.code() != errc::value) std::abort();
  }
  return 0;
}
