// A disk that is full, and a limit on files' sizes: the commit fails and says where, nothing is lost, what was there is read, and when there is room the
// commit works.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "partitions/root_trees.h"
#include "runtime/error.h"
#include "tests/durability/child.h"
#include "tests/durability/history.h"
#include "tests/storage/scratch.h"

namespace gli::durability {
namespace {

namespace files = std::filesystem;
using storage::testing::noise;
using storage::testing::scratch_directory;
using storage::testing::write_file;

/// Commits until one fails; "" when that failed as it should.
std::string fill(graph_store& store) {
  for (int i = 0; i < 10'000; ++i) {
    auto before = essence(store);
    try {
      commit_one_more(store, "number " + std::to_string(i) + std::string(20'000, 'x'));
    } catch (const failure& f) {
      if (f.code() != errc::io || std::string{f.what()}.find(store.path()) == std::string::npos) return std::string{"another error: "} + f.what();
      std::printf("commit %d: %s\n", i, f.what());
      if (essence(store) != before) return "what was there is gone, or part of what failed is there";
      if (auto damage = store.verify(root_trees); !damage.empty()) return damage[0];
      return "";
    }
  }
  return "it is never full";
}

/// After there is room again.
std::string go_on(const std::string& path) {
  auto store = graph_store::open(path, false);
  auto commits = store->log("", 0).size();
  commit_one_more(*store, "there is room");
  if (store->log("", 0).size() != commits + 1) return "the commit is not there";
  if (auto damage = store->verify(root_trees); !damage.empty()) return damage[0];
  return "";
}

/// Fills the disk twice: the process that met it goes on when there is room, and so does another one.
std::string fill_disk(const std::string& directory) {
  auto path = directory + "/network.gli";
  for (auto name : {"/first", "/second"}) write_file(directory + name, noise(512 << 10, 1));
  {
    auto store = graph_store::open(path, true);
    for (auto name : {"/first", "/second"}) {
      if (auto wrong = fill(*store); !wrong.empty()) return wrong;
      try {
        store->bundle(directory + "/b.bundle", {}, root_trees);
        return "there is room for a bundle";
      } catch (const failure& f) {
        if (std::string{f.what()}.find(directory + "/b.bundle") == std::string::npos) return std::string{"another error: "} + f.what();
      }
      if (std::distance(files::directory_iterator{directory}, {}) > 3) return "half a bundle stays";
      files::remove(directory + name);
      if (auto wrong = go_on(path); !wrong.empty()) return wrong;
    }
  }
  return go_on(path);
}

/// Of this process alone, which needs no rights where a user may have namespaces of its own.
bool mount_small_disk(const std::string& at) {
  auto alone = ::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
  return ::unshare(alone) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=4m") == 0;
}

TEST(a_full_disk, fails_the_commit_and_loses_nothing) {
  scratch_directory directory;
  auto disk = directory / "disk";
  files::create_directory(disk);
  auto end = run_in_child([&] { return mount_small_disk(disk) ? fill_disk(disk) : std::string{"no disk: "} + std::strerror(errno); });
  EXPECT_EQ(end.signal, 0);
  if (end.said.starts_with("no disk")) GTEST_SKIP() << "cannot mount a small disk here: " << end.said;
  EXPECT_EQ(end.said, "");
}

TEST(a_limit_of_file_sizes, fails_the_commit_and_loses_nothing) {
  scratch_directory directory;
  auto path = directory / "network.gli";
  auto end = run_in_child([&]() -> std::string {
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = graph_store::open(path, true);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    for (rlim_t bytes : {1 << 20, 2 << 20}) {
      rlimit small{bytes, limit.rlim_max};
      if (::setrlimit(RLIMIT_FSIZE, &small) != 0) return "setrlimit fails";
      if (auto wrong = fill(*store); !wrong.empty()) return wrong;
      ::setrlimit(RLIMIT_FSIZE, &limit);
      if (auto wrong = go_on(path); !wrong.empty()) return wrong;
    }
    return "";
  });
  EXPECT_EQ(end.signal, 0);
  EXPECT_EQ(end.said, "");
}

}  // namespace
}  // namespace gli::durability
