#include "runtime/codec_wire.h"

#include <algorithm>
#include <cstring>

namespace gli::codec {

namespace {

template <class... F> struct overloaded : F... { using F::operator()...; };
template <class... F> overloaded(F...) -> overloaded<F...>;  // clang 14 does not deduce aggregates

/// How many arguments an operation takes: at least, at most. Unknown numbers are refused.
std::pair<size_t, size_t> arity_of(uint16_t number) {
  switch (operation(number)) {
    case operation::literal: case operation::node: case operation::edge: case operation::node_key: case operation::degree:
    case operation::in_degree: case operation::out_degree: case operation::source: case operation::target: case operation::state: case operation::gathered:
      return {0, 0};
    case operation::is_null: case operation::logical_not: case operation::negate:
      return {1, 1};
    case operation::logical_and: case operation::logical_or: case operation::equal: case operation::not_equal: case operation::less:
    case operation::less_equal: case operation::greater: case operation::greater_equal: case operation::add: case operation::subtract:
    case operation::multiply: case operation::divide: case operation::contains: case operation::starts_with: case operation::ends_with:
    case operation::matches: case operation::minimum: case operation::maximum:
      return {2, 2};
    case operation::is_in:
      return {1, SIZE_MAX};
  }
  refuse("no expression operation " + std::to_string(number));
}

column_type get_column_type(uint8_t number) {
  if (number < uint8_t(column_type::boolean) || number > uint8_t(last_column_type)) refuse("no column type " + std::to_string(number));
  return column_type(number);
}

template <class T> kj::ArrayPtr<const kj::byte> raw(const std::vector<T>& v) {
  return {reinterpret_cast<const kj::byte*>(v.data()), v.size() * sizeof(T)};
}

template <class T> std::vector<T> unraw(capnp::Data::Reader d) {
  if (d.size() % sizeof(T) != 0) refuse("a column's offsets are " + std::to_string(d.size()) + " bytes");
  std::vector<T> v(d.size() / sizeof(T));
  if (!v.empty()) std::memcpy(v.data(), d.begin(), d.size());
  return v;
}

void put(wire::Column::Builder to, const column& from) {
  to.setName(text(from.name));
  to.setType(uint8_t(from.type));
  to.setLength(from.length);
  if (!from.validity.empty()) to.setValidity(raw(from.validity));
  if (!from.values.empty()) to.setValues(raw(from.values));
  if (!from.offsets.empty()) to.setOffsets(raw(from.offsets));
  if (!from.ints.empty()) to.setInts(raw(from.ints));
}

column get(wire::Column::Reader from) {
  column c;
  c.type = get_column_type(from.getType());
  c.name = string_of(from.getName());
  c.length = from.getLength();
  c.validity = unraw<uint8_t>(from.getValidity());
  c.values = unraw<uint8_t>(from.getValues());
  c.offsets = unraw<int64_t>(from.getOffsets());
  c.ints = unraw<uint8_t>(from.getInts());
  return c;
}

}  // namespace

kj::ArrayPtr<capnp::word> flat_builder::allocateSegment(capnp::uint minimum) {
  if (!used_ && first_.size() >= size_t(minimum) * 8) {
    used_ = true;
    return {reinterpret_cast<capnp::word*>(first_.data()), first_.size() / 8};
  }
  spare_.emplace_back(std::max<size_t>(minimum, 1024));
  return {spare_.back().data(), spare_.back().size()};
}

size_t flat_builder::bytes_needed() {
  size_t words = 0;
  for (auto segment : getSegmentsForOutput()) words += segment.size();
  return words * 8;
}

byte_buffer flat_builder::take() {
  first_.resize(bytes_needed());
  return std::move(first_);
}

aligned_words::aligned_words(bytes_view body) {
  if (body.empty() || body.size() % 8 != 0) refuse("a body of " + std::to_string(body.size()) + " bytes");
  auto* bytes = body.data();
  if (reinterpret_cast<uintptr_t>(bytes) % 8 != 0) {
    copy_.resize(body.size() / 8);
    std::memcpy(copy_.data(), bytes, body.size());
    bytes = reinterpret_cast<const uint8_t*>(copy_.data());
  }
  words_ = {reinterpret_cast<const capnp::word*>(bytes), body.size() / 8};
}

size_t bytes_of(const column_batch& b) {
  size_t bytes = 256;
  for (auto& c : b.columns) bytes += 128 + c.name.size() + c.validity.size() + c.values.size() + c.offsets.size() * 8 + c.ints.size();
  return bytes;
}

void put(wire::Value::Builder to, const value& from) {
  std::visit(overloaded{[&](std::monostate) { to.setNull(); },
                        [&](bool x) { to.setBoolean(x); },
                        [&](int64_t x) { to.setInteger(x); },
                        [&](double x) { to.setReal(x); },
                        [&](const std::string& x) { to.setText(data(x)); },
                        [&](timestamp x) { to.setTimestamp(x.microseconds); },
                        [&](const binary& x) { to.setBytes(data(x.bytes)); },
                        [&](const json& x) { to.setJson(data(x.text)); }},
             from);
}

value get(wire::Value::Reader from) {
  switch (from.which()) {
    case wire::Value::NULL_: return {};
    case wire::Value::BOOLEAN: return from.getBoolean();
    case wire::Value::INTEGER: return int64_t{from.getInteger()};
    case wire::Value::REAL: return from.getReal();
    case wire::Value::TEXT: return string_of(from.getText());
    case wire::Value::TIMESTAMP: return timestamp{from.getTimestamp()};
    case wire::Value::BYTES: return binary{string_of(from.getBytes())};
    case wire::Value::JSON: return json{string_of(from.getJson())};
  }
  refuse("no value type " + std::to_string(int(from.which())));
}

void put(capnp::List<wire::Parameter>::Builder to, const parameters& from) {
  fill_list(to, from, [](auto place, const auto& parameter) {
    place.setName(text(parameter.first));
    put(place.initValue(), parameter.second);
  });
}

parameters get(capnp::List<wire::Parameter>::Reader from) {
  parameters all;
  for (auto p : from) {
    auto name = string_of(p.getName());
    if (!all.emplace(name, get(p.getValue())).second) refuse("parameter '" + name + "' twice");
  }
  return all;
}

void put(wire::Batch::Builder to, const column_batch& from) {
  to.setRows(from.rows);
  fill_list(to.initColumns(count(from.columns)), from.columns, [](auto place, const column& c) { put(place, c); });
}

column_batch get(wire::Batch::Reader from) {
  column_batch b;
  b.rows = from.getRows();
  if (b.rows < 0 || b.rows >> 40 != 0) refuse("a batch of " + std::to_string(b.rows) + " rows");
  b.columns = read_list<column>(from.getColumns(), [](wire::Column::Reader c) { return get(c); });
  try {
    b.check();
  } catch (const failure& e) { refuse(e.what()); }
  return b;
}

void put(wire::Expression::Builder to, const expression& from, int depth) {
  if (depth > max_expression_depth)
    throw failure{errc::value, "an expression nests over " + std::to_string(max_expression_depth) + " deep"};
  to.setOperation(uint16_t(from.op));
  to.setName(text(from.name));
  put(to.initLiteral(), from.literal);
  fill_list(to.initArguments(count(from.arguments)), from.arguments, [&](auto place, const expression& e) { put(place, e, depth + 1); });
}

expression get(wire::Expression::Reader from, int depth) {
  if (depth > max_expression_depth) refuse("an expression nests over " + std::to_string(max_expression_depth) + " deep");
  expression e;
  auto [least, most] = arity_of(from.getOperation());
  auto arguments = from.getArguments();
  if (arguments.size() < least || arguments.size() > most)
    refuse("expression operation " + std::to_string(from.getOperation()) + " with " + std::to_string(arguments.size()) + " arguments");
  e.op = operation(from.getOperation());
  e.name = string_of(from.getName());
  e.literal = get(from.getLiteral());
  e.arguments = read_list<expression>(arguments, [&](wire::Expression::Reader a) { return get(a, depth + 1); });
  return e;
}

key_type get_key_type(uint8_t number) {
  if (number > uint8_t(key_type::utf8)) refuse("no key type " + std::to_string(number));
  return key_type(number);
}

}  // namespace gli::codec

namespace gli {

byte_buffer encode(const column_batch& b) {
  return codec::build<wire::Batch>(codec::bytes_of(b), [&](auto to) { codec::put(to, b); });
}

column_batch decode_batch(bytes_view body) {
  return codec::parse<wire::Batch>("Batch", body, [](auto from) { return codec::get(from); });
}

byte_buffer encode(const load_batch& b) {
  return codec::build<wire::LoadBatch>(codec::bytes_of(b.rows), [&](wire::LoadBatch::Builder to) {
    to.setLoad(b.load);
    switch (b.part) {
      case load_batch::what::nodes: return codec::put(to.initNodes(), b.rows);
      case load_batch::what::edges: return codec::put(to.initEdges(), b.rows);
      case load_batch::what::abort: return to.setAbort();
    }
  });
}

load_batch decode_load_batch(bytes_view body) {
  return codec::parse<wire::LoadBatch>("LoadBatch", body, [](wire::LoadBatch::Reader from) -> load_batch {
    switch (from.which()) {
      case wire::LoadBatch::NODES: return {from.getLoad(), load_batch::what::nodes, codec::get(from.getNodes())};
      case wire::LoadBatch::EDGES: return {from.getLoad(), load_batch::what::edges, codec::get(from.getEdges())};
      case wire::LoadBatch::ABORT: return {from.getLoad(), load_batch::what::abort, {}};
    }
    codec::refuse("no load batch " + std::to_string(int(from.which())));
  });
}

}  // namespace gli
