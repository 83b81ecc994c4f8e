// Programs with functions of C++ in the place of Python's: what reaches a node, totals, ends, and the same bytes on any number of partitions.

#include "partitions/program.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "partitions/aggregate.h"
#include "partitions/kernels/combine.h"
#include "tests/oracles/plain_graph.h"

namespace gli::testing {
namespace {

/// What a function sees, by name.
struct arrays {
  std::span<uint8_t> memory;
  program_layout layout;

  size_t rows() const { return layout.rows; }
  template <class T> T* get(const std::string& name) const {
    for (auto& a : layout.arrays)
      if (a.name == name) return reinterpret_cast<T*>(memory.data() + a.offset);
    throw failure{errc::internal, "no array " + name};
  }
};

using function = std::function<void(uint64_t round, const arrays&)>;

class function_host final : public program_host {
 public:
  explicit function_host(function f) : function_{std::move(f)} {}
  std::span<uint8_t> allocate(size_t bytes) override {
    words_.assign(bytes / 8 + 1, 0);
    return seen_.memory = {reinterpret_cast<uint8_t*>(words_.data()), words_.size() * 8};
  }
  void begin(const run_program&, const program_layout& layout, communicator&) override { seen_.layout = layout; }
  void round(uint64_t number, communicator&) override { function_(number, seen_); }
  void end() noexcept override { ended = true; }
  bool ended = false;

 private:
  function function_;
  arrays seen_;
  std::vector<uint64_t> words_;
};

struct outcome {
  std::vector<std::map<key, value>> columns;
  parameters summary;
  friend bool operator==(const outcome&, const outcome&) = default;
};

outcome run_program_on(const plain_graph& from, uint32_t partitions, const run_program& what, const function& f) {
  outcome all_of_them;
  all_of_them.columns.resize(what.state.size());
  std::mutex guard;
  on_partitions(from, partitions, [&](const graph& g, communicator& all) {
    function_host host{f};
    auto made = run(g, what, host, all);
    EXPECT_TRUE(host.ended);
    std::lock_guard lock{guard};
    for (size_t i = 0; i < made.size(); ++i)
      for (int32_t v = 0; v < g->size; ++v) all_of_them.columns[i][node_key(g, v)] = made[i].data.at(v);
    all_of_them.summary = made[0].summary;
  });
  return all_of_them;
}

double number_of(int64_t hash) { return double(hash % 10'007 - 5'000) / 7; }

/// Every node sends a number of its own in round 0, and keeps what it gets.
template <class T>
function exchange_once(T (*of)(int64_t hash), bool some) {
  return [=](uint64_t round, const arrays& a) {
    auto hashes = a.get<int64_t>("hashes");
    for (size_t i = 0; i < a.rows(); ++i) {
      if (round == 0) {
        a.get<T>("given")[i] = of(hashes[i]);
        a.get<uint8_t>("gives")[i] = !some || hashes[i] % 16 == 0;
      } else {
        a.get<T>("state.got")[i] = a.get<T>("messages")[i];
      }
    }
  };
}

/// What each node gets, by going through the edges.
template <class T>
std::map<key, std::vector<T>> sent_to(const plain_graph& g, spread over, T (*of)(int64_t), bool some) {
  std::map<key, std::vector<T>> got;
  for (auto& k : g.nodes) got[k];
  auto give = [&](size_t from, size_t to) {
    auto hash = int64_t(key_hash(g.nodes[from]).low);
    if (!some || hash % 16 == 0) got[g.nodes[to]].push_back(of(hash));
  };
  for (auto [u, v] : g.edges) {
    bool both = over == spread::both || !g.kind.directed;
    if (both || over == spread::forward) give(u, v);
    if ((both || over == spread::backward) && !(u == v && !g.kind.directed)) give(v, u);
  }
  return got;
}

template <class Check>
void for_each_graph(Check&& check) {
  uint64_t seed = 1;
  for (bool directed : {true, false})
    for (auto [n, m] : {std::pair{0, 0}, {1, 0}, {1, 2}, {2, 1}, {9, 14}, {150, 500}}) {
      ++seed;
      check(random_graph(size_t(n), size_t(m), directed, seed % 3 == 0, seed % 2 ? key_type::int64 : key_type::utf8, seed));
    }
}

int64_t whole_of(int64_t hash) { return hash % 1'000'003; }

TEST(programs, give_every_node_the_sum_the_smallest_and_the_largest_of_what_its_neighbors_send) {
  for_each_graph([](const plain_graph& g) {
    for (auto over : {spread::forward, spread::backward, spread::both})
      for (bool some : {false, true})
        for (auto how : {reduction::sum, reduction::min, reduction::max}) {
          run_program what{"once", {{"got", column_type::int64}}, {}, column_type::int64, how, over, "", 1, {}, "", ""};
          auto whole = run_program_on(g, 1, what, exchange_once<int64_t>(whole_of, some));
          auto got = sent_to<int64_t>(g, over, whole_of, some);
          for (auto& [k, list] : got) {
            auto expected = nothing<int64_t>(how);
            for (auto x : list) expected = how == reduction::sum ? expected + x : how == reduction::min ? std::min(expected, x) : std::max(expected, x);
            bool any_sent = std::get<int64_t>(whole.summary.at("rounds")) == 1;
            EXPECT_EQ(whole.columns[0].at(k), value{any_sent ? expected : 0});
          }
          for (uint32_t p : {2u, 5u}) EXPECT_EQ(run_program_on(g, p, what, exchange_once<int64_t>(whole_of, some)), whole);
        }
  });
}

TEST(programs, sum_doubles_of_both_signs_to_the_same_bytes) {
  for_each_graph([](const plain_graph& g) {
    run_program what{"once", {{"got", column_type::float64}}, {}, column_type::float64, reduction::sum, spread::forward, "", 1, {}, "", ""};
    auto whole = run_program_on(g, 1, what, exchange_once<double>(number_of, false));
    for (auto& [k, list] : sent_to<double>(g, spread::forward, number_of, false)) {
      long double expected = 0;
      for (auto x : list) expected += x;
      EXPECT_NEAR(std::get<double>(whole.columns[0].at(k)), double(expected), 1e-11);
    }
    for (uint32_t p : {2u, 5u}) EXPECT_EQ(run_program_on(g, p, what, exchange_once<double>(number_of, false)), whole);
  });
}

TEST(programs, count_what_all_nodes_add_to_a_total) {
  for_each_graph([](const plain_graph& g) {
    run_program what{"totals", {{"x", column_type::boolean}}, {{"sum", reduction::sum}, {"min", reduction::min}, {"max", reduction::max}}, column_type::float64,
                     reduction::sum, spread::forward, "", 0, {}, "", ""};
    auto add = [](uint64_t, const arrays& a) {
      for (size_t i = 0; i < a.rows(); ++i)
        for (auto name : {"total.sum", "total.min", "total.max"}) a.get<double>(name)[i] = number_of(a.get<int64_t>("hashes")[i]);
    };
    auto whole = run_program_on(g, 1, what, add);
    long double sum = 0;
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (auto& k : g.nodes) {
      auto x = number_of(int64_t(key_hash(k).low));
      sum += x, least = std::min(least, x), most = std::max(most, x);
    }
    EXPECT_NEAR(std::get<double>(whole.summary.at("total.sum")), double(sum), 1e-10);
    EXPECT_EQ(whole.summary.at("total.min"), value{least});
    EXPECT_EQ(whole.summary.at("total.max"), value{most});
    EXPECT_EQ(whole.summary.at("halted"), value{true});
    for (uint32_t p : {2u, 5u}) EXPECT_EQ(run_program_on(g, p, what, add), whole);
  });
}

TEST(programs, end_when_no_node_sends_or_after_the_rounds_they_were_given) {
  auto g = random_graph(40, 90, true, false, key_type::int64, 3);
  run_program what{"ends", {{"rounds", column_type::int64}}, {}, column_type::float64, reduction::sum, spread::forward, "", UINT64_MAX, {}, "", ""};
  auto five = [](uint64_t round, const arrays& a) {
    for (size_t i = 0; i < a.rows(); ++i) {
      a.get<int64_t>("state.rounds")[i] = int64_t(round);
      a.get<uint8_t>("gives")[i] = round < 5 && a.get<int64_t>("keys")[i] == std::get<int64_t>(nth_key(key_type::int64, 7));
    }
  };
  for (uint32_t p : {1u, 3u}) {
    auto found = run_program_on(g, p, what, five);
    EXPECT_EQ(found.summary, (parameters{{"rounds", int64_t{5}}, {"halted", true}}));
    for (auto& [k, rounds] : found.columns[0]) EXPECT_EQ(rounds, value{int64_t{5}});
    auto limited = what;
    limited.max_rounds = 2;
    EXPECT_EQ(run_program_on(g, p, limited, five).summary, (parameters{{"rounds", int64_t{2}}, {"halted", false}}));
  }
}

TEST(programs, see_keys_and_degrees_of_their_nodes) {
  for (auto keys : {key_type::int64, key_type::utf8}) {
    auto g = random_graph(60, 200, true, true, keys, 9);
    run_program what{"looks", {{"in", column_type::int64}, {"out", column_type::int64}}, {}, column_type::float64, reduction::sum, spread::forward, "", 0, {}, "", ""};
    auto look = [&](uint64_t, const arrays& a) {
      int64_t begin = 0;
      for (size_t i = 0; i < a.rows(); ++i) {
        key k;
        if (keys == key_type::int64) {
          k = a.get<int64_t>("keys")[i];
        } else {
          auto end = a.get<int64_t>("key_ends")[i];
          k = std::string{a.get<char>("key_bytes") + begin, size_t(end - begin)};
          begin = end;
        }
        EXPECT_EQ(a.get<int64_t>("hashes")[i], int64_t(key_hash(k).low));
        a.get<int64_t>("state.in")[i] = a.get<int64_t>("in_degree")[i];
        a.get<int64_t>("state.out")[i] = a.get<int64_t>("out_degree")[i];
      }
    };
    auto found = run_program_on(g, 4, what, look);
    for (size_t v = 0; v < g.nodes.size(); ++v) {
      EXPECT_EQ(found.columns[0].at(g.nodes[v]), value{int64_t(std::count_if(g.edges.begin(), g.edges.end(), [&](auto& e) { return e.second == v; }))});
      EXPECT_EQ(found.columns[1].at(g.nodes[v]), value{int64_t(std::count_if(g.edges.begin(), g.edges.end(), [&](auto& e) { return e.first == v; }))});
    }
  }
}

TEST(programs, that_send_no_number_fail_naming_the_node) {
  auto g = random_graph(20, 60, true, false, key_type::int64, 5);
  run_program what{"bad", {{"x", column_type::float64}}, {}, column_type::float64, reduction::sum, spread::both, "", 3, {}, "", ""};
  auto bad = [](uint64_t, const arrays& a) {
    std::fill_n(a.get<uint8_t>("gives"), a.rows(), uint8_t{1});
    std::fill_n(a.get<double>("given"), a.rows(), std::nan(""));
  };
  try {
    run_program_on(g, 1, what, bad);
    FAIL() << "NaN was summed";
  } catch (const failure& e) {
    EXPECT_EQ(e.code(), errc::value);
    EXPECT_NE(std::string{e.what()}.find("program 'bad': node "), std::string::npos) << e.what();
  }
}

TEST(aggregates, are_the_same_bytes_on_any_number_of_partitions) {
  using op = operation;
  expression state{op::state, "", {}, {}}, gathered{op::gathered, "", {}, {}}, degree{op::out_degree, "", {}, {}}, one{op::literal, "", 1.0, {}};
  for_each_graph([&](const plain_graph& g) {
    for (auto how : {reduction::sum, reduction::min, reduction::max}) {
      expression share{op::divide, "", {}, {state, {op::maximum, "", {}, {degree, one}}}};
      expression update{op::add, "", {}, {{op::minimum, "", {}, {gathered, {op::literal, "", 7.0, {}}}}, one}};
      aggregate_neighbors what{degree, share, update, how, spread::both, "", 3, {}};
      std::map<key, value> whole;
      for (uint32_t p : {1u, 2u, 5u}) {
        std::map<key, value> found;
        std::mutex guard;
        on_partitions(g, p, [&](const graph& part, communicator& all) {
          auto made = run(part, what, all);
          std::lock_guard lock{guard};
          for (int32_t v = 0; v < part->size; ++v) found[node_key(part, v)] = made.data.at(v);
        });
        if (p == 1) whole = found;
        EXPECT_EQ(found.size(), g.nodes.size());
        EXPECT_EQ(found, whole);
      }
    }
  });
}

}  // namespace
}  // namespace gli::testing
