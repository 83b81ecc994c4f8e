#pragma once
// How an LMDB environment is made and opened, and what LMDB answers as failures. For storage/lmdb_store.cpp alone.

#include <lmdb.h>

#include <memory>
#include <string>

#include "storage/lmdb_snapshot.h"

namespace gli::storage {

/// Throws unless `rc` is LMDB's success: "PATH: cannot DOING: reason".
void check_lmdb(int rc, const std::string& path, const char* doing);

struct opened_environment {
  MDB_env* environment = nullptr;
  uint32_t page_size = 0;
  std::unique_ptr<lmdb::file_map> map;  // of the data file
};
/// Opens the environment in directory `path`, which is made first when there is none. Looks at the meta pages; nothing else of the file was read.
opened_environment open_environment_in(const std::string& path);

}  // namespace gli::storage
