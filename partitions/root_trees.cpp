#include "partitions/root_trees.h"

#include <cstring>

#include "partitions/root_page.h"

namespace gli {
namespace {

using trees = std::vector<storage::page_tree>;

void add_tree(root_reader& root, trees& all) {
  auto tree = root.get_tree();
  if (tree.leaves) all.push_back({tree.leaves, tree.root});
}

void add_columns(root_reader& root, trees& all) {
  for (auto count = root.get<uint32_t>(); count > 0; --count) {
    root.get_text();
    root.get_type();
    add_tree(root, all);
  }
}

void add_peers(root_reader& root, trees& all) {
  for (auto count = root.get<uint32_t>(); count > 0; --count)
    for (int list = 0; list < 2; ++list) {
      root.get<uint32_t>();
      add_tree(root, all);
    }
}

void add_owners(root_reader& root, trees& all) {
  root.get_text();
  for (int i = 0; i < 2; ++i) root.get<uint64_t>();  // identity
  root.get<uint32_t>();
  for (int list = 0; list < 2; ++list) add_tree(root, all);
}

/// In the order of docs/graph-format.md, "Root of a graph".
trees trees_of_graph(const byte_buffer& page) {
  trees all;
  root_reader root{page, graph_root_magic, "a graph", graph_root_version};
  root.get<uint32_t>();                             // directed, multi, types of keys
  for (int i = 0; i < 4; ++i) root.get<uint32_t>();  // partition, partitions, size, mirrors
  for (int i = 0; i < 5; ++i) root.get<uint64_t>();  // counts
  for (int i = 0; i < 7; ++i) add_tree(root, all);  // keys, sequence, removed, removed mirrors, mirrors, out, in
  if (root.get_flag()) add_tree(root, all);         // edge keys
  add_columns(root, all);
  add_columns(root, all);
  root.get_parameters();
  add_peers(root, all);
  if (root.version() > graph_owned_at_home) add_owners(root, all);
  root.expect_end();
  return all;
}

trees trees_of_values(const byte_buffer& page) {
  trees all;
  root_reader root{page, values_root_magic, "a result", values_root_version};
  root.get<uint8_t>();
  root.get<int64_t>();
  root.get_text();
  root.get<uint32_t>();
  root.get_parameters();
  root.get_parameters();
  add_tree(root, all);
  root.expect_end();
  return all;
}

}  // namespace

std::optional<trees> root_trees(std::span<const uint8_t> page) {
  uint32_t magic = 0;
  if (page.size() >= sizeof magic) std::memcpy(&magic, page.data(), sizeof magic);
  if (magic == graph_root_magic) return trees_of_graph({page.begin(), page.end()});
  if (magic == values_root_magic) return trees_of_values({page.begin(), page.end()});
  return {};
}

}  // namespace gli
