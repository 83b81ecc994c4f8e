#include "partitions/kernels/communities.h"

#include <algorithm>
#include <array>

#include "partitions/array_message.h"
#include "partitions/kernels/exact_vector.h"
#include "partitions/parallel.h"
#include "runtime/error.h"

namespace gli {
namespace {

uint64_t mixed(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}
uint32_t class_of(const hash128& name, uint64_t salt) { return uint32_t(mixed(name.low ^ salt) % communities::classes); }

struct told_change { hash128 name; community_totals more, less; };
struct told_totals { hash128 name; community_totals totals; };

}  // namespace

class communities::sums {
 public:
  void clear(size_t slots) {
    for (auto s : touched_) weight_[s] = 0;
    touched_.clear();
    if (weight_.size() < slots) weight_.resize(slots);
  }
  void add(uint32_t slot, uint64_t weight) {
    if (weight == 0) return;
    if (weight_[slot] == 0) touched_.push_back(slot);
    weight_[slot] += weight;
  }
  uint64_t of(uint32_t slot) const { return weight_[slot]; }
  const std::vector<uint32_t>& slots() const { return touched_; }

 private:
  std::vector<uint64_t> weight_;
  std::vector<uint32_t> touched_;
};

communities::communities(const community_graph& g) : g_{&g}, moved_at_(g.locals()), asked_at_(g.own()), moved_(g.own()) {
  for (uint32_t v = 0; v < g.locals(); ++v) {
    name_.push_back(g.name(v));
    totals_.push_back(v < g.own() ? g.totals(v) : community_totals{});
    slot_.push_back(v);
    if (v >= g.own()) known_.emplace(g.name(v), v), unknown_.push_back(g.name(v));
  }
}

void communities::assign(const std::vector<hash128>& names, communicator& all) {
  std::vector<move> moves;
  for (uint32_t v = 0; v < own_slots(); ++v)
    if (auto slot = slot_named(names[v], all); slot != slot_[v]) moves.emplace_back(v, slot);
  carry_out(moves, all);
}

uint32_t communities::slot_named(const hash128& name, communicator& all) {
  if (owner_of(name, all.size()) == all.rank()) return g_->own_id(name);
  auto [at, is_new] = known_.emplace(name, uint32_t(name_.size()));
  if (is_new) {
    name_.push_back(name);
    totals_.emplace_back();
    unknown_.push_back(name);
  }
  return at->second;
}

// --- moves --------------------------------------------------------------------------------------------------------------------

uint64_t communities::move_all(const rule& r, uint64_t pass, communicator& all) {
  carry_out({}, all);  // hears of communities that nobody asked for yet
  auto salt = mixed(r.seed * 0x9e3779b97f4a7c15 + pass + 1);
  std::array<std::vector<uint32_t>, classes> turn;
  for (uint32_t v = 0; v < own_slots(); ++v)
    if (!g_->links(v).empty()) turn[class_of(g_->name(v), salt)].push_back(v);
  tbb::enumerable_thread_specific<sums> beside;
  uint64_t moved = 0;
  for (auto& nodes : turn) {
    all.progress("communities", pass, 0);
    ++turn_;
    std::vector<uint32_t> chosen(nodes.size());
    parallel_ranges(int64_t(nodes.size()), 256, [&](int64_t i, int64_t end) {
      for (auto& mine = beside.local(); i < end; ++i) {
        auto v = nodes[size_t(i)];
        chosen[size_t(i)] = slot_[v];
        if (!beside_a_move(v)) continue;
        chosen[size_t(i)] = choose(r, v, salt, mine);
        asked_at_[v] = turn_;
      }
    });
    std::vector<move> moves;
    for (size_t i = 0; i < nodes.size(); ++i)
      if (chosen[i] != slot_[nodes[i]]) moves.emplace_back(nodes[i], chosen[i]);
    moved += moves.size();
    carry_out(moves, all);
  }
  all.all_reduce({&moved, 1}, reduction::sum);
  return moved;
}

/// In the turn in which v was last asked, or since: those of its class moved at the same time.
bool communities::beside_a_move(uint32_t v) const {
  auto links = g_->links(v);
  return std::any_of(links.begin(), links.end(), [&](auto& l) { return moved_at_[l.to] >= asked_at_[v]; });
}

/// Of several that gain the same the one of the smallest name; the own one unless another gains more. Of two nodes that are alone and move at the same time
/// only that of the larger name goes to the other, so that they do not pass each other.
uint32_t communities::choose(const rule& r, uint32_t v, uint64_t salt, sums& beside) const {
  auto from = slot_[v];
  if (r.within && totals_[from].size > 1) return from;
  beside.clear(name_.size());
  for (auto& l : g_->links(v))
    if (!r.within || r.within->together(v, l.to)) beside.add(slot_[l.to], l.weight);
  auto& own = g_->totals(v);
  auto scale = r.resolution / double(g_->total());
  auto gain = [&](uint32_t slot) {
    auto there = totals_[slot];
    if (slot == from) there -= own;
    return double(beside.of(slot)) - scale * (double(own.out) * double(there.in) + double(own.in) * double(there.out));
  };
  bool alone = totals_[from].size == 1;
  auto best = from;
  auto most = gain(from);
  for (auto slot : beside.slots()) {
    if (slot == from) continue;
    bool passing = alone && totals_[slot].size == 1 && class_of(name_[slot], salt) == class_of(g_->name(v), salt);
    if (passing && (r.within || name_[from] < name_[slot])) continue;
    auto x = gain(slot);
    if (x > most || (x == most && best != from && name_[slot] < name_[best])) best = slot, most = x;
  }
  return best;
}

void communities::carry_out(const std::vector<move>& moves, communicator& all) {
  for (auto [v, to] : moves) {
    add(slot_[v], g_->totals(v), true);
    add(to, g_->totals(v), false);
    slot_[v] = to;
    moved_at_[v] = turn_;
    moved_[v] = 1;
  }
  if (all.size() > 1) {
    tell_moves(all);
    tell_totals(all);
  }
  for (auto [v, to] : moves) moved_[v] = 0;
  touched_.clear();
}

void communities::add(uint32_t slot, const community_totals& more, bool less) {
  if (slot >= own_slots()) {
    auto& owed = owed_[slot];
    (less ? owed.second : owed.first) += more;
    return;
  }
  if (less) totals_[slot] -= more;
  else totals_[slot] += more;
  touched_.push_back(slot);
}

/// To each partition: which of the nodes it has copies of moved where, as places in the list of copies and names; and what came to and went from the
/// communities it keeps.
void communities::tell_moves(communicator& all) {
  std::vector<std::vector<told_change>> changes(all.size());
  for (auto& [slot, owed] : owed_) changes[owner_of(name_[slot], all.size())].push_back({name_[slot], owed.first, owed.second});
  owed_.clear();
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) {
    std::vector<uint32_t> places;
    std::vector<hash128> names;
    auto& exported = g_->exported(q);
    for (uint32_t i = 0; i < exported.size(); ++i)
      if (moved_[exported[i]]) places.push_back(i), names.push_back(name_of(exported[i]));
    put_array(outgoing[q], places);
    put_array(outgoing[q], names);
    put_array(outgoing[q], changes[q]);
  }
  auto incoming = all.all_to_all(std::move(outgoing));
  for (uint32_t q = 0; q < all.size(); ++q) {
    array_reader from{incoming[q]};
    auto places = from.get<uint32_t>();
    auto names = from.get<hash128>();
    for (size_t i = 0; i < places.size(); ++i) {
      auto copy = g_->copies(q).at(places[i]);
      slot_[copy] = slot_named(names.at(i), all);
      moved_at_[copy] = turn_;
    }
    for (auto& c : from.get<told_change>()) {
      auto slot = g_->own_id(c.name);
      totals_[slot] += c.more;
      totals_[slot] -= c.less;
      touched_.push_back(slot);
    }
  }
}

/// To each partition the totals of communities that it has just asked for, and of those it once asked for that changed.
void communities::tell_totals(communicator& all) {
  std::vector<std::vector<hash128>> questions(all.size());
  for (auto& name : std::exchange(unknown_, {})) questions[owner_of(name, all.size())].push_back(name);
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) put_array(outgoing[q], questions[q]);
  auto asked = all.all_to_all(std::move(outgoing));
  std::vector<std::vector<told_totals>> answers(all.size());
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (auto slot : touched_)
    if (auto listening = listeners_.find(slot); listening != listeners_.end())
      for (auto q : listening->second) answers[q].push_back({name_[slot], totals_[slot]});
  for (uint32_t q = 0; q < all.size(); ++q)
    for (auto& name : array_reader{asked[q]}.get<hash128>()) {
      auto slot = g_->own_id(name);
      listeners_[slot].push_back(q);
      answers[q].push_back({name, totals_[slot]});
    }
  std::vector<byte_buffer> replies(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) put_array(replies[q], answers[q]);
  for (auto& bytes : all.all_to_all(std::move(replies)))
    for (auto& told : array_reader{bytes}.get<told_totals>())
      if (auto at = known_.find(told.name); at != known_.end()) totals_[at->second] = told.totals;
}

// --- what they are ------------------------------------------------------------------------------------------------------------

/// This partition's part of twice the weight of arcs inside of communities.
uint64_t communities::inner() const {
  return g_->inner() + parallel_sum<uint64_t>(own_slots(), vertices_per_page, [&](int64_t v, int64_t end) {
           uint64_t sum = 0;
           for (; v < end; ++v)
             for (auto& l : g_->links(uint32_t(v))) sum += together(uint32_t(v), l.to) ? l.weight : 0;
           return sum;
         });
}

double communities::modularity(double resolution, communicator& all) const {
  auto inside = inner();
  all.all_reduce({&inside, 1}, reduction::sum);
  uint128 expected = 0;
  for (uint32_t s = 0; s < own_slots(); ++s) expected += uint128{totals_[s].out} * totals_[s].in;
  auto whole = double(g_->total());
  if (whole == 0) return 0;
  return double(inside) / 2 / whole - resolution * (double(total_of(expected, all)) / whole / whole);
}

uint64_t communities::count(communicator& all) const {
  uint64_t found = 0;
  for (uint32_t s = 0; s < own_slots(); ++s) found += totals_[s].size > 0;
  all.all_reduce({&found, 1}, reduction::sum);
  return found;
}

community_graph communities::merged(communicator& all) const {
  // The nodes of each community, then what is beside all of them.
  std::vector<uint32_t> start(name_.size() + 1), members(own_slots());
  for (uint32_t v = 0; v < own_slots(); ++v) ++start[slot_[v] + 1];
  for (size_t s = 0; s + 1 < start.size(); ++s) start[s + 1] += start[s];
  auto at = start;
  for (uint32_t v = 0; v < own_slots(); ++v) members[at[slot_[v]]++] = v;
  std::vector<std::vector<community_graph::bond>> bonds(all.size());
  sums beside;
  for (uint32_t s = 0; s < name_.size(); ++s) {
    beside.clear(name_.size());
    for (auto i = start[s]; i < start[s + 1]; ++i)
      for (auto& l : g_->links(members[i]))
        if (slot_[l.to] != s) beside.add(slot_[l.to], l.weight);
    auto& to = bonds[owner_of(name_[s], all.size())];
    for (auto other : beside.slots()) to.push_back({name_[s], name_[other], beside.of(other)});
  }
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) put_array(outgoing[q], bonds[q]);
  std::vector<community_graph::bond> received;
  for (auto& bytes : all.all_to_all(std::move(outgoing))) {
    auto theirs = array_reader{bytes}.get<community_graph::bond>();
    received.insert(received.end(), theirs.begin(), theirs.end());
  }
  std::vector<std::pair<hash128, community_totals>> nodes;
  for (uint32_t s = 0; s < own_slots(); ++s)
    if (totals_[s].size > 0) nodes.emplace_back(name_[s], totals_[s]);
  return community_graph::made_of(std::move(nodes), received, inner(), all);
}

}  // namespace gli
