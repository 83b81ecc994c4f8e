#pragma once
// How single elements differ between two versions that touched_between() answers for: what patches are made of, and what the graph_id changes by.

#include <boost/container/small_vector.hpp>
#include <string>

#include "partitions/touched.h"
#include "partitions/version.h"

namespace gli {

bool identical(const value& a, const value& b);  // the same value of the same type; every NaN is itself

struct element_step {
  struct attribute { std::string name; value before, now; };  // null: not there
  bool was = false, is = false;
  boost::container::small_vector<attribute, 4> attributes;  // those whose value or its type differs
};

/// An operation that is the only one on its element between the two says what changed, and where the older values are found: neither version is looked
/// through. For one thread; what of() answers is good until it is called again.
class element_steps {
 public:
  element_steps(const version& older, const version& newer, const touched_elements& touched)
      : older_{older}, newer_{newer}, named_{newer.kind().keys == key_type::none ? older : newer}, log_{touched.log} {}
  const element_step& of(const touched_elements::node& n);
  const element_step& of(const touched_elements::edge& e);
  bool was(const touched_elements::node& n) const;
  bool is(const touched_elements::node& n) const;

  /// What it adds to the graph_id.
  hash128 facts(const touched_elements::node& n, const element_step& step) const;
  hash128 facts(const touched_elements::edge& e, const element_step& step) const;

  /// The fetch of what of() and facts() will read.
  void prefetch(const touched_elements::node& n) const;
  void prefetch(const touched_elements::edge& e) const;

 private:
  enum class kind : uint8_t { node, edge };
  struct place { kind what; int32_t a, b; const key& edge_key; };
  void make(const place& at, touched_elements::operations by);
  void make_single(const place& at, uint32_t position);
  void compare(const place& at);
  parameters attributes(const version& v, const place& at) const;

  const version &older_, &newer_, &named_;  // named_: one that knows the keys, if any does
  const version_log* log_;
  element_step step_;
};

/// The difference of the graph_ids of what was touched.
hash128 facts_between(const version& older, const version& newer, const touched_elements& touched);

}  // namespace gli
