// Packed bytes as a store has them: failure{corrupt}, or as many bytes as they say; and whatever is packed comes out as it went in.

#include <algorithm>
#include <cstdlib>

#include "runtime/error.h"
#include "storage/packed.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gli::storage::bytes_view bytes{data, size};
  try {
    if (gli::storage::unpack(bytes, "it").size() != gli::storage::unpacked_size(bytes)) std::abort();
  } catch (const gli::failure& f) {
    if (f.code() != gli::errc::corrupt) std::abort();
  }
  if (auto packed = gli::storage::pack(bytes); packed && !std::ranges::equal(gli::storage::unpack(*packed, "it"), bytes)) std::abort();
  return 0;
}
