#pragma once
// Programs of edits on versions old and new, with the plain model of each version: steps that RapidCheck makes up and shrinks.

#include <gtest/gtest-spi.h>
#include <rapidcheck.h>

#include "tests/in_process.h"
#include "version_model.h"

namespace gli {

/// One step of a program: small numbers, so that it shrinks to the least that still fails.
struct step {
  enum class does : uint8_t { edit, batch, fold, restart };
  does act = does::edit;
  uint8_t op = 0;          // which edit
  uint8_t back = 0;        // which version it goes on from: 0 the newest
  uint8_t node = 0, target = 0;
  uint8_t edge_key = 0;    // 0: none
  uint8_t name = 0, number = 0;
  bool create_nodes = true;
};

inline std::ostream& operator<<(std::ostream& out, const step& s) {
  static constexpr const char* acts[] = {"edit", "batch", "fold", "restart"};
  return out << acts[int(s.act)] << " op " << int(s.op) << " back " << int(s.back) << " node " << int(s.node) << " target " << int(s.target) << " key "
             << int(s.edge_key) << " name " << int(s.name) << " number " << int(s.number) << (s.create_nodes ? " create" : "");
}

}  // namespace gli

namespace rc {

template <>
struct Arbitrary<gli::step> {
  static Gen<gli::step> arbitrary() {
    using gli::step;
    auto below = [](int n) { return gen::map(gen::inRange(0, n), [](int x) { return uint8_t(x); }); };
    auto act = gen::weightedElement<step::does>({{20, step::does::edit}, {2, step::does::batch}, {2, step::does::fold}, {1, step::does::restart}});
    auto back = gen::weightedOneOf<uint8_t>({{4, gen::just(uint8_t{0})}, {1, below(12)}});
    return gen::build<step>(gen::set(&step::act, act), gen::set(&step::op, below(20)), gen::set(&step::back, back), gen::set(&step::node, below(12)),
                            gen::set(&step::target, below(12)), gen::set(&step::edge_key, below(4)), gen::set(&step::name, below(3)),
                            gen::set(&step::number, below(24)), gen::set(&step::create_nodes, gen::weightedElement<bool>({{9, true}, {1, false}})));
  }
};

}  // namespace rc

namespace gli {

struct world { bool directed, multi, text, one_type; };  // one_type: each attribute's values have one type, as columns that are loaded must

inline key named_by(uint8_t n, const world& w) { return w.text ? key{n ? "n" + std::to_string(n) : std::string{}} : key{int64_t{n} - 4}; }

inline value value_of(const step& s, const world& w) {
  auto n = int64_t{s.number};
  if (n == 0) return {};
  switch (w.one_type ? s.name * 2 + 3 : n % 8) {
    case 0: return -n;
    case 1: return n % 2 == 0;
    case 2: return double(n) / 4;
    case 3: return n;
    case 4: return timestamp{n};
    case 5: return "t" + std::to_string(n);
    case 6: return binary{std::string("\0\xff", 2)};
    default: return w.one_type ? value{n % 2 == 0} : value{json{"[" + std::to_string(n) + "]"}};
  }
}

inline edit edit_of(const step& s, const world& w) {
  static constexpr what all[] = {what::add_node,    what::upsert_node, what::update_node, what::update_node, what::remove_node, what::remove_node_attribute,
                                 what::add_edge,    what::add_edge,    what::add_edge,    what::upsert_edge, what::update_edge, what::update_edge,
                                 what::remove_edge, what::remove_edge, what::remove_edge_attribute, what::set_graph_attribute,
                                 what::remove_graph_attribute, what::update_node, what::update_edge, what::add_edge};
  auto op = all[s.op % std::size(all)];
  bool of_graph = op == what::set_graph_attribute || op == what::remove_graph_attribute;
  if (of_graph && w.one_type) op = what::add_node;  // graph attributes are not loaded
  auto k = w.multi && s.edge_key ? std::optional{key{int64_t{s.edge_key} - 1}} : std::nullopt;
  attributes given{{std::string(s.name + 1u, 'a'), value_of(s, w)}};
  if (s.number == 23 && op != what::remove_node_attribute) given.clear();
  return {op, named_by(s.node, w), named_by(s.target, w), k, given, s.create_nodes};
}

/// Fails the property with what a gtest assertion would have said.
template <class F>
void holds(F&& assertions) {
  ::testing::TestPartResultArray failures;
  {
    ::testing::ScopedFakeTestPartResultReporter kept{&failures};
    assertions();
  }
  if (failures.size()) RC_FAIL(std::string{failures.GetTestPartResult(0).message()});
}

inline hash128 id_of(const std::vector<graph>& parts) {
  std::vector<hash128> ids(parts.size());
  testing::in_process_hub{uint32_t(parts.size())}.run([&](communicator& all) { ids[all.rank()] = identity_of(parts[all.rank()], all); });
  return ids[0];
}

/// Integral reals are the integer.
inline model::row by_value(model::row r) {
  for (auto& [name, v] : r)
    if (auto x = std::get_if<double>(&v); x && *x == double(int64_t(*x))) v = int64_t(*x);
  return r;
}

/// What a graph_id stands for: all but the order.
struct content {
  std::map<key, model::row> nodes;
  std::map<std::tuple<key, key, key>, model::row> edges;
  model::row own;
  explicit content(const model& m) : own{by_value(m.own)} {
    for (auto& [k, n] : m.nodes) nodes[k] = by_value(n.second);
    for (auto& [name, r] : m.edges) edges[name] = by_value(r);
  }
  bool operator==(const content&) const = default;
};

class program {
 public:
  program(const std::vector<step>& steps, const world& w) : steps_{steps}, world_{w} {
    graph_kind kind;
    kind.directed = w.directed;
    kind.multi = w.multi;
    model m;
    m.directed = w.directed;
    m.multi = w.multi;
    all_.push_back({version{graph{kind}}, m});
  }

  void run() {
    for (size_t i = 0; i < steps_.size(); ++i) {
      auto& s = steps_[i];
      auto [v, m] = all_[all_.size() - 1 - s.back % all_.size()];
      if (s.act == step::does::fold || s.act == step::does::restart) {
        holds([&] { expect_same(v.fold(), m); });
        if (s.act == step::does::restart) all_.push_back({version{v.fold()}, m});
      } else {
        auto last = s.act == step::does::batch ? std::min(steps_.size() - 1, i + s.number) : i;
        edit_from(v, m, i, last);
        i = last;
      }
      holds([&] { expect_reads(all_.back().first, all_.back().second); });
    }
    for (auto& [v, m] : all_) holds([&] { expect_reads(v, m); });
  }

  /// Ids are equal exactly where contents are.
  void expect_ids_tell_contents_apart() const {
    std::vector<std::pair<hash128, content>> seen;
    for (auto& [v, m] : all_) {
      auto g = v.fold();
      holds([&] { expect_same(g, m); });
      seen.emplace_back(id_of({g}), content{m});
    }
    for (auto& a : seen)
      for (auto& b : seen) RC_ASSERT((a.first == b.first) == (a.second == b.second));
  }

  const version& last() const { return all_.back().first; }
  const model& last_model() const { return all_.back().second; }
  const std::vector<std::pair<version, model>>& versions() const { return all_; }

 private:
  void edit_from(const version& v, model m, size_t first, size_t last) {
    std::vector<edit> edits;
    int error = 0;
    for (auto i = first; i <= last && !error; ++i) {
      edits.push_back(edit_of(steps_[i], world_));
      error = m.apply(edits.back());
    }
    RC_CLASSIFY(edits.size() > 1, "batch");
    int code = 0;
    try {
      edit_report report;
      all_.push_back({v.apply(edits, report), m});
    } catch (const failure& f) {
      code = int(f.code());
    }
    RC_ASSERT(code == error);
  }

  const std::vector<step>& steps_;
  world world_;
  std::vector<std::pair<version, model>> all_;
};

inline world any_world(bool one_type) { return {*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(), one_type}; }

}  // namespace gli
