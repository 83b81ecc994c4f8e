#pragma once
// Paged columns as flat ones, row by row, and the order in which rows are shown.

#include "partitions/column_page.h"
#include "partitions/graph.h"

namespace gli {

constexpr column_type column_of(key_type t) { return t == key_type::utf8 ? column_type::utf8 : column_type::int64; }
/// Appends one row of a page (null where there is no page) to a column of type `to`: the page's own, number for numbers, or json, which takes every
/// type as its text.
void append_row(column_builder& out, column_type to, const page* from, uint32_t row);

/// The same rows as a page of a type that append_row takes them to; null stays null.
page_ptr converted_page(const page_ptr& from, column_type to);

uint64_t valid_rows(const paged_column& c);
const page* page_of_row(const paged_column& c, int32_t own);  // node columns; null: all null

/// Live own ids as insertion goes on: by sequence where there is one.
std::vector<int32_t> insertion_order(const graph& g);
bool ids_are_in_order(const graph& g);  // no sequence, or one that ascends with the ids
inline uint64_t place_of(const graph& g, int32_t own) { return g->sequence.empty() ? uint64_t(own) : g->sequence[size_t(own)]; }

void append_key(column_builder& out, const key& k);
bool key_precedes(const graph& g, int32_t a, int32_t b);  // of endpoints, see endpoint_key
void append_endpoint(column_builder& out, const graph& g, int32_t v);  // own or mirror, see endpoint_key

/// Row of an edge within its out-page's columns.
inline uint32_t edge_row(const graph& g, int32_t source, uint32_t slot) {
  return g->out.directory[size_t(source) >> vertices_per_page_bits]->off[source & (vertices_per_page - 1)] + slot;
}

}  // namespace gli
