#pragma once
// How values of expressions compare: numbers exactly, text and bytes byte by byte, others among their own kind.

#include <cmath>
#include <compare>
#include <limits>
#include <optional>
#include <string_view>

#include "runtime/value.h"

namespace gli {

/// Exact, where converting the integer would round.
inline std::partial_ordering compare_exactly(int64_t a, double b) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= 0x1p63) return std::partial_ordering::less;
  if (b < -0x1p63) return std::partial_ordering::greater;
  auto whole = int64_t(b);
  if (a != whole) return a <=> whole;
  return 0.0 <=> b - double(whole);
}

template <class T>
concept number = std::is_same_v<T, int64_t> || std::is_same_v<T, double>;
template <class A, class B>
concept comparable_with = std::is_same_v<A, B> ||(number<A>&& number<B>);

template <class A, class B>
requires comparable_with<A, B> std::partial_ordering order(const A& a, const B& b) {
  if constexpr (std::is_same_v<A, B>)
    return a <=> b;
  else if constexpr (std::is_same_v<A, int64_t>)
    return compare_exactly(a, b);
  else
    return 0 <=> compare_exactly(b, a);
}

/// -1, 0 or 1; unordered: NaN. So `sign_of(o) < 0.0` says what o says.
inline double sign_of(std::partial_ordering o) { return o < 0 ? -1 : o > 0 ? 1 : o == 0 ? 0 : std::numeric_limits<double>::quiet_NaN(); }

/// Plain scalars (runtime/json_text.h); nothing when they are of unlike types, or have no order.
inline std::optional<std::partial_ordering> order_scalars(const value& a, const value& b) {
  return std::visit(
      [](auto& x, auto& y) -> std::optional<std::partial_ordering> {
        using A = std::decay_t<decltype(x)>;
        using B = std::decay_t<decltype(y)>;
        if constexpr (std::is_same_v<A, std::monostate>)
          return std::nullopt;
        else if constexpr (std::is_same_v<A, json>)
          return std::nullopt;
        else if constexpr (comparable_with<A, B>)
          return order(x, y);
        else
          return std::nullopt;
      },
      a, b);
}

inline bool equal_scalars(const value& a, const value& b) {
  auto x = std::get_if<json>(&a), y = std::get_if<json>(&b);
  if (x && y) return x->text == y->text;
  auto o = order_scalars(a, b);
  return o && *o == 0;
}

}  // namespace gli
