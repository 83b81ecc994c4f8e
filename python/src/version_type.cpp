#include "version_type.h"

#include <structmember.h>

#include <algorithm>
#include <cstddef>
#include <new>

#include "call_arguments.h"
#include "callbacks.h"
#include "convert.h"
#include "errors.h"
#include "partitions/dictionary.h"
#include "partitions/version.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

using what = edit::what;

struct version_object {
  PyObject_HEAD
  std::optional<version> at;
  PyObject* core;  // gli._core.Graph, or null
  PyObject* weak_references;
};

version_object& object_of(PyObject* self) { return *reinterpret_cast<version_object*>(self); }

/// Runs a function that may throw anything as one that sets Python's error.
template <class F>
auto guarded(F&& f, decltype(f()) failed) -> decltype(f()) {
  try {
    return f();
  } catch (py::error_already_set& e) {
    e.restore();
  } catch (const failure& f) {
    set_error(f);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  }
  return failed;
}

const version& version_of(PyObject* self) {
  auto& o = object_of(self);
  if (!o.at) {
    if (!o.core) throw failure{errc::internal, "this graph was not initialised"};
    o.at.emplace(py::handle{o.core}.cast<const graph&>());
  }
  return *o.at;
}

PyObject* made(PyTypeObject* type, version v) {
  auto self = PyType_IS_GC(type) ? type->tp_alloc(type, 0) : reinterpret_cast<PyObject*>(PyObject_New(version_object, type));
  if (!self) throw py::error_already_set{};
  auto& o = object_of(self);
  new (&o.at) std::optional<version>{std::move(v)};
  o.core = o.weak_references = nullptr;
  return self;
}

PyObject* made(PyObject* like, version v) { return made(Py_TYPE(like), std::move(v)); }

// --- edits -----------------------------------------------------------------------------------------------------------------

void warn(const edit_report& report) {
  if (!report.lossy_duplicate.empty()) py::module_::import("gli._edits").attr("warn_of_duplicate")(report.lossy_duplicate);
}

version edited_without_gil(version from, const edit_view& e, edit_report& report) {
  return without_gil([&] { return from.apply(e, report); });
}

PyObject* edited(PyObject* self, const edit_view& e) {
  edit_report report;
  auto& from = version_of(self);
  auto next = from.next_edit_folds() ? edited_without_gil(from, e, report) : from.apply(e, report);
  warn(report);
  return made(self, std::move(next));
}

template <what Op>
PyObject* edit_node(PyObject* self, PyObject* const* all, Py_ssize_t positional, PyObject* names) {
  return guarded([&]() -> PyObject* {
    call_arguments a{all, positional, names};
    constexpr auto call = Op == what::add_node ? "add_node" : Op == what::update_node ? "update_node" : "upsert_node";
    expect_positional(a, call, 1, 1);
    auto given = node_attributes_of(a);
    return edited(self, {Op, view_of(all[0]), int64_t{0}, {}, span_of(given), false});
  }, nullptr);
}

template <what Op>
PyObject* edit_edge(PyObject* self, PyObject* const* all, Py_ssize_t positional, PyObject* names) {
  return guarded([&]() -> PyObject* {
    call_arguments a{all, positional, names};
    constexpr bool may_create = Op == what::add_edge || Op == what::upsert_edge;
    constexpr auto call = Op == what::add_edge ? "add_edge" : Op == what::update_edge ? "update_edge" : "upsert_edge";
    expect_positional(a, call, 2, may_create ? 4 : 3);
    auto e = edge_arguments_of(a, may_create);
    auto k = e.key ? std::optional{view_of(e.key)} : std::nullopt;
    return edited(self, {Op, view_of(all[0]), view_of(all[1]), k, span_of(e.given), e.create_nodes});
  }, nullptr);
}

PyObject* remove_node(PyObject* self, PyObject* node) {
  return guarded([&]() -> PyObject* {
    edit_report report;
    return made(self, edited_without_gil(version_of(self), {what::remove_node, view_of(node), int64_t{0}, {}, {}, false}, report));
  }, nullptr);
}

PyObject* remove_edge(PyObject* self, PyObject* const* all, Py_ssize_t positional, PyObject* names) {
  return guarded([&]() -> PyObject* {
    call_arguments a{all, positional, names};
    expect_positional(a, "remove_edge", 2, 3);
    auto e = edge_arguments_of(a, false);
    if (!e.given.empty()) throw failure{errc::type, "remove_edge() got an unexpected keyword argument '" + e.given.front().first + "'"};
    auto k = e.key ? std::optional{view_of(e.key)} : std::nullopt;
    return edited(self, {what::remove_edge, view_of(all[0]), view_of(all[1]), k, {}, false});
  }, nullptr);
}

PyObject* apply_all(PyObject* self, PyObject* tuples) {
  return guarded([&]() -> PyObject* {
    auto edits = edits_from(py::reinterpret_borrow<py::iterable>(tuples));
    edit_report report;
    auto from = version_of(self);
    auto next = without_gil([&] { return from.apply(edits, report); });
    warn(report);
    return made(self, std::move(next));
  }, nullptr);
}

// --- questions -------------------------------------------------------------------------------------------------------------

int32_t existing(const version& v, PyObject* node) {
  if (auto id = v.find(view_of(node))) return *id;
  throw failure{errc::key, "Node " + py::repr(node).cast<std::string>() + " not found"};
}

PyObject* has_node(PyObject* self, PyObject* node) {
  return guarded([&]() -> PyObject* { return PyBool_FromLong(version_of(self).find(view_of(node)).has_value()); }, nullptr);
}

int contains(PyObject* self, PyObject* node) {
  return guarded([&]() -> int { return version_of(self).find(view_of(node)).has_value(); }, -1);
}

/// Both ends of an edge as stored, or nothing when one is missing.
std::optional<std::pair<int32_t, int32_t>> ends(const version& v, PyObject* source, PyObject* target) {
  auto s = view_of(source), t = view_of(target);
  auto from = v.find(s), to = v.find(t);
  if (!from || !to) return {};
  return !v.root()->kind.directed && t < s ? std::pair{*to, *from} : std::pair{*from, *to};
}

PyObject* has_edge(PyObject* self, PyObject* const* all, Py_ssize_t positional, PyObject* names) {
  return guarded([&]() -> PyObject* {
    call_arguments a{all, positional, names};
    if (positional == 2 && !names) {
      auto& v = version_of(self);
      auto at = ends(v, all[0], all[1]);
      return PyBool_FromLong(at && v.has_edge(at->first, at->second));
    }
    expect_positional(a, "has_edge", 2, 3);
    auto e = edge_arguments_of(a, false);
    if (!e.given.empty()) throw failure{errc::type, "has_edge() got an unexpected keyword argument '" + e.given.front().first + "'"};
    auto& v = version_of(self);
    auto at = ends(v, all[0], all[1]);
    if (!at) Py_RETURN_FALSE;
    if (!e.key) return PyBool_FromLong(v.has_edge(at->first, at->second));
    return PyBool_FromLong(v.root()->kind.multi && v.has_edge(at->first, at->second, key_from(e.key)));
  }, nullptr);
}

/// [(edge key or None, attributes)]; empty when there is none.
PyObject* edges_between(PyObject* self, PyObject* const* all, Py_ssize_t positional) {
  return guarded([&]() -> PyObject* {
    expect_positional({all, positional, nullptr}, "_edges_between", 2, 2);
    auto& v = version_of(self);
    py::list result;
    if (auto at = ends(v, all[0], all[1]))
      for (auto& k : v.edges_between(at->first, at->second))
        result.append(py::make_tuple(v.root()->kind.multi ? to_object(k) : py::none(), to_dict(v.edge_attributes(at->first, at->second, k))));
    return result.release().ptr();
  }, nullptr);
}

PyObject* get_node(PyObject* self, PyObject* node) {
  return guarded([&]() -> PyObject* {
    auto& v = version_of(self);
    return to_dict(v.node_attributes(existing(v, node))).release().ptr();
  }, nullptr);
}

constexpr size_t many = 1024;  // results: from here on a call takes tens of µs

PyObject* object_from(int64_t k) { return PyLong_FromLongLong(k); }
PyObject* object_from(std::string_view k) { return PyUnicode_FromStringAndSize(k.data(), Py_ssize_t(k.size())); }

/// Of keys. Nobody sees a list before it is whole; while a long one is made other threads have their turns, and Ctrl-C counts.
template <class Key>
PyObject* list_of(const std::vector<Key>& keys) {
  auto list = py::reinterpret_steal<py::object>(PyList_New(Py_ssize_t(keys.size())));
  if (!list) throw py::error_already_set{};
  PyObject_GC_UnTrack(list.ptr());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i && i % (many * 16) == 0) without_gil(check_signals);
    auto item = object_from(keys[i]);
    if (!item) throw py::error_already_set{};
    PyList_SET_ITEM(list.ptr(), Py_ssize_t(i), item);
  }
  PyObject_GC_Track(list.ptr());
  return list.release().ptr();
}

/// In the order of keys, so that the answer does not depend on how the graph came about.
template <class Key, class KeyOf>
std::vector<Key> sorted_keys(const version& v, int32_t node, version::direction which, KeyOf key_of) {
  auto ids = v.neighbors(node, which);
  std::vector<Key> keys(ids.size());
  std::transform(ids.begin(), ids.end(), keys.begin(), key_of);
  if (!std::is_sorted(keys.begin(), keys.end())) std::sort(keys.begin(), keys.end());
  return keys;
}

template <class Key, class KeyOf>
PyObject* adjacent_keys(const version& v, int32_t node, version::direction which, KeyOf key_of) {
  if (v.degree(node, which) < many) return list_of(sorted_keys<Key>(v, node, which, key_of));
  auto held = v;
  return list_of(without_gil([&] { return sorted_keys<Key>(held, node, which, key_of); }));
}

template <version::direction Which>
PyObject* adjacent(PyObject* self, PyObject* node) {
  return guarded([&]() -> PyObject* {
    auto& v = version_of(self);
    auto id = existing(v, node);
    auto& keys = v.keys();
    if (keys.type() == key_type::int64) return adjacent_keys<int64_t>(v, id, Which, [&](int32_t u) { return keys.int_key(u); });
    return adjacent_keys<std::string_view>(v, id, Which, [&](int32_t u) { return keys.text_key(u); });
  }, nullptr);
}

PyObject* degree_of(PyObject* self, PyObject* const* all, Py_ssize_t positional) {
  return guarded([&]() -> PyObject* {
    expect_positional({all, positional, nullptr}, "_degree_of", 2, 2);
    auto& v = version_of(self);
    auto mode = PyUnicode_Check(all[1]) ? py::handle{all[1]}.cast<std::string>() : std::string{};
    if (mode != "total" && mode != "in" && mode != "out")
      throw failure{errc::value, "mode is 'total', 'in' or 'out', not " + py::repr(all[1]).cast<std::string>()};
    auto which = mode == "in" ? version::direction::in : mode == "out" ? version::direction::out : version::direction::all;
    return PyLong_FromUnsignedLongLong(v.degree(existing(v, all[0]), which));
  }, nullptr);
}

PyObject* node_count(PyObject* self, void*) {
  return guarded([&]() -> PyObject* { return PyLong_FromUnsignedLongLong(version_of(self).nodes()); }, nullptr);
}
PyObject* edge_count(PyObject* self, void*) {
  return guarded([&]() -> PyObject* { return PyLong_FromUnsignedLongLong(version_of(self).edges()); }, nullptr);
}
Py_ssize_t length(PyObject* self) {
  return guarded([&]() -> Py_ssize_t { return Py_ssize_t(version_of(self).nodes()); }, Py_ssize_t{-1});
}
PyObject* directed(PyObject* self, void*) {
  return guarded([&]() -> PyObject* { return PyBool_FromLong(version_of(self).root()->kind.directed); }, nullptr);
}
PyObject* multi(PyObject* self, void*) {
  return guarded([&]() -> PyObject* { return PyBool_FromLong(version_of(self).root()->kind.multi); }, nullptr);
}
PyObject* keys_type(PyObject* self, void*) {
  return guarded([&]() -> PyObject* { return PyUnicode_FromString(name_of(version_of(self).kind().keys)); }, nullptr);
}
PyObject* own_attributes(PyObject* self, void*) {
  return guarded([&]() -> PyObject* { return to_dict(version_of(self).attributes()).release().ptr(); }, nullptr);
}
PyObject* identity(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    auto v = version_of(self);
    return PyUnicode_FromString(to_hex(without_gil([&] { return v.identity(); })).c_str());
  }, nullptr);
}
PyObject* log_bytes(PyObject* self, void*) {
  return guarded([&]() -> PyObject* {
    auto& o = object_of(self);
    return PyLong_FromUnsignedLongLong(o.at ? o.at->log_bytes() : 0);
  }, nullptr);
}

PyObject* get_core(PyObject* self, void*) {
  return guarded([&]() -> PyObject* {
    auto& o = object_of(self);
    if (!o.core) {
      auto v = version_of(self);
      auto pages = py::cast(without_gil([&] { return v.fold(); }));
      if (!o.core) o.core = pages.release().ptr();
    }
    return Py_NewRef(o.core);
  }, nullptr);
}

int set_core(PyObject* self, PyObject* core, void*) {
  return guarded([&]() -> int {
    if (!core || !py::isinstance<graph>(core)) throw failure{errc::type, "expected a gli._core.Graph"};
    auto& o = object_of(self);
    o.at.reset();
    Py_XSETREF(o.core, Py_NewRef(core));
    return 0;
  }, -1);
}

// --- the type --------------------------------------------------------------------------------------------------------------

PyObject* allocate(PyTypeObject* type, PyObject*, PyObject*) {
  auto self = type->tp_alloc(type, 0);
  if (self) new (&object_of(self).at) std::optional<version>{};
  return self;
}

void deallocate(PyObject* self) {
  auto type = Py_TYPE(self);
  auto& o = object_of(self);
  if (o.weak_references) PyObject_ClearWeakRefs(self);
  o.at.~optional();
  Py_XDECREF(o.core);
  type->tp_free(self);
  Py_DECREF(type);
}

/// A subclass without data of its own, such as gli.Graph: its objects are made and freed as those of Version, and the collector, which Python adds
/// to every class, has nothing to follow in them.
PyObject* make_plain(PyObject* cls, PyObject*, PyObject*) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  if (type->tp_basicsize == sizeof(version_object) && type->tp_dictoffset == 0 && !type->tp_finalize && !type->tp_del) {
    type->tp_flags &= ~Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = nullptr;
    type->tp_clear = nullptr;
    type->tp_dealloc = deallocate;
    type->tp_free = PyObject_Free;
  }
  Py_RETURN_NONE;
}

template <class F>
PyCFunction method(F* f) { return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f)); }

constexpr int with_names = METH_FASTCALL | METH_KEYWORDS;
using direction = version::direction;

PyMethodDef methods[] = {
    {"add_node", method(&edit_node<what::add_node>), with_names,
     "add_node($self, node, /, **attributes)\n--\n\nWith the node; one that is there already stays as it is.\n\n"
     ">>> import gli\n>>> gli.Graph().add_node(\"ann\", age=41).nodes[\"ann\"]\n{'age': 41}"},
    {"update_node", method(&edit_node<what::update_node>), with_names,
     "update_node($self, node, /, **attributes)\n--\n\nChanges attributes; None removes one. KeyError when the node is missing."},
    {"upsert_node", method(&edit_node<what::upsert_node>), with_names,
     "upsert_node($self, node, /, **attributes)\n--\n\nAdds the node or changes its attributes."},
    {"remove_node", method(&remove_node), METH_O, "remove_node($self, node, /)\n--\n\nWithout the node and its edges. KeyError when it is missing."},
    {"add_edge", method(&edit_edge<what::add_edge>), with_names,
     "add_edge($self, source, target, /, key=None, create_nodes=False, **attributes)\n--\n\n"
     "With the edge; one that is there already stays as it is. KeyError when an end is missing, unless create_nodes.\n\n"
     ">>> import gli\n>>> gli.Graph().add_edge(\"ann\", \"bob\", create_nodes=True, weight=0.5).edges[\"ann\", \"bob\"]\n{'weight': 0.5}\n"
     ">>> gli.Graph().add_node(\"ann\").add_edge(\"ann\", \"bob\")\nTraceback (most recent call last):\nKeyError: \"Node 'bob' not found\""},
    {"update_edge", method(&edit_edge<what::update_edge>), with_names,
     "update_edge($self, source, target, /, key=None, **attributes)\n--\n\nChanges attributes of an edge; None removes one. KeyError when it is missing."},
    {"upsert_edge", method(&edit_edge<what::upsert_edge>), with_names,
     "upsert_edge($self, source, target, /, key=None, create_nodes=False, **attributes)\n--\n\nAdds the edge or changes its attributes."},
    {"remove_edge", method(&remove_edge), with_names,
     "remove_edge($self, source, target, /, key=None)\n--\n\nWithout the edge. KeyError when it is missing."},
    {"_edit", method(&apply_all), METH_O, nullptr},
    {"has_node", method(&has_node), METH_O, "has_node($self, node, /)\n--\n\nWhether the node is there."},
    {"has_edge", method(&has_edge), with_names, "has_edge($self, source, target, /, key=None)\n--\n\nWhether there is an edge from source to target (with that key)."},
    {"get_node", method(&get_node), METH_O, "get_node($self, node, /)\n--\n\nThe node's attributes. KeyError when it is missing."},
    {"neighbors", method(&adjacent<direction::out>), METH_O,
     "neighbors($self, node, /)\n--\n\nThe nodes that edges lead to from `node` (undirected: all neighbors), each once, in the order of their keys."},
    {"successors", method(&adjacent<direction::out>), METH_O, "successors($self, node, /)\n--\n\nThe nodes that edges lead to from `node`."},
    {"predecessors", method(&adjacent<direction::in>), METH_O, "predecessors($self, node, /)\n--\n\nThe nodes that edges come from to `node`."},
    {"__init_subclass__", method(&make_plain), METH_CLASS | METH_VARARGS | METH_KEYWORDS, nullptr},
    {"_edges_between", method(&edges_between), METH_FASTCALL, nullptr},
    {"_identity", method(&identity), METH_NOARGS, nullptr},
    {"_degree_of", method(&degree_of), METH_FASTCALL, nullptr},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef properties[] = {{"node_count", node_count, nullptr, "How many nodes there are.", nullptr},
                            {"edge_count", edge_count, nullptr, "How many edges there are.", nullptr},
                            {"directed", directed, nullptr, "Whether edges have a direction.", nullptr},
                            {"multi", multi, nullptr, "Whether there may be parallel edges, told apart by their keys.", nullptr},
                            {"key_type", keys_type, nullptr, "'int64' or 'str'; 'none' until there is a node.", nullptr},
                            {"attributes", own_attributes, nullptr, "The graph's own attributes.", nullptr},
                            {"_log_bytes", log_bytes, nullptr, nullptr, nullptr},
                            {"_core", get_core, set_core, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef members[] = {{"__weaklistoffset__", T_PYSSIZET, offsetof(version_object, weak_references), READONLY, nullptr}, {nullptr, 0, 0, 0, nullptr}};

template <class F>
void* slot(F* f) { return reinterpret_cast<void*>(f); }

PyType_Slot slots[] = {{Py_tp_new, slot(&allocate)},
                       {Py_tp_dealloc, slot(&deallocate)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, properties},
                       {Py_tp_members, members},
                       {Py_sq_contains, slot(&contains)},
                       {Py_sq_length, slot(&length)},
                       {Py_mp_length, slot(&length)},
                       {0, nullptr}};

PyType_Spec spec{"gli._core.Version", sizeof(version_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

}  // namespace

namespace {
PyTypeObject* version_type = nullptr;  // lives as long as the module
}

const version& version_from(py::handle object) {
  if (!PyObject_TypeCheck(object.ptr(), version_type)) throw failure{errc::type, "expected a gli.Graph, not " + py::repr(object).cast<std::string>()};
  return version_of(object.ptr());
}

py::object graph_from(const py::type& type, version v) {
  auto given = reinterpret_cast<PyTypeObject*>(type.ptr());
  if (!PyType_IsSubtype(given, version_type)) throw failure{errc::type, "expected a subclass of gli._core.Version"};
  return py::reinterpret_steal<py::object>(made(given, std::move(v)));
}

void bind_version(py::module_& m) {
  auto type = py::reinterpret_steal<py::object>(PyType_FromSpec(&spec));
  if (!type) throw py::error_already_set{};
  version_type = reinterpret_cast<PyTypeObject*>(type.ptr());
  m.add_object("Version", type);
}

}  // namespace gli::python
