#include <cmath>
#include <limits>

#include "runtime/codec_wire.h"

namespace gli::codec {

namespace {

reduction get_reduction(uint8_t number) {
  if (number > uint8_t(reduction::max)) refuse("no reduction " + std::to_string(number));
  return reduction(number);
}

spread get_spread(uint8_t number) {
  if (number > uint8_t(spread::both)) refuse("no direction " + std::to_string(number));
  return spread(number);
}

column_type get_type(uint8_t number, bool boolean_too) {
  auto type = column_type(number);
  if (type != column_type::int64 && type != column_type::float64 && !(boolean_too && type == column_type::boolean))
    refuse("a program's values are no column type " + std::to_string(number));
  return type;
}

}  // namespace

void put(wire::Program::Builder to, const run_program& from) {
  to.setName(text(from.name));
  fill_list(to.initState(count(from.state)), from.state, [](wire::ProgramColumn::Builder place, const program_column& c) {
    place.setName(text(c.name));
    place.setType(uint8_t(c.type));
  });
  fill_list(to.initTotals(count(from.totals)), from.totals, [](wire::ProgramTotal::Builder place, const program_total& t) {
    place.setName(text(t.name));
    place.setHow(uint8_t(t.how));
  });
  to.setMessage(uint8_t(from.message));
  to.setCombine(uint8_t(from.combine));
  to.setOver(uint8_t(from.over));
  to.setWeight(text(from.weight));
  to.setMaxRounds(from.max_rounds);
  put(to.initArguments(count(from.arguments)), from.arguments);
  to.setCode(data(from.code));
  to.setPython(text(from.python));
}

run_program get(wire::Program::Reader from) {
  run_program p;
  p.name = string_of(from.getName());
  p.state = read_list<program_column>(
      from.getState(), [](wire::ProgramColumn::Reader c) { return program_column{string_of(c.getName()), get_type(c.getType(), true)}; });
  if (p.state.empty()) refuse("a program without state");
  p.totals = read_list<program_total>(
      from.getTotals(), [](wire::ProgramTotal::Reader t) { return program_total{string_of(t.getName()), get_reduction(t.getHow())}; });
  p.message = get_type(from.getMessage(), false);
  p.combine = get_reduction(from.getCombine());
  p.over = get_spread(from.getOver());
  p.weight = string_of(from.getWeight());
  p.max_rounds = from.getMaxRounds();
  p.arguments = get(from.getArguments());
  p.code = string_of(from.getCode());
  p.python = string_of(from.getPython());
  return p;
}

void put(wire::Aggregate::Builder to, const aggregate_neighbors& from) {
  put(to.initInitial(), from.initial);
  put(to.initGive(), from.give);
  put(to.initUpdate(), from.update);
  to.setHow(uint8_t(from.how));
  to.setOver(uint8_t(from.over));
  to.setWeight(text(from.weight));
  to.setRounds(from.rounds);
  to.setUntil(from.until.value_or(std::numeric_limits<double>::quiet_NaN()));
}

aggregate_neighbors get(wire::Aggregate::Reader from) {
  aggregate_neighbors a;
  a.initial = get(from.getInitial());
  a.give = get(from.getGive());
  a.update = get(from.getUpdate());
  a.how = get_reduction(from.getHow());
  a.over = get_spread(from.getOver());
  a.weight = string_of(from.getWeight());
  a.rounds = from.getRounds();
  if (!std::isnan(from.getUntil())) a.until = from.getUntil();
  return a;
}

}  // namespace gli::codec
