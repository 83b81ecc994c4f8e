#pragma once
// What a compaction writes in the place of an environment's rows. storage/FORMAT.md, "Compaction".

#include "storage/ordered_store.h"

namespace gli::storage {

/// All rows, but pages and patches packed where that makes them smaller, and then with a format version that programs which cannot read them refuse. A page
/// or patch that is damaged stays as it is. For ordered_store::compact.
void put_packed_rows(reader& from, const row_sink& put);

}  // namespace gli::storage
