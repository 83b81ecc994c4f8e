#include "partitions/values.h"

#include <tbb/parallel_sort.h>

#include <algorithm>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/parallel.h"
#include "partitions/root_page.h"
#include "runtime/error.h"

namespace gli {

namespace {

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "stored result: " + what}; }

uint32_t rows_in_page(int64_t rows, size_t p) { return uint32_t(std::min<int64_t>(rows_per_page, rows - int64_t(p) * rows_per_page)); }
size_t pages_of_rows(int64_t rows) { return size_t(rows + rows_per_page - 1) >> rows_per_page_bits; }

/// Pages of `size` rows, where row i is row_of(i) of `data`; -1: null. One thread a page.
template <class RowOf>
std::vector<page_ptr> pages_of(const column& data, int64_t size, const RowOf& row_of) {
  std::vector<page_ptr> pages(pages_of_rows(size));
  parallel_ranges(int64_t(pages.size()), 1, [&](int64_t begin, int64_t end) {
    std::vector<int64_t> rows;
    for (auto p = size_t(begin); p < size_t(end); ++p) {
      auto first = int64_t(p) * rows_per_page;
      rows.clear();
      for (int64_t i = first; i < first + rows_in_page(size, p); ++i) rows.push_back(row_of(int32_t(i)));
      auto made = make_column_page(data, std::span<const int64_t>{rows});
      if (column_page_view{*made}.nulls() < rows.size()) pages[p] = std::move(made);
    }
  });
  return pages;
}

/// Live nodes by key hash: an order that all versions, copies and partitionings of a graph share.
std::vector<int32_t> by_hash(const graph& g) {
  struct entry { hash128 hash; int32_t node; };
  std::vector<entry> nodes;
  nodes.reserve(g->nodes);
  for (int32_t v = 0; v < g->size; ++v)
    if (g->live(v)) nodes.push_back({g->keys->hash_of(v), v});
  tbb::parallel_sort(nodes, [](const entry& a, const entry& b) { return a.hash < b.hash; });
  std::vector<int32_t> order(nodes.size());
  std::ranges::transform(nodes, order.begin(), &entry::node);
  return order;
}

/// Rows in the order of by_hash(of), as a column by id.
column by_id(const column& rows, const graph& of) {
  std::vector<int64_t> row_of(size_t(of->size), -1);
  int64_t row = 0;
  for (auto v : by_hash(of)) row_of[size_t(v)] = row++;
  column_builder out{"value", rows.type};
  out.reserve(of->size);
  for (auto r : row_of)
    if (r >= 0) out.append_from(rows, r);
    else out.append_null();
  return out.finish();
}

/// The row in `v` of a live node of `g`.
int64_t row_in(const node_values& v, const graph& g, int32_t node) {
  auto id = g->keys == v.of->keys ? std::optional{node} : v.of->keys->find(g->keys->hash_of(node));
  if (!id || *id >= v.of->size || !v.of->live(*id)) throw failure{errc::value, "the values are of other nodes: there is none for " + to_string(node_key(g, node))};
  return *id;
}

column read_column(tree_reader& trees, const tree_ref& tree, column_type type, int64_t rows) {
  column_builder out{"value", type};
  out.reserve(rows);
  auto pages = trees.pages(tree, pages_of_rows(rows));
  for (size_t p = 0; p < pages.size(); ++p) {
    auto count = rows_in_page(rows, p);
    if (!pages[p]) {
      for (uint32_t i = 0; i < count; ++i) out.append_null();
      continue;
    }
    check_column_page(pages[p]->bytes());
    column_page_view view{*pages[p]};
    if (view.type() != type || view.rows() != count) damaged("a page of " + std::to_string(view.rows()) + " rows of " + type_name(view.type()));
    append_page(out, *pages[p]);
  }
  return out.finish();
}

}  // namespace

hash128 write_values(const node_values& v, const std::function<bool(const hash128&)>& has,
                     const std::function<void(const hash128&, std::span<const uint8_t>)>& put) {
  tree_writer trees{has, put};
  root_writer root{values_root_magic, values_root_version};
  auto order = by_hash(v.of);
  root.put(static_cast<uint8_t>(v.data.type)).put(int64_t(order.size()));
  root.put_text(v.provenance.algorithm).put(v.provenance.version).put_parameters(v.provenance.arguments).put_parameters(v.summary);
  root.put_tree(trees.put_pages(pages_of(v.data, int64_t(order.size()), [&](int32_t i) { return int64_t{order[size_t(i)]}; })));
  return trees.put_page(root.bytes());
}

node_values read_values(const hash128& root, const graph& of, const std::function<byte_buffer(const hash128&)>& get) {
  auto bytes = get(root);
  root_reader in{bytes, values_root_magic, "a result", values_root_version};
  tree_reader trees{get};
  auto type = in.get_type();
  if (type > column_type::json) damaged(std::string{"values of type "} + type_name(type));
  auto rows = in.get<int64_t>();
  auto expected = in.version() == 1 ? int64_t{of->size} : int64_t(of->nodes);
  if (rows != expected) damaged(std::to_string(rows) + " values for a graph of " + std::to_string(expected) + " nodes");
  node_values v{of, {}, {}, {}};
  v.provenance.algorithm = in.get_text();
  v.provenance.version = in.get<uint32_t>();
  v.provenance.arguments = in.get_parameters();
  v.summary = in.get_parameters();
  v.data = read_column(trees, in.get_tree(), type, rows);
  if (in.version() > 1) v.data = by_id(v.data, of);
  in.expect_end();
  return v;
}

graph with_values(const graph& g, const std::string& name, const node_values& v) {
  if (g->kind.keys != v.of->kind.keys && g->nodes) throw failure{errc::value, "the values are of other nodes, whose keys are of another type"};
  auto pages = pages_of(v.data, g->size, [&](int32_t i) { return g->live(i) ? row_in(v, g, i) : -1; });
  if (g->nodes != v.of->nodes)
    throw failure{errc::value, "the values are of other nodes: " + std::to_string(v.of->nodes) + ", not " + std::to_string(g->nodes)};
  auto made = copy_body(g);
  auto column = std::find_if(made->node_columns.begin(), made->node_columns.end(), [&](auto& c) { return c.name == name; });
  if (column == made->node_columns.end()) column = made->node_columns.insert(column, {name, v.data.type, {}});
  column->type = v.data.type;
  column->pages = std::move(pages);
  return graph{std::move(made)};
}

node_values gather(std::span<const node_values> partitions, const graph& whole) {
  if (partitions.empty()) throw failure{errc::internal, "no partitions to gather values from"};
  struct place { const column* from = nullptr; int32_t row = 0; };
  std::vector<place> places(size_t(whole->size));
  for (auto& part : partitions) {
    if (part.data.type != partitions[0].data.type) damaged("partitions' values are of different types");
    for (int32_t v = 0; v < part.of->size; ++v) {
      if (!part.of->live(v)) continue;
      auto id = whole->keys->find(node_hash(part.of, v));
      if (id && *id < whole->size) places[size_t(*id)] = {&part.data, v};
    }
  }
  column_builder out{"value", partitions[0].data.type};
  out.reserve(whole->size);
  for (auto& p : places)
    if (p.from) out.append_from(*p.from, p.row);
    else out.append_null();
  return {whole, out.finish(), partitions[0].provenance, partitions[0].summary};
}

}  // namespace gli
