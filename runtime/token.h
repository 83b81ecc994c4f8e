#pragma once
// The token that lets a browser or a scraper in (docs/seeing.md, "Who is let in"): 64 hex digits, in `DIR/token`, which only its owner may read.

#include <string>

#include "runtime/credentials.h"

namespace gli {

/// Of a cluster with credentials: derived from its secret, so that all its processes have the same, and written to the directory. Else what the directory has
/// from before, or a new one. Throws failure{io} naming the file, also where others may read it.
std::string token_for(const std::string& directory, const credentials* cluster);

}  // namespace gli
