#include "partitions/page_tree.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstring>

#include "partitions/parallel.h"
#include "runtime/error.h"
#include "storage/page_walk.h"

namespace gli {

namespace {

using storage::tree_node_magic;
constexpr auto fanout = storage::tree_fanout, node_header = storage::tree_node_header;

bool missing(const hash128& h) { return h == hash128{}; }

byte_buffer node_bytes(std::span<const hash128> children) {
  byte_buffer bytes(node_header + children.size_bytes());
  auto count = uint32_t(children.size());
  std::memcpy(bytes.data(), &tree_node_magic, 4);
  std::memcpy(bytes.data() + 4, &count, 4);
  std::memcpy(bytes.data() + node_header, children.data(), children.size_bytes());
  return bytes;
}

std::span<const hash128> children_of(const std::vector<hash128>& level, size_t index) {
  auto begin = index * fanout;
  return std::span{level}.subspan(begin, std::min(fanout, level.size() - begin));
}

hash128 node_hash_of(std::span<const hash128> children) {
  return std::all_of(children.begin(), children.end(), missing) ? hash128{} : content_hash(node_bytes(children));
}

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "stored graph: " + what}; }

std::vector<hash128> read_node(const byte_buffer& bytes, uint64_t expected) {
  uint32_t head[2] = {};
  if (bytes.size() != node_header + expected * sizeof(hash128)) damaged("a tree node of " + std::to_string(bytes.size()) + " bytes");
  std::memcpy(head, bytes.data(), sizeof head);
  if (head[0] != tree_node_magic || head[1] != expected) damaged("a tree node with a wrong header");
  std::vector<hash128> children(expected);
  std::memcpy(static_cast<void*>(children.data()), bytes.data() + node_header, expected * sizeof(hash128));
  return children;
}

}  // namespace

hash128 tree_writer::put_page(std::span<const uint8_t> bytes) {
  auto h = content_hash(bytes);
  if (!has_(h)) put_(h, bytes);
  return h;
}

/// What is there already has all its pages: they are written before what names them.
void tree_writer::put_subtree(const levels& all, size_t level, size_t index, const std::function<std::span<const uint8_t>(size_t)>& leaf) {
  auto& h = all[level][index];
  if (missing(h) || has_(h)) return;
  if (level == 0) return put_(h, leaf(index));
  auto children = children_of(all[level - 1], index);
  for (size_t i = 0; i < children.size(); ++i) put_subtree(all, level - 1, index * fanout + i, leaf);
  put_(h, node_bytes(children));
}

tree_ref tree_writer::put_tree(std::vector<hash128> leaves, const std::function<std::span<const uint8_t>(size_t)>& leaf) {
  if (leaves.empty()) return {};
  tree_ref tree{leaves.size(), {}};
  levels all{std::move(leaves)};
  do {
    std::vector<hash128> next((all.back().size() + fanout - 1) / fanout);
    for (size_t i = 0; i < next.size(); ++i) next[i] = node_hash_of(children_of(all.back(), i));
    all.push_back(std::move(next));
  } while (all.back().size() > 1);
  tree.root = all.back()[0];
  put_subtree(all, all.size() - 1, 0, leaf);
  return tree;
}

tree_ref tree_writer::put_pages(std::span<const page_ptr> pages) {
  std::vector<hash128> leaves(pages.size());
  tbb::parallel_for(size_t{0}, pages.size(), [&](size_t i) { if (pages[i]) leaves[i] = pages[i]->hash(); });
  return put_tree(std::move(leaves), [&](size_t i) { return pages[i]->bytes(); });
}

tree_ref tree_writer::put_blob(std::span<const uint8_t> bytes) {
  auto leaf = [&](size_t i) { return bytes.subspan(i * blob_bytes, std::min(blob_bytes, bytes.size() - i * blob_bytes)); };
  std::vector<hash128> leaves((bytes.size() + blob_bytes - 1) / blob_bytes);
  tbb::parallel_for(size_t{0}, leaves.size(), [&](size_t i) { leaves[i] = content_hash(leaf(i)); });
  return put_tree(std::move(leaves), leaf);
}

byte_buffer tree_reader::get(const hash128& h) const {
  byte_buffer page;
  get_(h, [&](size_t bytes) {
    page.resize(bytes);
    return page.data();
  });
  return page;
}

void tree_reader::collect(const hash128& h, uint64_t leaves, uint64_t span, std::vector<hash128>& to) const {
  if (missing(h)) {
    to.resize(to.size() + leaves);
    return;
  }
  for (auto& child : read_node(get(h), (leaves + span - 1) / span)) {
    auto below = std::min(span, leaves);
    if (span == 1) to.push_back(child);
    else collect(child, below, span / fanout, to);
    leaves -= below;
  }
}

std::vector<hash128> tree_reader::leaves(const tree_ref& tree, uint64_t expected) const {
  if (tree.leaves != expected) damaged("a tree of " + std::to_string(tree.leaves) + " leaves, not " + std::to_string(expected));
  std::vector<hash128> all;
  if (expected == 0) return all;
  uint64_t span = 1;
  while (span * fanout < expected) span *= fanout;
  collect(tree.root, expected, span, all);
  return all;
}

/// Each page is copied, rehashed and checked while it is in the caches of one core.
std::vector<page_ptr> tree_reader::pages(const tree_ref& tree, uint64_t expected, const page_check& check) const {
  auto hashes = leaves(tree, expected);
  std::vector<page_ptr> pages(hashes.size());
  auto read = [&](size_t i) {
    std::shared_ptr<page> made;
    get_(hashes[i], [&](size_t bytes) {
      made = std::make_shared<page>(bytes, page::unwritten{});
      return made->data();
    });
    check(*made, i);
    pages[i] = std::move(made);
  };
  parallel_ranges(int64_t(hashes.size()), 4, [&](int64_t begin, int64_t end) {
    for (auto i = size_t(begin); i < size_t(end); ++i)
      if (!missing(hashes[i])) read(i);
  });
  return pages;
}

byte_buffer tree_reader::blob(const tree_ref& tree, uint64_t bytes) const {
  byte_buffer all;
  for (auto& h : leaves(tree, (bytes + blob_bytes - 1) / blob_bytes)) {
    if (missing(h)) damaged("a part of an array is missing");
    auto part = get(h);
    if (part.size() != std::min<uint64_t>(blob_bytes, bytes - all.size())) damaged("a part of an array of " + std::to_string(part.size()) + " bytes");
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace gli
