#include "runtime/private_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "runtime/error.h"

namespace gli {

void make_private_folder(const std::string& folder) {
  auto path = std::filesystem::absolute(folder);
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw failure{errc::io, folder + " cannot be made: " + std::strerror(errno)};
  struct stat s;
  if (::lstat(path.c_str(), &s) != 0) throw failure{errc::io, folder + ": " + std::strerror(errno)};
  if (!S_ISDIR(s.st_mode)) throw failure{errc::io, folder + " is no directory"};
  if (s.st_uid != ::geteuid()) throw failure{errc::io, folder + " belongs to another user"};
  if ((s.st_mode & 077) == 0) return;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", unsigned(s.st_mode & 07777));
  throw failure{errc::io, folder + " may be entered by others (mode " + mode + "): chmod 700 " + folder};
}

}  // namespace gli
