#include "partitions/compare.h"
#include "partitions/merge.h"
#include "partitions/named_part.h"
#include "partitions/partition_edit.h"
#include "partitions/together.h"
#include "runtime/codec.h"

namespace gli {

namespace {

/// What one side did to a partition, as edits that name it. Of a node that the other side may want to keep without it: its edges too.
class touched final : public difference_visitor {
 public:
  touched(const graph& base, const graph& side, const graph& other, std::vector<edit>& names) : was_{base}, is_{side}, other_{other}, names_{names} {
    visit_differences(base, side, *this);
  }
  void node_added(int32_t v) override { name(is_, v); }
  void node_removed(int32_t v) override {
    name(was_, v);
    if (auto there = find_node(other_, node_key(was_, v))) name_edges(other_, *there);
  }
  void node_changed(int32_t, int32_t v) override { name(is_, v); }
  void edge_added(int32_t v, uint32_t slot) override { name(is_, v, is_->out_of(v)[slot]); }
  void edge_removed(int32_t v, uint32_t slot) override { name(was_, v, was_->out_of(v)[slot]); }
  void edge_changed(int32_t, uint32_t, int32_t v, uint32_t slot) override { name(is_, v, is_->out_of(v)[slot]); }

 private:
  void name(const graph& g, int32_t v) { names_.push_back({edit::what::add_node, node_key(g, v), {}, {}, {}, false}); }
  void name(const graph& g, int32_t source, int32_t target) {
    names_.push_back({edit::what::add_edge, endpoint_key(g, source), endpoint_key(g, target), {}, {}, false});
  }
  void name_edges(const graph& g, int32_t v) {
    for (auto u : g->out_of(v)) name(g, v, u);
    for (auto u : g->in_of(v)) name(g, u, v);
  }

  const graph &was_, &is_, &other_;
  std::vector<edit>& names_;
};

/// What either side touched, on any partition.
std::vector<edit> touched_anywhere(const graph& base, const graph& ours, const graph& theirs, communicator& all) {
  std::vector<edit> own, names;
  together(all, [&] {
    touched{base, ours, theirs, own};
    touched{base, theirs, ours, own};
  });
  auto told = all.all_to_all(std::vector<byte_buffer>(all.size(), encode(own)));
  together(all, [&] {
    for (auto& message : told)
      for (auto& e : decode_edits(message)) names.push_back(std::move(e));
  });
  return names;
}

}  // namespace

graph merge(const graph& base, const graph& ours, const graph& theirs, const merge_resolver& resolve, std::vector<merge_conflict>& conflicts,
            communicator& all) {
  auto b = with_mirror_keys(base, all), o = with_mirror_keys(ours, all), t = with_mirror_keys(theirs, all);
  auto names = touched_anywhere(b, o, t, all);
  auto part_of = [&](const graph& g) { return version{named_part{g, names, all}.before()}; };
  auto base_part = part_of(b), our_part = part_of(o), their_part = part_of(t);
  edit_report report;
  return apply(ours, merge_edits(base_part, our_part, their_part, resolve, conflicts), report, all);
}

}  // namespace gli
