#include "partitions/program.h"

#include <algorithm>
#include <cmath>

#include "partitions/headway.h"
#include "partitions/kernels/combine.h"
#include "partitions/kernels/value_column.h"
#include "partitions/program_memory.h"
#include "partitions/program_totals.h"

namespace gli {

namespace {

struct ending { uint64_t rounds = 0; bool halted = true; };

/// T: what messages are, int64_t or double.
template <class T>
class program_rounds {
 public:
  program_rounds(const graph_view& g, const run_program& what, const combine_rule& rule, const program_memory& memory, program_host& host, communicator& all)
      : g_{g}, what_{what}, memory_{memory}, host_{host}, all_{all}, values_{g, rule, all}, totals_{what, memory}, rows_{memory.rows()},
        messages_{memory.array<T>("messages")}, given_{memory.array<T>("given")}, gives_{memory.array<uint8_t>("gives")} {}

  ending run() {
    if (rows_ > 0) host_.begin(what_, memory_.layout(), all_);
    std::fill_n(messages_, rows_, nothing<T>(what_.combine));
    uint64_t givers = 0;  // in the last round
    for (uint64_t round = 0;; ++round) {
      tell(all_, what_.name.c_str(), round, {round, what_.max_rounds == UINT64_MAX ? 0 : what_.max_rounds, round ? std::to_string(givers) + " nodes gave" : ""});
      std::fill_n(gives_, rows_, uint8_t{0});
      if (rows_ > 0) host_.round(round, all_);  // functions are not asked about no nodes
      auto largest = check_given();
      givers = totals_.settle(uint64_t(rows_ - std::count(gives_, gives_ + rows_, 0)), largest, all_);
      if (givers == 0 || round == what_.max_rounds) return {round, givers == 0};
      deliver(givers, largest);
    }
  }

 private:
  /// Whether the node of a row gives, and to somebody.
  bool is_heard(int64_t row) const { return gives_[row] != 0 && has_receivers(g_, what_.over, memory_.node_of(row)); }

  /// The largest magnitude of what is summed; 0 where nothing is.
  double check_given() const {
    double largest = 0;
    if constexpr (std::is_floating_point_v<T>) {
      bool sums = what_.combine == reduction::sum;
      for (int64_t row = 0; row < rows_; ++row) {
        auto x = given_[row];
        if ((std::isnan(x) || (sums && std::isinf(x))) && is_heard(row)) refuse(row);
        if (sums && std::abs(x) > largest && is_heard(row)) largest = std::abs(x);
      }
    }
    return largest;
  }

  [[noreturn]] void refuse(int64_t row) const {
    auto x = double(given_[row]);
    throw failure{errc::value, "program '" + what_.name + "': node " + memory_.name_of(row) + " sends " + to_string(value{x}) +
                                   (std::isnan(x) ? ", which is no number" : ", which cannot be part of a sum")};
  }

  void deliver(uint64_t givers, double largest) {
    auto gives = [&](int32_t v) {
      auto row = memory_.row_of(v);
      return row >= 0 && is_heard(row);
    };
    values_.publish(all_, givers, largest, gives, [&](int32_t v) { return given_[memory_.row_of(v)]; });
    parallel_ranges(rows_, vertices_per_page, [&](int64_t row, int64_t end) {
      for (; row < end; ++row) messages_[row] = values_.at(memory_.node_of(row));
    });
  }

  const graph_view& g_;
  const run_program& what_;
  const program_memory& memory_;
  program_host& host_;
  communicator& all_;
  combined_values<T> values_;
  program_totals totals_;
  int64_t rows_;
  T* messages_;
  const T* given_;
  uint8_t* gives_;
};

column values_of(const graph_view& g, const program_memory& memory, const program_column& c) {
  auto every = [](int32_t) { return true; };
  auto of = [&](auto* values) { return [&memory, values](int32_t v) { return values[memory.row_of(v)]; }; };
  auto name = "state." + c.name;
  if (c.type == column_type::int64) return value_column<int64_t>(g, every, of(memory.array<int64_t>(name)));
  if (c.type == column_type::float64) return value_column<double>(g, every, of(memory.array<double>(name)));
  return flag_column(g, every, [&, values = memory.array<uint8_t>(name)](int32_t v) { return values[memory.row_of(v)] != 0; });
}

parameters summary_of(const run_program& what, const program_memory& memory, const ending& end) {
  parameters summary{{"rounds", int64_t(end.rounds)}, {"halted", end.halted}};
  auto totals = memory.array<double>("totals");
  for (auto& t : what.totals) summary["total." + t.name] = *totals++;
  return summary;
}

std::optional<edge_weights> weights_of(const graph& g, const run_program& what, communicator& all) {
  if (what.weight.empty()) return {};
  if (what.message != column_type::float64) throw failure{errc::type, "program '" + what.name + "' sends int64: weights need messages of float64"};
  return message_weights(g, what.weight, what.combine, all);
}

}  // namespace

edge_weights message_weights(const graph& g, const std::string& name, reduction combine, communicator& all) {
  auto made = edge_weights::of(g, name, false, all);
  graph_view view{g};
  if (std::isinf(largest_magnitude(view, made, all)) && combine == reduction::sum) throw failure{errc::value, "edge attribute '" + name + "' is infinite somewhere"};
  return made;
}

std::vector<node_values> run(const graph& g, const run_program& what, program_host& host, communicator& all) {
  graph_view view{g};
  auto weights = weights_of(g, what, all);
  combine_rule rule{what.combine, what.over, weights ? &*weights : nullptr};
  program_memory memory{g, what, host};
  auto end = what.message == column_type::int64 ? program_rounds<int64_t>{view, what, rule, memory, host, all}.run()
                                                : program_rounds<double>{view, what, rule, memory, host, all}.run();
  std::vector<node_values> made;
  auto summary = summary_of(what, memory, end);
  for (size_t i = 0; i < what.state.size(); ++i)
    made.push_back({g, values_of(view, memory, what.state[i]), {what.column(i), 1, what.arguments}, summary});
  return made;
}

}  // namespace gli
