#pragma once
// What a service manager asks again and again: whether the process in a directory is well. It costs one connection to its socket.

#include <string>

namespace gli {

/// Returns when whoever listens in `dir` answered within probe_seconds: a coordinator a ping, a worker a Hello. Nobody there, or only a socket that its process
/// left behind: throws failure{unavailable}, unless `waiting_is_well`. One who does not answer, and what answers otherwise: throws, naming the door.
void probe_door(const std::string& dir, bool waiting_is_well);

constexpr double probe_seconds = 4;

}  // namespace gli
