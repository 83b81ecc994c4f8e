#include "partitions/kernels/smallest_keys.h"

#include <unordered_map>

#include "partitions/byte_stream.h"
#include "partitions/dictionary.h"
#include "partitions/kernels/named_owners.h"
#include "partitions/kernels/value_column.h"
#include "partitions/ownership.h"

namespace gli {
namespace {

struct int_keys {
  using type = int64_t;
  static type of(const dictionary& d, int32_t v) { return d.int_key(v); }
  static void put(byte_writer& to, type k) { to.put(k); }
  static type get(byte_reader& from) { return from.get<type>(); }
  static column as_column(const graph_view& g, const auto& of) {
    return value_column<int64_t>(
        g, [](int32_t) { return true; }, of);
  }
};

struct text_keys {
  using type = std::string_view;
  static type of(const dictionary& d, int32_t v) { return d.text_key(v); }
  static void put(byte_writer& to, type k) { to.put_text(k); }
  static type get(byte_reader& from) { return from.get_text(); }
  static column as_column(const graph_view& g, const auto& of) { return text_column(g, [](int32_t) { return true; }, of); }
};

template <class Keys>
class settlement {
 public:
  using key_t = typename Keys::type;
  settlement(const graph_view& g, const union_find& sets, const std::function<uint64_t(int32_t)>& label_of, communicator& all)
      : g_{g}, sets_{sets}, label_of_{label_of}, all_{all}, first_{g, none}, asked_(all.size()) {}

  column run() {
    find_own();
    auto questions = all_.all_to_all(ask());
    merge(questions);
    auto answers = all_.all_to_all(reply());
    hear(answers);
    return Keys::as_column(g_, [this](int32_t v) { return answer(first_[sets_.root(v)]); });
  }

 private:
  static constexpr int32_t none = -1;

  /// By root: the own node with the smallest key. The same for any order of the threads.
  void find_own() {
    parallel_ranges(g_.size(), vertices_per_page, [this](int64_t i, int64_t end) {
      int32_t root = 0, best = none;  // of nodes of one set in a row
      key_t smallest{};
      for (auto v = int32_t(i); v < end; ++v) {
        if (!g_.live(v)) continue;
        auto k = own_key(v);
        if (best >= 0 && sets_.root(v) != root) {
          offer_own(root, best, smallest);
          best = none;
        }
        root = sets_.root(v);
        if (best < 0 || k < smallest) best = v, smallest = k;
      }
      if (best >= 0) offer_own(root, best, smallest);
    });
  }

  void offer_own(int32_t root, int32_t v, const key_t& k) {
    std::atomic_ref best{first_[root]};
    auto known = best.load(std::memory_order_relaxed);
    while (known < 0 || k < own_key(known))
      if (best.compare_exchange_weak(known, v, std::memory_order_relaxed)) return;
  }

  std::vector<byte_buffer> ask() {
    find_shared();
    std::vector<byte_buffer> outgoing(all_.size());
    for_each_shared([&](int32_t r, uint32_t owner, int32_t id) {
      if (owner == g_.partition()) return offer(id, own_key(first_[r]));
      byte_writer to{outgoing[owner]};
      to.put_varint(uint64_t(id));
      Keys::put(to, own_key(first_[r]));
    });
    return outgoing;
  }

  void merge(const std::vector<byte_buffer>& questions) {
    for (uint32_t q = 0; q < all_.size(); ++q)
      for (byte_reader from{questions[q]}; !from.at_end();) {
        auto id = from.get_varint();
        if (id >= uint64_t(g_.size())) throw failure{errc::protocol, "a partition asks for a component that is not there"};
        asked_[q].push_back(int32_t(id));
        offer(int32_t(id), Keys::get(from));
      }
    for (auto& [id, best] : chosen_)
      if (first_[id] >= 0 && is_its_own(id)) best = std::min(best, own_key(first_[id]));
  }

  std::vector<byte_buffer> reply() {
    std::vector<byte_buffer> outgoing(all_.size());
    for (uint32_t q = 0; q < all_.size(); ++q) {
      byte_writer to{outgoing[q]};
      for (auto id : asked_[q]) Keys::put(to, chosen_.at(id));
    }
    return outgoing;
  }

  void hear(const std::vector<byte_buffer>& answers) {
    auto told = [&](int32_t r, key_t k) {
      first_[r] = none - 1 - int32_t(told_.size());
      told_.push_back(k);
    };
    std::vector<byte_reader> from(answers.begin(), answers.end());
    for_each_shared([&](int32_t r, uint32_t owner, int32_t id) { told(r, owner == g_.partition() ? chosen_.at(id) : Keys::get(from[owner])); });
    for (auto& [id, best] : chosen_)
      if (first_[id] >= 0 && is_its_own(id)) told(id, best);
  }

  /// The sets that hold an own node and are called by another's label.
  void find_shared() {
    for (int32_t r = -g_.mirrors(); r < g_.size(); ++r)
      if (first_[r] >= 0 && (r < 0 || !is_its_own(r))) shared_.push_back(r);
  }

  /// Calls f(root, partition of the label, own id of the label there), in one order, for those.
  template <class F>
  void for_each_shared(F&& f) const {
    for (auto r : shared_) {
      auto label = label_of_(r);
      f(r, uint32_t(label >> 32), int32_t(label & 0xffffffff));
    }
  }

  bool is_its_own(int32_t root) const { return label_of_(root) == own_label(root); }
  uint64_t own_label(int32_t v) const { return uint64_t{g_.partition()} << 32 | uint32_t(v); }

  void offer(int32_t id, const key_t& k) {
    auto& best = chosen_.try_emplace(id, k).first->second;
    best = std::min(best, k);
  }

  key_t answer(int32_t first) const { return first >= 0 ? own_key(first) : told_[size_t(none - 1 - first)]; }
  key_t own_key(int32_t v) const { return Keys::of(*g_.body().keys, v); }

  const graph_view& g_;
  const union_find& sets_;
  const std::function<uint64_t(int32_t)>& label_of_;
  communicator& all_;
  vertex_array<int32_t> first_;                  // by root: an own node, none, or below that a place in told_
  std::vector<int32_t> shared_;                  // roots
  std::unordered_map<int32_t, key_t> chosen_;    // by own id of a label that is not its set's root, or that others asked for. Text: lives in the questions
  std::vector<key_t> told_;                      // likewise, or in the answers
  std::vector<std::vector<int32_t>> asked_;
};

}  // namespace

column smallest_keys(const graph_view& g, key_type keys, const union_find& sets, const std::function<uint64_t(int32_t)>& label_of, communicator& all) {
  if (keys == key_type::utf8) return settlement<text_keys>{g, sets, label_of, all}.run();
  return settlement<int_keys>{g, sets, label_of, all}.run();
}

column smallest_keys(const graph_view& g, key_type keys, const named_groups& groups, communicator& all) {
  auto place = [&](const hash128& name) { return uint64_t{all.rank()} << 32 | uint64_t(g.body().keys->find(name).value()); };
  auto places = ask_partitions<uint64_t>(groups.names, owners_of(g.body(), groups.names, all), all, place);
  union_find sets{g};
  std::vector<int32_t> first(places.size(), -1);
  for (int32_t v = 0; v < g.size(); ++v) {
    if (!g.live(v)) continue;
    auto& head = first[groups.of[size_t(v)]];
    if (head < 0) head = v;
    sets.link(head, v);
  }
  sets.compress();
  vertex_array<uint64_t> label{g, 0};
  for (size_t i = 0; i < first.size(); ++i)
    if (first[i] >= 0) label[sets.root(first[i])] = places[i];
  return smallest_keys(g, keys, sets, [&](int32_t root) { return label[root]; }, all);
}

}  // namespace gli
