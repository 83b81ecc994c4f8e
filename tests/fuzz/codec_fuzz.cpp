// The decoders of everything that a peer may send: the first byte chooses one, the rest is the body. A decoder throws failure{protocol}
// (or failure{value} for columns that do not fit together), or what it gives can be encoded, decoded and encoded again to the same bytes.

#include <cstdlib>
#include <vector>

#include "runtime/codec.h"

namespace {

using namespace gli;

template <class Decode>
void there_and_back(bytes_view body, const Decode& decode) {
  try {
    auto first = encode(decode(body));
    if (encode(decode(first)) != first) std::abort();
  } catch (const failure& f) {
    if (f.code() != errc::protocol && f.code() != errc::value) std::abort();
  }
}

void decode_any(uint8_t which, bytes_view body) {
  switch (which % 14) {
    case 0:
      return there_and_back(body, decode_hello);
    case 1:
      return there_and_back(body, decode_welcome);
    case 2:
      return there_and_back(body, decode_failure);
    case 3:
      return there_and_back(body, decode_request);
    case 4:
      return there_and_back(body, decode_reply);
    case 5:
      return there_and_back(body, decode_progress);
    case 6:
      return there_and_back(body, decode_load_batch);
    case 7:
      return there_and_back(body, decode_batch);
    case 8:
      return there_and_back(body, decode_job);
    case 9:
      return there_and_back(body, decode_job_result);
    case 10:
      return there_and_back(body, decode_query);
    case 11:
      return there_and_back(body, decode_edits);
    case 12:
      return there_and_back(body, decode_submission);
    case 13:
      return there_and_back(body, decode_submitted_job);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::vector<uint8_t> body(data + 1, data + size);  // aligned, as frames are
  body.resize((body.size() + 7) / 8 * 8);
  decode_any(data[0], body);
  return 0;
}
