#pragma once
// A file without a name, reached by its descriptor.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace gli::fuzz {

class memory_file {
 public:
  explicit memory_file(std::string_view content) : descriptor_{::memfd_create("gli_fuzz", MFD_CLOEXEC)} {
    if (::write(descriptor_, content.data(), content.size()) != ssize_t(content.size())) std::abort();
  }
  ~memory_file() { ::close(descriptor_); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace gli::fuzz
