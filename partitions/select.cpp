#include "partitions/catalog.h"
#include "partitions/evaluate.h"
#include "partitions/evaluate_bits.h"
#include "partitions/evaluate_compare.h"
#include "partitions/restrict.h"

namespace gli {
namespace {

/// Throws alike on all partitions unless it holds on all.
void demand(bool holds, communicator& all, errc code, const std::string& message) {
  uint64_t agreed = holds;
  all.all_reduce({&agreed, 1}, reduction::min);
  if (!agreed) throw failure{code, message};
}

/// Bits of the rows [0, size) that have a value within the bounds.
template <class Within>
std::vector<uint64_t> bits_within(const column& c, int32_t size, Within&& within) {
  std::vector<uint64_t> bits(words_for(size));
  fill_bits(bits.data(), size, [&](int64_t v) { return within(v); });
  for (size_t byte = 0; byte < c.validity.size() && byte < bits.size() * 8; ++byte)
    bits[byte >> 3] &= ~(uint64_t{uint8_t(~c.validity[byte])} << (byte & 7) * 8);
  return bits;
}

std::vector<uint64_t> bits_within(const column& c, int32_t size, double low, double high) {
  switch (c.type) {
    case column_type::boolean:
      return bits_within(c, size, [&](int64_t v) { return low <= c.boolean(v) && c.boolean(v) <= high; });
    case column_type::int64:
      return bits_within(c, size, [&](int64_t v) { return compare_exactly(c.int64(v), low) >= 0 && compare_exactly(c.int64(v), high) <= 0; });
    default:
      return bits_within(c, size, [&](int64_t v) { return low <= c.float64(v) && c.float64(v) <= high; });
  }
}

}  // namespace

graph select(const graph& g, const select_elements& what, communicator& all) {
  std::vector<uint64_t> nodes;
  std::vector<std::vector<uint64_t>> edges;
  kept_elements kept;
  if (what.nodes) {
    nodes = evaluate_nodes(*what.nodes, g, all);
    kept.nodes = &nodes;
  }
  if (what.edges) {
    edges = evaluate_edges(*what.edges, g, all);
    kept.edges = &edges;
  }
  return restrict_to(g, kept, all);
}

graph select(const graph& g, const node_values& values, double low, double high, communicator& all) {
  auto type = values.data.type;
  demand(type == column_type::boolean || type == column_type::int64 || type == column_type::float64, all, errc::type,
         std::string{"select needs values that are numbers, not "} + type_name(type));
  demand(values.data.length == g->size, all, errc::value, "these values belong to another graph");
  auto bits = bits_within(values.data, g->size, low, high);
  return restrict_to(g, {&bits, nullptr}, all);
}

}  // namespace gli
