#include "runtime/codec.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <random>

namespace gli {
namespace {

// --- what a message says, as text: every field of every struct ----------------------------------------------------------------

struct teller {
  std::string out;

  void operator()(const std::string& s) { out += std::to_string(s.size()) + ":" + s + ";"; }
  void operator()(bool x) { out += x ? "T" : "F"; }
  template <class T> requires std::is_arithmetic_v<T> || std::is_enum_v<T> void operator()(T x) {
    uint64_t bits = 0;
    std::memcpy(&bits, &x, sizeof x);
    out += std::to_string(bits) + ";";
  }
  template <class T> void operator()(const std::vector<T>& v) {
    out += "[";
    for (auto& x : v) (*this)(x);
    out += "]";
  }
  template <class A, class B> void operator()(const std::pair<A, B>& x) { all(x.first, x.second); }
  template <class... T> void operator()(const std::variant<T...>& v) {
    (*this)(v.index());
    std::visit(*this, v);
  }
  template <class T> void operator()(const std::optional<T>& x) {
    out += x ? "+" : "-";
    if (x) (*this)(*x);
  }
  void operator()(const parameters& p) { for (auto& [k, v] : p) (*this)(k), (*this)(v); }
  template <class... T> void all(const T&... x) { (void((*this)(x)), ...); }

  void operator()(std::monostate) {}
  void operator()(const timestamp& x) { all(x.microseconds); }
  void operator()(const binary& x) { all(x.bytes); }
  void operator()(const json& x) { all(x.text); }
  void operator()(const column& x) { all(x.name, x.type, x.length, x.validity, x.values, x.offsets, x.ints); }
  void operator()(const column_batch& x) { all(x.rows, x.columns); }
  void operator()(const expression& x) { all(x.op, x.name, x.literal, x.arguments); }
  void operator()(const graph_kind& x) { all(x.directed, x.multi, x.keys, x.edge_keys); }
  void operator()(const finish_load& x) { all(x.load); }
  void operator()(const run_algorithm& x) { all(x.name, x.arguments); }
  void operator()(const select_elements& x) { all(x.nodes, x.edges); }
  void operator()(const select_by_values& x) { all(x.values, x.low, x.high); }
  void operator()(const assign_values& x) { all(x.values, x.name); }
  void operator()(const resolve_mirrors&) {}
  void operator()(const repartition_graph& x) { all(x.partitioner, x.like); }
  void operator()(const identify&) {}
  void operator()(const write_pages& x) { all(x.store, x.results); }
  void operator()(const read_pages& x) { all(x.store, x.commit); }
  void operator()(const read_result& x) { all(x.store, x.commit, x.index, x.kept); }
  void operator()(const compare_graphs& x) { all(x.newer); }
  void operator()(const edit& x) { all(x.op, x.node, x.target, x.edge_key, x.attributes, x.create_nodes); }
  void operator()(const edit_graph& x) { all(x.edits); }
  void operator()(const add_rows& x) { all(x.rows, x.create_nodes); }
  void operator()(const merge_choice& x) { all(x.take, x.instead); }
  void operator()(const merge_graphs& x) { all(x.base, x.theirs, x.choices, x.otherwise, x.tell); }
  void operator()(const row_source& x) { all(x.what, x.path, x.format); }
  void operator()(const read_sources& x) { all(x.kind, x.endpoints_must_exist, x.origin, x.duplicates, x.sources); }
  void operator()(const program_column& x) { all(x.name, x.type); }
  void operator()(const program_total& x) { all(x.name, x.how); }
  void operator()(const run_program& x) {
    all(x.name, x.state, x.totals, x.message, x.combine, x.over, x.weight, x.max_rounds, x.arguments, x.code, x.python);
  }
  void operator()(const aggregate_neighbors& x) { all(x.initial, x.give, x.update, x.how, x.over, x.weight, x.rounds, x.until); }
  void operator()(const merge_conflict& x) {
    all(x.of, x.node, x.target, x.edge_key, x.attribute, x.base, x.ours, x.theirs, x.in_ours, x.in_theirs);
  }
  void operator()(const job& x) { all(x.id, x.graph, x.output, x.body); }
  void operator()(const job_result& x) { all(x.summary, x.conflicts); }
  void operator()(const query& x) { all(x.name, x.graph, x.values, x.other, x.arguments); }
  void operator()(const hello& x) { 
    all(x.version, x.software, x.what, x.cluster, x.address, x.pid, x.host, x.partition, x.term, x.log);
    all(x.host_id, x.tls_address, x.cores, x.numa_node, x.memory_limit);
  }
  void operator()(const welcome& x) { all(x.version, x.software, x.cluster, x.epoch); }
  void operator()(const failure_note& x) { all(x.code, x.message); }
  void operator()(const worker_info& x) {
    all(x.worker, x.partition, x.pid, x.host, x.address, x.state, x.last_error);
    all(x.host_id, x.tls_address, x.cores, x.numa_node, x.memory_limit, x.memory);
  }
  void operator()(const failed_job& x) { all(x.id, x.what, x.why, x.time); }
  void operator()(const result_info& x) { all(x.algorithm, x.version, x.arguments); }
  void operator()(const commit_info& x) { all(x.id, x.graph_id, x.parents, x.message, x.author, x.time, x.nodes, x.edges, x.results); }
  void operator()(const ping&) {}
  void operator()(const ask_status&) {}
  void operator()(const load_begin& x) { all(x.kind, x.endpoints_must_exist, x.origin, x.duplicates, x.rows_of); }
  void operator()(const release_handles& x) { all(x.handles); }
  void operator()(const commit_graph& x) { all(x.store, x.graph, x.message, x.author, x.branch, x.results, x.seen, x.merged, x.begins_part); }
  void operator()(const ask_history& x) { all(x.store, x.revision, x.limit); }
  void operator()(const checkout& x) { all(x.store, x.revision, x.result, x.graph, x.kept); }
  void operator()(const keep_result& x) { all(x.store, x.revision, x.values); }
  void operator()(const create_branch& x) { all(x.store, x.name, x.from); }
  void operator()(const shutdown_cluster&) {}
  void operator()(const cancel_request& x) { all(x.sequence); }
  void operator()(const submission& x) { all(x.token, x.name, x.what, x.program, x.arguments, x.directory, x.imports, x.python, x.detached); }
  void operator()(const ask_jobs&) {}
  void operator()(const ask_job& x) { all(x.job, x.wait); }
  void operator()(const ask_job_log& x) { all(x.job, x.offset, x.wait); }
  void operator()(const ask_job_result& x) { all(x.job, x.offset); }
  void operator()(const cancel_job& x) { all(x.job); }
  void operator()(const submitted_job& x) {
    all(x.id, x.name, x.what, x.state, x.detached, x.pid, x.submitted, x.started, x.ended, x.exit_status, x.error, x.result_bytes, x.token);
  }
  void operator()(const job_piece& x) { all(x.offset, x.bytes, x.last); }
  void operator()(const request& x) { all(x.client, x.incarnation, x.body); }
  void operator()(const done&) {}
  void operator()(const status_report& x) { all(x.workers, x.partitions, x.cluster, x.epoch, x.jobs, x.log, x.failed, x.submitted); }
  void operator()(const load_begun& x) { all(x.load, x.workers); }
  void operator()(const job_reply& x) { all(x.output, x.partitions); }
  void operator()(const progress_note& x) { all(x.what, x.done, x.total, x.detail); }
  void operator()(const load_batch& x) { all(x.load, x.part, x.rows); }
};

template <class T> std::string tell(const T& x) {
  teller t;
  t(x);
  return t.out;
}

// --- random content -----------------------------------------------------------------------------------------------------------

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
      case 6: return write_pages{text(), numbers()};
      case 7: return read_pages{text(), text()};
      case 8: return read_result{text(), text(), int32_t(random()), result()};
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
            number(), number()};
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
      case 8: return create_branch{text(), text(), text()};
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
      case 2: return status_report{workers(), uint32_t(random()), text(), uint32_t(random()), uint32_t(random()), text(), many([&] { return failed(); }),
                                   many([&] { return a_job(); })};
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

// --- every message ------------------------------------------------------------------------------------------------------------

/// A kind of message: what one with random content says, its bytes, and what bytes say when decoded.
struct kind_of_message {
  std::string name;
  std::function<std::pair<std::string, byte_buffer>(maker&)> make;
  std::function<std::string(bytes_view)> read;
};

template <class Make, class Read> kind_of_message message(std::string name, Make make, Read read) {
  return {std::move(name),
          [make](maker& m) {
            auto x = make(m);
            return std::pair{tell(x), encode(x)};
          },
          [read](bytes_view body) { return tell(read(body)); }};
}

const std::vector<kind_of_message>& all_messages() {
  static const std::vector<kind_of_message> all{
      message("hello", [](maker& m) { return m.greeting(); }, decode_hello),
      message("welcome", [](maker& m) { return welcome{uint32_t(m.random()), m.text(), m.text(), uint32_t(m.random())}; }, decode_welcome),
      message("failure", [](maker& m) { return m.note(); }, decode_failure),
      message("request", [](maker& m) { return request{m.number(), uint32_t(m.random()), m.ask()}; }, decode_request),
      message("reply", [](maker& m) { return m.answer(); }, decode_reply),
      message("edits", [](maker& m) { return m.edits(); }, decode_edits),
      message("progress", [](maker& m) { return progress_note{m.text(), m.number(), m.number(), m.text()}; }, decode_progress),
      message("load_batch", [](maker& m) { return m.rows(); }, decode_load_batch),
      message("batch", [](maker& m) { return m.batch(); }, decode_batch),
      message("job", [](maker& m) { return m.any_job(); }, decode_job),
      message("job_result", [](maker& m) { return job_result{m.some()}; }, decode_job_result),
      message("submission", [](maker& m) { return m.submitted(); }, decode_submission),
      message("submitted_job", [](maker& m) { return m.a_job(); }, decode_submitted_job),
      message("query", [](maker& m) { return query{m.text(), m.number(), m.number(), m.number(), m.some()}; }, decode_query),
  };
  return all;
}

TEST(codec, every_message_with_random_content_comes_back_as_it_was) {
  maker m{std::mt19937_64{1}};
  for (auto& kind : all_messages())
    for (int i = 0; i < 300; ++i) {
      auto [said, bytes] = kind.make(m);
      ASSERT_EQ(bytes.size() % 8, 0u);
      ASSERT_EQ(kind.read(bytes), said) << kind.name;
    }
}

TEST(codec, a_body_that_is_not_aligned_is_read_all_the_same) {
  maker m{std::mt19937_64{2}};
  for (auto& kind : all_messages()) {
    auto [said, bytes] = kind.make(m);
    byte_buffer shifted(bytes.size() + 3);
    std::copy(bytes.begin(), bytes.end(), shifted.begin() + 3);
    ASSERT_EQ(kind.read(bytes_view{shifted}.subspan(3)), said) << kind.name;
  }
}

/// Damaged bytes may decode to something else; what they may not do is anything but decode or fail as a protocol error.
void expect_refused_or_read(const kind_of_message& kind, bytes_view bytes) {
  try {
    kind.read(bytes);
  } catch (const failure& e) { ASSERT_EQ(e.code(), errc::protocol) << kind.name << ": " << e.what(); }
}

TEST(codec, truncated_messages_are_refused_or_read_never_worse) {
  maker m{std::mt19937_64{3}};
  for (auto& kind : all_messages())
    for (int i = 0; i < 40; ++i) {
      auto bytes = kind.make(m).second;
      for (size_t size = 0; size < bytes.size(); size += 1 + m.below(bytes.size() / 8 + 1))
        expect_refused_or_read(kind, byte_buffer{bytes.begin(), bytes.begin() + ptrdiff_t(size)});
    }
}

TEST(codec, flipped_bits_are_refused_or_read_never_worse) {
  maker m{std::mt19937_64{4}};
  for (auto& kind : all_messages())
    for (int i = 0; i < 1500; ++i) {
      auto bytes = kind.make(m).second;
      for (auto flips = 1 + m.below(8); flips > 0; --flips) bytes[m.below(std::min<size_t>(bytes.size(), 64u << m.below(8)))] ^= uint8_t(1 << m.below(8));
      expect_refused_or_read(kind, bytes);
    }
}

TEST(codec, random_words_are_refused_or_read_never_worse) {
  maker m{std::mt19937_64{5}};
  for (auto& kind : all_messages())
    for (int i = 0; i < 1500; ++i) {
      byte_buffer bytes(8 * m.below(60));
      for (size_t w = 0; w < bytes.size(); w += 8) {
        auto word = m.below(3) ? m.number() & 0x0000'00ff'0000'00ff : m.random();  // small pointers are the ones that resolve
        std::memcpy(bytes.data() + w, &word, 8);
      }
      expect_refused_or_read(kind, bytes);
    }
}

TEST(codec, a_list_that_points_at_itself_costs_no_more_than_its_limit) {
  // A Query whose argument list is one of 2^26 structs of no size.
  auto bytes = encode(query{"q", 0, 0, 0, {{"a", int64_t{1}}}});
  uint64_t words[2] = {uint64_t{1} | uint64_t{7} << 32, uint64_t{1} << 28};
  for (size_t w = 0; w + 16 <= bytes.size(); w += 8) {
    auto damaged = bytes;
    std::memcpy(damaged.data() + w, words, 16);
    expect_refused_or_read(all_messages().back(), damaged);
  }
}

TEST(codec, expressions_nest_sixty_deep_and_no_deeper) {
  auto nested = [](int depth) {
    expression e;
    e.literal = true;
    for (int i = 0; i < depth; ++i) {
      expression outer;
      outer.op = operation::logical_not;
      outer.arguments.push_back(std::move(e));
      e = std::move(outer);
    }
    return request{1, 0, job{1, 2, 3, select_elements{e, {}}}};
  };
  auto deep = nested(60);
  EXPECT_EQ(tell(decode_request(encode(deep))), tell(deep));
  try {
    encode(nested(61));
    FAIL();
  } catch (const failure& e) { EXPECT_EQ(e.code(), errc::value); }
}

TEST(codec, numbers_that_name_nothing_are_refused) {
  auto refused = [](auto&& f) {
    try {
      f();
      ADD_FAILURE() << "decoded";
    } catch (const failure& e) { EXPECT_EQ(e.code(), errc::protocol); }
  };
  column_batch b{1, {{"x", column_type(8), 1, {}, byte_buffer(8), {}}}};
  refused([&] { decode_batch(encode(b)); });
  b.columns[0].type = column_type(0);
  refused([&] { decode_batch(encode(b)); });
  expression e;
  e.op = operation(999);
  refused([&] { decode_job(encode(job{1, 1, 1, select_elements{e, {}}})); });
  e.op = operation::add;  // without arguments
  refused([&] { decode_job(encode(job{1, 1, 1, select_elements{e, {}}})); });
  refused([&] { decode_request(encode(request{1, 1, load_begin{{true, false, key_type(9), key_type::none}, false, ""}})); });
  refused([&] { decode_request(encode(request{1, 1, load_begin{{}, false, "", duplicate_policy(4)}})); });
  refused([&] { decode_submission(encode(submission{1, "x", submission::kind(2), "", {}, "", "", "", false})); });
  refused([&] { decode_submitted_job(encode(submitted_job{1, "x", submission::kind::script, submission_state(6)})); });
}

TEST(codec, batches_whose_buffers_do_not_fit_are_refused) {
  auto refused = [](column_batch b) {
    try {
      decode_batch(encode(b));
      ADD_FAILURE() << "decoded";
    } catch (const failure& e) { EXPECT_EQ(e.code(), errc::protocol); }
  };
  column good{"x", column_type::utf8, 2, {}, {'a', 'b', 'c'}, {0, 1, 3}};
  EXPECT_NO_THROW(decode_batch(encode(column_batch{2, {good}})));
  auto with = [&](auto change) {
    column_batch b{2, {good}};
    change(b);
    refused(std::move(b));
  };
  with([](column_batch& b) { b.rows = 3; });
  with([](column_batch& b) { b.rows = b.columns[0].length = -1; });
  with([](column_batch& b) { b.rows = b.columns[0].length = INT64_MAX; });
  with([](column_batch& b) { b.columns[0].offsets[1] = 4; });
  with([](column_batch& b) { b.columns[0].offsets[0] = -1; });
  with([](column_batch& b) { b.columns[0].offsets.pop_back(); });
  with([](column_batch& b) { b.columns[0].type = column_type::int64; });
}

TEST(codec, a_large_batch_is_one_segment_without_waste) {
  column c{"x", column_type::int64, 1 << 20, {}, byte_buffer(8u << 20, 7), {}};
  auto bytes = encode(column_batch{c.length, {c}});
  EXPECT_LT(bytes.size(), (8u << 20) + 1024);
  EXPECT_EQ(decode_batch(bytes).columns[0].values, c.values);
}

TEST(codec, an_unknown_failure_code_of_a_newer_peer_is_a_failure_all_the_same) {
  auto note = decode_failure(encode(failure_note{errc(4000), "new"}));
  EXPECT_EQ(note.code, errc::internal);
  EXPECT_EQ(note.message, "new");
}

}  // namespace
}  // namespace gli
