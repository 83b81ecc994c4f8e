// Serialized graphs of the GAP suite: the first byte says whether there are weights and by how many entries it is read, the rest is the file. It throws what
// gap_file.h says or gives every entry once, with its node.

#include <algorithm>
#include <cstdlib>

#include "partitions/loaders/gap_file.h"
#include "runtime/error.h"
#include "tests/fuzz/memory_file.h"

namespace {

using namespace gli;

/// The node of the entry behind the last one read.
void check(const gap_entries& read, int64_t begin, int64_t end, const gap_file& file) {
  auto words = size_t(end - begin) * (file.weighted() ? 2 : 1);
  if (read.first != begin || read.words.size() != words) std::abort();
  if (begin == end) return;
  if (read.node < 0 || read.ends.empty() || read.ends.back() < end || !std::is_sorted(read.ends.begin(), read.ends.end())) std::abort();
  if (read.ends.front() <= begin || read.node + int64_t(read.ends.size()) > file.head().nodes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  fuzz::memory_file bytes{{reinterpret_cast<const char*>(data) + 1, size - 1}};
  int64_t at_once = 1 + data[0] / 2, parts = 1 + data[0] % 5;
  try {
    gap_file file{bytes.path(), bool(data[0] & 1)};
    if (file.packed()) parts = 1;
    for (int64_t part = 0; part < parts; ++part) file.check_offsets(part, parts);
    gap_entries read;
    for (int64_t begin = 0; begin < file.head().entries; begin += at_once) {
      auto end = std::min(file.head().entries, begin + at_once);
      file.read_entries(begin, end, read);
      check(read, begin, end, file);
    }
  } catch (const failure& f) {
    if (f.code() != errc::value) std::abort();
  }
  return 0;
}
