#include "storage/page_walk.h"

#include <algorithm>
#include <cstring>

#include "runtime/error.h"
#include "storage/keys.h"

namespace gli::storage {
namespace {

constexpr uint64_t most_leaves = uint64_t{1} << 60;
const hash128 no_page{};

struct node_head { uint32_t magic = 0, count = 0; };

node_head head_of(bytes_view page) {
  node_head head;
  if (page.size() >= sizeof head) std::memcpy(&head, page.data(), sizeof head);
  return head;
}

bool is_node(bytes_view page) {
  auto head = head_of(page);
  return head.magic == tree_node_magic && head.count >= 1 && head.count <= tree_fanout &&
         page.size() == tree_node_header + head.count * sizeof(hash128);
}

/// In order; zero where a child is missing.
std::vector<hash128> children_of_node(bytes_view node) {
  std::vector<hash128> children(head_of(node).count);
  std::memcpy(static_cast<void*>(children.data()), node.data() + tree_node_header, children.size() * sizeof(hash128));
  return children;
}

}  // namespace

std::vector<hash128> possible_children(bytes_view page, const root_format& roots) {
  if (is_node(page)) return children_of_node(page);
  std::vector<hash128> tops;
  try {
    if (auto trees = roots(page))
      for (auto& tree : *trees) tops.push_back(tree.top);
  } catch (const failure&) {
    return {};
  }
  return tops;
}

void page_walk::fail(const hash128& h, const std::string& reason) const {
  throw failure{errc::corrupt, where_ + ": page " + to_hex(h) + " " + reason};
}

stored_page page_walk::find(reader& pages, const hash128& h) const {
  auto stored = find_page(pages, h);
  if (!stored) fail(h, "is missing");
  return *stored;
}

byte_buffer page_walk::get(reader& pages, const hash128& h) const {
  auto bytes = find(pages, h).bytes(where_);
  if (content_hash(bytes) != h) fail(h, "does not match its hash");
  return bytes;
}

void page_walk::note(const hash128& h) {
  if (marked_.insert(h).second && found_) found_(h);
}

std::vector<page_tree> page_walk::trees_of(const hash128& root, bytes_view page) const {
  std::optional<std::vector<page_tree>> trees;
  try {
    trees = roots_(page);
  } catch (const failure& f) {
    fail(root, std::string{"does not hold: "} + f.what());
  }
  if (!trees) fail(root, "is not the root of a graph or of a result");
  return std::move(*trees);
}

uint64_t page_walk::mark(reader& pages, const hash128& root) {
  auto& known = bytes_below_[root_level];
  if (auto at = known.find(root); at != known.end()) return at->second;
  auto page = get(pages, root);
  uint64_t bytes = page.size();
  for (auto& tree : trees_of(root, page)) bytes += mark_tree(pages, tree);
  note(root);
  return known[root] = bytes;
}

uint64_t page_walk::mark_tree(reader& pages, const page_tree& tree) {
  if (tree.top == no_page) return 0;
  if (tree.leaves == 0 || tree.leaves > most_leaves) fail(tree.top, "is the top of a tree of " + std::to_string(tree.leaves) + " leaves");
  uint64_t span = 1;
  size_t level = 1;
  for (; span < (tree.leaves + tree_fanout - 1) / tree_fanout; ++level) span *= tree_fanout;
  return mark_node(pages, tree.top, level, span, tree.leaves);
}

/// `span`: the leaves below each child, but for the last.
uint64_t page_walk::mark_node(reader& pages, const hash128& h, size_t level, uint64_t span, uint64_t leaves) {
  auto& known = bytes_below_[level];
  if (auto at = known.find(h); at != known.end()) return at->second;
  auto page = get(pages, h);
  if (!is_node(page)) fail(h, "is not a tree's node");
  auto children = children_of_node(page);
  if (children.size() != (leaves + span - 1) / span) fail(h, "names " + std::to_string(children.size()) + " pages for " + std::to_string(leaves) + " leaves");
  uint64_t bytes = page.size();
  for (auto& child : children) {
    auto below = std::min(span, leaves);
    if (child != no_page) bytes += level == 1 ? mark_leaf(pages, child) : mark_node(pages, child, level - 1, span / tree_fanout, below);
    leaves -= below;
  }
  note(h);
  return known[h] = bytes;
}

uint64_t page_walk::mark_leaf(reader& pages, const hash128& h) {
  auto bytes = find(pages, h).size();
  note(h);
  return bytes;
}

}  // namespace gli::storage
