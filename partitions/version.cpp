#include "partitions/version.h"

#include <algorithm>

#include "partitions/version_log.h"
#include "runtime/error.h"

namespace gli {

namespace {

boost::intrusive_ptr<held_log> log_of(const graph& root) {
  if (root->partitions != 1) throw failure{errc::not_implemented, "one partition of a graph is not edited by itself"};
  return new version_log{root};
}

}  // namespace

version::version(const graph& root) : log_{log_of(root)} {}

const graph& version::root() const { return log().root; }

graph_kind version::kind() const {
  log_reader here{log(), position_};
  auto k = log().root->kind;
  k.keys = here.keys();
  k.edge_keys = here.edge_keys();
  return k;
}

uint64_t version::nodes() const { return uint64_t(log_reader{log(), position_}.nodes()); }
uint64_t version::edges() const { return log_reader{log(), position_}.edges(); }

parameters version::attributes() const { return log_reader{log(), position_}.attributes(log_reader::element::graph, 0, 0, {}); }

std::optional<int32_t> version::find(key_view k) const {
  log_reader here{log(), position_};
  auto number = std::get_if<int64_t>(&k);
  if (auto mine = here.keys(); mine != (number ? key_type::int64 : key_type::utf8)) {
    check_key_type(mine, number ? key{*number} : key{std::string{std::get<std::string_view>(k)}});
    return std::nullopt;
  }
  auto id = number ? keys().find(*number, key_hash(*number)) : keys().find(std::get<std::string_view>(k), key_hash(std::get<std::string_view>(k)));
  return id >= 0 && here.live(id) ? std::optional{id} : std::nullopt;
}

bool version::has_node(int32_t id) const { return log_reader{log(), position_}.live(id); }

key version::key_of(int32_t node) const { return log().keys->key_of(node); }
const hash128& version::hash_of(int32_t node) const { return log().keys->hash_of(node); }
const dictionary& version::keys() const { return *log().keys; }

parameters version::node_attributes(int32_t node) const {
  return log_reader{log(), position_}.attributes(log_reader::element::node, node, 0, {});
}

std::vector<int32_t> version::neighbors(int32_t node, direction which) const {
  log_reader here{log(), position_};
  if (!here.directed()) which = direction::all;
  if (which != direction::all) return here.listed(node, which == direction::out);
  auto found = here.listed(node, true), in = here.listed(node, false);
  auto middle = ptrdiff_t(found.size());
  found.insert(found.end(), in.begin(), in.end());
  std::inplace_merge(found.begin(), found.begin() + middle, found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

uint64_t version::degree(int32_t node, direction which) const {
  log_reader here{log(), position_};
  if (!here.directed()) which = direction::all;
  int64_t edges = 0;
  auto add = [&](bool out) {
    edges += int64_t(here.root_list(node, out).size());
    here.each_list(node, out, [&](auto entries) { edges += entries.empty() ? 0 : entries.back().net; });
  };
  if (which != direction::in) add(true);
  if (which != direction::out) add(false);
  if (!here.directed()) edges += int64_t(here.edges_between(node, node).size());
  return uint64_t(edges);
}

std::vector<key> version::edges_between(int32_t source, int32_t target) const { return log_reader{log(), position_}.edges_between(source, target); }

bool version::has_edge(int32_t source, int32_t target) const {
  log_reader here{log(), position_};
  return here.multi() ? !here.edges_between(source, target).empty() : here.exists(source, target, only_key);
}

bool version::has_edge(int32_t source, int32_t target, const key& edge_key) const {
  return log_reader{log(), position_}.exists(source, target, edge_key);
}

parameters version::edge_attributes(int32_t source, int32_t target, const key& edge_key) const {
  return log_reader{log(), position_}.attributes(log_reader::element::edge, source, target, edge_key);
}

uint64_t version::log_bytes() const {
  uint64_t bytes = 0;
  auto position = position_;
  for (const version_log* at = &log(); at; position = at->parent_position, at = at->parent.get())
    bytes += sizeof(version_log) + at->operations.memory_bytes(int32_t(position) + 1) + at->nodes.memory_bytes() + at->index.memory_bytes() +
             at->lists.memory_bytes() + at->value_bytes.load(std::memory_order_relaxed);
  return bytes;
}

bool version::next_edit_folds() const {
  auto& mine = log();
  return mine.depth + 1 >= version_log::deepest && (position_ >= mine.limit || mine.tip.load(std::memory_order_relaxed) != position_);
}

}  // namespace gli
