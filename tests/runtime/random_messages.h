#pragma once
// Messages of runtime/codec.h with random content.

#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "runtime/codec.h"

namespace gli::testing {

struct maker {
  std::mt19937_64 random;

  uint64_t below(uint64_t n) { return random() % n; }
  uint64_t number() { return random() >> below(64); }
  std::string text() {
    std::string s(below(4) ? below(20) : below(3000), ' ');
    for (auto& c : s) c = char(random());  // NUL too
    return s;
  }
  double real() {
    double special[] = {0.0, -0.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(), 1e-310, 0.1};
    return below(2) ? special[below(6)] : double(random()) / 3;
  }
  value any() {
    switch (below(8)) {
      case 0: return {};
      case 1: return bool(below(2));
      case 2: return int64_t(random());
      case 3: return real();
      case 4: return text();
      case 5: return timestamp{int64_t(random())};
      case 6: return binary{text()};
      default: return json{text()};
    }
  }
  parameters some() {
    parameters p;
    for (auto n = below(5); n > 0; --n) p[text()] = any();
    return p;
  }
  template <class F> auto many(F&& make) {
    std::vector<decltype(make())> v;
    for (auto n = below(5); n > 0; --n) v.push_back(make());
    return v;
  }
  std::vector<std::string> texts() { return many([&] { return text(); }); }
  std::vector<uint64_t> numbers() { return many([&] { return number(); }); }

  column_batch batch() {
    column_batch b;
    b.rows = int64_t(below(3) ? below(40) : 0);
    for (auto n = below(6); n > 0; --n) {
      column_builder c{text(), column_type(1 + below(7))};
      for (int64_t i = 0; i < b.rows; ++i) append(c);
      b.columns.push_back(c.finish());
    }
    return b;
  }
  void append(column_builder& c) {
    if (below(4) == 0) return c.append_null();
    auto type = column_builder{c}.finish().type;
    if (is_variable(type)) c.append_bytes(text());
    else if (type == column_type::boolean) c.append_bool(below(2));
    else if (type == column_type::float64) c.append_float64(real());
    else c.append_int64(int64_t(random()));
  }
  expression filter(int depth) {
    static constexpr operation leaves[] = {operation::literal, operation::node, operation::edge, operation::node_key, operation::degree,
                                           operation::in_degree, operation::out_degree, operation::source, operation::target, operation::state, operation::gathered};
    static constexpr operation unary[] = {operation::is_null, operation::logical_not, operation::negate};
    static constexpr operation pairs[] = {operation::logical_and, operation::logical_or, operation::equal, operation::not_equal,
                                          operation::less, operation::less_equal, operation::greater, operation::greater_equal,
                                          operation::add, operation::subtract, operation::multiply, operation::divide, operation::minimum, operation::maximum,
                                          operation::contains, operation::starts_with, operation::ends_with, operation::matches};
    expression e;
    e.name = text();
    e.literal = any();
    auto kind = depth == 0 ? 0 : below(4);
    if (kind == 0) e.op = leaves[below(std::size(leaves))];
    else if (kind == 1) e.op = unary[below(std::size(unary))];
    else if (kind == 2) e.op = pairs[below(std::size(pairs))];
    else e.op = operation::is_in;
    for (auto n = kind < 3 ? kind : 1 + below(3); n > 0; --n) e.arguments.push_back(filter(depth - 1));
    return e;
  }
  key any_key() { return below(2) ? key{text()} : key{int64_t(random())}; }
  edit any_edit() {
    using what = enum edit::what;
    edit e;
    e.op = what(below(uint64_t(what::remove_graph_attribute) + 1));
    bool edge = e.op >= what::add_edge && e.op <= what::remove_edge_attribute;
    if (e.op < what::set_graph_attribute) e.node = any_key();
    if (edge) e.target = any_key();
    if (below(2)) e.edge_key = any_key();
    e.attributes = many([&] { return std::pair{text(), any()}; });
    e.create_nodes = below(2);
    return e;
  }
  std::optional<value> maybe() {
    auto v = any();
    return type_of(v) ? std::optional{v} : std::nullopt;
  }
  merge_choice choice() { return {merge_choice::side(below(2)), below(2) ? std::optional{any()} : std::nullopt}; }
  merge_conflict conflict() {
    using element = merge_conflict::element;
    merge_conflict c;
    c.of = element(below(3));
    if (c.of != element::graph) c.node = any_key();
    if (c.of == element::edge) c.target = any_key();
    if (below(2)) c.edge_key = any_key();
    if (below(2)) c.attribute = text();
    c.base = maybe(), c.ours = maybe(), c.theirs = maybe();
    c.in_ours = below(2), c.in_theirs = below(2);
    return c;
  }
  std::vector<edit> edits() { return many([&] { return any_edit(); }); }
  graph_kind kind() { return {bool(below(2)), bool(below(2)), key_type(below(3)), key_type(below(3))}; }
  run_program program() {
    column_type types[] = {column_type::boolean, column_type::int64, column_type::float64};
    run_program p{text(), {{text(), types[below(3)]}}, {}, types[1 + below(2)], reduction(below(3)), spread(below(3)), text(), number(), some(), text(), text()};
    for (auto n = below(4); n > 0; --n) p.state.push_back({text(), types[below(3)]});
    p.totals = many([&] { return program_total{text(), reduction(below(3))}; });
    return p;
  }
  aggregate_neighbors aggregate() {
    return {filter(3), filter(3), filter(3), reduction(below(3)), spread(below(3)), text(), number(), below(2) ? std::optional{double(number())} : std::nullopt};
  }
  job_body body() {
    switch (below(18)) {
      case 0: return finish_load{number()};
      case 1: return run_algorithm{text(), some()};
      case 2: {
        select_elements s;
        if (below(2)) s.nodes = filter(4);
        if (below(2)) s.edges = filter(4);
        return s;
      }
      case 3: return select_by_values{number(), real(), real()};
      case 4: return resolve_mirrors{};
      case 5: return identify{};
      case 6: return write_pages{text(), numbers(), text()};
      case 7: return read_pages{text(), text(), text()};
      case 8: return read_result{text(), text(), int32_t(random()), result(), text()};
      case 9: return edit_graph{edits()};
      case 10: return add_rows{number(), bool(below(2))};
      case 11: return merge_graphs{number(), number(), many([&] { return choice(); }), merge_choice::side(below(2)), bool(below(2))};
      case 12: {
        auto sources = many([&] { return row_source{text(), text(), some()}; });
        return read_sources{kind(), bool(below(2)), text(), duplicate_policy(below(4)), std::move(sources)};
      }
      case 13: return program();
      case 14: return aggregate();
      case 15: return assign_values{number(), text()};
      case 16: return repartition_graph{text(), number()};
      default: return compare_graphs{number()};
    }
  }
  job any_job() { return {number(), number(), number(), body()}; }
  worker_info worker() {
    return {uint32_t(random()), uint32_t(random()), uint32_t(random()), text(), text(), text(), text(), text(), text(), uint32_t(random()), int32_t(random()),
            number(), number(), number(), number()};
  }
  call_info call() {
    return {number(), text(), text(), int64_t(random()), int64_t(random()), text(), number(), number(), text(), number()};
  }
  failed_job failed() { return {number(), text(), note(), int64_t(random())}; }
  std::vector<worker_info> workers() { return many([&] { return worker(); }); }
  result_info result() { return {text(), uint32_t(random()), some()}; }
  commit_info commit() {
    return {text(), text(), texts(), text(), text(), int64_t(random()), number(), number(), many([&] { return result(); })};
  }
  failure_note note() { return {errc(1 + below(17)), text()}; }
  submission submitted() {
    return {number(), text(), submission::kind(below(2)), text(), texts(), text(), text(), text(), bool(below(2))};
  }
  submitted_job a_job() {
    return {number(), text(), submission::kind(below(2)), submission_state(below(6)), bool(below(2)), uint32_t(random()), int64_t(random()), int64_t(random()),
            int64_t(random()), int32_t(random()), text(), number(), number()};
  }
  request_body ask() {
    switch (below(18)) {
      case 0: return ping{};
      case 1: return ask_status{};
      case 2: return load_begin{kind(), bool(below(2)), text(), duplicate_policy(below(4)), number()};
      case 3: return any_job();
      case 4: return release_handles{numbers()};
      case 5: return commit_graph{text(), number(), text(), text(), text(), numbers(), text(), texts(), bool(below(2))};
      case 6: return ask_history{text(), text(), uint32_t(random())};
      case 7: return checkout{text(), text(), int32_t(random()), number(), result()};
      case 8: return open_store{text(), text()};
      case 9: return shutdown_cluster{};
      case 10: return keep_result{text(), text(), number()};
      case 11: return submitted();
      case 12: return ask_jobs{};
      case 13: return ask_job{number(), uint32_t(random())};
      case 14: return ask_job_log{number(), number(), uint32_t(random())};
      case 15: return ask_job_result{number(), number()};
      case 16: return cancel_job{number()};
      default: return cancel_request{number()};
    }
  }
  reply answer() {
    switch (below(8)) {
      case 0: return note();
      case 1: return done{};
      case 2: return status_report{workers(), uint32_t(random()), text(), uint32_t(random()), text(), many([&] { return failed(); }),
                                   many([&] { return a_job(); }), many([&] { return call(); }), uint32_t(random())};
      case 3: return load_begun{number(), workers()};
      case 4: return job_reply{number(), many([&] { return job_result{some(), many([&] { return conflict(); })}; })};
      case 5: return many([&] { return a_job(); });
      case 6: return job_piece{number(), text(), bool(below(2))};
      default: return many([&] { return commit(); });
    }
  }
  hello greeting() {
    return {uint32_t(random()), text(), purpose(below(256)), text(), text(), uint32_t(random()), text(), uint32_t(random()), uint32_t(random()), text(),
            text(), text(), uint32_t(random()), int32_t(random()), number()};
  }
  load_batch rows() {
    load_batch b{number(), load_batch::what(below(3)), {}};
    if (b.part != load_batch::what::abort) b.rows = batch();
    return b;
  }
};

}  // namespace gli::testing
