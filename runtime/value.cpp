#include "runtime/value.h"

#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "runtime/error.h"
#include "runtime/list_text.h"

namespace gli {

namespace {

struct type_of_value {
  std::optional<column_type> operator()(std::monostate) const { return std::nullopt; }
  std::optional<column_type> operator()(bool) const { return column_type::boolean; }
  std::optional<column_type> operator()(int64_t) const { return column_type::int64; }
  std::optional<column_type> operator()(double) const { return column_type::float64; }
  std::optional<column_type> operator()(const std::string&) const { return column_type::utf8; }
  std::optional<column_type> operator()(timestamp) const { return column_type::timestamp; }
  std::optional<column_type> operator()(const binary&) const { return column_type::binary; }
  std::optional<column_type> operator()(const json&) const { return column_type::json; }
};

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string shown(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, x).ptr;
  std::string out{text, end};
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

std::string shown(timestamp t) {
  using namespace std::chrono;
  auto days_since = floor<days>(sys_time<microseconds>{microseconds{t.microseconds}});
  year_month_day date{days_since};
  auto within = t.microseconds - duration_cast<microseconds>(days_since.time_since_epoch()).count();
  auto seconds_of_day = within / 1'000'000;
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()), unsigned(date.month()), unsigned(date.day()),
                int(seconds_of_day / 3600), int(seconds_of_day / 60 % 60), int(seconds_of_day % 60));
  std::string out = text;
  if (auto micros = int(within % 1'000'000)) {
    std::snprintf(text, sizeof text, ".%06d", micros);
    out += text;
  }
  return out;
}

std::string shown(const binary& b) {
  std::string out = "0x";
  for (unsigned char c : b.bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x", c);
    out += digits;
  }
  return out;
}

struct shown_value {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool x) const { return x ? "true" : "false"; }
  std::string operator()(int64_t x) const { return std::to_string(x); }
  std::string operator()(double x) const { return shown(x); }
  std::string operator()(const std::string& x) const { return quoted(x); }
  std::string operator()(timestamp x) const { return shown(x); }
  std::string operator()(const binary& x) const { return shown(x); }
  std::string operator()(const json& x) const { return x.text; }
};

constexpr uint32_t empty_list_bit = 1;

[[noreturn]] void misfit(const column& c, const char* what) {
  throw failure{errc::value, "column " + quoted(c.name) + ": " + what};
}

void check_offsets(const column& c) {
  if (int64_t(c.offsets.size()) != c.length + 1) misfit(c, "needs one offset more than rows");
  if (c.offsets.front() < 0) misfit(c, "negative offset");
  for (size_t i = 1; i < c.offsets.size(); ++i)
    if (c.offsets[i] < c.offsets[i - 1]) misfit(c, "offsets decrease");
  if (uint64_t(c.offsets.back()) > c.values.size()) misfit(c, "offsets point past its bytes");
  for (int64_t i = 0; is_list(c.type) && i < c.length; ++i)
    if (!is_list_row(c.type, c.bytes(i))) misfit(c, "a list that does not fit its bytes");
}

void check_column(const column& c, int64_t rows) {
  if (c.length != rows) misfit(c, "its length is not the batch's");
  auto type = static_cast<uint8_t>(c.type);
  if (type < 1 || type > uint8_t(last_column_type)) misfit(c, "unknown type");
  uint64_t bits = (uint64_t(rows) + 7) / 8;
  if (!c.validity.empty() && c.validity.size() < bits) misfit(c, "validity bitmap too short");
  if (c.type == column_type::number ? c.ints.size() < bits : !c.ints.empty()) misfit(c, "its bitmap of ints does not fit");
  if (is_variable(c.type)) return check_offsets(c);
  if (!c.offsets.empty()) misfit(c, "offsets in a fixed-width column");
  if (c.type == column_type::boolean ? c.values.size() < bits : c.values.size() / 8 < uint64_t(rows)) misfit(c, "values too short");
}

const value* find_parameter(const parameters& p, const std::string& name) {
  auto found = p.find(name);
  return found == p.end() || std::holds_alternative<std::monostate>(found->second) ? nullptr : &found->second;
}

[[noreturn]] void missing(const std::string& name) { throw failure{errc::value, "parameter " + quoted(name) + " is missing"}; }

[[noreturn]] void wrong_type(const std::string& name, const char* expected, const value& x) {
  throw failure{errc::type, "parameter " + quoted(name) + ": expected " + expected + ", not " + to_string(x)};
}

template <class T>
T typed_parameter(const parameters& p, const std::string& name, const std::optional<T>& otherwise, const char* expected) {
  auto found = find_parameter(p, name);
  if (!found && otherwise) return *otherwise;
  if (!found) missing(name);
  if (auto x = std::get_if<T>(found)) return *x;
  wrong_type(name, expected, *found);
}

}  // namespace

const char* type_name(key_type t) { return t == key_type::int64 ? "int64" : t == key_type::utf8 ? "str" : "none"; }

std::optional<column_type> type_of(const value& v) { return std::visit(type_of_value{}, v); }

key_type type_of(const key& k) { return std::holds_alternative<int64_t>(k) ? key_type::int64 : key_type::utf8; }

void check_key_type(key_type mine, const key& k) {
  if (mine != key_type::none && mine != type_of(k))
    throw failure{errc::type, std::string{"this graph's keys are "} + type_name(mine) + ", not " + to_string(k)};
}

uint32_t type_bits_of(const value& v) {
  if (auto text = std::get_if<json>(&v)) {
    if (text->text == "[]") return empty_list_bit;
    if (auto list = list_type(text->text)) return type_bit(*list);
  }
  auto type = type_of(v);
  return type ? type_bit(*type) : 0;
}

column_type common_type(uint32_t type_bits) {
  constexpr auto numbers = type_bit(column_type::int64) | type_bit(column_type::float64) | type_bit(column_type::number);
  bool any_empty_list = type_bits & empty_list_bit;
  type_bits &= ~empty_list_bit;
  auto one = std::has_single_bit(type_bits) ? column_type(std::countr_zero(type_bits)) : column_type::json;
  if (any_empty_list) return is_list(one) ? one : column_type::json;
  return std::popcount(type_bits) > 1 && !(type_bits & ~numbers) ? column_type::number : one;
}

const char* type_name(column_type t) {
  switch (t) {
    case column_type::boolean: return "bool";
    case column_type::int64: return "int64";
    case column_type::float64: return "float64";
    case column_type::utf8: return "utf8";
    case column_type::timestamp: return "timestamp";
    case column_type::binary: return "binary";
    case column_type::json: return "json";
    case column_type::number: return "number";
    case column_type::list_boolean: return "list<bool>";
    case column_type::list_int64: return "list<int64>";
    case column_type::list_float64: return "list<float64>";
    case column_type::list_utf8: return "list<utf8>";
    case column_type::list_timestamp: return "list<timestamp>";
  }
  return "unknown";
}

value column::at(int64_t i) const {
  if (!valid(i)) return {};
  switch (type) {
    case column_type::boolean: return boolean(i);
    case column_type::int64: return int64(i);
    case column_type::float64: return float64(i);
    case column_type::utf8: return std::string{bytes(i)};
    case column_type::timestamp: return timestamp{int64(i)};
    case column_type::binary: return binary{std::string{bytes(i)}};
    case column_type::json: return json{std::string{bytes(i)}};
    case column_type::number: return is_int(i) ? value{int64(i)} : value{float64(i)};
    default: return json{list_text(type, bytes(i))};
  }
}

const column* column_batch::find(std::string_view name) const {
  for (auto& c : columns)
    if (c.name == name) return &c;
  return nullptr;
}

void column_batch::check() const {
  if (rows < 0) throw failure{errc::value, "a batch of " + std::to_string(rows) + " rows"};
  for (auto& c : columns) check_column(c, rows);
}

column_builder::column_builder(std::string name, column_type type) {
  column_.name = std::move(name);
  column_.type = type;
  if (is_variable(type)) column_.offsets.push_back(0);
}

void column_builder::reserve(int64_t rows, int64_t bytes) {
  if (is_variable(column_.type)) {
    column_.offsets.reserve(column_.offsets.size() + size_t(rows));
    column_.values.reserve(column_.values.size() + size_t(bytes));
  } else {
    column_.values.reserve(column_.values.size() + (column_.type == column_type::boolean ? (size_t(rows) + 7) / 8 : size_t(rows) * 8));
  }
}

void column_builder::note_valid(bool valid) {
  auto row = size_t(column_.length++);
  if (valid && column_.validity.empty()) return;
  if (column_.validity.empty()) {  // the first null: every row before it is valid
    column_.validity.assign(row / 8 + 1, 0xff);
    column_.validity.back() = uint8_t((1u << (row & 7)) - 1);
    return;
  }
  if (row / 8 == column_.validity.size()) column_.validity.push_back(0);
  if (valid) column_.validity.back() |= uint8_t(1u << (row & 7));
}

void column_builder::append_null() {
  auto row = size_t(column_.length);
  note_valid(false);
  if (is_variable(column_.type)) {
    column_.offsets.push_back(column_.offsets.back());
  } else if (column_.type == column_type::boolean) {
    if (row / 8 == column_.values.size()) column_.values.push_back(0);
  } else {
    column_.values.resize(column_.values.size() + 8);
    if (column_.type == column_type::number && row / 8 == column_.ints.size()) column_.ints.push_back(0);
  }
}

void column_builder::append_bool(bool x) {
  auto row = size_t(column_.length);
  note_valid(true);
  if (row / 8 == column_.values.size()) column_.values.push_back(0);
  if (x) column_.values.back() |= uint8_t(1u << (row & 7));
}

void column_builder::append_fixed(uint64_t bits, bool is_int) {
  auto row = size_t(column_.length);
  note_valid(true);
  auto end = column_.values.size();
  column_.values.resize(end + 8);
  std::memcpy(column_.values.data() + end, &bits, 8);
  if (column_.type != column_type::number) return;
  if (row / 8 == column_.ints.size()) column_.ints.push_back(0);
  column_.ints.back() |= uint8_t(unsigned(is_int) << (row & 7));
}

void column_builder::append_int64(int64_t x) { append_fixed(uint64_t(x), true); }
void column_builder::append_float64(double x) { append_fixed(std::bit_cast<uint64_t>(x), false); }

void column_builder::append_bytes(std::string_view x) {
  note_valid(true);
  column_.values.insert(column_.values.end(), x.begin(), x.end());
  column_.offsets.push_back(int64_t(column_.values.size()));
}

void column_builder::append(const value& x) {
  auto type = type_of(x);
  if (!type) return append_null();
  bool fits = *type == column_.type || (column_.type == column_type::number && is_number(*type)) ||
              (is_list(column_.type) && *type == column_type::json);
  if (!fits)
    throw failure{errc::type, "column " + quoted(column_.name) + " is " + type_name(column_.type) + ", not " + type_name(*type) + ": " +
                                  to_string(x)};
  switch (*type) {
    case column_type::boolean: return append_bool(std::get<bool>(x));
    case column_type::int64: return append_int64(std::get<int64_t>(x));
    case column_type::float64: return append_float64(std::get<double>(x));
    case column_type::utf8: return append_bytes(std::get<std::string>(x));
    case column_type::timestamp: return append_int64(std::get<timestamp>(x).microseconds);
    case column_type::binary: return append_bytes(std::get<binary>(x).bytes);
    default: return append_bytes(is_list(column_.type) ? list_row(column_.type, std::get<json>(x).text) : std::get<json>(x).text);
  }
}

void column_builder::append_from(const column& source, int64_t row) {
  if (!source.valid(row)) return append_null();
  if (is_variable(source.type)) return append_bytes(source.bytes(row));
  if (source.type == column_type::boolean) return append_bool(source.boolean(row));
  append_fixed(source.fixed<uint64_t>(row), source.is_int(row));
}

void column_builder::append_rows(const column& source, int64_t begin, int64_t end) {
  bool plain = column_.validity.empty() && source.validity.empty() && source.type != column_type::boolean && column_.type != column_type::number;
  if (!plain) {
    for (; begin < end; ++begin) append_from(source, begin);
    return;
  }
  column_.length += end - begin;
  if (!is_variable(source.type)) {
    column_.values.insert(column_.values.end(), source.values.begin() + begin * 8, source.values.begin() + end * 8);
    return;
  }
  auto first = source.offsets[size_t(begin)], last = source.offsets[size_t(end)];
  auto shift = int64_t(column_.values.size()) - first;
  column_.values.insert(column_.values.end(), source.values.begin() + first, source.values.begin() + last);
  for (auto i = begin + 1; i <= end; ++i) column_.offsets.push_back(source.offsets[size_t(i)] + shift);
}

void column_builder::append_nulls(int64_t rows) {
  for (; rows > 0; --rows) append_null();
}

column column_builder::finish() {
  auto finished = std::move(column_);
  *this = column_builder{finished.name, finished.type};
  return finished;
}

std::string to_string(const value& x) { return std::visit(shown_value{}, x); }

std::string to_string(const key& k) {
  if (auto number = std::get_if<int64_t>(&k)) return std::to_string(*number);
  return quoted(std::get<std::string>(k));
}

value to_value(const key& k) {
  if (auto number = std::get_if<int64_t>(&k)) return *number;
  return std::get<std::string>(k);
}

std::optional<key> to_key(const value& v) {
  if (auto number = std::get_if<int64_t>(&v)) return *number;
  if (auto text = std::get_if<std::string>(&v)) return *text;
  return std::nullopt;
}

int64_t int_parameter(const parameters& p, const std::string& name, std::optional<int64_t> otherwise) {
  return typed_parameter(p, name, otherwise, "an integer");
}

double real_parameter(const parameters& p, const std::string& name, std::optional<double> otherwise) {
  if (auto found = find_parameter(p, name))
    if (auto number = std::get_if<int64_t>(found)) return double(*number);
  return typed_parameter(p, name, otherwise, "a number");
}

bool bool_parameter(const parameters& p, const std::string& name, std::optional<bool> otherwise) {
  return typed_parameter(p, name, otherwise, "true or false");
}

std::string text_parameter(const parameters& p, const std::string& name, std::optional<std::string> otherwise) {
  return typed_parameter(p, name, otherwise, "text");
}

key key_parameter(const parameters& p, const std::string& name) {
  auto found = find_parameter(p, name);
  if (!found) missing(name);
  if (auto k = to_key(*found)) return *k;
  wrong_type(name, "an integer or text", *found);
}

}  // namespace gli
