#pragma once
// The manifest's records as bytes and back. storage/FORMAT.md says every byte. Decoding trusts nothing: it throws failure{corrupt}
// naming the record.

#include <optional>
#include <string>

#include "storage/keys.h"
#include "storage/states.h"

namespace gli::storage {

/// What an environment is and which version wrote it; its layout is the same in all versions.
struct format_record {
  uint32_t version = plain_version;
  std::string role;  // "manifest" or "pages"
};
struct branch_record {
  std::string name;  // as its key; so that neither is taken for another's
  std::optional<hash128> head;
  std::string description = {};
};
struct current_record { std::string branch; };
/// What leads from the graph of commit `base` to that of the commit whose id is the key.
struct patch_record { hash128 base; byte_buffer patch; };

byte_buffer encode(const format_record& r);
byte_buffer encode(const branch_record& r);
byte_buffer encode(const current_record& r);
byte_buffer encode(const commit_record& r);  // all but id, which is its key
byte_buffer encode(const patch_record& r);
std::optional<byte_buffer> encode_packed(const patch_record& r);  // smaller; nothing where it is not
byte_buffer encode(const kept_result& r);
byte_buffer encode(const reflog_entry& r);

/// `where` names the environment in messages.
format_record decode_format(bytes_view record, const std::string& where);
/// The name or sequence in the record is compared with the one given, its key.
branch_record decode_branch(bytes_view record, const std::string& name);
current_record decode_current(bytes_view record);
/// The id computed from the content is compared with `id`.
commit_record decode_commit(bytes_view record, const hash128& id);
patch_record decode_patch(bytes_view record, const hash128& commit);
/// The key computed from the content is compared with `key`.
kept_result decode_result(bytes_view record, bytes_view key);
reflog_entry decode_reflog(bytes_view record, uint64_t sequence);

/// The key of a result: graph_id, then the hash of what was asked.
using result_key = std::array<uint8_t, 32>;
result_key key_of(const hash128& graph_id, const result_info& info);

/// XXH3-128 of graph_id, parents, message, author and time: the same commit however its graph is partitioned.
hash128 commit_id(const commit_record& r);

}  // namespace gli::storage
