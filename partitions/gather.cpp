#include <tbb/parallel_for.h>

#include <algorithm>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/graph.h"
#include "partitions/joined_shape.h"
#include "partitions/rows.h"
#include "partitions/topology_build.h"
#include "runtime/error.h"

namespace gli {

namespace {

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "partitions of a graph: " + what}; }

/// An own node of one partition.
struct owned { uint64_t place; uint32_t partition; int32_t id; };

/// One column of the whole, and what each partition has of it.
struct gathered_column {
  std::string name;
  column_type type;
  std::vector<const paged_column*> parts;  // by partition; null: it has none
};

using columns_of = const std::vector<paged_column>& (*)(const graph&);

std::vector<gathered_column> join_columns(std::span<const graph> parts, columns_of columns) {
  std::vector<std::vector<column_shape>> shapes;
  for (auto& g : parts) shapes.push_back(shapes_of(columns(g)));
  std::vector<gathered_column> joined;
  for (auto& c : joined_columns(shapes)) {
    auto& to = joined.emplace_back(gathered_column{c.name, c.type, {}});
    for (auto& g : parts) to.parts.push_back(column_named(columns(g), c.name));
  }
  return joined;
}

class gatherer {
 public:
  explicit gatherer(std::span<const graph> parts) : parts_{parts}, made_{std::make_shared<graph::body>()} {}
  graph gather();

 private:
  struct flat_edges { std::vector<int32_t> from, to; };

  void check() const;
  void order_nodes();
  void number_nodes();
  void resolve_mirrors();
  void flatten_edges(size_t p);
  void build_topology();
  void gather_node_columns();
  void gather_edge_columns(const std::vector<std::vector<uint32_t>>& rows);
  paged_column gather_rows(const gathered_column& c, const std::vector<std::vector<uint32_t>>& rows) const;

  std::span<const graph> parts_;
  std::shared_ptr<graph::body> made_;
  std::vector<owned> nodes_;                    // in the whole's order
  std::vector<std::vector<int32_t>> own_ids_;   // by partition and own id: the id in the whole, or -1
  std::vector<std::vector<int32_t>> mirror_ids_;  // by partition and mirror
  std::vector<flat_edges> edges_;               // by partition, in the order of its slots
};

void gatherer::check() const {
  for (uint32_t p = 0; p < parts_.size(); ++p) {
    auto& g = parts_[p];
    if (g->partition != p || g->partitions != parts_.size())
      damaged("partition " + std::to_string(g->partition) + " of " + std::to_string(g->partitions) + " in place " + std::to_string(p) + " of " +
              std::to_string(parts_.size()));
    if (g->peers.size() != parts_.size()) damaged("partition " + std::to_string(p) + " knows " + std::to_string(g->peers.size()) + " peers");
  }
}

/// Merges the partitions' insertion orders.
void gatherer::order_nodes() {
  for (uint32_t p = 0; p < parts_.size(); ++p) {
    auto middle = nodes_.size();
    for (auto v : insertion_order(parts_[p])) nodes_.push_back({place_of(parts_[p], v), p, v});
    std::inplace_merge(nodes_.begin(), nodes_.begin() + ptrdiff_t(middle), nodes_.end(), [](auto& a, auto& b) { return a.place < b.place; });
  }
  if (nodes_.size() > size_t(INT32_MAX)) throw failure{errc::memory, "a whole graph holds at most 2147483647 nodes, not " + std::to_string(nodes_.size())};
}

graph_kind kind_of(std::span<const graph> parts) {
  std::vector<graph_kind> kinds;
  for (auto& g : parts) kinds.push_back(g->kind);
  return joined_kind(kinds);
}

void gatherer::number_nodes() {
  auto& kind = made_->kind = kind_of(parts_);
  auto keys = std::make_shared<dictionary>(kind.keys);
  keys->reserve(int32_t(nodes_.size()));
  for (auto& g : parts_) own_ids_.emplace_back(size_t(g->size), -1);
  for (auto& n : nodes_) {
    auto& theirs = *parts_[n.partition]->keys;
    auto [id, fresh] = kind.keys == key_type::int64 ? keys->intern(theirs.int_key(n.id)) : keys->intern(theirs.text_key(n.id));
    if (!fresh) damaged("node " + to_string(theirs.key_of(n.id)) + " is in two of them");
    own_ids_[n.partition][size_t(n.id)] = id;
  }
  made_->keys = std::move(keys);
  made_->size = int32_t(nodes_.size());
  made_->nodes = made_->total_nodes = nodes_.size();
}

/// The i-th mirror that p has of q is the i-th node that q exports to p.
void gatherer::resolve_mirrors() {
  for (size_t p = 0; p < parts_.size(); ++p) {
    auto& ids = mirror_ids_.emplace_back(size_t(parts_[p]->mirrors), -1);
    for (size_t q = 0; q < parts_.size(); ++q) {
      auto& mirrors = parts_[p]->peers[q].mirrors;
      auto& exported = parts_[q]->peers[p].exported;
      if (mirrors.size() != exported.size())
        damaged(std::to_string(p) + " mirrors " + std::to_string(mirrors.size()) + " nodes of " + std::to_string(q) + ", which knows of " + std::to_string(exported.size()));
      for (size_t i = 0; i < mirrors.size(); ++i) ids[size_t(~mirrors[i])] = own_ids_[q][size_t(exported[i])];
    }
  }
}

void gatherer::flatten_edges(size_t p) {
  auto& g = parts_[p];
  auto& flat = edges_[p];
  flat.from.reserve(g->out.edges);
  flat.to.reserve(g->out.edges);
  for (int32_t v = 0; v < g->size; ++v)
    for (auto t : g->out_of(v)) {
      flat.from.push_back(own_ids_[p][size_t(v)]);
      flat.to.push_back(t >= 0 ? own_ids_[p][size_t(t)] : mirror_ids_[p][size_t(~t)]);
      if (flat.from.back() < 0 || flat.to.back() < 0) damaged("partition " + std::to_string(p) + " has an edge of a node that none of them has");
    }
}

std::vector<edge_span> spans(const auto& edges, bool reversed) {
  std::vector<edge_span> all;
  for (auto& e : edges) all.push_back(reversed ? edge_span{e.to, e.from} : edge_span{e.from, e.to});
  return all;
}

void gatherer::build_topology() {
  auto& g = *made_;
  edges_.resize(parts_.size());
  tbb::parallel_for(size_t{0}, parts_.size(), [&](size_t p) { flatten_edges(p); });
  edge_order order{parallel_edges::keep, {}, {}, true};
  auto out = sort_edges(g.size, spans(edges_, false), order);
  g.out = std::move(out.pages);
  g.total_edges = g.out.edges;
  gather_edge_columns(out.rows);
  if (!g.kind.directed)
    for (auto& e : edges_) {  // a self-loop of an undirected graph is only in `out`
      size_t kept = 0;
      for (size_t i = 0; i < e.from.size(); ++i)
        if (e.from[i] != e.to[i]) {
          e.from[kept] = e.from[i];
          e.to[kept++] = e.to[i];
        }
      e.from.resize(kept);
      e.to.resize(kept);
    }
  order.want_rows = false;
  g.in = std::move(sort_edges(g.size, spans(edges_, true), order).pages);
}

/// The rows of all partitions one after the other, in the order of their slots, then aligned to the whole's pages.
paged_column gatherer::gather_rows(const gathered_column& c, const std::vector<std::vector<uint32_t>>& rows) const {
  column_builder flat{c.name, c.type};
  for (size_t p = 0; p < parts_.size(); ++p) {
    auto part = c.parts[p];
    for (size_t page = 0; page < parts_[p]->out.pages.size(); ++page) {
      auto from = part && page < part->pages.size() ? part->pages[page].get() : nullptr;
      auto count = parts_[p]->out.directory[page]->edges;
      if (from && part->type == c.type && column_page_view{*from}.rows() == count) append_page(flat, *from);
      else for (uint32_t i = 0; i < count; ++i) append_row(flat, c.type, from, i);
    }
  }
  return align_column(flat.finish(), rows);
}

void gatherer::gather_edge_columns(const std::vector<std::vector<uint32_t>>& rows) {
  auto columns = join_columns(parts_, [](const graph& g) -> const std::vector<paged_column>& { return g->edge_columns; });
  made_->edge_columns.resize(columns.size());
  tbb::parallel_for(size_t{0}, columns.size(), [&](size_t i) { made_->edge_columns[i] = gather_rows(columns[i], rows); });
  if (!made_->kind.multi) return;
  gathered_column keys{"key", column_of(made_->kind.edge_keys), {}};
  for (auto& g : parts_) keys.parts.push_back(g->edge_keys ? &*g->edge_keys : nullptr);
  made_->edge_keys = gather_rows(keys, rows);
}

void gatherer::gather_node_columns() {
  auto columns = join_columns(parts_, [](const graph& g) -> const std::vector<paged_column>& { return g->node_columns; });
  auto pages = (nodes_.size() + rows_per_page - 1) >> rows_per_page_bits;
  for (auto& c : columns) {
    auto& made = made_->node_columns.emplace_back(paged_column{c.name, c.type, std::vector<page_ptr>(pages)});
    tbb::parallel_for(size_t{0}, pages, [&](size_t p) {
      column_builder out{"", c.type};
      auto end = std::min(nodes_.size(), (p + 1) * size_t(rows_per_page));
      for (auto i = p * size_t(rows_per_page); i < end; ++i) {
        auto part = c.parts[nodes_[i].partition];
        append_row(out, c.type, part ? page_of_row(*part, nodes_[i].id) : nullptr, uint32_t(nodes_[i].id & (rows_per_page - 1)));
      }
      auto page = make_column_page(out.finish(), 0, int64_t(end - p * size_t(rows_per_page)));
      if (column_page_view{*page}.nulls() < column_page_view{*page}.rows()) made.pages[p] = std::move(page);
    });
  }
}

graph gatherer::gather() {
  check();
  order_nodes();
  number_nodes();
  resolve_mirrors();
  build_topology();
  gather_node_columns();
  made_->attributes = parts_[0]->attributes;
  return graph{std::shared_ptr<const graph::body>{made_}};
}

}  // namespace

graph gather(std::span<const graph> partitions) {
  if (partitions.empty()) throw failure{errc::internal, "no partitions to gather"};
  if (partitions.size() == 1 && partitions[0]->partitions == 1) return partitions[0];
  return gatherer{partitions}.gather();
}

}  // namespace gli
