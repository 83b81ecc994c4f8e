#include "partitions/aggregate.h"

#include <atomic>
#include <cmath>
#include <optional>
#include <utility>

#include "partitions/evaluate.h"
#include "partitions/headway.h"
#include "partitions/kernels/combine.h"
#include "partitions/kernels/value_column.h"
#include "partitions/program.h"
#include "partitions/together.h"

namespace gli {

namespace {

constexpr const char* name = "aggregate";

class aggregation {
 public:
  aggregation(const graph& g, const aggregate_neighbors& what, const edge_weights* weights, const graph_schema& schema, communicator& all)
      : view_{g}, what_{what}, all_{all}, initial_{what.initial, {}, g, schema}, give_{what.give, {operation::state}, g, schema},
        update_{what.update, {operation::state, operation::gathered}, g, schema}, values_{view_, {what.how, what.over, weights}, all},
        state(size_t(g->size)), next_(state.size()), given_(state.size()), gathered_(state.size()) {}

  uint64_t run() {
    initial_.evaluate(nullptr, nullptr, state, all_);
    for (uint64_t rounds = 0; rounds < what_.rounds; ++rounds) {
      tell(all_, name, rounds, {rounds, expected(rounds), rounds ? residual(change) : ""});
      give_.evaluate(state.data(), nullptr, given_, all_);
      gather();
      update_.evaluate(state.data(), gathered_.data(), next_, all_);
      before_ = std::exchange(change, largest_change());
      state.swap(next_);
      if (what_.until && change <= *what_.until) return rounds + 1;
    }
    if (what_.until)
      throw failure{errc::convergence, "aggregate did not settle to until = " + to_string(value{*what_.until}) + " in " + std::to_string(what_.rounds) +
                                           " rounds: the last changed a value by " + to_string(value{change})};
    return what_.rounds;
  }

 private:
  uint64_t expected(uint64_t rounds) const {
    if (rounds && what_.until) return rounds_until(*what_.until, before_, change, rounds, what_.rounds);
    return what_.rounds == UINT64_MAX ? 0 : what_.rounds;
  }
  bool gives(int32_t v) const { return view_.live(v) && has_receivers(view_, what_.over, v); }

  void gather() {
    double largest = 0;
    uint64_t givers = 0;
    together(all_, [&] {
      for (int32_t v = 0; v < view_.size(); ++v) {
        if (!gives(v)) continue;
        check(v);
        largest = std::max(largest, std::abs(given_[size_t(v)]));
        ++givers;
      }
    });
    if (what_.how == reduction::sum) largest = largest_of(largest, all_);
    all_.all_reduce({&givers, 1}, reduction::sum);
    values_.publish(all_, givers, largest, [&](int32_t v) { return gives(v); }, [&](int32_t v) { return given_[size_t(v)]; });
    parallel_ranges(view_.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      for (; v < end; ++v) gathered_[size_t(v)] = view_.live(int32_t(v)) ? values_.at(int32_t(v)) : 0;
    });
  }

  void check(int32_t v) const {
    auto x = given_[size_t(v)];
    if (!std::isnan(x) && !(what_.how == reduction::sum && std::isinf(x))) return;
    throw failure{errc::value, "aggregate: node " + to_string(view_.body().keys->key_of(v)) + " gives " + to_string(value{x}) + ", which has no sum and no order"};
  }

  double largest_change() const {
    double most = 0;
    for (int32_t v = 0; v < view_.size(); ++v) {
      auto a = state[size_t(v)], b = next_[size_t(v)];
      if (view_.live(v) && a != b) most = std::max(most, std::isnan(a - b) ? HUGE_VAL : std::abs(a - b));
    }
    return largest_of(most, all_);
  }

  graph_view view_;
  const aggregate_neighbors& what_;
  communicator& all_;
  node_expression initial_, give_, update_;
  combined_values<double> values_;

 public:
  std::vector<double> state;  // by own id
  double change = 0;          // the largest of the last round

 private:
  double before_ = 0;  // the change of the round before the last
  std::vector<double> next_, given_, gathered_;
};

parameters arguments_of(const aggregate_neighbors& what) {
  static const char* const how[] = {"sum", "min", "max"};
  static const char* const over[] = {"out", "in", "all"};
  parameters all{{"initial", to_string(what.initial)}, {"give", to_string(what.give)},      {"update", to_string(what.update)},
                 {"reduce", how[size_t(what.how)]},    {"over", over[size_t(what.over)]},   {"weight", value{}},
                 {"rounds", value{}},                  {"until", value{}}};
  if (!what.weight.empty()) all["weight"] = what.weight;
  if (what.rounds != UINT64_MAX) all["rounds"] = int64_t(what.rounds);
  if (what.until) all["until"] = *what.until;
  return all;
}

}  // namespace

node_values run(const graph& g, const aggregate_neighbors& what, communicator& all) {
  std::optional<edge_weights> weights;
  if (!what.weight.empty()) weights = message_weights(g, what.weight, what.how, all);
  auto schema = agree_on_schema(g, all);
  aggregation a{g, what, weights ? &*weights : nullptr, schema, all};
  auto rounds = a.run();
  graph_view view{g};
  auto data = value_column<double>(view, [](int32_t) { return true; }, [&](int32_t v) { return a.state[size_t(v)]; });
  return {g, std::move(data), {name, 1, arguments_of(what)}, {{"rounds", int64_t(rounds)}, {"change", a.change}}};
}

}  // namespace gli
