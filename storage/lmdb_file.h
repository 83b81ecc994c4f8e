#pragma once
// Looks at an LMDB data file from outside, by reading and never by mapping it, so that damage is an error and not a signal.
//
// LMDB trusts its pages: a short file ends in SIGBUS, a flipped offset anywhere. What is checked here is what LMDB follows: both
// meta pages, every branch and leaf page of every tree and of the free list, and that what they point to lies within the file and
// belongs to one owner.

#include <string>

namespace gli::storage {

std::string data_file(const std::string& directory);

/// The meta pages; returns the size of a page. Throws failure{corrupt} naming the file when it is not an LMDB file of this version or was cut off.
uint32_t check_meta_pages(const std::string& file);

enum class check_depth {
  trees,          // each page that is needed to find a value
  value_headers,  // and the first page of each large value
};
/// Throws failure{corrupt} naming file and page. The caller holds a transaction, so that what is walked is not reused meanwhile.
void check_structure(const std::string& file, check_depth depth);

}  // namespace gli::storage
