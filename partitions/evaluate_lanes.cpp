#include "partitions/evaluate_lanes.h"

#include "partitions/evaluate_block.h"

namespace gli {

value lane::scalar(int64_t i) const {
  if (!is_valid(i)) return {};
  switch (type) {
    case value_kind::null:
      return {};
    case value_kind::boolean:
      return bit_at(truth.data(), constant ? 0 : i);
    case value_kind::integer:
      return ints[at(i)];
    case value_kind::real:
      return reals[at(i)];
    case value_kind::text:
      return std::string{texts[at(i)]};
    case value_kind::time:
      return timestamp{ints[at(i)]};
    case value_kind::bytes:
      return binary{std::string{texts[at(i)]}};
    case value_kind::dynamic:
      return scalars[at(i)];
    case value_kind::number:
      if (bit_at(whole.data(), constant ? 0 : i)) return ints[at(i)];
      return reals[at(i)];
  }
  return {};
}

row_bits block_context::both_valid(const lane& a, const lane& b) const {
  auto all = [](const lane& x) { return x.type != value_kind::null && x.valid.empty(); };
  auto each = [](const lane& x) { return x.type != value_kind::null && !x.valid.empty() && !x.constant; };
  if (all(a) && all(b)) return {};
  if (all(a) && each(b)) return b.valid;
  if (each(a) && all(b)) return a.valid;
  row_bits valid(words_for(rows));
  if (each(a) && each(b))
    for (size_t w = 0; w < valid.size(); ++w) valid[w] = a.valid[w] & b.valid[w];
  else
    fill_bits(valid.data(), rows, [&](int64_t i) { return a.is_valid(i) && b.is_valid(i); });
  return valid;
}

namespace {

class block_evaluator {
 public:
  block_evaluator(const row_block& rows, std::atomic<uint32_t>& fault) : rows_{rows}, n_{rows.rows}, block_{rows.rows, fault} {}

  lane evaluate(const plan& p) {
    if (uint16_t(p.op) < 20) return load_leaf(p, rows_);
    std::vector<lane> in;
    in.reserve(p.arguments.size());
    for (auto& a : p.arguments) in.push_back(evaluate(a));
    switch (p.op) {
      case operation::is_null:
        return is_null(in[0]);
      case operation::logical_not:
        return negated(truth_of(p.arguments[0], std::move(in[0])));
      case operation::logical_and:
      case operation::logical_or:
        return combined(p, std::move(in[0]), std::move(in[1]));
      case operation::negate:
      case operation::add:
      case operation::subtract:
      case operation::multiply:
      case operation::divide:
      case operation::minimum:
      case operation::maximum:
        return arithmetic(p, in);
      case operation::is_in:
        return is_member(block_, p.among, in[0]);
      case operation::contains:
      case operation::starts_with:
      case operation::ends_with:
      case operation::matches:
        return text_test(block_, p, in[0]);
      default:
        return compared(block_, p, in[0], in[1]);
    }
  }

  /// As a boolean lane of all rows.
  lane truth_of(const plan& p, lane x) {
    if (x.type == value_kind::boolean && !x.constant) return x;
    auto out = block_.boolean_lane();
    out.valid.resize(words_for(n_));
    for (int64_t i = 0; i < n_; ++i) {
      auto v = x.scalar(i);
      auto b = std::get_if<bool>(&v);
      if (!b && v.index() != 0) block_.blame(p);
      put_bit(out.valid, i, b != nullptr);
      put_bit(out.truth, i, b && *b);
    }
    return out;
  }

 private:
  lane is_null(const lane& x) const {
    auto out = block_.boolean_lane();
    if (x.type != value_kind::null && x.valid.empty()) return out;
    fill_bits(out.truth.data(), n_, [&](int64_t i) { return !x.is_valid(i); });
    return out;
  }

  lane negated(lane x) const {
    for (auto& word : x.truth) word = ~word;
    clear_past(x.truth, n_);
    clear_invalid(x);
    return x;
  }

  /// Three-valued: false and null is false, true or null is true.
  lane combined(const plan& p, lane first, lane second) {
    auto a = truth_of(p.arguments[0], std::move(first)), b = truth_of(p.arguments[1], std::move(second));
    bool conjunction = p.op == operation::logical_and;
    if (conjunction) a = negated(std::move(a)), b = negated(std::move(b));
    auto valid = block_.both_valid(a, b);
    for (size_t w = 0; w < a.truth.size(); ++w) a.truth[w] |= b.truth[w];
    for (size_t w = 0; w < valid.size(); ++w) valid[w] |= a.truth[w];
    a.valid = std::move(valid);
    return conjunction ? negated(std::move(a)) : std::move(a);
  }

  lane arithmetic(const plan& p, const std::vector<lane>& in) {
    auto &a = in.front(), &b = in.back();
    lane out;
    out.type = p.type;
    out.valid = block_.both_valid(a, b);
    if (a.type == value_kind::null || b.type == value_kind::null) {
      out.type = value_kind::null;
      return out;
    }
    if (p.type == value_kind::integer) {
      out.ints_kept.resize(size_t(n_));
      each_valid(out, [&](int64_t i) { calculate(p, a.ints[a.at(i)], b.ints[b.at(i)], out.ints_kept[size_t(i)]); });
    } else if (p.type == value_kind::real) {
      out.reals_kept.resize(size_t(n_));
      each_valid(out, [&](int64_t i) { out.reals_kept[size_t(i)] = calculate(p.op, real(a, i), real(b, i)); });
    } else {
      out.scalars.resize(size_t(n_));
      each_valid(out, [&](int64_t i) { out.scalars[size_t(i)] = calculate(p, a.scalar(i), b.scalar(i)); });
    }
    out.ints = out.ints_kept.data();
    out.reals = out.reals_kept.data();
    return out;
  }

  template <class F>
  void each_valid(const lane& out, F&& f) const {
    for (int64_t i = 0; i < n_; ++i)
      if (out.is_valid(i)) f(i);
  }

  static double real(const lane& x, int64_t i) { return x.type == value_kind::integer ? double(x.ints[x.at(i)]) : x.reals[x.at(i)]; }

  void calculate(const plan& p, int64_t a, int64_t b, int64_t& to) {
    if (p.op == operation::minimum || p.op == operation::maximum) return void(to = p.op == operation::minimum ? std::min(a, b) : std::max(a, b));
    bool overflow = p.op == operation::negate     ? __builtin_sub_overflow(int64_t{0}, a, &to)
                    : p.op == operation::add      ? __builtin_add_overflow(a, b, &to)
                    : p.op == operation::subtract ? __builtin_sub_overflow(a, b, &to)
                                                  : __builtin_mul_overflow(a, b, &to);
    if (overflow) block_.blame(p);
  }

  static double calculate(operation op, double a, double b) {
    switch (op) {
      case operation::negate:
        return -a;
      case operation::add:
        return a + b;
      case operation::subtract:
        return a - b;
      case operation::multiply:
        return a * b;
      case operation::minimum:
        return std::min(a, b);
      case operation::maximum:
        return std::max(a, b);
      default:
        return a / b;
    }
  }

  value calculate(const plan& p, const value& a, const value& b) {
    auto i = std::get_if<int64_t>(&a), j = std::get_if<int64_t>(&b);
    if (i && j && p.op != operation::divide) {
      int64_t to = 0;
      calculate(p, *i, *j, to);
      return to;
    }
    auto x = std::get_if<double>(&a), y = std::get_if<double>(&b);
    if ((!i && !x) || (!j && !y)) {
      block_.blame(p);
      return {};
    }
    return calculate(p.op, i ? double(*i) : *x, j ? double(*j) : *y);
  }

  const row_block& rows_;
  int64_t n_;
  block_context block_;
};

}  // namespace

row_bits filter_block(const plan& p, const row_block& rows, std::atomic<uint32_t>& fault) {
  block_evaluator block{rows, fault};
  return block.truth_of(p, block.evaluate(p)).truth;
}

int64_t number_block(const plan& p, const row_block& rows, std::atomic<uint32_t>& fault, double* to) {
  auto numbers = block_evaluator{rows, fault}.evaluate(p);
  for (int64_t i = 0; i < rows.rows; ++i) {
    if (!numbers.is_valid(i)) return i;
    to[i] = numbers.type == value_kind::integer ? double(numbers.ints[numbers.at(i)]) : numbers.reals[numbers.at(i)];
  }
  return -1;
}

}  // namespace gli
