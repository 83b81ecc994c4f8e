#include "deploy/probe.h"

#include <filesystem>
#include <optional>

#include "runtime/driver_client.h"
#include "runtime/door.h"

namespace gli {

namespace {

void ask(const std::string& path) {
  if (std::filesystem::path{path}.filename() == "coordinator.sock") {
    driver_client{path, probe_seconds, [] {}}.call(ping{}, probe_seconds);
  } else {
    asio::io_context io;
    knock(io, path, driver_hello(""), probe_seconds);
  }
}

}  // namespace

void probe_door(const std::string& dir, bool waiting_is_well) {
  std::error_code error;
  std::optional<failure> nobody;
  for (auto& entry : std::filesystem::directory_iterator{dir, error}) {
    if (entry.path().extension() != ".sock") continue;
    try {
      return ask(entry.path());
    } catch (const failure& e) {
      if (e.code() != errc::unavailable) throw;
      nobody = e;
    }
  }
  if (waiting_is_well && (!error || error == std::errc::no_such_file_or_directory)) return;
  throw nobody ? *nobody : failure{errc::unavailable, "nobody has opened a door in " + dir + (error ? ": " + error.message() : "")};
}

}  // namespace gli
