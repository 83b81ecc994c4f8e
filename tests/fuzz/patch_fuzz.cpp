// Patches as a store has them: failure{corrupt}, or what comes out can be encoded, decoded and encoded again to the same bytes.

#include <cstdlib>

#include "partitions/patch.h"
#include "runtime/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    auto first = gli::encode(gli::decode_patch({data, size}));
    if (gli::encode(gli::decode_patch(first)) != first) std::abort();
  } catch (const gli::failure& f) {
    if (f.code() != gli::errc::corrupt) std::abort();
  }
  return 0;
}
