#pragma once
// What one worker holds: graphs, results and loads in progress, by handle. Any thread may call; each call locks briefly. A load is used
// by one thread at a time; once it failed or was taken it is over.

#include <map>
#include <memory>
#include <mutex>
#include <variant>

#include "partitions/loader.h"
#include "partitions/partition_edit.h"
#include "partitions/values.h"

namespace gli {

class holdings {
 public:
  void put(handle h, graph g);
  void put(handle h, node_values_ptr v);
  graph get_graph(handle h) const;             // failure{key} when it is not here
  node_values_ptr get_values(handle h) const;  // likewise

  void open_load(handle h, load_options options);
  /// A load that keeps its rows as they come.
  void open_rows(handle h, duplicate_policy duplicates);
  /// Adds a batch to a load. failure{key} when there is no such load; any failure ends the load.
  void add(handle h, const column_batch& rows, bool nodes);
  std::unique_ptr<graph_loader> take_load(handle h);
  new_rows take_rows(handle h);

  void release(handle h);

  struct counts { size_t graphs, results, loads; };
  counts count() const;

 private:
  struct load {
    std::mutex one_at_a_time;
    bool over = false;  // guarded by one_at_a_time, like the rows
    std::variant<graph_loader, new_rows> to;
    explicit load(std::variant<graph_loader, new_rows> rows) : to{std::move(rows)} {}
  };
  template <class To> To take(handle h);
  std::shared_ptr<load> find_load(handle h) const;
  template <class Map> typename Map::node_type extract(Map& map, handle h);

  mutable std::mutex mutex_;
  std::map<handle, graph> graphs_;
  std::map<handle, node_values_ptr> values_;
  std::map<handle, std::shared_ptr<load>> loads_;
};

}  // namespace gli
