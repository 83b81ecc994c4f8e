#include "partitions/evaluate_lanes.h"

#include <re2/re2.h>

#include <algorithm>
#include <functional>

#include "partitions/evaluate_compare.h"

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
  }
  return {};
}

namespace {

/// Calls f with something that has [row], typed.
template <class F>
void with_values(const lane& x, F&& f) {
  auto go = [&](const auto* values) {
    if (x.constant) return f(repeated<std::decay_t<decltype(*values)>>{values[0]});
    f(values);
  };
  switch (x.type) {
    case value_kind::boolean:
      if (x.constant) return f(repeated<bool>{bit_at(x.truth.data(), 0)});
      return f(bit_array{x.truth.data()});
    case value_kind::integer:
    case value_kind::time:
      return go(x.ints);
    case value_kind::real:
      return go(x.reals);
    case value_kind::text:
    case value_kind::bytes:
      return go(x.texts.data());
    default:
      return;
  }
}

class block_evaluator {
 public:
  block_evaluator(const row_block& rows, std::atomic<uint32_t>& fault) : rows_{rows}, n_{rows.rows}, fault_{fault} {}

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
        return arithmetic(p, in);
      case operation::is_in:
        return member(p.among, in[0]);
      case operation::contains:
      case operation::starts_with:
      case operation::ends_with:
      case operation::matches:
        return text_test(p, in[0]);
      default:
        return compared(p, in[0], in[1]);
    }
  }

  /// As a boolean lane of all rows.
  lane truth_of(const plan& p, lane x) {
    if (x.type == value_kind::boolean && !x.constant) return x;
    auto out = boolean_lane();
    out.valid.resize(words_for(n_));
    for (int64_t i = 0; i < n_; ++i) {
      auto v = x.scalar(i);
      auto b = std::get_if<bool>(&v);
      if (!b && v.index() != 0) blame(p);
      put_bit(out.valid, i, b != nullptr);
      put_bit(out.truth, i, b && *b);
    }
    return out;
  }

 private:
  void blame(const plan& p) {
    auto known = fault_.load(std::memory_order_relaxed);
    while (known < p.fault && !fault_.compare_exchange_weak(known, p.fault, std::memory_order_relaxed)) {
    }
  }

  lane boolean_lane() const {
    lane to;
    to.type = value_kind::boolean;
    to.truth.resize(words_for(n_));
    return to;
  }

  /// Rows where both have a value; empty: all.
  row_bits both_valid(const lane& a, const lane& b) const {
    auto all = [](const lane& x) { return x.type != value_kind::null && x.valid.empty(); };
    auto each = [](const lane& x) { return x.type != value_kind::null && !x.valid.empty() && !x.constant; };
    if (all(a) && all(b)) return {};
    if (all(a) && each(b)) return b.valid;
    if (each(a) && all(b)) return a.valid;
    row_bits valid(words_for(n_));
    if (each(a) && each(b))
      for (size_t w = 0; w < valid.size(); ++w) valid[w] = a.valid[w] & b.valid[w];
    else
      fill_bits(valid.data(), n_, [&](int64_t i) { return a.is_valid(i) && b.is_valid(i); });
    return valid;
  }

  static void clear_invalid(lane& x) {
    for (size_t w = 0; w < x.valid.size(); ++w) x.truth[w] &= x.valid[w];
  }

  lane is_null(const lane& x) const {
    auto out = boolean_lane();
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
    auto valid = both_valid(a, b);
    for (size_t w = 0; w < a.truth.size(); ++w) a.truth[w] |= b.truth[w];
    for (size_t w = 0; w < valid.size(); ++w) valid[w] |= a.truth[w];
    a.valid = std::move(valid);
    return conjunction ? negated(std::move(a)) : std::move(a);
  }

  lane compared(const plan& p, const lane& a, const lane& b) {
    switch (p.op) {
      case operation::equal:
        return typed(p, a, b, std::equal_to<>{});
      case operation::not_equal:
        return typed(p, a, b, std::not_equal_to<>{});
      case operation::less:
        return typed(p, a, b, std::less<>{});
      case operation::less_equal:
        return typed(p, a, b, std::less_equal<>{});
      case operation::greater:
        return typed(p, a, b, std::greater<>{});
      default:
        return typed(p, a, b, std::greater_equal<>{});
    }
  }

  template <class Holds>
  lane typed(const plan& p, const lane& a, const lane& b, Holds holds) {
    auto out = boolean_lane();
    out.valid = both_valid(a, b);
    if (a.type == value_kind::null || b.type == value_kind::null) return out;
    if (a.type == value_kind::dynamic || b.type == value_kind::dynamic) {
      scalar_by_scalar(p, a, b, holds, out);
      return out;
    }
    auto* truth = out.truth.data();
    with_values(a, [&, n = n_](auto x) {
      with_values(b, [&, n](auto y) {
        using A = std::decay_t<decltype(x[0])>;
        using B = std::decay_t<decltype(y[0])>;
        if constexpr (std::is_same_v<A, B> && number<A>)
          compare_numbers(truth, n, x, y, holds);
        else if constexpr (std::is_same_v<A, B>)
          fill_bits(truth, n, [&](int64_t i) { return holds(x[i], y[i]); });
        else if constexpr (comparable_with<A, B>)
          fill_bits(truth, n, [&](int64_t i) { return holds(sign_of(order<A, B>(x[i], y[i])), 0.0); });
      });
    });
    clear_invalid(out);
    return out;
  }

  /// Unlike values are not equal, and have no order.
  template <class Holds>
  void scalar_by_scalar(const plan& p, const lane& a, const lane& b, Holds holds, lane& out) {
    for (int64_t i = 0; i < n_; ++i) {
      if (!out.is_valid(i)) continue;
      auto x = a.scalar(i), y = b.scalar(i);
      if (p.op == operation::equal || p.op == operation::not_equal)
        put_bit(out.truth, i, equal_scalars(x, y) == (p.op == operation::equal));
      else if (auto o = order_scalars(x, y))
        put_bit(out.truth, i, holds(sign_of(*o), 0.0));
      else
        blame(p);
    }
  }

  lane arithmetic(const plan& p, const std::vector<lane>& in) {
    auto &a = in.front(), &b = in.back();
    lane out;
    out.type = p.type;
    out.valid = both_valid(a, b);
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
    bool overflow = p.op == operation::negate     ? __builtin_sub_overflow(int64_t{0}, a, &to)
                    : p.op == operation::add      ? __builtin_add_overflow(a, b, &to)
                    : p.op == operation::subtract ? __builtin_sub_overflow(a, b, &to)
                                                  : __builtin_mul_overflow(a, b, &to);
    if (overflow) blame(p);
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
      blame(p);
      return {};
    }
    return calculate(p.op, i ? double(*i) : *x, j ? double(*j) : *y);
  }

  lane member(const literal_set& among, const lane& x) const {
    auto out = boolean_lane();
    out.valid.resize(words_for(n_));
    for (int64_t i = 0; i < n_; ++i) {
      bool found = x.is_valid(i) && contains(among, x, i);
      put_bit(out.truth, i, found);
      put_bit(out.valid, i, found || (x.is_valid(i) && !among.has_null));
    }
    return out;
  }

  static bool contains(const literal_set& among, const lane& x, int64_t i) {
    switch (x.type) {
      case value_kind::integer:
        return contains(among, x.ints[x.at(i)]);
      case value_kind::real:
        return contains(among, x.reals[x.at(i)]);
      case value_kind::text:
        return std::binary_search(among.texts.begin(), among.texts.end(), x.texts[x.at(i)], std::less<>{});
      default:
        return contains(among, x.scalar(i));
    }
  }
  static bool contains(const literal_set& among, int64_t x) { return std::binary_search(among.ints.begin(), among.ints.end(), x); }
  static bool contains(const literal_set& among, double x) {
    if (x == std::trunc(x) && x >= -0x1p63 && x < 0x1p63) return contains(among, int64_t(x));
    return std::binary_search(among.reals.begin(), among.reals.end(), x);
  }
  static bool contains(const literal_set& among, const value& x) {
    if (auto i = std::get_if<int64_t>(&x)) return contains(among, *i);
    if (auto r = std::get_if<double>(&x)) return contains(among, *r);
    if (auto t = std::get_if<std::string>(&x)) return std::binary_search(among.texts.begin(), among.texts.end(), *t);
    return std::any_of(among.others.begin(), among.others.end(), [&](auto& o) { return equal_scalars(o, x); });
  }

  /// Values of a json column must be text.
  lane text_test(const plan& p, const lane& x) {
    auto out = boolean_lane();
    out.valid.resize(words_for(n_));
    auto& wanted = std::get<std::string>(p.literal);
    for (int64_t i = 0; i < n_; ++i) {
      if (!x.is_valid(i)) continue;
      auto text = x.type == value_kind::text ? std::optional{x.texts[x.at(i)]} : text_in(x.scalars[x.at(i)]);
      if (!text) blame(p);
      put_bit(out.valid, i, text.has_value());
      put_bit(out.truth, i, text && holds(p, *text, wanted));
    }
    return out;
  }

  static std::optional<std::string_view> text_in(const value& x) {
    if (auto t = std::get_if<std::string>(&x)) return *t;
    return std::nullopt;
  }

  static bool holds(const plan& p, std::string_view text, std::string_view wanted) {
    switch (p.op) {
      case operation::contains:
        return text.find(wanted) != text.npos;
      case operation::starts_with:
        return text.starts_with(wanted);
      case operation::ends_with:
        return text.ends_with(wanted);
      default:
        return re2::RE2::PartialMatch({text.data(), text.size()}, *p.pattern);
    }
  }

  const row_block& rows_;
  int64_t n_;
  std::atomic<uint32_t>& fault_;
};

}  // namespace

row_bits filter_block(const plan& p, const row_block& rows, std::atomic<uint32_t>& fault) {
  block_evaluator block{rows, fault};
  return block.truth_of(p, block.evaluate(p)).truth;
}

}  // namespace gli
