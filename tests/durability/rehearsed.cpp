#include "tests/durability/rehearsed.h"

#include <filesystem>

#include "partitions/root_trees.h"
#include "tests/durability/long_runs.h"

namespace gli::durability {
namespace {

namespace files = std::filesystem;

std::string state_from(const ending& end) {
  if (end.signal || !end.said.starts_with("on ")) throw std::runtime_error{"no store to try it on: signal " + std::to_string(end.signal) + ", " + end.said};
  return end.said;
}

}  // namespace

rehearsed::rehearsed(const operation& of)
    : of_{of}, directory_{quick_files()}, sound_{directory_ / "sound"}, work_{directory_ / "work"}, path_{work_ + "/network.gli"} {
  files::create_directory(sound_);
  before_ = state_from(run_in_child([&] {
    auto store = graph_store::open(sound_ + "/network.gli", true);
    for (auto& s : of_.before) s.run(*store);
    return essence(*store);
  }));
  after_ = state_from(in_a_copy([&] {
    auto store = graph_store::open(path_, false);
    of_.call.run(*store);
    return essence(*store);
  }));
}

void rehearsed::make_copy() const {
  files::remove_all(work_);
  files::copy(sound_, work_, files::copy_options::recursive);
}

ending rehearsed::in_a_copy(const std::function<std::string()>& body) const {
  make_copy();
  return run_in_child(body);
}

std::string rehearsed::examine(bool done) const {
  auto store = graph_store::open(path_, true);
  if (auto damage = store->verify(root_trees); !damage.empty()) return "verify: " + damage[0];
  auto state = essence(*store);
  if (state != after_ && (done || state != before_)) return "the state is " + state;
  auto is_after = state == after_;
  if (of_.name == "bundle") {
    is_after = files::exists(bundle_of(*store));
    if (is_after) graph_store::in_memory()->unbundle(bundle_of(*store), {}, root_trees);
    if (done && !is_after) return "there is no bundle";
  }
  commit_one_more(*store, "after all that");
  if (auto damage = store->verify(root_trees); !damage.empty()) return "verify after a commit: " + damage[0];
  return is_after ? "after" : "before";
}

}  // namespace gli::durability
