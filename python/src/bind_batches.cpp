#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "partitions/loaders/arrow.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

constexpr const char* stream_name = "arrow_array_stream";

void destroy_stream(PyObject* capsule) {
  auto stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, stream_name));
  if (stream->release) stream->release(stream);
  delete stream;
}

py::object to_capsule(batches& b, const py::object&) {
  auto stream = new ArrowArrayStream{};
  auto capsule = py::reinterpret_steal<py::object>(PyCapsule_New(stream, stream_name, destroy_stream));
  if (b.table) export_table(*b.table, stream);
  else export_stream(std::move(b.parts), stream);
  return capsule;
}

void check(ArrowArrayStream* stream, int status) {
  if (status == 0) return;
  auto why = stream->get_last_error(stream);
  throw failure{errc::value, why ? why : "the Arrow stream failed"};
}

/// The next batch of a stream, or nothing at its end.
std::optional<column_batch> next_batch(ArrowArrayStream* stream) {
  ArrowArray array{};
  check(stream, stream->get_next(stream, &array));
  if (!array.release) return {};
  ArrowSchema schema{};
  check(stream, stream->get_schema(stream, &schema));
  auto batch = import_batch(&array, &schema);
  if (schema.release) schema.release(&schema);
  return batch;
}

}  // namespace

void for_each_batch(const py::object& object, const std::function<void(const column_batch&)>& visit) {
  if (!py::hasattr(object, "__arrow_c_stream__")) throw failure{errc::type, "expected an Arrow table or stream"};
  auto capsule = object.attr("__arrow_c_stream__")();
  auto stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), stream_name));
  if (!stream) throw py::error_already_set{};
  without_gil([&] {
    while (auto batch = next_batch(stream)) {
      check_signals();
      visit(*batch);
    }
  });
}

void bind_batches(py::module_& m) {
  py::class_<batches>(m, "Batches", "Columns on their way to Arrow; read once.")
      .def("__arrow_c_stream__", &to_capsule, py::arg("requested_schema") = py::none());
}

}  // namespace gli::python
