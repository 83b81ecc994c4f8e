#pragma once
// Expressions row by row, as the words define them: three-valued, numbers compared as long double.

#include <functional>
#include <optional>

#include "runtime/expression.h"

namespace gli::testing {

/// leaf(e): the value of a leaf in the row at hand. Text, numbers and truth only; no overflow, no division.
inline value row_value(const expression& e, const std::function<value(const expression&)>& leaf) {
  using op = operation;
  std::vector<value> arguments;
  for (auto& a : e.arguments) arguments.push_back(row_value(a, leaf));
  auto arg = [&](size_t i) -> const value& { return arguments[i]; };
  auto is_null = [](const value& x) { return x.index() == 0; };
  auto real = [](const value& x) -> std::optional<long double> {
    if (auto i = std::get_if<int64_t>(&x)) return (long double)(*i);
    if (auto r = std::get_if<double>(&x)) return (long double)(*r);
    return {};
  };
  auto equal = [&](const value& a, const value& b) { return real(a) && real(b) ? *real(a) == *real(b) : a == b; };
  auto less = [&](const value& a, const value& b) { return real(a) ? *real(a) < *real(b) : a < b; };
  if (uint16_t(e.op) < 20) return e.op == op::literal ? e.literal : leaf(e);
  if (e.op == op::is_null) return is_null(arg(0));
  if (e.op == op::logical_not) return is_null(arg(0)) ? value{} : value{!std::get<bool>(arg(0))};
  if (e.op == op::logical_and || e.op == op::logical_or) {
    auto decides = value{e.op == op::logical_or};
    if (arg(0) == decides || arg(1) == decides) return decides;
    return is_null(arg(0)) || is_null(arg(1)) ? value{} : value{e.op == op::logical_and};
  }
  for (size_t i = 0; i < e.arguments.size(); ++i)
    if (is_null(arg(i)) && e.op != op::is_in) return {};
  switch (e.op) {
    case op::equal:
      return equal(arg(0), arg(1));
    case op::not_equal:
      return !equal(arg(0), arg(1));
    case op::less:
      return less(arg(0), arg(1));
    case op::less_equal:
      return less(arg(0), arg(1)) || equal(arg(0), arg(1));
    case op::greater:
      return less(arg(1), arg(0));
    case op::greater_equal:
      return less(arg(1), arg(0)) || equal(arg(0), arg(1));
    case op::contains:
      return std::get<std::string>(arg(0)).find(std::get<std::string>(arg(1))) != std::string::npos;
    case op::starts_with:
      return std::get<std::string>(arg(0)).starts_with(std::get<std::string>(arg(1)));
    case op::ends_with:
      return std::get<std::string>(arg(0)).ends_with(std::get<std::string>(arg(1)));
    case op::is_in: {
      bool null = is_null(arg(0)), found = false;
      for (size_t i = 1; i < e.arguments.size(); ++i) {
        null = null || is_null(arg(i));
        found = found || (!is_null(arg(i)) && !is_null(arg(0)) && equal(arg(0), arg(i)));
      }
      return found ? value{true} : null ? value{} : value{false};
    }
    default:
      break;
  }
  auto a = arg(0), b = e.arguments.size() > 1 ? arg(1) : value{};
  auto i = std::get_if<int64_t>(&a), j = std::get_if<int64_t>(&b);
  if (e.op == op::negate) return i ? value{-*i} : value{-std::get<double>(a)};
  if (i && j) return e.op == op::add ? *i + *j : e.op == op::subtract ? *i - *j : *i * *j;
  double x = i ? double(*i) : std::get<double>(a), y = j ? double(*j) : std::get<double>(b);
  return e.op == op::add ? x + y : e.op == op::subtract ? x - y : x * y;
}

}  // namespace gli::testing
