#include "partitions/reshard.h"

#include <algorithm>

#include "partitions/byte_stream.h"
#include "partitions/dictionary.h"
#include "partitions/joined_shape.h"
#include "partitions/loader.h"
#include "partitions/mirror_keys.h"
#include "partitions/ownership.h"
#include "partitions/rows.h"
#include "partitions/together.h"
#include "runtime/codec.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr uint64_t rows_at_once = 1 << 17;               // that a rank sends in one exchange
constexpr uint64_t endpoint_places = uint64_t{1} << 62;  // of nodes that came by edges when they were loaded

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "partitions of a graph: " + what}; }

// --- what all partitions have together -----------------------------------------------------------------------------------------

struct graph_shape {
  graph_kind kind;
  std::vector<column_shape> node_columns, edge_columns;
  parameters attributes;
  uint64_t nodes = 0, edges = 0;  // of the whole graph
};

void put_batch(byte_writer& to, const column_batch& b) {
  auto bytes = encode(b);
  to.put_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

column_batch get_batch(byte_reader& from) {
  auto bytes = from.get_text();
  return decode_batch({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

/// Columns as a batch without rows.
column_batch without_rows(const std::vector<paged_column>& columns) {
  column_batch b;
  for (auto& c : columns) b.columns.push_back(column_builder{c.name, c.type}.finish());
  return b;
}

std::vector<column_shape> shapes_of(const column_batch& b) {
  std::vector<column_shape> shapes;
  for (auto& c : b.columns) shapes.push_back({c.name, c.type});
  return shapes;
}

/// Values by name as a batch of one row.
column_batch as_row(const parameters& values) {
  column_batch b{1, {}};
  for (auto& [name, v] : values) {
    column_builder c{name, type_of(v).value_or(column_type::json)};
    c.append(v);
    b.columns.push_back(c.finish());
  }
  return b;
}

void put_shape(byte_writer& to, const graph& g) {
  to.put(g->kind);
  to.put(g->total_nodes);
  to.put(g->total_edges);
  put_batch(to, without_rows(g->node_columns));
  put_batch(to, without_rows(g->edge_columns));
  put_batch(to, as_row(g->attributes));
}

graph_shape get_shape(byte_reader& from) {
  graph_shape s;
  s.kind = from.get<graph_kind>();
  s.nodes = from.get<uint64_t>();
  s.edges = from.get<uint64_t>();
  s.node_columns = shapes_of(get_batch(from));
  s.edge_columns = shapes_of(get_batch(from));
  for (auto& c : get_batch(from).columns) s.attributes[c.name] = c.at(0);
  return s;
}

graph_shape join(const std::vector<graph_shape>& all) {
  std::vector<graph_kind> kinds;
  std::vector<std::vector<column_shape>> node_columns, edge_columns;
  for (auto& s : all) {
    if (s.nodes != all[0].nodes || s.edges != all[0].edges) damaged("they are of graphs of different sizes");
    kinds.push_back(s.kind);
    node_columns.push_back(s.node_columns);
    edge_columns.push_back(s.edge_columns);
  }
  return {joined_kind(kinds), joined_columns(node_columns), joined_columns(edge_columns), all[0].attributes, all[0].nodes, all[0].edges};
}

// --- rows on their way ---------------------------------------------------------------------------------------------------------

std::vector<column_builder> builders(const std::vector<column_shape>& shapes) {
  std::vector<column_builder> all;
  for (auto& c : shapes) all.emplace_back(c.name, c.type);
  return all;
}

column_batch finish(std::vector<column_builder>& columns) {
  column_batch b;
  for (auto& c : columns) b.columns.push_back(c.finish());
  b.rows = b.columns.front().length;
  return b;
}

/// A stored partition's columns in the order of the shape's; null: it has none of that name.
using columns_of_part = std::vector<const paged_column*>;

columns_of_part columns_in(const std::vector<paged_column>& own, const std::vector<column_shape>& shape) {
  columns_of_part columns;
  for (auto& c : shape) columns.push_back(column_named(own, c.name));
  return columns;
}

/// Nodes and edges for one partition, as a graph_loader takes them.
class rows_for_one {
 public:
  explicit rows_for_one(const graph_shape& shape) : shape_{shape} {
    auto keys = column_of(shape.kind.keys);
    nodes_ = builders({{"", keys}, {"_seq", column_type::int64}});
    edges_ = builders({{"source", keys}, {"target", keys}});
    if (shape.kind.multi) edges_.emplace_back("key", column_of(shape.kind.edge_keys));
    own_edge_columns_ = edges_.size();
    for (auto& c : builders(shape.node_columns)) nodes_.push_back(c);
    for (auto& c : builders(shape.edge_columns)) edges_.push_back(c);
  }

  void add_node(const graph& g, int32_t v, uint64_t place, const columns_of_part& columns) {
    append_endpoint(nodes_[0], g, v);
    nodes_[1].append_int64(int64_t(place));
    for (size_t i = 0; i < columns.size(); ++i)
      append_row(nodes_[2 + i], shape_.node_columns[i].type, columns[i] ? page_of_row(*columns[i], v) : nullptr, uint32_t(v & (rows_per_page - 1)));
  }
  void add_edge(const graph& g, int32_t source, uint32_t slot, const columns_of_part& columns) {
    append_endpoint(edges_[0], g, source);
    append_endpoint(edges_[1], g, g->out_of(source)[slot]);
    if (shape_.kind.multi) append_key(edges_[2], *edge_key(g, source, slot));
    auto page = size_t(source) >> vertices_per_page_bits;
    auto row = edge_row(g, source, slot);
    for (size_t i = 0; i < columns.size(); ++i) {
      auto from = columns[i] && page < columns[i]->pages.size() ? columns[i]->pages[page].get() : nullptr;
      append_row(edges_[own_edge_columns_ + i], shape_.edge_columns[i].type, from, row);
    }
  }
  void tell_owner(const hash128& key, uint32_t owner) { owners_.push_back({key, owner}); }
  byte_buffer message() {
    byte_buffer bytes;
    byte_writer to{bytes};
    to.put_varint(owners_.size());
    for (auto& told : owners_) to.put(told);
    put_batch(to, finish(nodes_));
    put_batch(to, finish(edges_));
    return bytes;
  }

  struct key_owner { hash128 key; uint32_t owner; };

 private:
  const graph_shape& shape_;
  std::vector<key_owner> owners_;
  std::vector<column_builder> nodes_, edges_;
  size_t own_edge_columns_;
};

/// The rows of stored partitions, some at a time, each to the owner of its key: its home, or where `to` says of the one partition.
class row_sender {
 public:
  row_sender(const std::vector<graph>& parts, const graph_shape& shape, uint64_t places_before, uint32_t owners, const vertex_array<uint32_t>* to)
      : parts_{parts}, shape_{shape}, places_before_{places_before}, owners_{owners}, to_{to} {
    if (to) told_.resize(owners, std::vector<bool>(size_t(to->size()) + size_t(to->mirrors())));
    for (auto& g : parts) {
      node_columns_.push_back(columns_in(g->node_columns, shape.node_columns));
      edge_columns_.push_back(columns_in(g->edge_columns, shape.edge_columns));
    }
  }
  uint64_t rows() const {
    uint64_t all = 0;
    for (auto& g : parts_) all += g->nodes + g->out.edges;
    return all;
  }
  /// The next rows_at_once rows, or those that are left.
  std::vector<byte_buffer> next() {
    std::vector<rows_for_one> to(owners_, rows_for_one{shape_});
    for (uint64_t sent = 0; sent < rows_at_once && part_ < parts_.size();) {
      auto& g = parts_[part_];
      if (node_ == g->size) ++part_, node_ = 0;
      else if (!g->live(node_)) ++node_;
      else sent += send_node(to, to_ ? (*to_)[node_] : owner_of(node_hash(g, node_), owners_), rows_at_once - sent);
    }
    std::vector<byte_buffer> messages;
    for (auto& rows : to) messages.push_back(rows.message());
    return messages;
  }

 private:
  /// A node, unless it was sent, and the edges that leave it: at most `room` rows. How many it was.
  uint64_t send_node(std::vector<rows_for_one>& all, uint32_t owner, uint64_t room) {
    auto& to = all[owner];
    auto& g = parts_[part_];
    auto out = g->out_of(node_);
    auto edges = uint32_t(out.size());
    uint64_t sent = 0;
    if (rows_of_node_ == 0) tell_owner(to, owner, node_), to.add_node(g, node_, place(g), node_columns_[part_]), ++rows_of_node_, ++sent;
    for (; sent < room && rows_of_node_ <= edges; ++rows_of_node_, ++sent) {
      tell_owner(to, owner, out[rows_of_node_ - 1]);
      to.add_edge(g, node_, rows_of_node_ - 1, edge_columns_[part_]);
    }
    if (rows_of_node_ > edges) ++node_, rows_of_node_ = 0;
    return sent;
  }
  /// Once to each partition, of what is not owned at home.
  void tell_owner(rows_for_one& rows, uint32_t receiver, int32_t v) {
    if (!to_ || told_[receiver][size_t(v + to_->mirrors())]) return;
    told_[receiver][size_t(v + to_->mirrors())] = true;
    auto hash = node_hash(parts_[part_], v);
    if (auto owner = (*to_)[v]; owner != owner_of(hash, owners_)) rows.tell_owner(hash, owner);
  }
  uint64_t place(const graph& g) const {
    auto at = place_of(g, node_);
    return at < endpoint_places ? at : at - endpoint_places + places_before_;
  }

  const std::vector<graph>& parts_;
  const graph_shape& shape_;
  const uint64_t places_before_;  // a loader takes smaller places than its own: nodes that came by edges follow the others directly
  const uint32_t owners_;
  const vertex_array<uint32_t>* to_;
  std::vector<std::vector<bool>> told_;  // by receiver, of own nodes and mirrors behind those
  std::vector<columns_of_part> node_columns_, edge_columns_;
  size_t part_ = 0;
  int32_t node_ = 0;
  uint32_t rows_of_node_ = 0;  // that were sent: itself, then its edges
};

class resharder {
 public:
  resharder(std::vector<graph> parts, uint32_t stored, communicator& all, const vertex_array<uint32_t>* to = nullptr)
      : parts_{std::move(parts)}, stored_{stored}, all_{all}, to_{to} {}
  graph reshard();

 private:
  void check() const;
  void agree();
  void resolve_mirrors();
  uint64_t places_of_rows() const;
  void send_rows(graph_loader& loader);
  void take_rows(const byte_buffer& message, graph_loader& loader);

  std::vector<graph> parts_;
  const uint32_t stored_;
  communicator& all_;
  const vertex_array<uint32_t>* to_;
  graph_shape shape_;
  told_owners owners_;
};

void resharder::check() const {
  size_t next = 0;
  for (uint32_t p = 0; p < stored_; ++p) {
    if (reader_of(p, stored_, all_.size()) != all_.rank()) continue;
    if (next == parts_.size()) throw failure{errc::internal, "partition " + std::to_string(p) + " was not read"};
    auto& g = parts_[next++];
    if (g->partition != p || g->partitions != stored_)
      damaged("partition " + std::to_string(g->partition) + " of " + std::to_string(g->partitions) + " in place " + std::to_string(p) + " of " +
              std::to_string(stored_));
    if (stored_ > 1 && g->peers.size() != stored_) damaged("partition " + std::to_string(p) + " knows " + std::to_string(g->peers.size()) + " peers");
  }
}

void resharder::agree() {
  byte_buffer mine;
  together(all_, [&] {
    check();
    byte_writer to{mine};
    for (auto& g : parts_) put_shape(to, g);
  });
  auto told = all_.all_to_all(std::vector<byte_buffer>(all_.size(), mine));
  together(all_, [&] {
    std::vector<graph_shape> shapes;
    for (auto& bytes : told)
      for (byte_reader from{bytes}; !from.at_end();) shapes.push_back(get_shape(from));
    shape_ = join(shapes);
  });
}

/// The keys that a stored partition's edges lead to come from whoever read their owner.
void resharder::resolve_mirrors() {
  if (stored_ == 1) return;
  std::vector<byte_buffer> outgoing(all_.size());
  for (auto& g : parts_)
    for (uint32_t p = 0; p < stored_; ++p) {
      auto keys = keys_for_peer(g, p);
      byte_writer{outgoing[reader_of(p, stored_, all_.size())]}.put_text({reinterpret_cast<const char*>(keys.data()), keys.size()});
    }
  auto incoming = all_.all_to_all(std::move(outgoing));
  together(all_, [&] {
    std::vector<std::vector<byte_buffer>> keys(parts_.size());  // by own part and owner, which come in order
    for (auto& message : incoming)
      for (byte_reader from{message}; !from.at_end();)
        for (auto& of_part : keys) {
          auto bytes = from.get_text();
          of_part.emplace_back(bytes.begin(), bytes.end());
        }
    for (size_t i = 0; i < parts_.size(); ++i) parts_[i] = with_mirror_keys(parts_[i], keys[i]);
  });
}

/// All places of nodes that came by rows of their own are below.
uint64_t resharder::places_of_rows() const {
  uint64_t end = 0;
  for (auto& g : parts_)
    for (int32_t v = 0; v < g->size; ++v)
      if (auto at = place_of(g, v); g->live(v) && at < endpoint_places) end = std::max(end, at + 1);
  all_.all_reduce({&end, 1}, reduction::max);
  return end;
}

void resharder::take_rows(const byte_buffer& message, graph_loader& loader) {
  byte_reader from{message};
  for (auto told = from.get_varint(); told > 0; --told) {
    auto [key, owner] = from.get<rows_for_one::key_owner>();
    owners_.add(key, owner);
  }
  loader.add_nodes(get_batch(from));
  loader.add_edges(get_batch(from));
}

/// At least one exchange, so that all partitions hear of all columns.
void resharder::send_rows(graph_loader& loader) {
  row_sender sender{parts_, shape_, places_of_rows(), all_.size(), to_};
  auto rounds = std::max<uint64_t>(1, (sender.rows() + rows_at_once - 1) / rows_at_once);
  all_.all_reduce({&rounds, 1}, reduction::max);
  for (uint64_t i = 0; i < rounds; ++i) {
    all_.progress("reshard", i, rounds);
    std::vector<byte_buffer> outgoing;
    together(all_, [&] { outgoing = sender.next(); });
    auto incoming = all_.all_to_all(std::move(outgoing));
    together(all_, [&] {
      for (auto& message : incoming) take_rows(message, loader);
    });
  }
}

graph resharder::reshard() {
  agree();
  resolve_mirrors();
  load_options options{shape_.kind, all_.rank(), all_.size(), false, ""};
  if (to_) options.owners = &owners_;
  graph_loader loader{options};
  if (shape_.kind.keys != key_type::none) send_rows(loader);
  parts_.clear();
  load_report report;
  auto made = copy_body(loader.finish(all_, report));
  if (report.nodes != shape_.nodes || report.edges != shape_.edges || report.duplicate_nodes + report.duplicate_edges > 0)
    damaged(std::to_string(report.nodes) + " nodes and " + std::to_string(report.edges) + " edges, of " + std::to_string(shape_.nodes) + " and " +
            std::to_string(shape_.edges));
  made->attributes = shape_.attributes;
  return graph{std::move(made)};
}

}  // namespace

graph reshard(std::vector<graph> parts, uint32_t stored, communicator& all) { return resharder{std::move(parts), stored, all}.reshard(); }

graph moved(const graph& g, const vertex_array<uint32_t>& to, communicator& all) { return resharder{{g}, all.size(), all, &to}.reshard(); }

}  // namespace gli
