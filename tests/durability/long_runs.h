#pragma once
// How much a test tries: little where it runs with every change, all of it with GLI_DURABILITY=long.

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace gli::durability {

inline size_t tries(size_t normally, size_t in_a_long_run) {
  auto wish = std::getenv("GLI_DURABILITY");
  return wish && std::string_view{wish} == "long" ? in_a_long_run : normally;
}

/// Where files are in memory, if there is such a place: thousands of synced stores wait for no disk there.
inline std::filesystem::path quick_files() { return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path(); }

}  // namespace gli::durability
