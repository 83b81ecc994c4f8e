#include "convert.h"

#include <datetime.h>

#include <unordered_map>

#include "runtime/error.h"

namespace gli::python {
namespace {

std::string shown(py::handle object) { return py::str(py::repr(object)).cast<std::string>(); }

int64_t int64_from(py::handle object) {
  int overflow = 0;
  auto x = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow) throw failure{errc::value, "integers must fit 64 bits, not " + shown(object)};
  if (x == -1 && PyErr_Occurred()) throw py::error_already_set{};
  return x;
}

std::string text_from(py::handle object) {
  Py_ssize_t size = 0;
  auto data = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
  if (!data) throw py::error_already_set{};
  return {data, size_t(size)};
}

py::module_& support() {
  static auto& module = *new py::module_{py::module_::import("gli._convert")};
  return module;
}

bool is_numpy_scalar(py::handle object) { return py::hasattr(object, "dtype") && py::hasattr(object, "item"); }

value other_value_from(py::handle object) {
  if (PyBytes_Check(object.ptr())) return binary{object.cast<std::string>()};
  if (PyDateTime_Check(object.ptr())) return timestamp{support().attr("microseconds")(object).cast<int64_t>()};
  if (is_numpy_scalar(object)) return value_from(support().attr("plain")(object));
  if (PyList_Check(object.ptr()) || PyTuple_Check(object.ptr()) || PyDict_Check(object.ptr()))
    return json{support().attr("to_json")(object).cast<std::string>()};
  if (PyIndex_Check(object.ptr())) return int64_from(py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr())));
  throw failure{errc::type, "attributes can be None, bool, int, float, str, bytes, datetime, list or dict, not " + shown(object)};
}

struct object_of {
  py::object operator()(std::monostate) const { return py::none(); }
  py::object operator()(bool x) const { return py::bool_(x); }
  py::object operator()(int64_t x) const { return py::int_(x); }
  py::object operator()(double x) const { return py::float_(x); }
  py::object operator()(const std::string& x) const { return py::str(x); }
  py::object operator()(timestamp x) const { return support().attr("to_datetime")(x.microseconds); }
  py::object operator()(const binary& x) const { return py::bytes(x.bytes); }
  py::object operator()(const json& x) const { return support().attr("from_json")(x.text); }
};

const std::unordered_map<std::string, operation>& operations() {
  static const std::unordered_map<std::string, operation> all{{"literal", operation::literal},
                                                              {"node", operation::node},
                                                              {"edge", operation::edge},
                                                              {"node_key", operation::node_key},
                                                              {"degree", operation::degree},
                                                              {"in_degree", operation::in_degree},
                                                              {"out_degree", operation::out_degree},
                                                              {"source", operation::source},
                                                              {"target", operation::target},
                                                              {"is_null", operation::is_null},
                                                              {"not", operation::logical_not},
                                                              {"negate", operation::negate},
                                                              {"and", operation::logical_and},
                                                              {"or", operation::logical_or},
                                                              {"==", operation::equal},
                                                              {"!=", operation::not_equal},
                                                              {"<", operation::less},
                                                              {"<=", operation::less_equal},
                                                              {">", operation::greater},
                                                              {">=", operation::greater_equal},
                                                              {"+", operation::add},
                                                              {"-", operation::subtract},
                                                              {"*", operation::multiply},
                                                              {"/", operation::divide},
                                                              {"minimum", operation::minimum},
                                                              {"maximum", operation::maximum},
                                                              {"state", operation::state},
                                                              {"gathered", operation::gathered},
                                                              {"is_in", operation::is_in},
                                                              {"contains", operation::contains},
                                                              {"starts_with", operation::starts_with},
                                                              {"ends_with", operation::ends_with},
                                                              {"matches", operation::matches}};
  return all;
}

const std::unordered_map<std::string, enum edit::what>& edit_names() {
  using what = enum edit::what;
  static const std::unordered_map<std::string, what> all{{"add_node", what::add_node},
                                                         {"update_node", what::update_node},
                                                         {"upsert_node", what::upsert_node},
                                                         {"remove_node", what::remove_node},
                                                         {"remove_node_attribute", what::remove_node_attribute},
                                                         {"add_edge", what::add_edge},
                                                         {"update_edge", what::update_edge},
                                                         {"upsert_edge", what::upsert_edge},
                                                         {"remove_edge", what::remove_edge},
                                                         {"remove_edge_attribute", what::remove_edge_attribute},
                                                         {"set_graph_attribute", what::set_graph_attribute},
                                                         {"remove_graph_attribute", what::remove_graph_attribute}};
  return all;
}

std::vector<std::pair<std::string, value>> attributes_from(py::handle attributes) {
  std::vector<std::pair<std::string, value>> result;
  if (attributes.is_none()) return result;
  for (auto [name, x] : py::reinterpret_borrow<py::dict>(attributes)) result.emplace_back(text_from(name), value_from(x));
  return result;
}

/// How many keys an edit takes: one of a node, two of an edge, none of the graph's own attributes.
int keys_of(enum edit::what op) {
  using what = enum edit::what;
  if (op == what::set_graph_attribute || op == what::remove_graph_attribute) return 0;
  return op <= what::remove_node_attribute ? 1 : 2;
}

edit edit_from(const py::tuple& t) {
  edit e;
  e.op = edit_names().at(text_from(t[0]));
  auto keys = keys_of(e.op);
  if (keys > 0) e.node = key_from(t[1]);
  if (keys > 1) e.target = key_from(t[2]);
  e.edge_key = optional_key_from(t[3]);
  e.attributes = attributes_from(t[4]);
  e.create_nodes = t[5].cast<bool>();
  return e;
}

}  // namespace

value value_from(py::handle object) {
  auto p = object.ptr();
  if (p == Py_None) return std::monostate{};
  if (PyBool_Check(p)) return p == Py_True;
  if (PyLong_Check(p)) return int64_from(object);
  if (PyFloat_Check(p)) return PyFloat_AS_DOUBLE(p);
  if (PyUnicode_Check(p)) return text_from(object);
  if (!PyDateTimeAPI) PyDateTime_IMPORT;
  return other_value_from(object);
}

py::object to_object(const value& v) { return std::visit(object_of{}, v); }

key key_from(py::handle object) {
  auto p = object.ptr();
  if (PyUnicode_Check(p)) return text_from(object);
  if (PyLong_Check(p) && !PyBool_Check(p)) return int64_from(object);
  if (PyIndex_Check(p) && !PyBool_Check(p)) return int64_from(py::reinterpret_steal<py::object>(PyNumber_Index(p)));
  throw failure{errc::type, "keys are int or str, not " + shown(object)};
}

py::object to_object(const key& k) {
  if (auto x = std::get_if<int64_t>(&k)) return py::int_(*x);
  return py::str(std::get<std::string>(k));
}

std::optional<key> optional_key_from(py::handle object) {
  if (object.is_none()) return {};
  return key_from(object);
}

parameters parameters_from(const py::dict& d) {
  parameters result;
  for (auto [name, x] : d) result.emplace(text_from(name), value_from(x));
  return result;
}

py::dict to_dict(const parameters& p) {
  py::dict result;
  for (auto& [name, x] : p) result[py::str(name)] = to_object(x);
  return result;
}

expression expression_from(py::handle object) {
  auto t = py::reinterpret_borrow<py::tuple>(object);
  expression e;
  e.op = operations().at(text_from(t[0]));
  if (e.op == operation::literal)
    e.literal = value_from(t[1]);
  else if (e.op == operation::node || e.op == operation::edge)
    e.name = text_from(t[1]);
  else
    for (size_t i = 1; i < t.size(); ++i) e.arguments.push_back(expression_from(t[i]));
  return e;
}

std::optional<expression> optional_expression_from(py::handle object) {
  if (object.is_none()) return {};
  return expression_from(object);
}

std::vector<edit> edits_from(const py::iterable& tuples) {
  std::vector<edit> result;
  for (auto t : tuples) result.push_back(edit_from(py::reinterpret_borrow<py::tuple>(t)));
  return result;
}

key_type key_type_from(const std::string& name) {
  if (name == "int64" || name == "int") return key_type::int64;
  if (name == "str" || name == "utf8") return key_type::utf8;
  if (name == "none") return key_type::none;
  throw failure{errc::value, "key_type is 'int64' or 'str', not '" + name + "'"};
}

const char* name_of(key_type t) { return t == key_type::int64 ? "int64" : t == key_type::utf8 ? "str" : "none"; }

}  // namespace gli::python
