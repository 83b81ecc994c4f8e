#include "partitions/catalog.h"

#include <algorithm>
#include <cmath>

#include "partitions/catalog_entries.h"
#include "partitions/interruption.h"
#include "partitions/parallel.h"
#include "runtime/error.h"

namespace gli {

std::optional<uint64_t> optional_count(const parameters& p, const std::string& name) {
  if (std::holds_alternative<std::monostate>(p.at(name))) return {};
  return uint64_t(std::get<int64_t>(p.at(name)));
}

std::optional<std::string> optional_name(const parameters& p, const std::string& name) {
  if (std::holds_alternative<std::monostate>(p.at(name))) return {};
  return std::get<std::string>(p.at(name));
}

key_type agreed_key_type(const graph& g, communicator& all) {
  auto type = uint64_t(g->kind.keys);
  all.all_reduce({&type, 1}, reduction::max);
  return key_type(type);
}

std::optional<int32_t> find_anywhere(const graph& g, const key& k, communicator& all) { return find_all_anywhere(g, std::vector{k}, all)[0]; }

template <class Key>
std::vector<std::optional<int32_t>> find_all_anywhere(const graph& g, const std::vector<Key>& keys, communicator& all) {
  auto type = agreed_key_type(g, all);
  for (auto& k : keys) check_key_type(type, k);
  std::vector<std::optional<int32_t>> own(keys.size());
  std::vector<uint64_t> found(keys.size());
  parallel_ranges(g->size > 0 ? int64_t(keys.size()) : 0, 1 << 10, [&](int64_t i, int64_t end) {
    for (; i < end; ++i) found[size_t(i)] = (own[size_t(i)] = find_node(g, keys[size_t(i)])).has_value();
  });
  all.all_reduce(found, reduction::sum);
  for (size_t i = 0; i < keys.size(); ++i)
    if (!found[i]) throw failure{errc::key, "Node " + to_string(key{keys[i]}) + " not found"};
  return own;
}
template std::vector<std::optional<int32_t>> find_all_anywhere(const graph&, const std::vector<key>&, communicator&);
template std::vector<std::optional<int32_t>> find_all_anywhere(const graph&, const std::vector<int64_t>&, communicator&);

key checked_key(const value& x) {
  if (auto whole = std::get_if<int64_t>(&x)) return *whole;
  if (auto text = std::get_if<std::string>(&x)) return *text;
  throw failure{errc::type, "keys are int or str, not " + to_string(x)};
}

std::optional<edge_weights> finite_weights(const graph& g, const parameters& p, communicator& all) {
  auto name = optional_name(p, "weight");
  if (!name) return {};
  auto made = edge_weights::of(g, *name, true, all);
  if (std::isinf(made.largest())) throw failure{errc::value, "edge attribute '" + *name + "' is infinite somewhere"};
  return made;
}

void check_positive(const parameters& p, const char* name) {
  auto x = std::get<double>(p.at(name));
  if (!(x > 0) || std::isinf(x)) throw failure{errc::value, std::string{name} + " must be positive, not " + to_string(p.at(name))};
}

uint64_t counted(uint64_t own, communicator& all) {
  all.all_reduce({&own, 1}, reduction::sum);
  return own;
}

namespace {

const std::vector<catalog_entry>& catalog() {
  static const auto entries = [] {
    std::vector<catalog_entry> made;
    for (auto list : {group_algorithms, triangle_algorithms, community_algorithms, ranking_algorithms, path_algorithms})
      for (auto& e : list()) made.push_back(std::move(e));
    return made;
  }();
  return entries;
}

template <class Range, class Name>
std::string joined(const Range& range, Name&& name) {
  std::string text;
  for (auto& x : range) text += (text.empty() ? "" : ", ") + std::string{name(x)};
  return text;
}

const catalog_entry& find_algorithm(const std::string& name) {
  for (auto& e : catalog())
    if (e.name == name) return e;
  throw failure{errc::value, "no algorithm " + to_string(value{name}) + "; there are " + joined(catalog(), [](auto& e) { return e.name; })};
}

/// Of the type that the algorithm reads, so that equal requests have equal provenance.
value checked(const algorithm_argument& a, const parameters& given) {
  if (auto found = given.find(a.name); a.otherwise && (found == given.end() || std::holds_alternative<std::monostate>(found->second)))
    return *a.otherwise;
  switch (a.type) {
    case argument_kind::real:
      return real_parameter(given, a.name);
    case argument_kind::flag:
      return bool_parameter(given, a.name);
    case argument_kind::text:
    case argument_kind::name:
      return text_parameter(given, a.name);
    case argument_kind::of_nodes:
      if (auto found = given.find(a.name); found != given.end()) return found->second;  // who reads it looks at it
      throw failure{errc::value, std::string{a.name} + " must be given"};
    case argument_kind::nodes:
      if (auto found = given.find(a.name); found != given.end() && std::holds_alternative<json>(found->second)) return found->second;
      [[fallthrough]];
    case argument_kind::node:
      return to_value(key_parameter(given, a.name));
    case argument_kind::count:
      break;
  }
  auto count = int_parameter(given, a.name);
  if (count < 0) throw failure{errc::value, std::string{a.name} + " must not be negative: " + std::to_string(count)};
  return count;
}

parameters checked_arguments(const catalog_entry& e, const parameters& given) {
  for (auto& [name, x] : given)
    if (std::none_of(e.arguments.begin(), e.arguments.end(), [&name = name](auto& a) { return a.name == name; })) {
      auto known = e.arguments.empty() ? "none" : joined(e.arguments, [](auto& a) { return a.name; });
      throw failure{errc::value, std::string{e.name} + " has no argument " + to_string(value{name}) + "; its arguments: " + known};
    }
  parameters filled;
  for (auto& a : e.arguments) filled[a.name] = checked(a, given);
  return filled;
}

/// Without nulls, so that an argument which an algorithm learns later changes no provenance that does not use it.
parameters given_arguments(parameters checked) {
  std::erase_if(checked, [](auto& a) { return is_null(a.second); });
  return checked;
}

}  // namespace

result_info provenance_of(const run_algorithm& what) {
  auto& e = find_algorithm(what.name);
  return {e.name, e.version, given_arguments(checked_arguments(e, what.arguments))};
}

node_values run(const graph& g, const run_algorithm& what, communicator& all) {
  auto& e = find_algorithm(what.name);
  auto arguments = checked_arguments(e, what.arguments);
  interruption stop{all};
  auto [data, summary] = e.run(g, arguments, all);
  return {g, std::move(data), {e.name, e.version, given_arguments(std::move(arguments))}, std::move(summary)};
}

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (auto& e : catalog()) names.emplace_back(e.name);
  return names;
}

}  // namespace gli
