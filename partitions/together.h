#pragma once
// Failures of one partition as failures of all, so that no partition waits for one that gave up.

#include <functional>

#include "runtime/communicator.h"
#include "runtime/error.h"

namespace gli {

/// A failure with a place in the input: of several, the one of the smallest place is told.
class placed_failure : public failure {
 public:
  placed_failure(errc code, const std::string& message, uint64_t place) : failure{code, message}, place_{place} {}
  uint64_t place() const { return place_; }

 private:
  uint64_t place_;
};

/// Runs `step`, which does not communicate, on every rank. When it threw on any rank, all throw the same failure: the one of the smallest place,
/// among equals of the smallest rank. Collective.
void together(communicator& all, const std::function<void()>& step);

}  // namespace gli
