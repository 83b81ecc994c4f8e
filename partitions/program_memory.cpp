#include "partitions/program_memory.h"

#include <cstring>

#include "partitions/dictionary.h"
#include "runtime/json_text.h"

namespace gli {

namespace {

constexpr uint64_t alignment = 64;

std::string quoted(const std::string& text) { return json_text(value{text}); }

const char* numpy_type(column_type t) { return t == column_type::boolean ? "|b1" : t == column_type::int64 ? "<i8" : "<f8"; }
size_t width_of(column_type t) { return t == column_type::boolean ? 1 : 8; }
const char* name_of(reduction how) { return how == reduction::sum ? "sum" : how == reduction::min ? "min" : "max"; }

uint64_t bytes_of_keys(const graph& g) {
  uint64_t bytes = 0;
  for (int32_t v = 0; v < g->size; ++v)
    if (g->live(v)) bytes += g->keys->text_key(v).size();
  return bytes;
}

}  // namespace

std::string describe(const program_layout& layout, const run_program& what) {
  auto number = [](uint64_t x) { return std::to_string(x); };
  std::string text = "{\"name\":" + quoted(what.name) + ",\"combine\":\"" + name_of(what.combine) + "\",\"rows\":" + number(layout.rows) +
                     ",\"total_nodes\":" + number(layout.total_nodes) + ",\"total_edges\":" + number(layout.total_edges) +
                     ",\"directed\":" + (layout.directed ? "true" : "false") + ",\"text_keys\":" + (layout.text_keys ? "true" : "false") + ",\"state\":[";
  for (auto& c : what.state) text += (&c == what.state.data() ? "" : ",") + quoted(c.name);
  text += "],\"totals\":[";
  for (auto& t : what.totals) text += std::string{&t == what.totals.data() ? "" : ","} + "[" + quoted(t.name) + ",\"" + name_of(t.how) + "\"]";
  text += "],\"arrays\":{";
  for (auto& a : layout.arrays)
    text += std::string{&a == layout.arrays.data() ? "" : ","} + quoted(a.name) + ":[\"" + a.type + "\"," + number(a.offset) + "," + number(a.rows) + "]";
  return text + "}}";
}

program_memory::program_memory(const graph& g, const run_program& what, program_host& host) : graph_{g}, host_{host} {
  graph_view view{g};
  number_rows(view);
  lay_out(g, what);
  memory_ = host.allocate(layout_.bytes);
  if (!what.code.empty()) std::memcpy(array<char>("code"), what.code.data(), what.code.size());
  fill_keys(g);
  fill_degrees(view);
}

void program_memory::number_rows(const graph_view& g) {
  layout_.rows = g.nodes();
  if (g.all_live()) return;
  rows_.assign(size_t(g.size()), -1);
  for (int32_t v = 0; v < g.size(); ++v)
    if (g.live(v)) {
      rows_[size_t(v)] = int32_t(nodes_.size());
      nodes_.push_back(v);
    }
}

void program_memory::add(const std::string& name, const char* type, size_t width, uint64_t rows) {
  places_[name] = layout_.arrays.size();
  layout_.arrays.push_back({name, type, layout_.bytes, rows});
  layout_.bytes = (layout_.bytes + rows * width + alignment - 1) / alignment * alignment;
}

void program_memory::lay_out(const graph& g, const run_program& what) {
  layout_.total_nodes = g->total_nodes;
  layout_.total_edges = g->total_edges;
  layout_.directed = g->kind.directed;
  layout_.text_keys = g->kind.keys == key_type::utf8;
  auto n = layout_.rows;
  add("code", "|u1", 1, what.code.size());
  if (layout_.text_keys) {
    add("key_ends", "<i8", 8, n);
    add("key_bytes", "|u1", 1, bytes_of_keys(g));
  } else {
    add("keys", "<i8", 8, n);
  }
  for (auto name : {"hashes", "in_degree", "out_degree"}) add(name, "<i8", 8, n);
  add("messages", numpy_type(what.message), 8, n);
  add("given", numpy_type(what.message), 8, n);
  add("gives", "|b1", 1, n);
  add("totals", "<f8", 8, what.totals.size());
  for (auto& t : what.totals) add("total." + t.name, "<f8", 8, n);
  for (auto& c : what.state) add("state." + c.name, numpy_type(c.type), width_of(c.type), n);
}

void program_memory::fill_keys(const graph& g) {
  auto hashes = array<uint64_t>("hashes");
  for (int64_t row = 0; row < rows(); ++row) hashes[row] = g->keys->hash_of(node_of(row)).low;
  if (!layout_.text_keys) {
    auto keys = array<int64_t>("keys");
    for (int64_t row = 0; row < rows(); ++row) keys[row] = g->keys->int_key(node_of(row));
    return;
  }
  auto ends = array<int64_t>("key_ends");
  auto bytes = array<char>("key_bytes");
  int64_t end = 0;
  for (int64_t row = 0; row < rows(); ++row) {
    auto text = g->keys->text_key(node_of(row));
    std::memcpy(bytes + end, text.data(), text.size());
    ends[row] = end += int64_t(text.size());
  }
}

void program_memory::fill_degrees(const graph_view& g) {
  auto in = array<int64_t>("in_degree"), out = array<int64_t>("out_degree");
  for (int64_t row = 0; row < rows(); ++row) {
    auto v = node_of(row);
    out[row] = int64_t(g.forward_degree(v));
    in[row] = g.directed() ? int64_t(g.in(v).size()) : out[row];
  }
}

}  // namespace gli
