#include <algorithm>
#include <array>
#include <numeric>

#include "partitions/array_message.h"
#include "partitions/loader_state.h"
#include "partitions/parallel.h"
#include "partitions/together.h"
#include "runtime/error.h"

namespace gli {

namespace {

using loader_state = graph_loader::state;

/// What one partition asks of an owner: its remote ids, in the order in which their keys were sent.
using requests = std::vector<std::vector<int32_t>>;  // by owner

requests split_by_owner(const loader_state& s) {
  requests by_owner(s.options.partitions);
  auto& keys = *s.remote->keys;
  for (int32_t r = 0; r < keys.size(); ++r) by_owner[s.options.owner(keys.hash_of(r))].push_back(r);
  return by_owner;
}

/// Keys and places of the nodes asked for.
byte_buffer encode_request(const key_book& remote, const std::vector<int32_t>& asked) {
  byte_buffer message;
  std::vector<uint64_t> places;
  places.reserve(asked.size());
  for (auto r : asked) places.push_back(remote.places[size_t(r)]);
  put_array(message, places);
  std::vector<int64_t> numbers;
  std::vector<uint64_t> ends;
  std::vector<char> text;
  for (auto r : asked) {
    if (remote.keys->type() == key_type::int64) {
      numbers.push_back(remote.keys->int_key(r));
    } else {
      auto k = remote.keys->text_key(r);
      text.insert(text.end(), k.begin(), k.end());
      ends.push_back(text.size());
    }
  }
  put_array(message, numbers);
  put_array(message, ends);
  put_array(message, text);
  return message;
}

/// The ids of the keys that a peer asks for, made where they are new.
std::vector<int32_t> take_request(loader_state& s, const byte_buffer& message) {
  auto& own = *s.own;
  array_reader reader{message};
  auto places = reader.get<uint64_t>();
  auto numbers = reader.get<int64_t>();
  auto ends = reader.get<uint64_t>();
  auto text = reader.get<char>();
  bool ints = own.keys->type() == key_type::int64;
  if ((ints ? numbers.size() : ends.size()) != places.size() || (!ends.empty() && ends.back() != text.size()))
    throw failure{errc::protocol, "a partition sent keys without places"};
  own.last_place = UINT64_MAX;  // places come in no order from here on
  std::vector<int32_t> ids(places.size());
  uint64_t begin = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ints) {
      ids[i] = s.met.find(numbers[i]);
      if (ids[i] >= 0) own.see(ids[i], places[i]);
      else ids[i] = own.note(numbers[i], key_hash(numbers[i]), places[i]);
    } else {
      if (ends[i] < begin || ends[i] > text.size()) throw failure{errc::protocol, "a partition sent keys without bounds"};
      std::string_view k{text.data() + begin, ends[i] - begin};
      ids[i] = own.note(k, key_hash(k), places[i]);
      begin = ends[i];
    }
  }
  return ids;
}

/// An endpoint that no node row brought is an error: the one of the smallest line is told.
void check_endpoints(const loader_state& s) {
  auto& places = s.own->places;
  auto missing = places.end();
  for (auto at = places.begin(); at != places.end(); ++at)
    if (*at >= edge_places && (missing == places.end() || *at < *missing)) missing = at;
  if (missing == places.end()) return;
  auto k = s.own->keys->key_of(int32_t(missing - places.begin()));
  throw placed_failure{errc::value, s.at_row(row_of_place(*missing)) + "edge to node " + to_string(k) + ", which is not in the node file",
                       *missing};
}

/// Own ids by place, equal places by key; empty when they are in that order as they are.
std::vector<int32_t> order_by_place(const key_book& own) {
  struct placed { uint64_t place; int32_t id; };
  auto before = [&](const placed& a, const placed& b) {
    if (a.place != b.place) return a.place < b.place;
    if (own.keys->type() == key_type::int64) return own.keys->int_key(a.id) < own.keys->int_key(b.id);
    return own.keys->text_key(a.id) < own.keys->text_key(b.id);
  };
  std::vector<placed> all;
  all.reserve(own.places.size());
  for (auto place : own.places) all.push_back({place, int32_t(all.size())});
  if (std::is_sorted(all.begin(), all.end(), before)) return {};
  std::sort(all.begin(), all.end(), before);
  std::vector<int32_t> order;
  order.reserve(all.size());
  for (auto& at : all) order.push_back(at.id);
  return order;
}

std::vector<int32_t> inverse(const std::vector<int32_t>& order) {
  std::vector<int32_t> at(order.size());
  for (size_t i = 0; i < order.size(); ++i) at[size_t(order[i])] = int32_t(i);
  return at;
}

/// The keys with their final ids, and places in that order.
void reorder_keys(key_book& own, const settled_ids& ids) {
  if (ids.order.empty()) return;
  own.keys->renumber(ids.final_of);
  std::vector<uint64_t> places;
  places.reserve(ids.order.size());
  for (auto id : ids.order) places.push_back(own.places[size_t(id)]);
  own.places = std::move(places);
}

/// Some ids, each a bit.
class id_set {
 public:
  explicit id_set(int32_t ids) : words_((size_t(ids) + 63) / 64) {}
  void add(int32_t id) { words_[size_t(id) >> 6] |= uint64_t{1} << (id & 63); }
  bool has(int32_t id) const { return words_[size_t(id) >> 6] >> (id & 63) & 1; }

 private:
  std::vector<uint64_t> words_;
};

/// Own nodes with an edge to each partition, ascending.
std::vector<std::vector<int32_t>> sources_by_peer(const loader_state& s, const settled_ids& ids) {
  auto partitions = s.options.partitions;
  auto nodes = s.own->keys->size();
  std::vector<uint32_t> owner{s.options.partition};  // of the targets: own ones, then by remote id
  for (int32_t r = 0; r < s.remote->keys->size(); ++r) owner.push_back(s.options.owner(s.remote->keys->hash_of(r)));
  std::vector<id_set> marks(partitions, id_set{nodes});  // by id of arrival
  for (auto& chunk : s.edges)
    for (size_t i = 0; i < chunk.to.size(); ++i) marks[owner[size_t(std::max(~chunk.to[i], -1) + 1)]].add(chunk.from[i]);
  std::vector<std::vector<int32_t>> sources(partitions);
  for (uint32_t q = 0; q < partitions; ++q)
    for (int32_t v = 0; v < nodes && q != s.options.partition; ++v)
      if (marks[q].has(ids.arrival(v))) sources[q].push_back(v);
  return sources;
}

/// A node of a peer that is to be mirrored here: its id there, its key's hash, and its id in the remote book or -1.
struct mirrored { int32_t there; hash128 hash; int32_t remote; };

/// What a peer answers: the ids of the keys it was asked for, then its nodes with an edge to this partition. Both, each node once, by its id there.
std::vector<mirrored> nodes_of_peer(const loader_state& s, const std::vector<int32_t>& asked, const byte_buffer& answer) {
  array_reader reader{answer};
  auto ids = reader.get<int32_t>();
  auto sources = reader.get<int32_t>();
  auto hashes = reader.get<hash128>();
  if (ids.size() != asked.size() || sources.size() != hashes.size()) throw failure{errc::protocol, "a partition answered for other keys"};
  struct named { int32_t there, remote; };
  std::vector<named> named_here;
  named_here.reserve(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) named_here.push_back({ids[i], asked[i]});
  std::sort(named_here.begin(), named_here.end(), [](auto& a, auto& b) { return a.there < b.there; });
  std::vector<mirrored> nodes;
  nodes.reserve(std::max(ids.size(), sources.size()));
  auto source = size_t{0};
  auto take_sources = [&](int32_t end) {
    for (; source < sources.size() && sources[source] < end; ++source) nodes.push_back({sources[source], hashes[source], -1});
  };
  for (auto& n : named_here) {
    take_sources(n.there);
    nodes.push_back({n.there, s.remote->keys->hash_of(n.remote), n.remote});
    source += source < sources.size() && sources[source] == n.there;
  }
  take_sources(INT32_MAX);
  return nodes;
}

std::vector<byte_buffer> answers(const loader_state& s, const requests& asked_here, const settled_ids& ids) {
  auto sources = sources_by_peer(s, ids);
  std::vector<byte_buffer> out(s.options.partitions);
  for (uint32_t q = 0; q < s.options.partitions; ++q) {
    std::vector<int32_t> settled;
    for (auto id : asked_here[q]) settled.push_back(ids.settled(id));
    std::vector<hash128> hashes;
    for (auto v : sources[q]) hashes.push_back(s.own->keys->hash_of(v));
    put_array(out[q], settled);
    put_array(out[q], sources[q]);
    put_array(out[q], hashes);
  }
  return out;
}

/// Numbers the mirrors, each peer's as one run that ascends with the owner's ids.
void number_mirrors(const std::vector<std::vector<mirrored>>& nodes, settled_ids& ids, graph::body& b) {
  uint64_t total = 0;
  for (auto& of_peer : nodes) total += of_peer.size();
  if (total > uint64_t(INT32_MAX)) throw failure{errc::memory, "a partition holds at most 2147483647 mirrors, not " + std::to_string(total)};
  b.mirrors = int32_t(total);
  b.mirror_hashes.resize(total);
  b.peers.resize(nodes.size());
  int32_t next = 0;
  for (size_t q = 0; q < nodes.size(); ++q) {
    auto count = int32_t(nodes[q].size());
    for (int32_t i = 0; i < count; ++i) {
      auto m = ~(next + count - 1 - i);
      auto& node = nodes[q][size_t(i)];
      b.peers[q].mirrors.push_back(m);
      b.mirror_hashes[size_t(~m)] = node.hash;
      if (node.remote >= 0) ids.mirror_of[size_t(node.remote)] = m;
    }
    next += count;
  }
}

/// Tells each owner which of its nodes are mirrored here.
void exchange_exports(const std::vector<std::vector<mirrored>>& nodes, graph::body& b, communicator& all) {
  std::vector<byte_buffer> out(nodes.size());
  for (size_t q = 0; q < nodes.size(); ++q) {
    std::vector<int32_t> there;
    for (auto& node : nodes[q]) there.push_back(node.there);
    put_array(out[q], there);
  }
  auto in = all.all_to_all(std::move(out));
  together(all, [&] {
    for (size_t q = 0; q < nodes.size(); ++q) b.peers[q].exported = array_reader{in[q]}.get<int32_t>();
  });
}

/// Remote keys to their owners, and back their ids by asking partition.
requests exchange_requests(loader_state& s, const requests& asked, communicator& all) {
  std::vector<byte_buffer> out(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) out[q] = encode_request(*s.remote, asked[q]);
  auto in = all.all_to_all(std::move(out));
  requests asked_here(all.size());
  together(all, [&] {
    for (uint32_t q = 0; q < all.size(); ++q) asked_here[q] = take_request(s, in[q]);
    if (s.options.endpoints_must_exist) check_endpoints(s);
  });
  return asked_here;
}

void settle_mirrors(loader_state& s, const requests& asked, const requests& asked_here, settled_ids& ids, graph::body& b, communicator& all) {
  auto in = all.all_to_all(answers(s, asked_here, ids));
  std::vector<std::vector<mirrored>> nodes(all.size());
  together(all, [&] {
    for (uint32_t q = 0; q < all.size(); ++q)
      if (q != all.rank()) nodes[q] = nodes_of_peer(s, asked[q], in[q]);
    ids.mirror_of.assign(size_t(s.remote->keys->size()), 0);
    number_mirrors(nodes, ids, b);
  });
  exchange_exports(nodes, b, all);
}

}  // namespace

void agree_on_types(loader_state& s, communicator& all) {
  auto mine = s.own ? s.own->keys->type() : s.options.kind.keys;
  bool edges = std::any_of(s.edges.begin(), s.edges.end(), [](auto& chunk) { return !chunk.from.empty(); });
  std::array<uint64_t, 3> seen{mine == key_type::int64, mine == key_type::utf8, edges};
  all.all_reduce(seen, reduction::max);
  if (seen[0] && seen[1]) throw failure{errc::type, "this graph's ids are int64 in some rows and text in others"};
  s.options.kind.keys = seen[0] ? key_type::int64 : seen[1] ? key_type::utf8 : key_type::none;
  s.any_edges = seen[2];
  s.begin_keys(s.options.kind.keys);
  s.node_columns.agree(all);
  s.edge_columns.agree(all);
  s.edge_keys.agree(all);
}

settled_ids settle_ids(loader_state& s, graph::body& b, communicator& all) {
  bool whole = all.size() == 1;
  requests asked, asked_here;
  if (whole) {
    if (s.options.endpoints_must_exist) check_endpoints(s);
  } else {
    asked = split_by_owner(s);
    asked_here = exchange_requests(s, asked, all);
  }
  settled_ids ids;
  together(all, [&] {
    ids.order = order_by_place(*s.own);
    ids.final_of = inverse(ids.order);
    reorder_keys(*s.own, ids);
  });
  if (!whole) {
    settle_mirrors(s, asked, asked_here, ids, b, all);
    b.sequence = std::move(s.own->places);
  }
  b.size = s.own->keys->size();
  b.keys = s.own->keys;
  return ids;
}

}  // namespace gli
