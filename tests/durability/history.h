#pragma once
// Stores with a history, made by the calls that a user's program makes, and all that can be asked of them.
//
// Everything here may start threads: a test that forks calls it in its children only.

#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "storage/states.h"

namespace gli::durability {

using storage::graph_store;

/// A call that changes a store; it is done or not done, and nothing between.
struct step {
  std::string name;
  std::function<void(graph_store&)> run;
};

/// A dozen commits of a property graph with string keys, attributes of every type and results, branches, a merge, tags, an undo.
std::vector<step> small_history();
/// A few commits whose pages are too large for a page of the file.
std::vector<step> large_history();

/// One call, and a store to call it on: "commit", "merge", "gc", "bundle", "unbundle". A bundle lies beside the store, as its path and ".bundle".
struct operation {
  std::string name;
  std::vector<step> before;
  step call;
};
std::vector<operation> operations();
inline void PrintTo(const operation& o, std::ostream* to) { *to << o.name; }
std::string bundle_of(const graph_store& store);

/// What is asked and what comes back, both as text. An error's answer begins with "! ".
using answer = std::pair<std::string, std::string>;
/// All that the store knows: names, moves, and, of each of these commits, its record, the graph_id of its graph as it is read, and its results.
std::vector<answer> answers(graph_store& store, const std::vector<std::string>& commits);
/// The same, of all commits that the reflog knows. Throws what goes wrong.
std::vector<answer> answers(graph_store& store);
std::vector<std::string> commits_of(const graph_store& store);
/// All that branches and tags lead to and how they moved, without times and ids: the same for the same steps. Throws what goes wrong.
std::string essence(graph_store& store);

/// A commit on top of the current branch, of the graph that is there and one more node named `name`.
void commit_one_more(graph_store& store, const std::string& name);

}  // namespace gli::durability
