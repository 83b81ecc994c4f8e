// How commits hang together: common ancestors, what reaches what.
#include "storage/history.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>

namespace gli::storage {
namespace {

constexpr uint8_t from_a = 1, from_b = 2, common = 3, stale = 4;

/// Walks back from two commits, newest first, and notes which of them reaches what; ends where all that is left is behind a common ancestor.
class painter {
 public:
  explicit painter(reader& manifest) : manifest_{manifest} {}
  std::vector<hash128> common_ancestors(const hash128& a, const hash128& b) {
    paint(a, from_a);
    paint(b, from_b);
    std::vector<hash128> found;
    while (fresh_ > 0) {
      auto id = queue_.top().second;
      queue_.pop();
      auto paint_of_it = seen_.at(id).paint;
      if (!(paint_of_it & stale)) --fresh_;
      if ((paint_of_it & common) == common && !(paint_of_it & stale)) found.push_back(id);
      auto of_parents = uint8_t((paint_of_it & common) == common ? common | stale : paint_of_it);
      for (auto& parent : seen_.at(id).parents) paint(parent, of_parents);
      seen_.at(id).queued = false;
    }
    std::erase_if(found, [&](auto& id) { return seen_.at(id).paint & stale; });
    return found;
  }

 private:
  struct place { uint8_t paint = 0; bool queued = false; int64_t time = 0; std::vector<hash128> parents; };

  void paint(const hash128& id, uint8_t colors) {
    auto [at, is_new] = seen_.try_emplace(id);
    auto& p = at->second;
    if (is_new) {
      auto commit = read_commit(manifest_, id);
      p.time = commit.time, p.parents = commit.parents;
    }
    if ((p.paint & colors) == colors) return;
    if (p.queued && !(p.paint & stale) && (colors & stale)) --fresh_;
    p.paint |= colors;
    if (p.queued) return;
    p.queued = true;
    if (!(p.paint & stale)) ++fresh_;
    queue_.emplace(p.time, id);
  }

  reader& manifest_;
  std::map<hash128, place> seen_;
  std::priority_queue<std::pair<int64_t, hash128>> queue_;
  size_t fresh_ = 0;  // in the queue and not behind a common ancestor
};

}  // namespace

std::vector<commit_record> newest_first(reader& manifest, const hash128& head, uint32_t limit) {
  std::priority_queue<std::pair<int64_t, hash128>> next;  // by time: a commit's is after its parents'
  std::map<hash128, commit_record> known;                 // of those in the queue
  std::set<hash128> seen;
  auto reach = [&](const hash128& id) {
    if (!seen.insert(id).second) return;
    auto& commit = known.emplace(id, read_commit(manifest, id)).first->second;
    next.emplace(commit.time, id);
  };
  std::vector<commit_record> found;
  for (reach(head); !next.empty() && (limit == 0 || found.size() < limit);) {
    auto commit = known.extract(next.top().second);
    next.pop();
    found.push_back(std::move(commit.mapped()));
    for (auto& parent : found.back().parents) reach(parent);
  }
  return found;
}

bool reaches(reader& manifest, const hash128& newer, const hash128& older) {
  auto found = painter{manifest}.common_ancestors(newer, older);
  return std::ranges::find(found, older) != found.end();
}

std::vector<hash128> merge_bases(reader& manifest, const hash128& a, const hash128& b) {
  auto found = painter{manifest}.common_ancestors(a, b);
  if (found.size() > 1)  // clocks that went back can leave one that another reaches
    std::erase_if(found, [&, all = found](auto& id) {
      return std::ranges::any_of(all, [&](auto& other) { return other != id && reaches(manifest, other, id); });
    });
  std::ranges::sort(found);
  return found;
}

}  // namespace gli::storage
