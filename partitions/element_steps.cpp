#include "partitions/element_steps.h"

#include <algorithm>
#include <bit>

#include "partitions/parallel.h"
#include "partitions/version_facts.h"
#include "partitions/version_log.h"
#include "runtime/json_text.h"

namespace gli {

bool identical(const value& a, const value& b) {
  auto x = std::get_if<double>(&a), y = std::get_if<double>(&b);
  return x && y ? std::bit_cast<uint64_t>(*x) == std::bit_cast<uint64_t>(*y) : a == b;
}

namespace {

hash128 fact_of(const hash128& element, const std::string& name, const value& given) {
  auto v = plain(given);
  return type_of(v) ? attribute_fact(element, name_hash(name), value_hash(v)) : hash128{};
}

hash128 facts_of(const hash128& element, const element_step& step) {
  hash128 sum;
  if (step.is && !step.was) sum += element;
  if (step.was && !step.is) sum -= element;
  for (auto& a : step.attributes) {
    sum += fact_of(element, a.name, a.now);
    sum -= fact_of(element, a.name, a.before);
  }
  return sum;
}

}  // namespace

const element_step& element_steps::of(const touched_elements::node& n) {
  step_.was = was(n), step_.is = is(n);
  make({kind::node, n.id, 0, only_key}, n.by);
  return step_;
}

const element_step& element_steps::of(const touched_elements::edge& e) {
  step_.was = log_ ? !log_->operations[int32_t(e.by.first)].is_add() : older_.has_edge(e.source, e.target, e.edge_key);
  step_.is = log_ ? !log_->operations[int32_t(e.by.last)].is_remove() : newer_.has_edge(e.source, e.target, e.edge_key);
  make({kind::edge, e.source, e.target, e.edge_key}, e.by);
  return step_;
}

bool element_steps::was(const touched_elements::node& n) const {
  return log_ ? !log_->operations[int32_t(n.by.first)].is_add() : older_.has_node(n.id);
}
bool element_steps::is(const touched_elements::node& n) const {
  return log_ ? !log_->operations[int32_t(n.by.last)].is_remove() : newer_.has_node(n.id);
}

void element_steps::make(const place& at, touched_elements::operations by) {
  step_.attributes.clear();
  if (log_ && by.first == by.last && step_.is) return make_single(at, by.last);
  if (step_.was || step_.is) compare(at);
}

/// Of an element that came or was updated: the names that its operation sets.
void element_steps::make_single(const place& at, uint32_t position) {
  auto& o = log_->operations[int32_t(position)];
  if (!o.payload) return;
  auto element = at.what == kind::node ? log_reader::element::node : log_reader::element::edge;
  log_reader before{*log_, position - 1};
  for (auto& [number, now] : log_->payloads[int32_t(o.payload)].values) {
    auto was = step_.was ? before.attribute(element, at.a, at.b, at.edge_key, o.previous, number) : value{};
    if (!identical(was, now)) step_.attributes.push_back({(*log_->names)[number], std::move(was), now});
  }
}

parameters element_steps::attributes(const version& v, const place& at) const {
  return at.what == kind::node ? v.node_attributes(at.a) : v.edge_attributes(at.a, at.b, at.edge_key);
}

void element_steps::compare(const place& at) {
  auto before = step_.was ? attributes(older_, at) : parameters{}, now = step_.is ? attributes(newer_, at) : parameters{};
  for (auto& [name, v] : now) {
    auto old = before.find(name);
    if (old == before.end()) step_.attributes.push_back({name, {}, v});
    else if (!identical(old->second, v)) step_.attributes.push_back({name, old->second, v});
  }
  for (auto& [name, v] : before)
    if (!now.contains(name)) step_.attributes.push_back({name, v, {}});
}

hash128 element_steps::facts(const touched_elements::node& n, const element_step& step) const { return facts_of(node_fact(named_.hash_of(n.id)), step); }

hash128 element_steps::facts(const touched_elements::edge& e, const element_step& step) const {
  auto& kind = newer_.root()->kind;
  auto edge_key = kind.multi ? key_hash(e.edge_key) : hash128{};
  return facts_of(edge_fact(named_.hash_of(e.source), named_.hash_of(e.target), edge_key, kind.directed), step);
}

void element_steps::prefetch(const touched_elements::node& n) const {
  named_.keys().prefetch_key(n.id);
  if (log_) __builtin_prefetch(&log_->operations[int32_t(log_->operations[int32_t(n.by.first)].previous)]);
}
void element_steps::prefetch(const touched_elements::edge& e) const {
  named_.keys().prefetch_key(e.source);
  named_.keys().prefetch_key(e.target);
}

hash128 facts_between(const version& older, const version& newer, const touched_elements& touched) {
  auto sum_of = [&](auto& elements) {
    return parallel_sum<hash128>(int64_t(elements.size()), 1 << 12, [&](int64_t begin, int64_t end) {
      constexpr int64_t ahead = 8;
      element_steps steps{older, newer, touched};
      hash128 sum;
      for (auto i = begin; i < end; ++i) {
        if (i + ahead < end) steps.prefetch(elements[size_t(i + ahead)]);
        auto& e = elements[size_t(i)];
        sum += steps.facts(e, steps.of(e));
      }
      return sum;
    });
  };
  auto sum = sum_of(touched.nodes);
  sum += sum_of(touched.edges);
  if (!touched.own_attributes) return sum;
  sum += own_facts(newer.attributes());
  return sum -= own_facts(older.attributes());
}

}  // namespace gli
