#pragma once
// CAF without a listener: its configuration, and handing connected descriptors to its broker.

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <functional>
#include <string>

#include "runtime/control_messages.h"
#include "runtime/error.h"

namespace gli::control {

struct settings : caf::actor_system_config {
  settings();  // heartbeats 500 ms, death after 3 s of silence; two scheduler threads that sleep when idle; no automatic connections
};

/// Worker: offers `actor` to whoever is at the other end of the connected, authenticated descriptor, which CAF owns from here on.
void offer(caf::actor_system& system, int descriptor, const caf::actor& actor);

/// A local message: the actor that gets it runs it.
struct later { std::function<void()> then; };

/// Coordinator: the actor that the other end offers. `then` runs in `self`, which handles `later`, with the actor, or nothing and the reason.
void take(caf::event_based_actor* self, int descriptor, std::function<void(caf::actor, std::string why)> then);

}  // namespace gli::control

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(gli::control::later)
