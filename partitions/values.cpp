#include "partitions/values.h"

#include <tbb/parallel_sort.h>

#include <algorithm>
#include <optional>

#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/ownership.h"
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

/// The row in `v` of a live node of `g`.
int64_t row_in(const node_values& v, const graph& g, int32_t node) {
  auto id = g->keys == v.of->keys ? std::optional{node} : v.of->keys->find(g->keys->hash_of(node));
  if (!id || *id >= v.of->size || !v.of->live(*id)) throw failure{errc::value, "the values are of other nodes: there is none for " + to_string(node_key(g, node))};
  return *id;
}

column read_column(const tree_reader& trees, const tree_ref& tree, column_type type, int64_t rows) {
  if (rows < 0) damaged(std::to_string(rows) + " values");
  column_builder out{"value", type};
  auto pages = trees.pages(tree, pages_of_rows(rows), [&](const page& p, size_t i) {
    check_column_page(p.bytes());
    column_page_view view{p};
    if (view.type() != type || view.rows() != rows_in_page(rows, i)) damaged("a page of " + std::to_string(view.rows()) + " rows of " + type_name(view.type()));
  });
  out.reserve(rows);
  for (size_t p = 0; p < pages.size(); ++p) {
    auto count = rows_in_page(rows, p);
    if (pages[p]) append_page(out, *pages[p]);
    else
      for (uint32_t i = 0; i < count; ++i) out.append_null();
  }
  return out.finish();
}

/// What one partition wrote: values by key hash.
struct values_part {
  column values;
  result_info provenance;
  parameters summary;
};

/// Values by id, as format version 1 has them, in the order of key hashes.
column in_hash_order(const column& values, const graph& of) {
  column_builder out{"value", values.type};
  out.reserve(int64_t(of->nodes));
  for (auto v : nodes_by_hash(of)) out.append_from(values, v);
  return out.finish();
}

values_part read_part(const stored_values& s) {
  tree_reader trees{s.get};
  auto bytes = trees.get(s.root);
  root_reader in{bytes, values_root_magic, "a result", values_root_version};
  values_part part;
  auto type = in.get_type();
  if (type > column_type::json) damaged(std::string{"values of type "} + type_name(type));
  auto rows = in.get<int64_t>();
  part.provenance.algorithm = in.get_text();
  part.provenance.version = in.get<uint32_t>();
  part.provenance.arguments = in.get_parameters();
  part.summary = in.get_parameters();
  part.values = read_column(trees, in.get_tree(), type, rows);
  in.expect_end();
  if (in.version() > 1) return part;
  auto of = s.part();
  if (rows != of->size) damaged(std::to_string(rows) + " values by id for a graph with " + std::to_string(of->size) + " ids");
  part.values = in_hash_order(part.values, of);
  return part;
}

/// With the values' pages in the order of key hashes.
hash128 write_rows(const node_values& v, int64_t rows, const std::vector<page_ptr>& pages, const page_has& has, const page_put& put) {
  tree_writer trees{has, put};
  root_writer root{values_root_magic, values_root_version};
  root.put(static_cast<uint8_t>(v.data.type)).put(rows);
  root.put_text(v.provenance.algorithm).put(v.provenance.version).put_parameters(v.provenance.arguments).put_parameters(v.summary);
  root.put_tree(trees.put_pages(pages));
  return trees.put_page(root.bytes());
}

}  // namespace

std::vector<int32_t> nodes_by_hash(const graph& g) {
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

column values_by_id(const column& rows, const graph& of) {
  std::vector<int64_t> row_of(size_t(of->size), -1);
  int64_t row = 0;
  for (auto v : nodes_by_hash(of)) row_of[size_t(v)] = row++;
  column_builder out{"value", rows.type};
  out.reserve(of->size);
  for (auto r : row_of)
    if (r >= 0) out.append_from(rows, r);
    else out.append_null();
  return out.finish();
}

hash128 write_values(const node_values& v, const page_has& has, const page_put& put) {
  auto order = nodes_by_hash(v.of);
  auto rows = int64_t(order.size());
  return write_rows(v, rows, pages_of(v.data, rows, [&](int32_t i) { return int64_t{order[size_t(i)]}; }), has, put);
}

hash128 write_values(const node_values& v, const column& rows, const page_has& has, const page_put& put) {
  return write_rows(v, rows.length, pages_of(rows, rows.length, [](int32_t i) { return int64_t{i}; }), has, put);
}

node_values read_value_rows(std::span<const stored_values> stored, const graph& of, int64_t before, int64_t count, uint64_t expected) {
  node_values v{of, {}, {}, {}};
  std::optional<column_builder> rows;
  int64_t begin = 0;  // of a part's rows among all
  for (auto& s : stored) {
    auto part = read_part(s);
    if (!rows) {
      v.provenance = std::move(part.provenance);
      v.summary = std::move(part.summary);
      v.data.type = part.values.type;
      rows.emplace("value", part.values.type);
    }
    if (part.values.type != v.data.type) damaged("partitions' values are of different types");
    auto end = begin + part.values.length;
    auto first = std::clamp(before, begin, end), last = std::clamp(before + count, begin, end);
    rows->append_rows(part.values, first - begin, last - begin);
    begin = end;
  }
  if (!rows || uint64_t(begin) != expected) damaged(std::to_string(begin) + " values for a graph of " + std::to_string(expected) + " nodes");
  v.data = rows->finish();
  return v;
}

node_values read_values(const hash128& root, const graph& of, const page_get& get) {
  auto v = read_value_rows(std::vector<stored_values>{{root, get, [&] { return of; }}}, of, 0, int64_t(of->nodes), of->nodes);
  v.data = values_by_id(v.data, of);
  return v;
}

node_values read_values(std::span<const stored_values> stored, const graph& of, int64_t before) {
  auto v = read_value_rows(stored, of, before, int64_t(of->nodes), of->total_nodes);
  v.data = values_by_id(v.data, of);
  return v;
}

graph with_values(const graph& g, const std::string& name, const node_values& v) {
  check_owned_alike(*g, *v.of);
  if (g->kind.keys != v.of->kind.keys && g->nodes) throw failure{errc::value, "the values are of other nodes, whose keys are of another type"};
  if (g->total_nodes < v.of->total_nodes)
    throw failure{errc::value, "the values are of other nodes: " + std::to_string(v.of->total_nodes) + ", not " + std::to_string(g->total_nodes)};
  auto pages = pages_of(v.data, g->size, [&](int32_t i) { return g->live(i) ? row_in(v, g, i) : -1; });
  auto made = copy_body(g);
  auto column = std::find_if(made->node_columns.begin(), made->node_columns.end(), [&](auto& c) { return c.name == name; });
  if (column == made->node_columns.end()) column = made->node_columns.insert(column, {name, v.data.type, {}});
  column->type = v.data.type;
  column->pages = std::move(pages);
  return graph{std::move(made)};
}

}  // namespace gli
