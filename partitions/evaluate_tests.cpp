#include <re2/re2.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "partitions/evaluate_block.h"
#include "partitions/evaluate_compare.h"

namespace gli {

namespace {

/// Texts of rows by the numbers of their words.
struct coded_texts {
  const std::string_view* words;
  const uint8_t* codes;
  const std::string_view& operator[](int64_t i) const { return words[codes[i]]; }
};

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
      if (x.codes) return f(coded_texts{x.texts.data(), x.codes});
      return go(x.texts.data());
    default:
      return;
  }
}

template <class F>
auto with_number(const lane& x, int64_t i, F&& f) {
  bool whole = x.type == value_kind::integer || (x.type == value_kind::number && bit_at(x.whole.data(), i));
  return whole ? f(x.ints[x.at(i)]) : f(x.reals[x.at(i)]);
}

/// Truth of each row from that of its word, where there are fewer words than rows.
template <class F>
bool fill_by_word(const lane& x, row_bits& truth, int64_t rows, F&& truth_of) {
  if (int64_t(x.texts.size()) > rows) return false;
  bool of_word[256] = {};
  for (size_t w = 0; w < x.texts.size(); ++w) of_word[w] = truth_of(x.texts[w]);
  fill_bits(truth.data(), rows, [&](int64_t i) { return of_word[x.codes[i]]; });
  return true;
}

/// One comparison of two lanes.
class comparison {
 public:
  comparison(const block_context& block, const plan& p, const lane& a, const lane& b) : block_{block}, n_{block.rows}, p_{p}, a_{a}, b_{b} {}

  lane run() {
    switch (p_.op) {
      case operation::equal:
        return typed(std::equal_to<>{});
      case operation::not_equal:
        return typed(std::not_equal_to<>{});
      case operation::less:
        return typed(std::less<>{});
      case operation::less_equal:
        return typed(std::less_equal<>{});
      case operation::greater:
        return typed(std::greater<>{});
      default:
        return typed(std::greater_equal<>{});
    }
  }

 private:
  template <class Holds>
  lane typed(Holds holds) {
    auto& a = a_;
    auto& b = b_;
    auto out = block_.boolean_lane();
    out.valid = block_.both_valid(a, b);
    if (a.type == value_kind::null || b.type == value_kind::null) return out;
    if (a.type == value_kind::dynamic || b.type == value_kind::dynamic) {
      scalar_by_scalar(holds, out);
      return out;
    }
    if (a.type == value_kind::number || b.type == value_kind::number) {
      compare_mixed(holds, out);
      clear_invalid(out);
      return out;
    }
    auto* truth = out.truth.data();
    if (a.codes && b.constant && fill_by_word(a, out.truth, n_, [&](std::string_view word) { return holds(word, b.texts[0]); })) {
      clear_invalid(out);
      return out;
    }
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

  /// Numbers of which each has its own type. With a constant that both types hold, both comparisons are made of whole rows, each where it counts.
  template <class Holds>
  void compare_mixed(Holds holds, lane& out) {
    auto& a = a_;
    auto& b = b_;
    auto* truth = out.truth.data();
    auto constant = b.constant ? constant_of_both(b) : std::nullopt;
    if (a.type == value_kind::number && a.ints && a.reals && constant) {
      row_bits as_ints(words_for(n_));
      compare_numbers(as_ints.data(), n_, a.ints, repeated<int64_t>{constant->first}, holds);
      compare_numbers(truth, n_, a.reals, repeated<double>{constant->second}, holds);
      for (size_t w = 0; w < as_ints.size(); ++w) truth[w] = (as_ints[w] & a.whole[w]) | (truth[w] & ~a.whole[w]);
      return;
    }
    fill_bits(truth, n_, [&](int64_t i) {
      return with_number(a, i, [&](auto x) { return with_number(b, i, [&](auto y) { return holds(sign_of(order(x, y)), 0.0); }); });
    });
  }

  /// A constant as int64 and as float64, where both are exactly that number.
  static std::optional<std::pair<int64_t, double>> constant_of_both(const lane& x) {
    constexpr int64_t exact = int64_t{1} << 53;
    if (x.type == value_kind::real && x.reals[0] == std::trunc(x.reals[0]) && std::abs(x.reals[0]) <= double(exact))
      return std::pair{int64_t(x.reals[0]), x.reals[0]};
    if (x.type == value_kind::integer && x.ints[0] >= -exact && x.ints[0] <= exact) return std::pair{x.ints[0], double(x.ints[0])};
    return std::nullopt;
  }

  /// Unlike values are not equal, and have no order.
  template <class Holds>
  void scalar_by_scalar(Holds holds, lane& out) {
    for (int64_t i = 0; i < n_; ++i) {
      if (!out.is_valid(i)) continue;
      auto x = a_.scalar(i), y = b_.scalar(i);
      if (p_.op == operation::equal || p_.op == operation::not_equal)
        put_bit(out.truth, i, equal_scalars(x, y) == (p_.op == operation::equal));
      else if (auto o = order_scalars(x, y))
        put_bit(out.truth, i, holds(sign_of(*o), 0.0));
      else
        block_.blame(p_);
    }
  }

  const block_context& block_;
  int64_t n_;
  const plan& p_;
  const lane &a_, &b_;
};

bool contains(const literal_set& among, int64_t x) { return std::binary_search(among.ints.begin(), among.ints.end(), x); }

bool contains(const literal_set& among, double x) {
  if (x == std::trunc(x) && x >= -0x1p63 && x < 0x1p63) return contains(among, int64_t(x));
  return std::binary_search(among.reals.begin(), among.reals.end(), x);
}

bool contains(const literal_set& among, const value& x) {
  if (auto i = std::get_if<int64_t>(&x)) return contains(among, *i);
  if (auto r = std::get_if<double>(&x)) return contains(among, *r);
  if (auto t = std::get_if<std::string>(&x)) return std::binary_search(among.texts.begin(), among.texts.end(), *t);
  return std::any_of(among.others.begin(), among.others.end(), [&](auto& o) { return equal_scalars(o, x); });
}

bool contains(const literal_set& among, const lane& x, int64_t i) {
  switch (x.type) {
    case value_kind::integer:
      return contains(among, x.ints[x.at(i)]);
    case value_kind::real:
      return contains(among, x.reals[x.at(i)]);
    case value_kind::number:
      return with_number(x, i, [&](auto number) { return contains(among, number); });
    case value_kind::text:
      return std::binary_search(among.texts.begin(), among.texts.end(), x.texts[x.at(i)], std::less<>{});
    default:
      return contains(among, x.scalar(i));
  }
}

std::optional<std::string_view> text_in(const value& x) {
  if (auto t = std::get_if<std::string>(&x)) return *t;
  return std::nullopt;
}

bool holds(const plan& p, std::string_view text, std::string_view wanted) {
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

}  // namespace

lane compared(const block_context& block, const plan& p, const lane& a, const lane& b) { return comparison{block, p, a, b}.run(); }

lane is_member(const block_context& block, const literal_set& among, const lane& x) {
  auto out = block.boolean_lane();
  out.valid.resize(words_for(block.rows));
  row_bits found(out.valid.size());
  auto in_set = [&](std::string_view word) { return std::binary_search(among.texts.begin(), among.texts.end(), word, std::less<>{}); };
  if (!x.codes || !fill_by_word(x, found, block.rows, in_set)) fill_bits(found.data(), block.rows, [&](int64_t i) { return x.is_valid(i) && contains(among, x, i); });
  for (int64_t i = 0; i < block.rows; ++i) {
    bool is = x.is_valid(i) && bit_at(found.data(), i);
    put_bit(out.truth, i, is);
    put_bit(out.valid, i, is || (x.is_valid(i) && !among.has_null));
  }
  return out;
}

lane text_test(const block_context& block, const plan& p, const lane& x) {
  auto out = block.boolean_lane();
  auto& wanted = std::get<std::string>(p.literal);
  if (x.codes && fill_by_word(x, out.truth, block.rows, [&](std::string_view word) { return holds(p, word, wanted); })) {
    out.valid = x.valid;
    clear_invalid(out);
    return out;
  }
  out.valid.resize(words_for(block.rows));
  for (int64_t i = 0; i < block.rows; ++i) {
    if (!x.is_valid(i)) continue;
    auto text = x.type == value_kind::text ? std::optional{x.texts[x.at(i)]} : text_in(x.scalars[x.at(i)]);
    if (!text) block.blame(p);
    put_bit(out.valid, i, text.has_value());
    put_bit(out.truth, i, text && holds(p, *text, wanted));
  }
  return out;
}

}  // namespace gli
