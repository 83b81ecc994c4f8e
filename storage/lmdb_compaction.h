#pragma once
// LMDB files only grow: a compaction writes what is in use to a file beside them, which takes their place. storage/FORMAT.md, "Compaction".

#include <functional>
#include <memory>
#include <string>

#include "storage/ordered_store.h"

namespace gli::storage {

/// An LMDB environment that can be closed, rewritten and opened again behind those who hold it. Threads: any.
std::shared_ptr<ordered_store> open_compactable(const std::string& path, bool create);

/// Puts a file of the rows that `rewrite` puts in the place of the environment's, at once and synced: a crash leaves the old one or the new one. failure{conflict} when
/// this process or another has the environment open, failure{corrupt} when it is damaged, failure{io} when there is no room for both files: then
/// nothing has changed.
void compact_lmdb(const std::string& path, const rewriting& rewrite);

/// Runs `body` while this process has that environment closed, and can open none. failure{conflict} when it has it open. (lmdb_store.cpp)
void with_lmdb_closed(const std::string& path, const std::function<void()>& body);

}  // namespace gli::storage
