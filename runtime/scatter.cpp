#include "runtime/driver_client.h"

#include <algorithm>

#include "runtime/routing.h"

namespace gli {

namespace {

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

  state(std::vector<worker_info> workers, const std::string& cluster, handle l, graph_kind k, const interrupt_check& interrupt,
        const std::shared_ptr<tls_bridge>& bridge)
      : load{l}, kind{k} {
    std::sort(workers.begin(), workers.end(), [](auto& a, auto& b) { return a.partition < b.partition; });
    if (workers.empty()) throw failure{errc::unavailable, "the cluster has no workers"};
    for (uint32_t q = 0; q < workers.size(); ++q) {
      if (workers[q].partition != q) throw failure{errc::unavailable, "partition " + std::to_string(q) + " has no worker"};
      owners.push_back({q, naming(q, [&] { return std::make_unique<worker_client>(workers[q].address, cluster, interrupt, bridge); })});
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
    auto parts = split_by_owner(rows, keys, uint32_t(owners.size()));
    for (uint32_t q = 0; q < owners.size(); ++q)
      if (parts[q].rows > 0) send(q, part, std::move(parts[q]));
  }

  handle load;
  graph_kind kind;
  std::vector<owner> owners;
  int64_t next_node = 0, next_edge = 0;
};

scatter::scatter(std::vector<worker_info> workers, std::string cluster, handle load, graph_kind kind, interrupt_check interrupt,
                 std::shared_ptr<tls_bridge> bridge)
    : state_{std::make_unique<state>(std::move(workers), cluster, load, kind, interrupt, bridge)} {}

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
  if (!state_->kind.directed) orient(numbered);
  state_->spread(load_batch::what::edges, numbered, key_column(numbered, "source"));
}

void scatter::finish() {
  for (uint32_t q = 0; q < state_->owners.size(); ++q) state::naming(q, [&] { state_->owners[q].client->flush(); });
}

void scatter::abort() noexcept {
  for (auto& o : state_->owners) o.client->abort(state_->load);
}

}  // namespace gli
