#include "programs.h"

#include <algorithm>

#include "convert.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

/// The number of a word in a list of them.
size_t index_in(std::initializer_list<const char*> words, const py::handle& word) {
  auto text = word.cast<std::string>();
  auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) throw failure{errc::value, "no '" + text + "' here"};
  return size_t(found - words.begin());
}

reduction reduction_from(const py::handle& word) { return reduction(index_in({"sum", "min", "max"}, word)); }
spread spread_from(const py::handle& word) { return spread(index_in({"out", "in", "all"}, word)); }
column_type type_from(const py::handle& word) {
  constexpr column_type types[] = {column_type::boolean, column_type::int64, column_type::float64};
  return types[index_in({"bool", "int64", "float64"}, word)];
}
uint64_t limit_from(const py::handle& number) { return number.is_none() ? UINT64_MAX : number.cast<uint64_t>(); }

}  // namespace

run_program program_from(const py::tuple& t) {
  run_program p;
  p.name = t[0].cast<std::string>();
  for (auto c : t[1]) p.state.push_back({c[py::int_(0)].cast<std::string>(), type_from(c[py::int_(1)])});
  for (auto c : t[2]) p.totals.push_back({c[py::int_(0)].cast<std::string>(), reduction_from(c[py::int_(1)])});
  p.message = type_from(t[3]);
  p.combine = reduction_from(t[4]);
  p.over = spread_from(t[5]);
  p.weight = t[6].cast<std::string>();
  p.max_rounds = limit_from(t[7]);
  p.arguments = parameters_from(t[8].cast<py::dict>());
  p.code = t[9].cast<std::string>();
  p.python = t[10].cast<std::string>();
  return p;
}

aggregate_neighbors aggregate_from(const py::tuple& t) {
  aggregate_neighbors a;
  a.initial = expression_from(t[0]);
  a.give = expression_from(t[1]);
  a.update = expression_from(t[2]);
  a.how = reduction_from(t[3]);
  a.over = spread_from(t[4]);
  a.weight = t[5].cast<std::string>();
  a.rounds = limit_from(t[6]);
  if (!t[7].is_none()) a.until = t[7].cast<double>();
  return a;
}

}  // namespace gli::python
