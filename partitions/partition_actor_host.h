#pragma once
// The child that runs users' programs beside a worker: `python -m gli._host`, started when the first program comes and kept for the next. What they
// say to each other is in docs/programs.md, "Worker and host". It listens nowhere, and dies with the worker.
//
// For one thread, that of the jobs: the kernel ends the child with the thread that started it.

#include <sys/types.h>

#include <string>

#include "partitions/program.h"

namespace gli {

class host_process final : public program_host {
 public:
  /// `python`: the interpreter, found as a shell would.
  explicit host_process(std::string python) : python_{std::move(python)} {}
  ~host_process() override { kill(); }

  std::span<uint8_t> allocate(size_t bytes) override;
  void begin(const run_program& what, const program_layout& layout, communicator& all) override;
  void round(uint64_t number, communicator& all) override;
  void end() noexcept override;

 private:
  void start();
  void greet(communicator& all);
  void send(const std::string& packet, int descriptor = -1);
  std::string receive(communicator& all);
  void await_done(communicator& all);
  bool is_dead() const;
  [[noreturn]] void report_death();
  void kill() noexcept;
  void unmap() noexcept;

  std::string python_, name_;  // name_: the running program's
  uint64_t round_ = 0, limit_ = 0;
  pid_t child_ = 0;     // 0: none. Noted for end_program_host() too
  int socket_ = -1;     // to it
  bool busy_ = false;   // it works on what it was told last
  int memory_file_ = -1;
  std::span<uint8_t> memory_;
};

/// Before this process ends: its child does, and is gone. Any thread.
void end_program_host() noexcept;

}  // namespace gli
