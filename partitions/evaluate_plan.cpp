#include "partitions/evaluate_plan.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "partitions/byte_stream.h"
#include "partitions/dictionary.h"

namespace gli {
namespace {

constexpr int64_t exact_in_double = int64_t{1} << 53;

void put_columns(byte_writer& to, const std::vector<paged_column>& columns) {
  to.put_varint(columns.size());
  for (auto& c : columns) {
    to.put_text(c.name);
    to.put(c.type);
  }
}

void merge_columns(byte_reader& from, std::map<std::string, column_type>& into) {
  for (auto n = from.get_varint(); n > 0; --n) {
    std::string name{from.get_text()};
    auto type = from.get<column_type>();
    auto [known, fresh] = into.emplace(std::move(name), type);
    if (!fresh) known->second = common_type(known->second, type);
  }
}

value_kind kind_of(column_type t) {
  switch (t) {
    case column_type::boolean:
      return value_kind::boolean;
    case column_type::int64:
      return value_kind::integer;
    case column_type::float64:
      return value_kind::real;
    case column_type::utf8:
      return value_kind::text;
    case column_type::timestamp:
      return value_kind::time;
    case column_type::binary:
      return value_kind::bytes;
    case column_type::number:
      return value_kind::number;
    default:
      return value_kind::dynamic;
  }
}

value_kind kind_of(key_type t) {
  return t == key_type::none ? value_kind::null : t == key_type::utf8 ? value_kind::text : value_kind::integer;
}

constexpr value_kind kind_of_literal[] = {value_kind::null, value_kind::boolean, value_kind::integer, value_kind::real,
                                          value_kind::text, value_kind::time,    value_kind::bytes,   value_kind::dynamic};
constexpr const char* literal_name[] = {"None", "bool", "int", "float", "str", "datetime", "bytes", "json"};
constexpr const char* kind_name[] = {"null", "bool", "int64", "float64", "utf8", "timestamp", "binary", "json", "number"};

bool is_number(value_kind k) { return k == value_kind::integer || k == value_kind::real || k == value_kind::number; }
bool is_open(value_kind k) { return k == value_kind::null || k == value_kind::dynamic; }  // fits everywhere
bool comparable(value_kind a, value_kind b) { return a == b || is_open(a) || is_open(b) || (is_number(a) && is_number(b)); }

const char* verb(operation op) {
  switch (op) {
    case operation::add:
      return "add ";
    case operation::subtract:
      return "subtract ";
    case operation::multiply:
      return "multiply ";
    case operation::divide:
      return "divide ";
    default:
      return "compare ";
  }
}

const char* text_operation(operation op) {
  switch (op) {
    case operation::contains:
      return "contains()";
    case operation::starts_with:
      return "starts_with()";
    case operation::ends_with:
      return "ends_with()";
    default:
      return "matches()";
  }
}

std::shared_ptr<const re2::RE2> compiled(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  auto made = std::make_shared<const re2::RE2>(pattern, options);
  if (!made->ok()) throw failure{errc::value, "bad regular expression " + to_string(value{pattern}) + ": " + made->error()};
  return made;
}

class planner {
 public:
  planner(element of, std::vector<operation> known, const graph& g, const graph_schema& schema, std::vector<failure>& faults)
      : of_{of}, known_{std::move(known)}, g_{g}, schema_{schema}, faults_{faults} {}

  plan make(const expression& e) {
    check_shape(e);
    plan p;
    p.op = e.op;
    for (auto& a : e.arguments) p.arguments.push_back(make(a));
    bind(p, e);
    if (p.label.empty()) p.label = to_string(e) + " (" + kind_name[size_t(p.type)] + ")";
    return p;
  }

  static void demand_number(const plan& p) {
    if (!is_number(p.type)) throw failure{errc::type, "an aggregate is of numbers, not of " + p.label};
  }

  /// For what must be true or false.
  void demand_truth(plan& p) {
    if (p.type != value_kind::boolean && !is_open(p.type)) throw failure{errc::type, "a filter must be true or false, not " + p.label};
    if (p.type == value_kind::dynamic && p.fault == 0)
      p.fault = add_fault(errc::type, "a filter must be true or false; not all values are in " + p.label);
  }

 private:
  static void check_shape(const expression& e) {
    auto op = uint16_t(e.op);
    auto n = e.arguments.size();
    bool leaf = op >= 1 && op <= 11, unary = op >= 20 && op <= 22, infix = (op >= 40 && op <= 47) || (op >= 60 && op <= 65);
    bool text = op >= 81 && op <= 84;
    if (!(leaf ? n == 0 : unary ? n == 1 : infix || text ? n == 2 : e.op == operation::is_in && n >= 1))
      throw failure{errc::value, "malformed expression: operation " + std::to_string(op) + " with " + std::to_string(n) + " arguments"};
  }

  void bind(plan& p, const expression& e) {
    switch (e.op) {
      case operation::literal:
        return bind_literal(p, e);
      case operation::node:
        return bind_column(p, e.name, "node", schema_.nodes, g_->node_columns);
      case operation::edge:
        if (of_ == element::node) throw failure{errc::value, to_string(e) + " has no value in a filter of nodes"};
        return bind_column(p, e.name, "edge", schema_.edges, g_->edge_columns);
      case operation::source:
      case operation::target:
        check_endpoint(e);
        [[fallthrough]];
      case operation::node_key:
        p.type = kind_of(schema_.keys);
        return;
      case operation::degree:
      case operation::in_degree:
      case operation::out_degree:
        p.type = value_kind::integer;
        return;
      case operation::state:
      case operation::gathered:
        if (std::find(known_.begin(), known_.end(), e.op) == known_.end()) throw failure{errc::value, to_string(e) + " has no value here"};
        p.type = value_kind::real;
        return;
      case operation::is_null:
        p.type = value_kind::boolean;
        return;
      case operation::logical_not:
      case operation::logical_and:
      case operation::logical_or:
        for (auto& a : p.arguments) demand_truth(a);
        p.type = value_kind::boolean;
        return;
      case operation::negate:
      case operation::add:
      case operation::subtract:
      case operation::multiply:
      case operation::divide:
      case operation::minimum:
      case operation::maximum:
        return bind_arithmetic(p, e);
      case operation::is_in:
        return bind_is_in(p);
      case operation::contains:
      case operation::starts_with:
      case operation::ends_with:
      case operation::matches:
        return bind_text(p);
      default:
        return bind_comparison(p);
    }
  }

  static void bind_literal(plan& p, const expression& e) {
    p.literal = e.literal;
    p.type = kind_of_literal[e.literal.index()];
    p.label = to_string(e) + " (" + literal_name[e.literal.index()] + ")";
  }

  void bind_column(plan& p, const std::string& name, const char* what, const std::map<std::string, column_type>& known,
                   const std::vector<paged_column>& columns) {
    auto found = known.find(name);
    if (found == known.end()) throw failure{errc::key, std::string{"no "} + what + " has attribute " + to_string(value{name})};
    p.type = kind_of(found->second);
    p.label = "column " + to_string(value{name}) + " (" + type_name(found->second) + ")";
    auto c = std::find_if(columns.begin(), columns.end(), [&](auto& x) { return x.name == name; });
    p.column = c == columns.end() ? nullptr : &*c;
  }

  void check_endpoint(const expression& e) {
    if (of_ == element::node) throw failure{errc::value, to_string(e) + " has no value in a filter of nodes"};
    if (e.op == operation::target && !schema_.targets_known)
      throw failure{errc::value, "target() of an edge into another partition is not known here: resolve mirrors first"};
  }

  void bind_comparison(plan& p) {
    auto &a = p.arguments[0], &b = p.arguments[1];
    p.type = value_kind::boolean;
    check_comparable(a, b);
    adapt_literal(a, b);
    adapt_literal(b, a);
    bool ordered = p.op != operation::equal && p.op != operation::not_equal;
    if (ordered && (a.type == value_kind::dynamic || b.type == value_kind::dynamic))
      p.fault = add_fault(errc::type, "cannot compare " + a.label + " with " + b.label + ": values of different types have no order");
  }

  /// A number that both types hold takes the other side's, so that rows compare without conversion.
  static void adapt_literal(plan& a, const plan& other) {
    if (a.op != operation::literal) return;
    if (auto i = std::get_if<int64_t>(&a.literal); i && other.type == value_kind::real && *i >= -exact_in_double && *i <= exact_in_double) {
      a.literal = double(*i);
      a.type = value_kind::real;
    } else if (auto r = std::get_if<double>(&a.literal);
               r && other.type == value_kind::integer && *r == std::trunc(*r) && std::abs(*r) < 0x1p62) {
      a.literal = int64_t(*r);
      a.type = value_kind::integer;
    }
  }

  static void check_comparable(const plan& a, const plan& b) {
    if (!comparable(a.type, b.type)) throw failure{errc::type, "cannot compare " + a.label + " with " + b.label};
  }

  void bind_arithmetic(plan& p, const expression& e) {
    bool integer = p.op != operation::divide, open = false;
    for (auto& a : p.arguments) {
      if (!is_number(a.type) && !is_open(a.type)) refuse_arithmetic(p);
      integer = integer && a.type == value_kind::integer;
      open = open || a.type == value_kind::dynamic || a.type == value_kind::number;
    }
    p.type = open ? value_kind::dynamic : integer ? value_kind::integer : value_kind::real;
    if (open) p.fault = add_fault(errc::type, "not all values of " + to_string(e) + " are numbers that int64 holds");
    if (integer) p.fault = add_fault(errc::value, to_string(e) + " is too large for int64");
  }

  [[noreturn]] static void refuse_arithmetic(const plan& p) {
    if (p.op == operation::negate) throw failure{errc::type, "cannot negate " + p.arguments[0].label};
    throw failure{errc::type, std::string{"cannot "} + verb(p.op) + p.arguments[0].label + " and " + p.arguments[1].label};
  }

  static void bind_is_in(plan& p) {
    p.type = value_kind::boolean;
    for (size_t i = 1; i < p.arguments.size(); ++i) {
      auto& x = p.arguments[i];
      if (x.op != operation::literal) throw failure{errc::type, "is_in() needs literals, not " + x.label};
      check_comparable(p.arguments[0], x);
      add_literal(p.among, x.literal);
    }
    std::sort(p.among.ints.begin(), p.among.ints.end());
    std::sort(p.among.reals.begin(), p.among.reals.end());
    std::sort(p.among.texts.begin(), p.among.texts.end());
    p.arguments.resize(1);
  }

  static void add_literal(literal_set& s, const value& x) {
    if (auto i = std::get_if<int64_t>(&x)) return s.ints.push_back(*i);
    if (auto t = std::get_if<std::string>(&x)) return s.texts.push_back(*t);
    if (std::holds_alternative<std::monostate>(x)) s.has_null = true;
    auto r = std::get_if<double>(&x);
    if (!r) return s.others.push_back(x);
    if (std::isnan(*r)) return;
    if (*r == std::trunc(*r) && *r >= -0x1p63 && *r < 0x1p63) return s.ints.push_back(int64_t(*r));
    s.reals.push_back(*r);
  }

  void bind_text(plan& p) {
    auto &a = p.arguments[0], &b = p.arguments[1];
    auto name = text_operation(p.op);
    if (a.type != value_kind::text && !is_open(a.type)) throw failure{errc::type, std::string{name} + " needs text, not " + a.label};
    if (b.op != operation::literal || b.type != value_kind::text)
      throw failure{errc::type, std::string{name} + " needs a str, not " + b.label};
    p.type = value_kind::boolean;
    p.literal = b.literal;
    if (p.op == operation::matches) p.pattern = compiled(std::get<std::string>(p.literal));
    if (a.type == value_kind::dynamic) p.fault = add_fault(errc::type, std::string{name} + " needs text: not all values are in " + a.label);
    p.arguments.resize(1);
  }

  uint32_t add_fault(errc code, const std::string& message) {
    faults_.emplace_back(code, message);
    return uint32_t(faults_.size());
  }

  element of_;
  std::vector<operation> known_;
  const graph& g_;
  const graph_schema& schema_;
  std::vector<failure>& faults_;
};

}  // namespace

graph_schema agree_on_schema(const graph& g, communicator& all) {
  byte_buffer mine;
  byte_writer to{mine};
  put_columns(to, g->node_columns);
  put_columns(to, g->edge_columns);
  to.put(g->kind.keys);
  to.put(uint8_t(g->mirrors == 0 || g->mirror_keys));
  graph_schema schema;
  for (auto& theirs : all.all_to_all(std::vector<byte_buffer>(all.size(), mine))) {
    byte_reader from{theirs};
    merge_columns(from, schema.nodes);
    merge_columns(from, schema.edges);
    schema.keys = std::max(schema.keys, from.get<key_type>());
    schema.targets_known &= from.get<uint8_t>() != 0;
  }
  return schema;
}

filter_plan make_plan(const expression& e, element of, const graph& g, const graph_schema& schema) {
  filter_plan made;
  planner p{of, {}, g, schema, made.faults};
  made.root = p.make(e);
  p.demand_truth(made.root);
  return made;
}

filter_plan make_number_plan(const expression& e, const std::vector<operation>& known, const graph& g, const graph_schema& schema) {
  filter_plan made;
  planner p{element::node, known, g, schema, made.faults};
  made.root = p.make(e);
  planner::demand_number(made.root);
  return made;
}

}  // namespace gli
