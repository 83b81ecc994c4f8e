#pragma once
// Opening what every partition reads for itself.

#include <functional>
#include <memory>
#include <string>

#include "partitions/loaders/source_share.h"
#include "runtime/communicator.h"

namespace gli {

/// Collective: what `open` gives on this partition. When it throws on all alike, that is the failure of all; when on some only, or the file has not
/// the same size for all, all throw a failure that names a partition, its process and host, and the file (`name`).
std::unique_ptr<source_share> open_alike(const std::string& name, communicator& all, const std::function<std::unique_ptr<source_share>()>& open);

}  // namespace gli
