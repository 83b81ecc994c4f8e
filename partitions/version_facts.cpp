// The graph_id of a version, from that of one before it: only the facts of what was touched since are counted again.
#include "partitions/version_facts.h"

#include <algorithm>

#include "partitions/element_steps.h"
#include "partitions/version_log.h"
#include "runtime/json_text.h"

namespace gli {

hash128 own_facts(const parameters& attributes) {
  hash128 sum;
  for (auto& [name, given] : attributes)
    if (auto x = plain(given); type_of(x)) sum += graph_attribute_fact(name_hash(name), value_hash(x));
  return sum;
}

/// The nearest version at or before one whose graph_id is known.
class known_identity {
 public:
  explicit known_identity(const version& v);
  hash128 of(const version& v) const;
  static void note(const version& v, const hash128& id);

 private:
  bool many_operations(const version& v) const { return operations_ > 1000 && operations_ > v.edges() / 64; }

  std::optional<version> at_;
  std::optional<hash128> id_;    // of it; nothing: that of its pages, which nobody counted yet
  uint64_t operations_ = 0;      // from there on
};

known_identity::known_identity(const version& v) {
  auto position = v.position_;
  for (auto log = &v.log();; position = log->parent_position, log = const_cast<version_log*>(log->parent.get())) {
    std::lock_guard lock{log->folding};
    auto next = log->identities.upper_bound(position);
    bool found = next != log->identities.begin();
    auto at = found ? std::prev(next)->first : 0;
    operations_ += position - at;
    if (!found && log->parent) continue;
    at_ = version{log, at};
    id_ = found ? std::optional{std::prev(next)->second} : known_facts(log->root);
    return;
  }
}

hash128 known_identity::of(const version& v) const {
  if (operations_ == 0 && id_) return *id_;
  if (many_operations(v)) return partition_facts(v.fold());
  auto sum = id_ ? *id_ : partition_facts(at_->root());
  return sum += facts_between(*at_, v, *touched_between(*at_, v));
}

void known_identity::note(const version& v, const hash128& id) {
  auto& log = v.log();
  std::lock_guard lock{log.folding};
  log.identities[v.position_] = id;
  auto folded = log.folds.find(v.position_);
  if (auto pages = folded == log.folds.end() ? nullptr : folded->second.lock()) note_facts(graph{pages}, id);
}

void note_identity(const version& v, const hash128& id) { known_identity::note(v, id); }

hash128 version::identity() const {
  auto id = known_identity{*this}.of(*this);
  note_identity(*this, id);
  return id;
}

}  // namespace gli
