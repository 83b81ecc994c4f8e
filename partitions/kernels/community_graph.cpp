#include "partitions/kernels/community_graph.h"

#include <algorithm>

#include "partitions/array_message.h"
#include "partitions/dictionary.h"
#include "partitions/kernels/arc_weights.h"
#include "partitions/kernels/exact_vector.h"
#include "partitions/parallel.h"
#include "runtime/error.h"

namespace gli {
namespace {

hash128 hash_of(const graph_view& g, int32_t v) { return v >= 0 ? g.body().keys->hash_of(v) : g.body().mirror_hashes[size_t(~v)]; }

/// Each `to` once, ascending.
void merge_links(std::vector<community_graph::link>& links) {
  std::sort(links.begin(), links.end(), [](auto& a, auto& b) { return a.to < b.to; });
  size_t kept = 0;
  for (auto& l : links)
    if (kept > 0 && links[kept - 1].to == l.to) links[kept - 1].weight += l.weight;
    else links[kept++] = l;
  links.resize(kept);
}

/// What is beside one node of a graph_view.
class beside {
 public:
  beside(const graph_view& g, const arc_weights& arcs) : g_{g}, arcs_{arcs} {}

  std::vector<community_graph::link> links;
  community_totals totals;
  uint64_t inner = 0;

  void read(int32_t v) {
    links.clear(), totals = {0, 0, g_.live(v)}, inner = 0;
    arcs_.for_each(v, [&](int32_t u, uint64_t weight) {
      if (u == v) inner += 2 * weight;
      else links.push_back({uint32_t(u >= 0 ? u : g_.size() + ~u), weight});
    }, totals.out, totals.in);
    merge_links(links);
  }

 private:
  const graph_view& g_;
  const arc_weights& arcs_;
};

struct told_node { hash128 name; community_totals totals; };

struct page_links {
  std::vector<community_graph::link> links;
  std::vector<uint32_t> counts;
  uint64_t inner = 0;
};

}  // namespace

/// Nodes and what is beside them go to the homes of their names.
community_graph community_graph::brought_home(const graph_view& g, const edge_weights* weights, communicator& all) {
  arc_weights arcs{g, weights, all};
  std::vector<std::vector<told_node>> nodes(all.size());
  std::vector<std::vector<bond>> bonds(all.size());
  uint64_t inner = 0;
  beside b{g, arcs};
  for (int32_t v = 0; v < g.size(); ++v) {
    if (!g.live(v)) continue;
    b.read(v);
    inner += b.inner;
    auto name = hash_of(g, v);
    auto home = owner_of(name, all.size());
    nodes[home].push_back({name, b.totals});
    for (auto& l : b.links) bonds[home].push_back({name, hash_of(g, l.to < uint32_t(g.size()) ? int32_t(l.to) : ~int32_t(l.to - uint32_t(g.size()))), l.weight});
  }
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) {
    put_array(outgoing[q], nodes[q]);
    put_array(outgoing[q], bonds[q]);
  }
  std::vector<std::pair<hash128, community_totals>> here;
  std::vector<bond> beside_them;
  for (auto& bytes : all.all_to_all(std::move(outgoing))) {
    array_reader from{bytes};
    for (auto& n : from.get<told_node>()) here.emplace_back(n.name, n.totals);
    auto theirs = from.get<bond>();
    beside_them.insert(beside_them.end(), theirs.begin(), theirs.end());
  }
  return made_of(std::move(here), beside_them, inner, all);
}

community_graph community_graph::of(const graph_view& g, const edge_weights* weights, communicator& all) {
  if (g.body().owners) return brought_home(g, weights, all);
  community_graph made;
  made.own_ = uint32_t(g.size());
  made.keys_ = &*g.body().keys;
  for (int32_t v = 0; v < g.size(); ++v) made.name_.push_back(hash_of(g, v));
  for (int32_t m = 0; m < g.mirrors(); ++m) made.name_.push_back(hash_of(g, ~m));
  made.totals_.resize(made.own_);
  arc_weights arcs{g, weights, all};
  std::vector<page_links> pages(size_t(pages_of(g.size())));
  parallel_ranges(int64_t(pages.size()), 1, [&](int64_t p, int64_t end) {
    beside b{g, arcs};
    for (; p < end; ++p)
      for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v) {
        auto& page = pages[size_t(p)];
        b.read(v);
        page.links.insert(page.links.end(), b.links.begin(), b.links.end());
        page.counts.push_back(uint32_t(b.links.size()));
        page.inner += b.inner;
        made.totals_[size_t(v)] = b.totals;
      }
  });
  made.begin_.push_back(0);
  for (auto& page : pages) {
    for (auto n : page.counts) made.begin_.push_back(made.begin_.back() + n);
    made.links_.insert(made.links_.end(), page.links.begin(), page.links.end());
    made.inner_ += page.inner;
    page = {};
  }
  made.exported_.resize(all.size());
  made.copies_.resize(all.size());
  for (uint32_t q = 0; q < g.peers().size(); ++q) {
    for (auto v : g.peers()[q].exported) made.exported_[q].push_back(uint32_t(v));
    for (auto m : g.peers()[q].mirrors) made.copies_[q].push_back(uint32_t(g.size() + ~m));
  }
  made.count(all);
  return made;
}

community_graph community_graph::made_of(std::vector<std::pair<hash128, community_totals>> nodes, const std::vector<bond>& bonds, uint64_t inner,
                                         communicator& all) {
  community_graph made;
  made.own_ = uint32_t(nodes.size());
  made.inner_ = inner;
  for (auto& [name, totals] : nodes) {
    made.name_.push_back(name);
    made.totals_.push_back({totals.out, totals.in, 1});
  }
  made.count(all);
  made.copies_.resize(all.size());
  std::unordered_map<hash128, uint32_t, hash128_hasher> copy;
  auto local = [&](const hash128& name) {
    auto owner = owner_of(name, all.size());
    if (owner == all.rank()) return made.own_id(name);
    auto [at, is_new] = copy.emplace(name, made.locals());
    if (is_new) {
      made.name_.push_back(name);
      made.copies_[owner].push_back(at->second);
    }
    return at->second;
  };
  std::vector<std::vector<link>> rows(nodes.size());
  for (auto& b : bonds) rows[made.own_id(b.from)].push_back({local(b.to), b.weight});
  made.begin_.push_back(0);
  for (auto& row : rows) {
    merge_links(row);
    made.links_.insert(made.links_.end(), row.begin(), row.end());
    made.begin_.push_back(made.links_.size());
  }
  made.find_exported(all);
  return made;
}

uint32_t community_graph::own_id(const hash128& name) const {
  if (keys_) {
    if (auto id = keys_->find(name); id && uint32_t(*id) < own_) return uint32_t(*id);
  } else if (auto found = own_id_.find(name); found != own_id_.end()) {
    return found->second;
  }
  throw failure{errc::protocol, "a partition names a community of a node that is not there"};
}

void community_graph::count(communicator& all) {
  std::array<uint64_t, 2> sums{};
  for (uint32_t v = 0; v < own_; ++v) {
    sums[0] += totals_[v].out;
    sums[1] += totals_[v].size;
    if (!keys_) own_id_.emplace(name_[v], v);
  }
  all.all_reduce(sums, reduction::sum);
  total_ = sums[0];
  nodes_ = sums[1];
}

/// By telling every partition which of its nodes there are copies of.
void community_graph::find_exported(communicator& all) {
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) {
    std::vector<hash128> names;
    for (auto c : copies_[q]) names.push_back(name_[c]);
    put_array(outgoing[q], names);
  }
  for (auto& bytes : all.all_to_all(std::move(outgoing))) {
    auto& list = exported_.emplace_back();
    for (auto& name : array_reader{bytes}.get<hash128>()) list.push_back(own_id(name));
  }
}

}  // namespace gli
