#pragma once
// Keys, attribute values and columns: what users put into a graph and get back, embedded and on the wire.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gli {

struct timestamp { int64_t microseconds = 0; auto operator<=>(const timestamp&) const = default; };  // since 1970-01-01T00:00 UTC
struct binary { std::string bytes; auto operator<=>(const binary&) const = default; };
struct json { std::string text; auto operator<=>(const json&) const = default; };  // canonical: sorted keys, no spaces

/// One attribute value; monostate is null, which is the same as absent.
using value = std::variant<std::monostate, bool, int64_t, double, std::string, timestamp, binary, json>;

/// What the user calls a node.
using key = std::variant<int64_t, std::string>;
enum class key_type : uint8_t { none = 0, int64 = 1, utf8 = 2 };

/// Named arguments of jobs and queries, and what they answer; ordered, so that encodings are canonical.
using parameters = std::map<std::string, value>;

/// The numbers are stored and sent: append only. `number`: each value an int64 or a float64. The values of lists are json, too: runtime/list_text.h.
enum class column_type : uint8_t {
  boolean = 1,
  int64 = 2,
  float64 = 3,
  utf8 = 4,
  timestamp = 5,
  binary = 6,
  json = 7,
  number = 8,
  list_boolean = 9,
  list_int64 = 10,
  list_float64 = 11,
  list_utf8 = 12,
  list_timestamp = 13,
};
constexpr column_type last_column_type = column_type::list_timestamp;

constexpr bool is_number(column_type t) { return t == column_type::int64 || t == column_type::float64 || t == column_type::number; }
constexpr bool is_list(column_type t) { return t >= column_type::list_boolean && t <= column_type::list_timestamp; }
constexpr bool is_variable(column_type t) { return t == column_type::utf8 || t == column_type::binary || t == column_type::json || is_list(t); }
constexpr uint32_t type_bit(column_type t) { return 1u << unsigned(t); }
/// The type of a column that holds values of all these types, given as bits: number where ints and floats meet, json where any others do.
/// Bit 0 is the empty list, which every column of lists holds.
column_type common_type(uint32_t type_bits);
inline column_type common_type(column_type a, column_type b) { return common_type(type_bit(a) | type_bit(b)); }
const char* type_name(column_type t);
const char* type_name(key_type t);  // as Python says it: int64, str, none
std::optional<column_type> type_of(const value& v);  // nothing for null
/// The type of a column of such values, as bits for common_type: as type_of, but lists of one type have their own. 0 for null.
uint32_t type_bits_of(const value& v);
key_type type_of(const key& k);
/// Throws failure{type} when a graph with keys of type `mine` is asked for `k` of the other: "this graph's keys are int64, not '1'".
void check_key_type(key_type mine, const key& k);

/// One column in Arrow layout. Immutable once shared between threads.
struct column {
  std::string name;
  column_type type = column_type::int64;
  int64_t length = 0;
  std::vector<uint8_t> validity;  // least significant bit first; empty: no nulls
  std::vector<uint8_t> values;    // boolean: bits; int64, float64, timestamp, number: 8 bytes each; utf8, binary, json, lists: the bytes
  std::vector<int64_t> offsets;   // utf8, binary, json, lists: length + 1 positions in `values`; else empty
  std::vector<uint8_t> ints = {}; // number: a bitmap of the values that are int64, the others are float64; 0 where null; else empty

  bool valid(int64_t i) const { return validity.empty() || (validity[size_t(i) >> 3] >> (i & 7) & 1); }
  bool boolean(int64_t i) const { return values[size_t(i) >> 3] >> (i & 7) & 1; }
  template <class T> T fixed(int64_t i) const { T x; std::memcpy(&x, values.data() + i * int64_t{8}, 8); return x; }
  int64_t int64(int64_t i) const { return fixed<int64_t>(i); }
  double float64(int64_t i) const { return fixed<double>(i); }
  bool is_int(int64_t i) const { return type == column_type::int64 || (type == column_type::number && (ints[size_t(i) >> 3] >> (i & 7) & 1)); }
  std::string_view bytes(int64_t i) const {
    return {reinterpret_cast<const char*>(values.data()) + offsets[size_t(i)], size_t(offsets[size_t(i) + 1] - offsets[size_t(i)])};
  }
  value at(int64_t i) const;  // the value of row i, null where not valid
};

/// Columns of equal length. Throws failure{value} from check() when lengths, offsets or buffers do not fit together,
/// so that whatever came from outside is checked once and trusted after.
struct column_batch {
  int64_t rows = 0;
  std::vector<column> columns;

  const column* find(std::string_view name) const;
  void check() const;
};

/// Appends rows to one column. Typed appends must agree with the type; append(value) throws failure{type} for what the column cannot hold as it is:
/// a column of numbers takes ints and floats, one of lists the json of such lists, one of json nothing but json.
class column_builder {
 public:
  column_builder(std::string name, column_type type);
  void reserve(int64_t rows, int64_t bytes = 0);
  void append_null();
  void append_bool(bool x);
  void append_int64(int64_t x);  // also timestamp, and an int of a column of numbers
  void append_float64(double x);
  void append_bytes(std::string_view x);
  void append(const value& x);
  void append_from(const column& source, int64_t row);  // same type, or numbers into a column of numbers
  void append_rows(const column& source, int64_t begin, int64_t end);  // likewise, many
  void append_nulls(int64_t rows);
  int64_t length() const { return column_.length; }
  const column& so_far() const { return column_; }
  column finish();

 private:
  void note_valid(bool valid);
  void append_fixed(uint64_t bits, bool is_int);
  column column_;
};

std::string to_string(const value& x);  // as messages show it: text in quotes
std::string to_string(const key& k);    // 42 or 'ann'
value to_value(const key& k);
std::optional<key> to_key(const value& v);  // int64 or text, else nothing

/// Throw failure{value} naming the parameter when it is missing, failure{type} when it is of another type.
int64_t int_parameter(const parameters& p, const std::string& name, std::optional<int64_t> otherwise = {});
double real_parameter(const parameters& p, const std::string& name, std::optional<double> otherwise = {});
bool bool_parameter(const parameters& p, const std::string& name, std::optional<bool> otherwise = {});
std::string text_parameter(const parameters& p, const std::string& name, std::optional<std::string> otherwise = {});
key key_parameter(const parameters& p, const std::string& name);

}  // namespace gli
