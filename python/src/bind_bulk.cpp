#include <array>

#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "loading.h"
#include "partitions/bulk_edit.h"
#include "partitions/dictionary.h"
#include "runtime/error.h"
#include "runtime/hash.h"

namespace gli::python {
namespace {

constexpr Py_ssize_t ahead = 12;  // rows whose objects are fetched before they are looked at
constexpr size_t batch_rows = size_t{1} << 16;

/// A borrowed pair of a row; null when it is no tuple or list of two.
struct pair_of { PyObject *source = nullptr, *target = nullptr; };

pair_of pair_at(PyObject* row) {
  if (PyTuple_CheckExact(row) && PyTuple_GET_SIZE(row) == 2) return {PyTuple_GET_ITEM(row, 0), PyTuple_GET_ITEM(row, 1)};
  if (PyList_CheckExact(row) && PyList_GET_SIZE(row) == 2) return {PyList_GET_ITEM(row, 0), PyList_GET_ITEM(row, 1)};
  return {};
}

/// Numbers distinct texts as they come. Objects that were seen lately are known by their address: all of them live until the end.
class text_numbers {
 public:
  /// -1 when it is no str.
  int32_t number(PyObject* text) {
    auto& known = lately_[(uintptr_t(text) >> 4) * 0x9e3779b97f4a7c15 >> (64 - lately_bits)];
    if (known.text == text) return known.id;
    if (!PyUnicode_CheckExact(text)) return -1;
    Py_ssize_t length = 0;
    auto bytes = PyUnicode_AsUTF8AndSize(text, &length);
    if (!bytes) throw py::error_already_set{};
    known = {text, words_.intern(std::string_view{bytes, size_t(length)}).first};
    return known.id;
  }
  column words() const {
    column_builder all{"", column_type::utf8};
    for (int32_t id = 0; id < words_.size(); ++id) all.append_bytes(words_.text_key(id));
    return all.finish();
  }

 private:
  static constexpr int lately_bits = 15;
  struct entry { PyObject* text = nullptr; int32_t id = -1; };
  std::vector<entry> lately_ = std::vector<entry>(size_t{1} << lately_bits);
  dictionary words_{key_type::utf8};
};

void fetch(PyObject* const* rows, Py_ssize_t i, Py_ssize_t count) {
  if (i + 2 * ahead < count) __builtin_prefetch(rows[i + 2 * ahead]);
  if (i + ahead >= count) return;
  auto next = pair_at(rows[i + ahead]);
  if (!next.source) return;
  __builtin_prefetch(next.source);
  __builtin_prefetch(next.target);
}

bool add_text_pairs(row_target& to, PyObject* const* rows, Py_ssize_t count) {
  text_numbers numbers;
  std::vector<int32_t> from(static_cast<size_t>(count)), into(static_cast<size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) {
    fetch(rows, i, count);
    auto pair = pair_at(rows[i]);
    if (!pair.source) return false;
    auto source = numbers.number(pair.source), target = numbers.number(pair.target);
    if (source < 0 || target < 0) return false;
    from[size_t(i)] = source;
    into[size_t(i)] = target;
  }
  without_gil([&] { to.add_edges(numbers.words(), from, into); });
  return true;
}

/// False when it is no int of 64 bits.
bool read_int(PyObject* object, int64_t& to) {
  if (!PyLong_CheckExact(object)) return false;
  int overflow = 0;
  to = PyLong_AsLongLongAndOverflow(object, &overflow);
  return !overflow;
}

column int_column(const char* name, std::span<const int64_t> numbers) {
  column c{name, column_type::int64, int64_t(numbers.size()), {}, std::vector<uint8_t>(numbers.size_bytes()), {}};
  if (!numbers.empty()) std::memcpy(c.values.data(), numbers.data(), numbers.size_bytes());
  return c;
}

bool add_int_pairs(row_target& to, PyObject* const* rows, Py_ssize_t count) {
  std::vector<int64_t> from(static_cast<size_t>(count)), into(static_cast<size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) {
    fetch(rows, i, count);
    auto pair = pair_at(rows[i]);
    if (!pair.source || !read_int(pair.source, from[size_t(i)]) || !read_int(pair.target, into[size_t(i)])) return false;
  }
  without_gil([&] {
    for (size_t begin = 0; begin < from.size(); begin += batch_rows) {
      auto rows_here = std::min(batch_rows, from.size() - begin);
      to.add_edges({int64_t(rows_here), {int_column("source", std::span{from}.subspan(begin, rows_here)),
                                         int_column("target", std::span{into}.subspan(begin, rows_here))}});
    }
  });
  return true;
}

/// Adds a list of pairs, all of str or all of int. False, and nothing is added, when it holds anything else.
bool add_pairs(row_target& to, const py::list& edges) {
  auto count = PyList_GET_SIZE(edges.ptr());
  if (count == 0) return true;
  std::vector<PyObject*> rows(static_cast<size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) rows[size_t(i)] = PyList_GET_ITEM(edges.ptr(), i);
  auto first = pair_at(rows[0]);
  if (!first.source) return false;
  return PyUnicode_CheckExact(first.source) ? add_text_pairs(to, rows.data(), count) : add_int_pairs(to, rows.data(), count);
}

std::vector<column_batch> all_of(const py::object& stream) {
  std::vector<column_batch> rows;
  for_each_batch(stream, [&](const column_batch& batch) { rows.push_back(batch); });
  return rows;
}

template <class Edits>
py::tuple apply_rows(const graph& g, const py::object& stream, Edits&& edits_of) {
  auto rows = all_of(stream);
  edit_report report;
  auto result = without_gil([&] {
    auto edits = edits_of(rows);
    rows.clear();
    return apply(g, edits, report);
  });
  return py::make_tuple(std::move(result), report.duplicates, report.lossy_duplicate);
}

py::tuple add_node_rows(const graph& g, const py::object& stream, const std::string& duplicates) {
  return apply_rows(g, stream, [&, policy = duplicates_from(duplicates)](auto& rows) { return node_edits(g, rows, policy); });
}

py::tuple add_edge_rows(const graph& g, const py::object& stream, const std::string& duplicates, bool create_nodes) {
  return apply_rows(g, stream, [&, policy = duplicates_from(duplicates)](auto& rows) { return edge_edits(g, rows, policy, create_nodes); });
}

}  // namespace

void bind_bulk(py::module_& m) {
  m.def("add_pairs", &add_pairs, py::arg("target"), py::arg("edges"));
  m.def("add_node_rows", &add_node_rows, py::arg("graph"), py::arg("stream"), py::arg("duplicates"));
  m.def("add_edge_rows", &add_edge_rows, py::arg("graph"), py::arg("stream"), py::arg("duplicates"), py::arg("create_nodes"));
}

}  // namespace gli::python
