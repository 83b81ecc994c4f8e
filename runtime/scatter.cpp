#include "runtime/driver_client.h"

#include <algorithm>
#include <numeric>

#include "runtime/batches.h"
#include "runtime/hash.h"

namespace gli {

namespace {

const column& key_column(const column_batch& rows, const char* name) {
  auto* c = rows.find(name);
  if (!c) throw failure{errc::value, std::string{"rows without a column '"} + name + "'"};
  if (c->type != column_type::int64 && c->type != column_type::utf8)
    throw failure{errc::type, "keys are int64 or str, not " + std::string{type_name(c->type)}};
  return *c;
}

/// Row numbers by owner: those of owner q are order[begin[q]] … order[begin[q + 1] - 1], in their order.
struct routing { std::vector<uint32_t> begin, order; };

template <class OwnerOf> routing route(int64_t rows, uint32_t owners, OwnerOf&& owner_of_row) {
  if (rows > UINT32_MAX) throw failure{errc::value, "a batch of " + std::to_string(rows) + " rows"};
  std::vector<uint32_t> owner(static_cast<size_t>(rows));
  routing r{std::vector<uint32_t>(owners + 1), std::vector<uint32_t>(owner.size())};
  for (size_t i = 0; i < owner.size(); ++i) ++r.begin[(owner[i] = owner_of_row(int64_t(i))) + 1];
  std::partial_sum(r.begin.begin(), r.begin.end(), r.begin.begin());
  auto next = r.begin;
  for (size_t i = 0; i < owner.size(); ++i) r.order[next[owner[i]]++] = uint32_t(i);
  return r;
}

routing route(const column& keys, uint32_t owners) {
  if (keys.type == column_type::int64)
    return route(keys.length, owners, [&](int64_t i) { return owner_of(key_hash(keys.int64(i)), owners); });
  return route(keys.length, owners, [&](int64_t i) { return owner_of(key_hash(keys.bytes(i)), owners); });
}

/// Where the target's key is smaller than the source's: numbers as numbers, text by its bytes.
std::vector<bool> backwards(const column& source, const column& target) {
  std::vector<bool> swap(static_cast<size_t>(source.length));
  bool numbers = source.type == column_type::int64;
  for (int64_t i = 0; i < source.length; ++i)
    swap[size_t(i)] = numbers ? target.int64(i) < source.int64(i) : target.bytes(i) < source.bytes(i);
  return swap;
}

void add_places(column_batch& rows, int64_t& next) {
  if (rows.find("_seq")) return;
  column_builder places{"_seq", column_type::int64};
  places.reserve(rows.rows);
  for (int64_t i = 0; i < rows.rows; ++i) places.append_int64(next++);
  rows.columns.push_back(places.finish());
}

}  // namespace

struct scatter::state {
  struct owner { uint32_t partition; std::unique_ptr<worker_client> client; };

  state(std::vector<worker_info> workers, const std::string& cluster, handle l, graph_kind k, const interrupt_check& interrupt)
      : load{l}, kind{k} {
    std::sort(workers.begin(), workers.end(), [](auto& a, auto& b) { return a.partition < b.partition; });
    if (workers.empty()) throw failure{errc::unavailable, "the cluster has no workers"};
    for (uint32_t q = 0; q < workers.size(); ++q) {
      if (workers[q].partition != q) throw failure{errc::unavailable, "partition " + std::to_string(q) + " has no worker"};
      owners.push_back({q, naming(q, [&] { return std::make_unique<worker_client>(workers[q].address, cluster, interrupt); })});
    }
  }

  /// Runs f and says of which partition a loss was.
  template <class F> static auto naming(uint32_t partition, F&& f) -> decltype(f()) {
    try {
      return f();
    } catch (const failure& e) {
      if (e.code() != errc::worker_lost && e.code() != errc::unavailable) throw;
      throw failure{errc::worker_lost, "partition " + std::to_string(partition) + ": " + e.what()};
    }
  }

  void send(uint32_t q, load_batch::what part, column_batch rows) {
    naming(q, [&] { owners[q].client->load({load, part, std::move(rows)}); });
  }

  void spread(load_batch::what part, const column_batch& rows, const column& keys) {
    if (owners.size() == 1) return send(0, part, rows);
    auto r = route(keys, uint32_t(owners.size()));
    for (uint32_t q = 0; q < owners.size(); ++q) {
      auto own = std::span{r.order}.subspan(r.begin[q], r.begin[q + 1] - r.begin[q]);
      if (!own.empty()) send(q, part, gather(rows, own));
    }
  }

  /// The smaller key becomes the source.
  static void orient(column_batch& rows) {
    auto& source = const_cast<column&>(key_column(rows, "source"));  // columns of our own batch
    auto& target = const_cast<column&>(key_column(rows, "target"));
    if (source.type != target.type) throw failure{errc::type, "an edge's source and target are keys of one type"};
    auto swap = backwards(source, target);
    auto low = choose(source, target, swap), high = choose(target, source, swap);
    source = std::move(low);
    target = std::move(high);
  }

  handle load;
  graph_kind kind;
  std::vector<owner> owners;
  int64_t next_node = 0, next_edge = 0;
};

scatter::scatter(std::vector<worker_info> workers, std::string cluster, handle load, graph_kind kind, interrupt_check interrupt)
    : state_{std::make_unique<state>(std::move(workers), cluster, load, kind, interrupt)} {}

scatter::~scatter() = default;

void scatter::add_nodes(const column_batch& rows) {
  rows.check();
  if (rows.find("_seq")) return state_->spread(load_batch::what::nodes, rows, key_column(rows, ""));
  auto numbered = rows;
  add_places(numbered, state_->next_node);
  state_->spread(load_batch::what::nodes, numbered, key_column(numbered, ""));
}

void scatter::add_edges(const column_batch& rows) {
  rows.check();
  if (rows.find("_seq") && state_->kind.directed) return state_->spread(load_batch::what::edges, rows, key_column(rows, "source"));
  auto numbered = rows;
  add_places(numbered, state_->next_edge);
  if (!state_->kind.directed) state::orient(numbered);
  state_->spread(load_batch::what::edges, numbered, key_column(numbered, "source"));
}

void scatter::finish() {
  for (uint32_t q = 0; q < state_->owners.size(); ++q) state::naming(q, [&] { state_->owners[q].client->flush(); });
}

void scatter::abort() noexcept {
  for (auto& o : state_->owners) o.client->abort(state_->load);
}

}  // namespace gli
