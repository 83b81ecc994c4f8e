// Algorithms that give every node a number by which to rank it.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "partitions/algorithms/betweenness.h"
#include "partitions/algorithms/degree.h"
#include "partitions/algorithms/distances.h"
#include "partitions/algorithms/eigenvector.h"
#include "partitions/algorithms/pagerank.h"
#include "partitions/algorithms/weighted_pagerank.h"
#include "partitions/array_message.h"
#include "partitions/catalog_entries.h"
#include "partitions/dictionary.h"
#include "partitions/kernels/value_column.h"
#include "partitions/node_weights.h"
#include "partitions/run.h"
#include "runtime/error.h"
#include "runtime/hash.h"

namespace gli {
namespace {

double real(const parameters& p, const char* name) { return std::get<double>(p.at(name)); }
uint64_t count(const parameters& p, const char* name) { return uint64_t(std::get<int64_t>(p.at(name))); }

column own_values(const graph_view& g, const std::vector<double>& x) {
  return value_column<double>(g, every_node, [&](int32_t v) { return x[size_t(v)]; });
}

// --- PageRank -----------------------------------------------------------------------------------------------------------------

template <class Ranks>
algorithm_answer run_plain_pagerank(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  pagerank<Ranks> a;
  a.alpha = real(p, "alpha");
  a.tol = real(p, "tol");
  a.max_iter = count(p, "max_iter");
  a.iterations = optional_count(p, "iterations");
  auto rounds = run_rounds(a, view, all);
  auto data = value_column<double>(view, every_node, [&](int32_t v) { return a.of(v); });
  return {std::move(data), {{"rounds", int64_t(rounds)}, {"change", a.change}}};
}

algorithm_answer run_weighted_pagerank(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  weighted_pagerank a;
  auto weights = finite_weights(g, p, all);
  a.alpha = real(p, "alpha");
  a.rule = {real(p, "tol"), count(p, "max_iter"), true};
  a.iterations = optional_count(p, "iterations");
  a.weights = pointer_to(weights);
  a.jumps = node_weights(g, p.at("personalization"), "personalization", all);
  auto rounds = a.run(view, all);
  return {own_values(view, a.x), {{"rounds", int64_t(rounds)}, {"change", a.change}}};
}

algorithm_answer run_pagerank(const graph& g, const parameters& p, communicator& all) {
  if (!(real(p, "alpha") > 0 && real(p, "alpha") < 1))
    throw failure{errc::value, "alpha must be between 0 and 1, not " + to_string(p.at("alpha"))};
  check_positive(p, "tol");
  auto precision = optional_name(p, "precision").value_or("double");
  if (precision != "double" && precision != "single") throw failure{errc::value, "precision must be 'double' or 'single', not " + to_string(p.at("precision"))};
  if (is_null(p.at("weight")) && is_null(p.at("personalization")))
    return precision == "double" ? run_plain_pagerank<grid_ranks>(g, p, all) : run_plain_pagerank<single_ranks>(g, p, all);
  if (precision == "single") throw failure{errc::value, "precision = 'single' is for ranks without weight and personalization"};
  return run_weighted_pagerank(g, p, all);
}

// --- other eigenvectors -------------------------------------------------------------------------------------------------------

algorithm_answer run_eigenvector(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  check_positive(p, "tol");
  auto weights = finite_weights(g, p, all);
  eigenvector_centrality a{{real(p, "tol"), count(p, "max_iter"), true}, pointer_to(weights), {}};
  auto rounds = a.run(view, all);
  return {own_values(view, a.x), {{"rounds", int64_t(rounds)}}};
}

algorithm_answer run_katz(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  for (auto name : {"alpha", "beta", "tol"}) check_positive(p, name);
  auto weights = finite_weights(g, p, all);
  katz_centrality a{real(p, "alpha"), real(p, "beta"), std::get<bool>(p.at("normalized")), {real(p, "tol"), count(p, "max_iter"), true}, pointer_to(weights), {}};
  auto rounds = a.run(view, all);
  return {own_values(view, a.x), {{"rounds", int64_t(rounds)}}};
}

algorithm_answer run_hits(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  check_positive(p, "tol");
  auto& scores = std::get<std::string>(p.at("scores"));
  if (scores != "hubs" && scores != "authorities") throw failure{errc::value, "scores must be 'hubs' or 'authorities', not " + to_string(p.at("scores"))};
  hits a{{real(p, "tol"), count(p, "max_iter"), false}, {}, {}};
  auto rounds = a.run(view, all);
  return {own_values(view, scores == "hubs" ? a.hubs : a.authorities), {{"rounds", int64_t(rounds)}}};
}

// --- counts and distances -----------------------------------------------------------------------------------------------------

algorithm_answer run_degree(const graph& g, const parameters& p, communicator&) {
  graph_view view{g};
  auto& mode = std::get<std::string>(p.at("mode"));
  if (mode != "total" && mode != "in" && mode != "out")
    throw failure{errc::value, "mode must be 'total', 'in' or 'out', not " + to_string(value{mode})};
  auto which = mode == "in" ? degree::mode::in : mode == "out" ? degree::mode::out : degree::mode::total;
  return {value_column<int64_t>(view, every_node, [&](int32_t v) { return degree::of(view, v, which); }), {}};
}

distances_from_all searched(const graph_view& view, communicator& all) {
  distances_from_all a;
  a.prepare(view, all);
  run_rounds(a, view, all);
  return a;
}

algorithm_answer run_closeness(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  auto a = searched(view, all);
  auto improved = std::get<bool>(p.at("wf_improved"));
  auto others = double(view.total_nodes()) - 1;
  auto of = [&](int32_t v) {
    auto reached = double(a.reached[size_t(v)]), sum = double(a.sum[size_t(v)]);
    if (sum == 0) return 0.0;
    return improved ? reached / sum * (reached / others) : reached / sum;
  };
  return {value_column<double>(view, every_node, of), {}};
}

algorithm_answer run_harmonic(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  return {own_values(view, searched(view, all).harmonic), {}};
}

// --- betweenness --------------------------------------------------------------------------------------------------------------

/// The k-th smallest of the partitions' hashes; the largest there can be when there are fewer. Collective.
hash128 smallest_hashes_end(std::vector<hash128> own, uint64_t k, communicator& all) {
  std::sort(own.begin(), own.end());
  own.resize(std::min<uint64_t>(own.size(), k));
  byte_buffer message;
  put_array(message, own);
  std::vector<hash128> hashes;
  for (auto& received : all.all_to_all(std::vector<byte_buffer>(all.size(), message))) {
    auto theirs = array_reader{received}.get<hash128>();
    hashes.insert(hashes.end(), theirs.begin(), theirs.end());
  }
  std::sort(hashes.begin(), hashes.end());
  return hashes.size() < k ? hash128{~uint64_t{0}, ~uint64_t{0}} : hashes[k - 1];
}

/// Own nodes to search from: all, or those of the k smallest hashes of key and seed in the whole graph.
std::vector<int32_t> sources_of(const graph_view& g, std::optional<uint64_t> k, int64_t seed, communicator& all) {
  auto hash = [&](int32_t v) {
    std::array<uint8_t, sizeof(hash128) + sizeof seed> bytes;
    std::memcpy(bytes.data(), &g.body().keys->hash_of(v), sizeof(hash128));
    std::memcpy(bytes.data() + sizeof(hash128), &seed, sizeof seed);
    return content_hash(bytes);
  };
  std::vector<hash128> hashes;
  std::vector<int32_t> sources;
  for (int32_t v = 0; v < g.size(); ++v)
    if (g.live(v)) sources.push_back(v);
  if (!k) return sources;
  for (auto v : sources) hashes.push_back(hash(v));
  auto last = smallest_hashes_end(std::move(hashes), *k, all);
  std::erase_if(sources, [&](int32_t v) { return last < hash(v); });
  return sources;
}

/// As NetworkX scales: a source counts as an end of the paths from it, so that it has one search less to be between.
algorithm_answer run_betweenness(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  auto k = optional_count(p, "k");
  if (k && (*k == 0 || *k > view.total_nodes()))
    throw failure{errc::value, "k must be between 1 and the number of nodes, " + std::to_string(view.total_nodes()) + ", not " + to_string(p.at("k"))};
  auto sources = sources_of(view, k, std::get<int64_t>(p.at("seed")), all);
  betweenness a{view, all};
  a.search_from(sources);
  std::vector<uint8_t> is_source(size_t(view.size()));
  for (auto v : sources) is_source[size_t(v)] = 1;
  auto others = double(view.total_nodes()) - 1, searches = double(k.value_or(view.total_nodes()));
  auto of = [&](int32_t v) {
    if (others < 2) return 0.0;
    auto from = k && !is_source[size_t(v)] ? searches : searches - 1;
    auto whole = a.of(v) / from;  // NaN where the only source asks
    return std::get<bool>(p.at("normalized")) ? whole / (others - 1) : whole * others / (view.directed() ? 1 : 2);
  };
  return {value_column<double>(view, every_node, of), {}};
}

}  // namespace

std::vector<catalog_entry> ranking_algorithms() {
  using kind = argument_kind;
  algorithm_argument weight{"weight", kind::name, value{}};
  auto tol = [](double otherwise) { return algorithm_argument{"tol", kind::real, otherwise}; };
  auto max_iter = [](int64_t otherwise) { return algorithm_argument{"max_iter", kind::count, otherwise}; };
  return {
      {pagerank<grid_ranks>::name,
       1,
       {{"alpha", kind::real, 0.85}, max_iter(100), tol(1e-6), {"iterations", kind::count, value{}}, weight, {"personalization", kind::of_nodes, value{}}, {"precision", kind::text, value{}}},
       run_pagerank},
      {eigenvector_centrality::name, 1, {max_iter(100), tol(1e-6), weight}, run_eigenvector},
      {katz_centrality::name,
       1,
       {{"alpha", kind::real, 0.1}, {"beta", kind::real, 1.0}, max_iter(1000), tol(1e-6), {"normalized", kind::flag, true}, weight},
       run_katz},
      {hits::name, 1, {max_iter(100), tol(1e-8), {"scores", kind::text, std::string{"hubs"}}}, run_hits},
      {"closeness_centrality", 1, {{"wf_improved", kind::flag, true}}, run_closeness},
      {"harmonic_centrality", 1, {}, run_harmonic},
      {betweenness::name,
       1,
       {{"k", kind::count, value{}}, {"normalized", kind::flag, true}, {"seed", kind::count, int64_t{0}}},
       run_betweenness},
      {degree::name, 1, {{"mode", kind::text, std::string{"total"}}}, run_degree},
  };
}

}  // namespace gli
