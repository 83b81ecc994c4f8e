#include "errors.h"

#include "bindings.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

py::handle exception_for(errc code) {
  switch (code) {
    case errc::key:
      return PyExc_KeyError;
    case errc::value:
      return PyExc_ValueError;
    case errc::type:
      return PyExc_TypeError;
    case errc::io:
      return PyExc_OSError;
    case errc::not_found:
      return PyExc_FileNotFoundError;
    case errc::not_implemented:
      return PyExc_NotImplementedError;
    case errc::timeout:
      return PyExc_TimeoutError;
    case errc::memory:
      return PyExc_MemoryError;
    default:
      return {};
  }
}

const char* class_name(errc code) {
  switch (code) {
    case errc::corrupt:
      return "CorruptError";
    case errc::worker_lost:
      return "WorkerLostError";
    case errc::unavailable:
      return "ClusterError";
    case errc::protocol:
      return "ProtocolError";
    case errc::cancelled:
      return "CancelledError";
    case errc::convergence:
      return "ConvergenceError";
    case errc::conflict:
      return "ConflictError";
    case errc::program:
      return "ProgramError";
    default:
      return "GliError";
  }
}

}  // namespace

void set_error(const failure& f) {
  if (auto builtin = exception_for(f.code())) return PyErr_SetString(builtin.ptr(), f.what());
  auto type = py::module_::import("gli._errors").attr(class_name(f.code()));
  PyErr_SetString(type.ptr(), f.what());
}

void bind_errors(py::module_&) {
  py::register_local_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const failure& f) {
      set_error(f);
    }
  });
}

}  // namespace gli::python
