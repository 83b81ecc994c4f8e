#pragma once
// Bundles: history as one file, to carry from store to store. storage/FORMAT.md, "Bundles".

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/hash.h"

namespace gli::storage {

struct bundle_ref {
  std::string name;
  bool is_tag = false;
  hash128 commit;
  std::string description;
};

struct bundle_options {
  std::vector<std::string> names;  // branches and tags; empty: all
  std::vector<hash128> have;       // commits that the other side has, with their ancestors; those that this store lacks are no matter
};

/// What a bundle holds. bytes: of pages.
struct bundle_report {
  std::vector<bundle_ref> refs;
  std::vector<hash128> needs;  // commits that a store must have before it
  uint64_t commits = 0, patches = 0, pages = 0, bytes = 0;
};

struct unbundle_options {
  bool force = false;  // branches and tags that are elsewhere move
  std::string prefix;  // before each name
};

enum class ref_change { unchanged, created, forward, ahead, forced };  // ahead: the store has the bundle's commit and more; it stays
struct unbundled_ref {
  std::string name;
  bool is_tag = false;
  ref_change change = ref_change::unchanged;
  hash128 commit;
};
struct unbundle_report {
  std::vector<unbundled_ref> refs;
  uint64_t commits = 0, pages = 0, bytes = 0;  // that were not there before
};

}  // namespace gli::storage
