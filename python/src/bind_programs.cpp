#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "bindings.h"
#include "callbacks.h"
#include "partitions/aggregate.h"
#include "partitions/program.h"
#include "programs.h"
#include "values_handle.h"

namespace gli::python {
namespace {

/// What arrays of a program's function lie in: as long as any of them.
class program_bytes {
 public:
  explicit program_bytes(size_t bytes) : size_{(std::max<size_t>(bytes, 1) + 63) / 64 * 64}, memory_{static_cast<uint8_t*>(std::aligned_alloc(64, size_))} {
    if (!memory_) throw std::bad_alloc{};
    std::memset(memory_.get(), 0, size_);
  }
  std::span<uint8_t> bytes() const { return {memory_.get(), size_}; }

 private:
  struct release { void operator()(uint8_t* p) const { std::free(p); } };
  size_t size_;
  std::unique_ptr<uint8_t, release> memory_;
};

/// Calls begin(memory, layout as JSON), which answers what to call with the number of each round. Its methods are called without the GIL.
class function_host final : public program_host {
 public:
  explicit function_host(py::object begin) : begin_{std::move(begin)} {}

  std::span<uint8_t> allocate(size_t bytes) override {
    memory_ = std::make_shared<program_bytes>(bytes);
    return memory_->bytes();
  }
  void begin(const run_program& what, const program_layout& layout, communicator&) override {
    auto text = describe(layout, what);
    py::gil_scoped_acquire gil;
    step_ = begin_(memory_, text);
  }
  void round(uint64_t number, communicator&) override {
    py::gil_scoped_acquire gil;
    step_(number);
  }
  void end() noexcept override {}

 private:
  py::object begin_, step_;
  std::shared_ptr<program_bytes> memory_;
};

py::list run_function(const graph& g, const py::tuple& what, py::object begin, py::object progress) {
  auto program = program_from(what);
  function_host host{std::move(begin)};
  reporter report{std::move(progress)};
  embedded alone{report};
  auto columns = without_gil([&] { return run(g, program, host, alone); });
  py::list made;
  for (auto& c : columns) made.append(values_handle{std::make_shared<const node_values>(std::move(c))});
  return made;
}

values_handle run_aggregate(const graph& g, const py::tuple& what, py::object progress) {
  auto aggregate = aggregate_from(what);
  reporter report{std::move(progress)};
  embedded alone{report};
  return without_gil([&] { return values_handle{std::make_shared<const node_values>(run(g, aggregate, alone))}; });
}

}  // namespace

void bind_programs(py::module_& m) {
  py::class_<program_bytes, std::shared_ptr<program_bytes>>(m, "ProgramBytes", py::buffer_protocol(), "The memory of a program's arrays.")
      .def_buffer([](const program_bytes& b) {
        return py::buffer_info(b.bytes().data(), 1, py::format_descriptor<uint8_t>::format(), 1, {b.bytes().size()}, {1});
      });
  m.def("run_program", &run_function, py::arg("graph"), py::arg("program"), py::arg("begin"), py::arg("progress") = py::none());
  m.def("run_aggregate", &run_aggregate, py::arg("graph"), py::arg("aggregate"), py::arg("progress") = py::none());
}

}  // namespace gli::python
