#pragma once
// What versions say of themselves before anything is folded, against the plain model.

#include "edit_model.h"
#include "partitions/version.h"

namespace gli {

using direction = version::direction;

inline key_view seen(const key& k) {
  auto number = std::get_if<int64_t>(&k);
  return number ? key_view{*number} : key_view{std::string_view{std::get<std::string>(k)}};
}

inline version edited(const version& v, std::vector<edit> edits) {
  edit_report report;
  return v.apply(edits, report);
}

inline std::set<key> keys_of(const version& v, const std::vector<int32_t>& ids) {
  std::set<key> keys;
  for (auto id : ids) EXPECT_TRUE(keys.insert(v.key_of(id)).second);
  return keys;
}

/// What a version says of itself before anything is folded.
inline void expect_reads(const version& v, const model& m) {
  ASSERT_EQ(v.nodes(), m.nodes.size());
  ASSERT_EQ(v.edges(), m.edges.size());
  ASSERT_EQ(plain_row(v.attributes()), m.own);
  std::map<key, std::set<key>> out, in;
  std::map<key, uint64_t> leaving, entering;
  std::map<std::pair<key, key>, std::vector<key>> between;
  for (auto& [name, row] : m.edges) {
    auto& [s, t, k] = name;
    out[s].insert(t), in[t].insert(s);
    ++leaving[s], ++entering[t];
    between[{s, t}].push_back(k);
    auto source = v.find(seen(s)), target = v.find(seen(t));
    ASSERT_TRUE(source && target);
    ASSERT_TRUE(v.has_edge(*source, *target));
    ASSERT_EQ(plain_row(v.edge_attributes(*source, *target, k)), row);
  }
  for (auto& [ends, keys] : between) ASSERT_EQ(v.edges_between(*v.find(seen(ends.first)), *v.find(seen(ends.second))), keys);
  for (auto& [k, node] : m.nodes) {
    auto id = v.find(seen(k));
    ASSERT_TRUE(id) << to_string(k);
    ASSERT_EQ(v.key_of(*id), k);
    ASSERT_EQ(plain_row(v.node_attributes(*id)), node.second);
    auto all = out[k];
    all.insert(in[k].begin(), in[k].end());
    ASSERT_EQ(keys_of(v, v.neighbors(*id, direction::out)), m.directed ? out[k] : all);
    ASSERT_EQ(keys_of(v, v.neighbors(*id, direction::in)), m.directed ? in[k] : all);
    ASSERT_EQ(keys_of(v, v.neighbors(*id, direction::all)), all);
    ASSERT_EQ(v.degree(*id, direction::all), leaving[k] + entering[k]);
    ASSERT_EQ(v.degree(*id, direction::out), m.directed ? leaving[k] : leaving[k] + entering[k]);
    ASSERT_EQ(v.degree(*id, direction::in), m.directed ? entering[k] : leaving[k] + entering[k]);
  }
}

}  // namespace gli
