// Bundles as they come from elsewhere: failure, and a store that is as it was; or a store in which verify() finds nothing. Most inputs get right hashes,
// checksums and commit ids after they were changed, so that what is behind these is met too.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "partitions/root_trees.h"
#include "runtime/error.h"
#include "storage/bundle_file.h"
#include "storage/keys.h"
#include "storage/states.h"
#include "tests/fuzz/memory_file.h"

namespace {

using namespace gli;
using namespace gli::storage;

constexpr size_t head_bytes = 16, name_bytes = 16, record_head = 16, sha_bytes = 32;

template <class T>
T load(const uint8_t* p) {
  T x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

struct item {
  item_kind kind;
  uint8_t *name, *content;  // name: null where it has none
  size_t bytes;

  bytes_view view() const { return {content, bytes}; }
};

bool has_name(item_kind kind) { return kind == item_kind::page || kind == item_kind::commit || kind == item_kind::patch; }

/// The items as far as their lengths fit.
std::vector<item> items_of(uint8_t* data, size_t size) {
  std::vector<item> all;
  for (size_t at = 0; size - at >= head_bytes;) {
    auto kind = item_kind(load<uint32_t>(data + at));
    auto length = load<uint64_t>(data + at + 8);
    at += head_bytes;
    if (length > size - at || (has_name(kind) && length < name_bytes)) break;
    auto named = has_name(kind) ? name_bytes : 0;
    all.push_back({kind, named ? data + at : nullptr, data + at + named, length - named});
    at += length;
  }
  return all;
}

/// Where the time of a commit's record ends, from its content's begin.
std::optional<size_t> end_of_identity(bytes_view content) {
  size_t at = 16;
  auto skip = [&](size_t each) {
    if (content.size() < at + 4) return false;
    at += 4 + size_t{load<uint32_t>(content.data() + at)} * each;
    return at <= content.size();
  };
  if (!skip(16) || !skip(1) || !skip(1)) return {};
  at += 8;
  return at <= content.size() ? std::optional{at} : std::nullopt;
}

std::optional<hash_key> id_of(const item& commit) {
  if (commit.bytes < record_head) return {};
  auto end = end_of_identity(commit.view().subspan(record_head));
  if (!end) return {};
  constexpr std::string_view mark = "GLI commit 1";
  byte_buffer identity(4);
  identity[0] = mark.size();
  identity.insert(identity.end(), mark.begin(), mark.end());
  identity.insert(identity.end(), commit.content + record_head, commit.content + record_head + *end);
  return key_of(content_hash(identity));
}

/// What names of pages and commits came to be.
class renaming {
 public:
  void rename(const item& of, const hash_key& name) {
    hash_key old;
    std::copy_n(of.name, name_bytes, old.begin());
    if (old != name) names_.emplace_back(old, name);
    std::ranges::copy(name, of.name);
  }
  void apply(uint8_t* bytes, size_t size) const {
    for (auto& [old, name] : names_)
      for (auto at = bytes; (at = std::search(at, bytes + size, old.begin(), old.end())) != bytes + size; at += name_bytes) std::ranges::copy(name, at);
  }

 private:
  std::vector<std::pair<hash_key, hash_key>> names_;
};

void seal_record(const item& i) {
  if (i.bytes < record_head + name_bytes) return;
  auto length = uint64_t(i.bytes - record_head - name_bytes);
  std::memcpy(i.content + 8, &length, sizeof length);
  std::ranges::copy(key_of(content_hash(i.view().first(i.bytes - name_bytes))), i.content + i.bytes - name_bytes);
}

/// Each after what it names; the header, which names commits, when these are known.
void seal(uint8_t* data, size_t size) {
  auto items = items_of(data, size);
  renaming names;
  for (auto& i : items) {
    if (i.kind == item_kind::header || i.kind == item_kind::end) continue;
    names.apply(i.content, i.bytes);
    if (i.kind == item_kind::page) names.rename(i, key_of(content_hash(i.view())));
    if (i.kind == item_kind::patch) names.apply(i.name, name_bytes);
    if (auto id = i.kind == item_kind::commit ? id_of(i) : std::nullopt) names.rename(i, *id);
    if (i.kind != item_kind::page) seal_record(i);
  }
  for (auto& i : items) {
    if (i.kind == item_kind::header) names.apply(i.content, i.bytes), seal_record(i);
    if (i.kind != item_kind::end || i.bytes != sha_bytes) continue;
    sha256 hash;
    hash.add({data, size_t(i.content - data)});
    std::ranges::copy(hash.finish(), i.content);
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  if (seed % 8) seal(data, size);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gli::fuzz::memory_file file{{reinterpret_cast<const char*>(data), size}};
  auto store = graph_store::in_memory();
  auto taken = true;
  try {
    store->unbundle(file.path(), {}, root_trees);
  } catch (const failure& f) {
    if (!*f.what() || f.code() == errc::internal || f.code() == errc::io) std::abort();
    taken = false;
  }
  if (!store->verify(root_trees).empty()) std::abort();
  if (!taken && !store->commits().empty()) std::abort();
  for (auto& c : store->commits())
    for (uint32_t p = 0; p < c.roots.size(); ++p) store->pool(p).get(c.roots[p]);
  return 0;
}
