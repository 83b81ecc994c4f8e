#pragma once
// How a long loop of one round is given up: loops on all cores ask between their pieces whether their job goes on.

#include <chrono>

#include "runtime/communicator.h"

namespace gli {

/// While it lives, point() on this thread asks the communicator now and then; one at a time, the innermost counts.
class interruption {
 public:
  explicit interruption(communicator& all) : all_{all}, outer_{current_} { current_ = this; }
  ~interruption() { current_ = outer_; }
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;

  /// Throws what communicator::progress() throws. On any other thread nothing.
  static void point() {
    if (current_) current_->ask();
  }

 private:
  void ask() {
    auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds{20}) return;
    last_ = now;
    all_.progress({}, 0, 0);
  }

  inline static thread_local interruption* current_ = nullptr;
  communicator& all_;
  interruption* outer_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace gli
