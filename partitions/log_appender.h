#pragma once
// Writes operations down behind a version: claims the end of its log, or forks. Knows nothing of what edits mean (version_edit.cpp).
//
// One thread. Nothing shows before finish(); without it, what was written is never seen nor gone on with.

#include "partitions/version_log.h"

namespace gli {

class log_appender {
 public:
  explicit log_appender(const version& base);
  ~log_appender();
  version finish();

 protected:
  using what = log_operation::what;

  log_reader here() const { return {*log_, at_}; }

  /// The next operation, with what it needs besides its ids. `edge_key` is only_key for all but edges of multi graphs.
  void append(what op, int32_t a, int32_t b, const key& edge_key, log_values values);

  /// Simple graphs: an edge, unless it is there; whether it was not. Everything is looked up once, `in_pages` (whether the pages have it) not at all.
  bool append_new_edge(int32_t a, int32_t b, log_values values, std::optional<bool> in_pages);

  boost::intrusive_ptr<version_log> log_;
  uint32_t begin_ = 0, at_ = 0;          // positions claimed, and written up to
  bool directed_ = true, multi_ = false;
  bool nodes_as_in_pages_ = false;       // no node of the pages was removed since
  key_type key_type_ = key_type::none;   // of the graph at at_

 private:
  bool claim(const version& base);
  void fork(const version& base);
  void copy(const log_reader& from);

  // The steps of append().
  log_operation& begin(what op, int32_t a, int32_t b);
  void link(log_operation& o, uint32_t head);
  void pay(log_operation& o, std::optional<key> edge_key, log_values&& values);
  uint32_t newest_on_edge(const pending_node& source, int32_t a, int32_t b) const;  // simple graphs; 0: none
  void list(const log_operation& o, pending_node& source, pending_node& target, uint32_t position);
  void append_edge(log_operation& o, uint32_t position, const key& edge_key, log_values&& values);
  std::atomic<uint64_t>& newest_with_key(const log_operation& o, const key& edge_key);
  void index_edges_of(pending_node& source, int32_t a);
  void list_parallel(const log_operation& o, uint32_t position);
  template <class T> T& made_once(uint64_t tag);
  void complete(log_operation& o, log_values& values, const key& edge_key) const;

  bool done_ = false, written_ = false;  // written_: something behind begin_, whole or not
};

}  // namespace gli
