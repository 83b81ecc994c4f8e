#include "storage/lmdb_space.h"

#include <cstring>

namespace gli::storage {

/// Table 0 is LMDB's free list: values begin with how many pages they name.
int lmdb_space(MDB_env* environment, MDB_txn* transaction, space_usage& usage) {
  constexpr MDB_dbi free_list = 0;
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(environment, &info);
  mdb_env_stat(environment, &stat);
  uint64_t free_pages = 0;
  MDB_cursor* cursor = nullptr;
  if (auto rc = mdb_cursor_open(transaction, free_list, &cursor)) return rc;
  MDB_val key, value;
  int rc;
  while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
    size_t count = 0;
    std::memcpy(&count, value.mv_data, sizeof count);
    free_pages += count;
  }
  mdb_cursor_close(cursor);
  usage = {(uint64_t{info.me_last_pgno} + 1) * stat.ms_psize, free_pages * stat.ms_psize};
  return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

}  // namespace gli::storage
