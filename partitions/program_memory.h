#pragma once
// The memory that a program's function and its rounds share (docs/programs.md, "Memory"). Trusts no byte of what the function wrote: numbers only, no
// places or lengths.

#include <map>
#include <string>

#include "partitions/graph_view.h"
#include "partitions/program.h"

namespace gli {

class program_memory {
 public:
  /// Allocates it at the host, which outlives it, and fills in what stays. The end of it is the program's.
  program_memory(const graph& g, const run_program& what, program_host& host);
  ~program_memory() { host_.end(); }
  program_memory(const program_memory&) = delete;
  program_memory& operator=(const program_memory&) = delete;

  const program_layout& layout() const { return layout_; }
  int64_t rows() const { return int64_t(layout_.rows); }
  /// Rows are the live own nodes by id.
  int32_t node_of(int64_t row) const { return nodes_.empty() ? int32_t(row) : nodes_[size_t(row)]; }
  int32_t row_of(int32_t own) const { return rows_.empty() ? own : rows_[size_t(own)]; }  // -1: not live
  std::string name_of(int64_t row) const { return to_string(node_key(graph_, node_of(row))); }

  template <class T>
  T* array(const std::string& name) const {
    return reinterpret_cast<T*>(memory_.data() + layout_.arrays[places_.at(name)].offset);
  }

 private:
  void number_rows(const graph_view& g);
  void lay_out(const graph& g, const run_program& what);
  void add(const std::string& name, const char* type, size_t width, uint64_t rows);
  void fill_keys(const graph& g);
  void fill_degrees(const graph_view& g);

  const graph graph_;
  program_host& host_;
  program_layout layout_;
  std::map<std::string, size_t> places_;
  std::vector<int32_t> nodes_, rows_;  // empty: all nodes are live, and rows are ids
  std::span<uint8_t> memory_;
};

}  // namespace gli
