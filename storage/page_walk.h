#pragma once
// Which pages a root leads to: trees of pages by their nodes (docs/graph-format.md, "Trees"), roots by a function of whoever writes them.

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/hash.h"
#include "storage/ordered_store.h"
#include "storage/page_rows.h"

namespace gli::storage {

constexpr uint32_t tree_node_magic = 0x314e5447;  // "GTN1"
constexpr size_t tree_fanout = 64, tree_node_header = 8;

/// A tree as a root page names it: so many leaves below `top`; zero: none of them is there.
struct page_tree { uint64_t leaves = 0; hash128 top; };
/// The trees that a root page names; nothing for a page that is no root. failure{corrupt} for a root that does not hold.
using root_format = std::function<std::optional<std::vector<page_tree>>(bytes_view page)>;

using page_set = std::unordered_set<hash128, hash128_hasher>;

/// The children that a page would have as a tree's node or as a root, whatever it is; none where it is neither. Trusts nothing, throws nothing.
std::vector<hash128> possible_children(bytes_view page, const root_format& roots);

/// Marks what roots lead to in one environment. Reads and rehashes roots and nodes, and looks that leaves are there: failure{corrupt} names the
/// page that is missing or does not hold. For one thread.
class page_walk {
 public:
  /// `where` names the environment in messages.
  page_walk(std::string where, const root_format& roots) : where_{std::move(where)}, roots_{roots} {}
  /// Calls this for each page that is marked from now on, children before what names them.
  void on_mark(std::function<void(const hash128&)> found) { found_ = std::move(found); }
  /// What was marked already is not walked again. Returns the bytes of all pages below the root and of itself, each as often as it is named.
  uint64_t mark(reader& pages, const hash128& root);
  const page_set& marked() const { return marked_; }

 private:
  static constexpr size_t root_level = 12, most_levels = 13;  // 0: leaves; 1 to 11: nodes by their height

  stored_page find(reader& pages, const hash128& h) const;
  byte_buffer get(reader& pages, const hash128& h) const;
  std::vector<page_tree> trees_of(const hash128& root, bytes_view page) const;
  uint64_t mark_tree(reader& pages, const page_tree& tree);
  uint64_t mark_node(reader& pages, const hash128& h, size_t level, uint64_t span, uint64_t leaves);
  uint64_t mark_leaf(reader& pages, const hash128& h);
  void note(const hash128& h);
  [[noreturn]] void fail(const hash128& h, const std::string& reason) const;

  std::string where_;
  const root_format& roots_;
  std::function<void(const hash128&)> found_;
  page_set marked_;
  std::array<std::unordered_map<hash128, uint64_t, hash128_hasher>, most_levels> bytes_below_;  // of roots and nodes that were walked
};

}  // namespace gli::storage
