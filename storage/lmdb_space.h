#pragma once
// How much of an LMDB file is in use. For storage/lmdb_store.cpp.

#include <lmdb.h>

#include "storage/ordered_store.h"

namespace gli::storage {

/// As the transaction sees it. Returns LMDB's code.
int lmdb_space(MDB_env* environment, MDB_txn* transaction, space_usage& usage);

}  // namespace gli::storage
