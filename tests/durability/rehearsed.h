#pragma once
// One operation, on copies of one store, whatever happens to it: what its store held before is known, and what it holds afterwards.

#include <functional>
#include <string>

#include "tests/durability/child.h"
#include "tests/durability/history.h"
#include "tests/storage/scratch.h"

namespace gli::durability {

class rehearsed {
 public:
  explicit rehearsed(const operation& of);

  const operation& of() const { return of_; }
  const std::string& path() const { return path_; }       // of a copy's store
  const std::string& directory() const { return work_; }  // that the copy is in
  const std::string& before() const { return before_; }   // essences
  const std::string& after() const { return after_; }

  void make_copy() const;
  ending in_a_copy(const std::function<std::string()>& body) const;

  /// What is wrong with the copy's store, opened anew: it has neither state, or the old one though the call is `done`, verify() names something, half a
  /// bundle is there, or the next commit fails. "before" or "after" when all is well.
  std::string examine(bool done) const;

 private:
  const operation of_;
  storage::testing::scratch_directory directory_;
  const std::string sound_, work_, path_;
  std::string before_, after_;
};

}  // namespace gli::durability
