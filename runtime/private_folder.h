#pragma once
// Folders that are for one user alone: of sockets and of credentials.
//
// Thread-safe.

#include <string>

namespace gli {

/// Makes `folder` with mode 0700, and what is above it; or checks that one that is there is a directory (no link to one) of this user, which nobody else may
/// enter. Throws failure{io} that names it, and what mends it.
void make_private_folder(const std::string& folder);

}  // namespace gli
