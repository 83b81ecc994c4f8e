#include "runtime/expression.h"

#include <utility>

namespace gli {
namespace {

/// Literals as Python writes them.
std::string shown(const value& x) {
  if (std::holds_alternative<std::monostate>(x)) return "None";
  if (auto b = std::get_if<bool>(&x)) return *b ? "True" : "False";
  return to_string(x);
}

const char* infix(operation op) {
  switch (op) {
    case operation::logical_and:
      return " & ";
    case operation::logical_or:
      return " | ";
    case operation::equal:
      return " == ";
    case operation::not_equal:
      return " != ";
    case operation::less:
      return " < ";
    case operation::less_equal:
      return " <= ";
    case operation::greater:
      return " > ";
    case operation::greater_equal:
      return " >= ";
    case operation::add:
      return " + ";
    case operation::subtract:
      return " - ";
    case operation::multiply:
      return " * ";
    case operation::divide:
      return " / ";
    default:
      return nullptr;
  }
}

const char* method(operation op) {
  switch (op) {
    case operation::is_null:
      return "is_null";
    case operation::is_in:
      return "is_in";
    case operation::contains:
      return "contains";
    case operation::starts_with:
      return "starts_with";
    case operation::ends_with:
      return "ends_with";
    case operation::matches:
      return "matches";
    default:
      return "?";
  }
}

std::string joined(const std::vector<expression>& all, size_t first, const char* between) {
  std::string text;
  for (size_t i = first; i < all.size(); ++i) text += (i > first ? between : "") + to_string(all[i]);
  return text;
}

std::string call(const expression& e) {
  if (e.arguments.empty()) return std::string{"?."} + method(e.op) + "()";
  auto rest = joined(e.arguments, 1, ", ");
  if (e.op == operation::is_in) rest = "[" + rest + "]";
  return to_string(e.arguments[0]) + "." + method(e.op) + "(" + rest + ")";
}

}  // namespace

std::string to_string(const expression& e) {
  switch (e.op) {
    case operation::literal:
      return shown(e.literal);
    case operation::node:
      return "node(" + to_string(value{e.name}) + ")";
    case operation::edge:
      return "edge(" + to_string(value{e.name}) + ")";
    case operation::node_key:
      return "node_key()";
    case operation::degree:
      return "degree()";
    case operation::in_degree:
      return "in_degree()";
    case operation::out_degree:
      return "out_degree()";
    case operation::source:
      return "source()";
    case operation::target:
      return "target()";
    case operation::state:
      return "state()";
    case operation::gathered:
      return "gathered()";
    case operation::minimum:
      return "minimum(" + joined(e.arguments, 0, ", ") + ")";
    case operation::maximum:
      return "maximum(" + joined(e.arguments, 0, ", ") + ")";
    case operation::logical_not:
      return "~" + joined(e.arguments, 0, " ");
    case operation::negate:
      return "-" + joined(e.arguments, 0, " ");
    default:
      break;
  }
  if (auto sign = infix(e.op)) return "(" + joined(e.arguments, 0, sign) + ")";
  return call(e);
}

}  // namespace gli
