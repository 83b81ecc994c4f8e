#include "partitions/named_part.h"

#include <algorithm>

#include "partitions/array_message.h"
#include "partitions/dictionary.h"
#include "partitions/ownership.h"
#include "partitions/together.h"
#include "runtime/codec.h"

namespace gli {

named_part::named_part(const graph& g, std::span<const edit> edits, communicator& all)
    : g_{g},
      named_{edits, g->kind.directed, [&](auto hashes) { return owners_of(*g, hashes, all); }},
      here_(named_.nodes().size(), nowhere),
      positions_(here_.size() * g->partitions, -1),
      removed_(here_.size()) {
  find_own();
  if (all.size() > 1) exchange_places(all);
  gather(all);
}

std::optional<uint32_t> named_part::number_of(int32_t id) const {
  auto found = numbers_.find(id);
  return found == numbers_.end() ? std::nullopt : std::optional{found->second};
}

bool named_part::goes(int32_t own) const {
  auto n = number_of(own);
  return n && named_.nodes()[*n].removed && g_->live(own);
}

// --- where the nodes are ---------------------------------------------------------------------------------------------------

void named_part::find_own() {
  for (uint32_t n = 0; n < here_.size(); ++n) {
    if (!owns(n)) continue;
    auto id = g_->kind.keys == key_type::none ? std::nullopt : g_->keys->find(named_.nodes()[n].hash);
    if (!id || *id >= g_->size) continue;
    here_[n] = *id;
    numbers_.emplace(*id, n);
    if (goes(*id)) note_own_neighbors(n);
  }
}

void named_part::note_own_neighbors(uint32_t node) {
  auto in = g_->in_of(here_[node]);
  std::copy_if(in.begin(), in.end(), std::back_inserter(removed_[node].sources), [](int32_t u) { return u >= 0; });
  auto& sources = removed_[node].sources;
  sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
}

/// Positions of the named nodes in a peer's exchange order.
void named_part::find_exported(uint32_t peer) {
  std::vector<bool> named(static_cast<size_t>(g_->size));
  for (auto& [id, n] : numbers_) named[size_t(id)] = true;
  auto& exported = g_->peers[peer].exported;
  for (size_t i = 0; i < exported.size(); ++i)
    if (named[size_t(exported[i])]) positions_[at(numbers_.at(exported[i]), peer)] = int32_t(i);
}

std::vector<hash128> named_part::neighbors_of(uint32_t node, bool out, const std::vector<bool>& of_peer) const {
  std::vector<hash128> found;
  auto v = here_[node];
  if (v == nowhere || !goes(v)) return found;
  auto all = out ? g_->out_of(v) : g_->in_of(v);
  for (auto u = all.begin(); u != all.end() && *u < 0; u = std::upper_bound(u, all.end(), *u))
    if (of_peer[size_t(~*u)]) found.push_back(node_hash(g_, *u));
  return found;
}

/// By mirror.
std::vector<bool> named_part::mirrors_of(uint32_t peer) const {
  std::vector<bool> of_peer(size_t(g_->mirrors));
  for (auto m : g_->peers[peer].mirrors) of_peer[size_t(~m)] = true;
  return of_peer;
}

/// Where the own nodes are in the exchange with a peer, then its neighbors of those that are going to be removed.
byte_buffer named_part::places_for(uint32_t peer) const {
  byte_buffer message;
  std::vector<int32_t> positions;
  for (uint32_t n = 0; n < here_.size(); ++n)
    if (owns(n)) positions.push_back(positions_[at(n, peer)]);
  put_array(message, positions);
  std::vector<bool> of_peer;
  for (uint32_t n = 0; n < here_.size(); ++n) {
    if (!owns(n) || !named_.nodes()[n].removed) continue;
    if (of_peer.empty()) of_peer = mirrors_of(peer);
    for (bool out : {false, true}) put_array(message, neighbors_of(n, out, of_peer));
  }
  return message;
}

std::vector<int32_t> named_part::own_ids(const std::vector<hash128>& hashes) const {
  std::vector<int32_t> ids;
  for (auto& h : hashes) {
    auto id = g_->keys->find(h);
    if (!id || *id >= g_->size) throw failure{errc::protocol, "a partition has an edge to a node that is not here"};
    ids.push_back(*id);
  }
  return ids;
}

void named_part::take_places(uint32_t peer, const byte_buffer& message) {
  array_reader reader{message};
  auto positions = reader.get<int32_t>();
  auto& mirrors = g_->peers[peer].mirrors;
  auto next = positions.begin();
  auto is_there = [&](uint32_t n) { return named_.nodes()[n].owner == peer; };
  if (size_t(std::count_if(named_.nodes().begin(), named_.nodes().end(), [&](auto& n) { return n.owner == peer; })) != positions.size())
    throw failure{errc::protocol, "a partition was given other edits"};
  for (uint32_t n = 0; n < here_.size(); ++n) {
    if (!is_there(n)) continue;
    auto position = *next++;
    if (position < 0) continue;
    if (size_t(position) >= mirrors.size()) throw failure{errc::protocol, "a partition's message names a mirror that is not there"};
    here_[n] = mirrors[size_t(position)];
    numbers_.emplace(here_[n], n);
  }
  for (uint32_t n = 0; n < here_.size(); ++n) {
    if (!is_there(n) || !named_.nodes()[n].removed) continue;
    removed_[n].sources = own_ids(reader.get<hash128>());
    removed_[n].targets = own_ids(reader.get<hash128>());
  }
}

void named_part::exchange_places(communicator& all) {
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q)
    if (q != all.rank()) {
      find_exported(q);
      outgoing[q] = places_for(q);
    }
  auto incoming = all.all_to_all(std::move(outgoing));
  together(all, [&] {
    for (uint32_t q = 0; q < all.size(); ++q)
      if (q != all.rank()) take_places(q, incoming[q]);
  });
}

// --- what they are ---------------------------------------------------------------------------------------------------------

void named_part::add_edges(const named_elements::pair& p, std::vector<edit>& to) const {
  auto s = here_[p.source], t = here_[p.target];
  if (s == nowhere || t == nowhere) return;
  auto slots = find_edges(g_, s, t).value_or(std::pair<uint32_t, uint32_t>{0, 0});
  for (auto slot = slots.first; slot < slots.second; ++slot) {
    auto attributes = edge_attributes(g_, s, slot);
    to.push_back({edit::what::add_edge, named_.nodes()[p.source].k, named_.nodes()[p.target].k, edge_key(g_, s, slot),
                  {attributes.begin(), attributes.end()}, false});
  }
}

/// As edits that make them.
std::vector<edit> named_part::own_elements() const {
  std::vector<edit> made;
  for (uint32_t n = 0; n < here_.size(); ++n) {
    if (!owns(n) || here_[n] == nowhere || !g_->live(here_[n])) continue;
    auto attributes = node_attributes(g_, here_[n]);
    made.push_back({edit::what::add_node, named_.nodes()[n].k, {}, {}, {attributes.begin(), attributes.end()}, false});
  }
  for (auto& p : named_.pairs())
    if (owns(p.source)) add_edges(p, made);
  return made;
}

/// Brings the named elements of all partitions to each.
void named_part::gather(communicator& all) {
  auto incoming = all.all_to_all(std::vector<byte_buffer>(all.size(), encode(own_elements())));
  together(all, [&] {
    std::vector<edit> elements;
    for (auto& message : incoming)
      for (auto& e : decode_edits(message)) elements.push_back(std::move(e));
    std::stable_partition(elements.begin(), elements.end(), [](auto& e) { return e.op == edit::what::add_node; });
    elements.push_back({edit::what::set_graph_attribute, {}, {}, {}, {g_->attributes.begin(), g_->attributes.end()}, false});
    edit_report report;
    before_ = version{graph{g_->kind}}.apply(elements, report);
  });
}

// --- in a version ------------------------------------------------------------------------------------------------------------

elements_of::elements_of(const version& of, const named_elements& named) : of_{of} {
  ids_.reserve(named.nodes().size());
  for (auto& n : named.nodes()) ids_.push_back(of_.find(view_of(n.k)).value_or(-1));
}

std::vector<key> elements_of::edges(const named_elements::pair& p) const {
  return has_ends(p) ? of_.edges_between(ids_[p.source], ids_[p.target]) : std::vector<key>{};
}

bool elements_of::has_edges(const named_elements::pair& p) const { return has_ends(p) && of_.has_edge(ids_[p.source], ids_[p.target]); }

}  // namespace gli
