#pragma once
// Roots and trees of pages for tests, and a slow walk over them.

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <set>

#include "storage/page_rows.h"
#include "storage/page_walk.h"
#include "tests/storage/scratch.h"

namespace gli::storage::testing {

constexpr std::string_view root_letters = "ROOT";

/// A test's root: the letters, a number, then each tree's leaves (u64) and top.
inline std::optional<std::vector<page_tree>> test_root_trees(bytes_view page) {
  if (!as_text(page).starts_with(root_letters)) return {};
  std::vector<page_tree> trees((page.size() - 8) / sizeof(page_tree));
  if (page.size() != 8 + trees.size() * sizeof(page_tree)) throw failure{errc::corrupt, "a root of an odd size"};
  std::memcpy(static_cast<void*>(trees.data()), page.data() + 8, page.size() - 8);
  return trees;
}
inline const root_format test_format = test_root_trees;

using put_page = std::function<hash128(const byte_buffer&)>;

inline hash128 put_node(const std::vector<hash128>& children, const put_page& put) {
  byte_buffer node(tree_node_header + children.size() * sizeof(hash128));
  uint32_t head[] = {tree_node_magic, uint32_t(children.size())};
  std::memcpy(node.data(), head, sizeof head);
  std::memcpy(node.data() + tree_node_header, children.data(), children.size() * sizeof(hash128));
  return put(node);
}

/// Every other one has room to be packed.
inline byte_buffer leaf_page(int leaf) {
  auto page = noise(20 + size_t(leaf) % 7 * 1000, uint64_t(leaf));
  if (leaf % 2) std::fill(page.begin() + 20, page.end(), uint8_t(leaf));
  return page;
}

/// Leaf i holds leaves[i]; -1: is missing.
inline page_tree put_tree(const std::vector<int>& leaves, const put_page& put) {
  std::vector<hash128> level;
  for (auto leaf : leaves) level.push_back(leaf < 0 ? hash128{} : put(leaf_page(leaf)));
  do {
    std::vector<hash128> next;
    for (size_t i = 0; i < level.size(); i += tree_fanout)
      next.push_back(put_node({level.begin() + ptrdiff_t(i), level.begin() + ptrdiff_t(std::min(level.size(), i + tree_fanout))}, put));
    level = std::move(next);
  } while (level.size() > 1);
  return {leaves.size(), level[0]};
}

inline hash128 put_root(uint32_t number, const std::vector<std::vector<int>>& trees, const put_page& put) {
  byte_buffer root(root_letters.begin(), root_letters.end());
  root.resize(8);
  std::memcpy(root.data() + 4, &number, 4);
  for (auto& leaves : trees) {
    auto tree = put_tree(leaves, put);
    auto at = root.size();
    root.resize(at + sizeof tree);
    std::memcpy(root.data() + at, &tree, sizeof tree);
  }
  return put(root);
}

inline put_page into(content_pool::batch& batch) {
  return [&batch](const byte_buffer& page) {
    auto h = content_hash(page);
    if (!batch.has(h)) batch.put(h, page);
    return h;
  };
}

/// A commit on top of the branch with a root in each partition: leaves [first, first + count) of each.
inline commit_record commit_leaves(graph_store& s, const std::string& message, int first, int count, const std::string& branch = "main", uint32_t partitions = 1) {
  commit_record c;
  c.message = message;
  c.graph_id = content_hash(as_bytes(message));
  std::vector<int> leaves(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) leaves[size_t(i)] = first + i;
  for (uint32_t p = 0; p < partitions; ++p)
    s.pool(p).store([&](auto& batch) {
      c.roots.resize(p);
      c.roots.push_back(put_root(uint32_t(first), {leaves, {first, -1}}, into(batch)));
      return std::vector{c.roots[p]};
    });
  auto head = s.head(branch);
  if (head) c.parents = {*head};
  return s.publish(c, branch, head);
}

using hashes = std::set<hash128>;

inline hashes pages_in(content_pool& pool) {
  hashes all;
  for_each_page(*pool.environment().read(), "", [&](auto& page) { all.insert(page.hash); });
  return all;
}

/// What a page leads to, by looking at every page's letters: none of a test's leaves begins like a node or a root.
inline void add_reached(content_pool& pool, const hash128& h, hashes& to) {
  if (h == hash128{} || !to.insert(h).second) return;
  auto page = pool.get(h);
  for (auto& child : possible_children(page, test_format)) add_reached(pool, child, to);
}

/// Whatever is there has all its pages.
inline void expect_closed(content_pool& pool) {
  auto all = pages_in(pool);
  for (auto& h : all)
    for (auto& child : possible_children(pool.get(h), test_format)) ASSERT_TRUE(child == hash128{} || all.contains(child)) << to_hex(h);
}

}  // namespace gli::storage::testing
