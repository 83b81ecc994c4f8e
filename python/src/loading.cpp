#include "loading.h"

#include <algorithm>
#include <numeric>

#include "callbacks.h"
#include "runtime/batches.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

/// `rows` with a "_seq" that counts on from `next`; rows that have one are left as they are.
column_batch numbered(const column_batch& rows, int64_t& next) {
  auto result = rows;
  std::vector<int64_t> places(size_t(rows.rows));
  std::iota(places.begin(), places.end(), next);
  column seq;
  seq.name = "_seq";
  seq.length = rows.rows;
  seq.values.resize(places.size() * 8);
  if (!places.empty()) std::memcpy(seq.values.data(), places.data(), seq.values.size());
  result.columns.push_back(std::move(seq));
  next += rows.rows;
  return result;
}

}  // namespace

duplicate_policy duplicates_from(const std::string& name) {
  if (name == "first") return duplicate_policy::first;
  if (name == "last") return duplicate_policy::last;
  if (name == "error") return duplicate_policy::error;
  if (name == "sum") return duplicate_policy::sum;
  throw failure{errc::value, "duplicates is 'first', 'last', 'error', 'sum' or 'multi', not '" + name + "'"};
}

void row_target::add_edges(const column& keys, std::span<const int32_t> from, std::span<const int32_t> to) {
  constexpr size_t at_once = size_t{1} << 16;
  auto named = [&](const char* name, std::span<const int32_t> words) {
    auto c = gather(keys, std::vector<uint32_t>(words.begin(), words.end()));
    c.name = name;
    return c;
  };
  for (size_t begin = 0; begin < from.size(); begin += at_once) {
    auto rows = std::min(at_once, from.size() - begin);
    add_edges({int64_t(rows), {named("source", from.subspan(begin, rows)), named("target", to.subspan(begin, rows))}});
  }
}

batch_sink row_target::sink() {
  return {[this](const column_batch& rows) { add_nodes(rows); }, [this](const column_batch& rows) { add_edges(rows); }};
}

scatter_target::scatter_target(std::vector<worker_info> workers, std::string cluster, handle load, graph_kind kind,
                               std::shared_ptr<tls_bridge> bridge)
    : scatter_{std::move(workers), std::move(cluster), load, kind, check_signals, std::move(bridge)} {}

void scatter_target::add_nodes(const column_batch& rows) {
  if (rows.find("_seq"))
    scatter_.add_nodes(rows);
  else
    scatter_.add_nodes(numbered(rows, nodes_));
}

void scatter_target::add_edges(const column_batch& rows) {
  if (rows.find("_seq"))
    scatter_.add_edges(rows);
  else
    scatter_.add_edges(numbered(rows, edges_));
}

}  // namespace gli::python
