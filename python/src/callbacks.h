#pragma once
// What C++ calls while it works: Python's progress function and its pending signals, at most twenty times a second.
//
// Make these with the GIL held and let them die with it held; operator() is called without it, from one thread at a time.

#include <pybind11/pybind11.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "runtime/communicator.h"

namespace gli::python {

namespace py = pybind11;

using deadline_clock = std::chrono::steady_clock;

/// When what this thread waits for is to be given up, as gli.timeout() says.
inline thread_local std::optional<deadline_clock::time_point> deadline;

/// Throws what a signal handler raised (KeyboardInterrupt), or TimeoutError where the deadline has passed. With the GIL held.
inline void check_given_up() {
  if (PyErr_CheckSignals()) throw py::error_already_set{};
  if (!deadline || deadline_clock::now() < *deadline) return;
  PyErr_SetString(PyExc_TimeoutError, "not done within the given timeout");
  throw py::error_already_set{};
}

/// The same without the GIL.
inline void check_signals() {
  py::gil_scoped_acquire gil;
  check_given_up();
}

/// Calls `callback(what, done, total, detail)` unless it is None.
class reporter {
 public:
  explicit reporter(py::object callback) : callback_{std::move(callback)}, wanted_{!callback_.is_none()} {}

  void operator()(std::string_view what, uint64_t done, uint64_t total, std::string_view detail = {}, uint64_t bytes = 0) {
    auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds{50} && done != total) return;
    last_ = now;
    py::gil_scoped_acquire gil;
    check_given_up();
    if (wanted_) callback_(what, done, total, detail, bytes);
  }

 private:
  py::object callback_;
  bool wanted_;
  std::chrono::steady_clock::time_point last_{};
};

/// The communicator of embedded graphs: alone, and interruptible.
class embedded final : public communicator {
 public:
  explicit embedded(reporter& report) : report_{report} {}
  uint32_t rank() const override { return 0; }
  uint32_t size() const override { return 1; }
  std::vector<byte_buffer> all_to_all(std::vector<byte_buffer> outgoing) override { return outgoing; }
  void all_to_all(const std::function<byte_buffer(uint32_t)>&, const std::function<void(uint32_t, byte_buffer)>&) override {}
  void all_reduce(std::span<uint64_t>, reduction) override {}
  void progress(std::string_view what, uint64_t done, uint64_t total, std::string_view detail) override {
    if (what.empty()) check_signals();
    else report_(what, done, total, detail);
  }

 private:
  reporter& report_;
};

template <class F>
auto without_gil(F&& f) {
  py::gil_scoped_release release;
  return f();
}

}  // namespace gli::python
