#pragma once
// Bytes made smaller with zstd, for values that are seldom read. storage/FORMAT.md, "Packed bytes". Threads: any.

#include <optional>
#include <string>

#include "storage/ordered_store.h"

namespace gli::storage {

/// What unpack() makes these bytes of again; nothing where it would not be smaller by an eighth at least.
std::optional<byte_buffer> pack(bytes_view plain);

/// failure{corrupt}, naming `name`, for what pack() did not make. No more room is made than so many packed bytes can fill.
byte_buffer unpack(bytes_view packed, const std::string& name);
/// How many bytes unpack() makes, as these say.
uint64_t unpacked_size(bytes_view packed);

}  // namespace gli::storage
