#include "partitions/node_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "partitions/catalog_entries.h"
#include "partitions/json_list.h"
#include "partitions/together.h"
#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {
namespace {

double checked_number(const value& x, const key& of, const char* what) {
  auto real = std::get_if<double>(&x);
  auto whole = std::get_if<int64_t>(&x);
  if (!real && !whole) throw failure{errc::type, std::string{what} + ": " + to_string(x) + " of node " + to_string(of) + " is not a number"};
  auto number = real ? *real : double(*whole);
  if (!(number >= 0) || std::isinf(number))
    throw failure{errc::value, std::string{what} + ": " + to_string(x) + " of node " + to_string(of) + " must be finite and not negative"};
  return number;
}

// --- of an attribute ----------------------------------------------------------------------------------------------------------

void read_attribute(const graph& g, const std::string& name, const char* what, std::vector<double>& made) {
  auto c = std::find_if(g->node_columns.begin(), g->node_columns.end(), [&](auto& one) { return one.name == name; });
  if (c == g->node_columns.end()) return;
  for (int32_t v = 0; v < g->size; ++v) {
    if (!g->live(v)) continue;
    auto x = plain(node_value(g, *c, v));
    if (type_of(x)) made[size_t(v)] = checked_number(x, endpoint_key(g, v), what);
  }
}

void check_attribute(const graph& g, const std::string& name, communicator& all) {
  uint64_t there = std::any_of(g->node_columns.begin(), g->node_columns.end(), [&](auto& c) { return c.name == name; });
  all.all_reduce({&there, 1}, reduction::max);
  if (!there) throw failure{errc::key, "no node has an attribute '" + name + "'"};
}

// --- of keys ------------------------------------------------------------------------------------------------------------------

void place_pairs(const graph& g, const std::vector<std::pair<value, value>>& pairs, const char* what, communicator& all, std::vector<double>& made) {
  std::vector<key> keys;
  for (auto& [k, number] : pairs) keys.push_back(checked_key(k));
  auto own = find_all_anywhere(g, keys, all);
  for (size_t i = 0; i < pairs.size(); ++i) {
    auto number = checked_number(pairs[i].second, keys[i], what);
    if (own[i]) made[size_t(*own[i])] = number;
  }
}

/// As place_pairs, of the bytes of keys and numbers.
void place_packed(const graph& g, const std::string& bytes, const char* what, communicator& all, std::vector<double>& made) {
  if (bytes.size() % 16 != 0) throw failure{errc::value, std::string{what} + ": " + std::to_string(bytes.size()) + " bytes are not as many keys as numbers"};
  auto count = bytes.size() / 16;
  std::vector<int64_t> keys(count);
  std::vector<double> numbers(count);
  if (count > 0) {
    std::memcpy(keys.data(), bytes.data(), count * 8);
    std::memcpy(numbers.data(), bytes.data() + count * 8, count * 8);
  }
  auto own = find_all_anywhere(g, keys, all);
  for (size_t i = 0; i < count; ++i) {
    if (!(numbers[i] >= 0) || std::isinf(numbers[i])) checked_number(numbers[i], keys[i], what);
    if (own[i]) made[size_t(*own[i])] = numbers[i];
  }
}

}  // namespace

std::vector<double> node_weights(const graph& g, const value& given, const char* what, communicator& all) {
  std::vector<double> made(size_t(g->size), std::holds_alternative<std::monostate>(given) ? 1.0 : 0.0);
  if (auto name = std::get_if<std::string>(&given)) {
    check_attribute(g, *name, all);
    together(all, [&] { read_attribute(g, *name, what, made); });
  }
  if (auto pairs = std::get_if<json>(&given)) place_pairs(g, json_pairs(pairs->text, (std::string{what} + " is a list of (node, number)").c_str()), what, all, made);
  if (auto packed = std::get_if<binary>(&given)) place_packed(g, packed->bytes, what, all, made);
  return made;
}

}  // namespace gli
