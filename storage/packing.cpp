#include "storage/packing.h"

#include <algorithm>
#include <vector>

#include "runtime/error.h"
#include "storage/keys.h"
#include "storage/manifest.h"
#include "storage/page_rows.h"
#include "storage/records.h"

namespace gli::storage {
namespace {

/// One pass over both tables of pages, each of which is written in the order of its keys. What is in both of them is in the first one only.
class page_packer {
 public:
  page_packer(reader& from, const row_sink& put) : from_{from}, put_{put} {
    from_.scan(table::packed, {}, [&](bytes_view key, bytes_view) { return there_.emplace_back(key.begin(), key.end()), true; });
  }
  /// Says whether it packed any.
  bool run() {
    from_.scan(table::pages, {}, [&](bytes_view key, bytes_view page) {
      auto packed = is_sound(key, page) ? packed_row(page) : std::nullopt;
      if (!packed) return put_(table::pages, key, page), true;
      put_below(key);
      put_(table::packed, key, *packed);
      any_ = true;
      return true;
    });
    put_below({});
    return any_;
  }

 private:
  static bool is_sound(bytes_view key, bytes_view page) { return key.size() == sizeof(hash_key) && content_hash(page) == hash_of(key); }
  void put_below(bytes_view key) {  // empty: all that are left
    for (; next_ < there_.size() && (key.empty() || std::ranges::lexicographical_compare(there_[next_], key)); ++next_)
      put_(table::packed, there_[next_], *from_.get(table::packed, there_[next_]));
  }

  reader& from_;
  const row_sink& put_;
  std::vector<byte_buffer> there_;  // keys of pages that are packed already
  size_t next_ = 0;
  bool any_ = false;
};

std::optional<byte_buffer> smaller_patch(bytes_view key, bytes_view row) {
  if (key.size() != sizeof(hash_key)) return {};
  try {
    return encode_packed(decode_patch(row, hash_of(key)));
  } catch (const failure& f) {
    if (f.code() != errc::corrupt) throw;
    return {};
  }
}

/// Says whether it packed any.
bool put_patches(reader& from, const row_sink& put) {
  auto any = false;
  from.scan(table::patches, {}, [&](bytes_view key, bytes_view row) {
    auto smaller = smaller_patch(key, row);
    put(table::patches, key, smaller ? bytes_view{*smaller} : row);
    any = any || smaller;
    return true;
  });
  return any;
}

/// The environment's own row, in `gli` with others.
void put_about(reader& from, const row_sink& put, bool packed) {
  from.scan(table::about, {}, [&](bytes_view key, bytes_view row) {
    if (!packed || as_text(key) != format_key) return put(table::about, key, row), true;
    auto format = decode_format(row, "a compaction");
    format.version = std::max(format.version, packing_version);
    return put(table::about, key, encode(format)), true;
  });
}

}  // namespace

void put_packed_rows(reader& from, const row_sink& put) {
  auto packed = page_packer{from, put}.run();
  packed = put_patches(from, put) || packed;
  for (auto& name : from.tables())
    if (name != table::pages && name != table::packed && name != table::patches && name != table::about)
      from.scan(name, {}, [&](bytes_view key, bytes_view row) { return put(name, key, row), true; });
  put_about(from, put, packed);
}

}  // namespace gli::storage
