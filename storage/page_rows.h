#pragma once
// Pages in an environment: as they are, or packed. Every look at them goes through here. storage/FORMAT.md, "Tables". For storage/ alone.

#include <functional>
#include <optional>
#include <string>

#include "runtime/hash.h"
#include "storage/ordered_store.h"

namespace gli::storage {

/// A page as it lies there; the view is the transaction's.
struct stored_page {
  hash128 hash;
  bytes_view row;
  bool is_packed = false;

  /// Not yet compared with the hash. failure{corrupt}, which begins with `where` and the page, for a packed row that does not hold.
  byte_buffer bytes(const std::string& where) const;
  byte_buffer bytes_or_none() const;  // none where bytes() fails
  uint64_t size() const;              // of bytes(), as the row says
};

std::optional<stored_page> find_page(reader& pages, const hash128& h);
inline bool has_page(reader& pages, const hash128& h) { return find_page(pages, h).has_value(); }

/// All of them. failure{corrupt} for a key that is no hash, which `bad_key` is told of instead if it is given.
void for_each_page(reader& pages, const std::string& where, const std::function<void(const stored_page&)>& visit,
                   const std::function<void(bytes_view key)>& bad_key = {});

/// Says whether it wrote: what is there and sound stays as it is, what is there and damaged is written anew.
bool write_page(writer& pages, const hash128& h, bytes_view bytes);
void erase_page(writer& pages, const hash128& h);

/// What lies in the table of packed pages for this one; nothing where it is not worth it.
std::optional<byte_buffer> packed_row(bytes_view page);

}  // namespace gli::storage
