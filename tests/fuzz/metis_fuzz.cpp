// The METIS reader: the first byte says whether bad lines are skipped, the rest is the file. It throws what metis.h says or gives batches
// that hold together: every node once and in order, every edge between nodes that are there.

#include <algorithm>
#include <cstdlib>

#include "partitions/loaders/metis.h"
#include "runtime/error.h"
#include "tests/fuzz/memory_file.h"

namespace {

using namespace gli;

struct checked_graph {
  int64_t nodes = 0, highest = 0, edges = 0;

  void add_nodes(const column_batch& b) {
    b.check();
    for (int64_t i = 0; i < b.rows; ++i)
      if (b.columns[0].int64(i) != ++nodes) std::abort();
  }
  void add_edges(const column_batch& b) {
    b.check();
    edges += b.rows;
    for (int64_t i = 0; i < b.rows; ++i) {
      auto source = b.find("source")->int64(i), target = b.find("target")->int64(i);
      if (source < 1 || target < 1 || source == target) std::abort();
      highest = std::max({highest, source, target});
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  fuzz::memory_file file{{reinterpret_cast<const char*>(data) + 1, size - 1}};
  checked_graph g;
  text_report report;
  batch_sink sink{[&](const column_batch& b) { g.add_nodes(b); }, [&](const column_batch& b) { g.add_edges(b); }};
  try {
    read_metis_text(file.path(), data[0] & 1, sink, {}, &report);
    if (g.highest > g.nodes || report.rows != uint64_t(g.edges)) std::abort();
  } catch (const failure& f) {
    if (f.code() != errc::value) std::abort();
  }
  return 0;
}
