// What only the store on disk has: files, processes, disks that fill up.
#include "storage/ordered_store.h"

#include <signal.h>
#include <sys/resource.h>

#include "storage/file_checks.h"
#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

class lmdb_store : public ::testing::Test {
 protected:
  scratch_directory directory_;
  const std::string path_ = directory_ / "deep/er";
};

TEST_F(lmdb_store, a_closed_store_opens_again_with_what_was_committed) {
  put(*open_lmdb(path_, true), "t", "a", "1");
  EXPECT_EQ(get(*open_lmdb(path_, false), "t", "a"), "1");
}

TEST_F(lmdb_store, is_not_made_unless_asked_to) {
  EXPECT_FAILURE(errc::not_found, path_, open_lmdb(path_, false));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(lmdb_store, opens_once_per_path_and_process) {
  auto store = open_lmdb(path_, true);
  EXPECT_EQ(open_lmdb(path_, true), store);
  EXPECT_EQ(open_lmdb(path_ + "/../er/.", false), store);
  std::filesystem::create_symlink(path_, directory_ / "link");
  EXPECT_EQ(open_lmdb(directory_ / "link", false), store);
}

TEST_F(lmdb_store, a_directory_that_was_removed_and_made_again_is_another_store) {
  auto old = open_lmdb(path_, true);
  put(*old, "t", "a", "1");
  std::filesystem::remove_all(path_);
  auto fresh = open_lmdb(path_, true);
  EXPECT_NE(fresh, old);
  EXPECT_EQ(get(*fresh, "t", "a"), std::nullopt);
  EXPECT_EQ(get(*old, "t", "a"), "1");
}

TEST_F(lmdb_store, threads_that_open_and_close_at_once_share_one_object) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        auto a = open_lmdb(path_, true), b = open_lmdb(path_, false);
        if (a != b) ADD_FAILURE();
      }
    });
  for (auto& t : threads) t.join();
}

TEST_F(lmdb_store, two_processes_see_each_other_s_commits_and_new_tables) {
  steps to_child, to_parent;
  child_process child{[&] {
    auto store = open_lmdb(path_, true);
    put(*store, "first", "a", "1");
    to_parent.post();
    to_child.await();
    if (get(*store, "second", "b") != "2") throw std::runtime_error{"a table made meanwhile is not there"};
    put(*store, "third", "c", "3");
  }};
  to_parent.await();
  auto store = open_lmdb(path_, false);
  EXPECT_EQ(get(*store, "first", "a"), "1");
  put(*store, "second", "b", "2");
  to_child.post();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(get(*store, "third", "c"), "3");
}

TEST_F(lmdb_store, writers_of_several_processes_wait_for_each_other) {
  auto add = [&] {
    auto store = open_lmdb(path_, true);
    for (int i = 0; i < 40; ++i) {
      auto w = store->write();
      auto n = w->get("t", as_bytes("n"));
      w->put("t", as_bytes("n"), as_bytes(std::to_string(n ? std::stoi(text(*n)) + 1 : 1)));
      w->commit();
    }
  };
  child_process a{add}, b{add}, c{add};
  EXPECT_EQ(a.wait(), 0);
  EXPECT_EQ(b.wait(), 0);
  EXPECT_EQ(c.wait(), 0);
  EXPECT_EQ(get(*open_lmdb(path_, false), "t", "n"), "120");
}

TEST_F(lmdb_store, a_writer_that_was_killed_holds_nobody_up) {
  steps to_parent;
  child_process child{[&] {
    auto store = open_lmdb(path_, true);
    put(*store, "t", "a", "1");
    auto w = store->write();
    w->put("t", as_bytes("a"), as_bytes("2"));
    to_parent.post();
    ::pause();
  }};
  to_parent.await();
  child.kill();
  child.wait();
  auto store = open_lmdb(path_, false);
  EXPECT_EQ(get(*store, "t", "a"), "1");
  put(*store, "t", "a", "3");
  EXPECT_EQ(get(*store, "t", "a"), "3");
}

TEST_F(lmdb_store, is_of_no_use_across_a_fork_and_opens_anew_there) {
  auto store = open_lmdb(path_, true);
  put(*store, "t", "a", "1");
  auto r = store->read();
  child_process child{[&] {
    EXPECT_FAILURE(errc::internal, "before fork()", store->read());
    EXPECT_FAILURE(errc::internal, "before fork()", store->write());
    EXPECT_FAILURE(errc::internal, "before fork()", r->get("t", as_bytes("a")));
    auto own = open_lmdb(path_, false);
    EXPECT_NE(own, store);
    put(*own, "t", "a", "2");
    r.reset();
    store.reset();
    if (::testing::Test::HasFailure()) throw std::runtime_error{"not as expected"};
  }};
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(text(r->get("t", as_bytes("a"))), "1");
  EXPECT_EQ(get(*store, "t", "a"), "2");
}

TEST_F(lmdb_store, opens_where_address_space_is_limited) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers reserve more address space than the limit";
#endif
  child_process child{[&] {
    rlimit limit{1u << 30, 1u << 30};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) throw std::runtime_error{"setrlimit"};
    put(*open_lmdb(path_, true), "t", "a", text(noise(1 << 20, 1)));
  }};
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(get(*open_lmdb(path_, false), "t", "a"), text(noise(1 << 20, 1)));
}

TEST_F(lmdb_store, a_full_disk_fails_that_commit_and_leaves_the_store_usable) {
  child_process child{[&] {
    auto store = open_lmdb(path_, true);
    put(*store, "t", "a", "1");
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit small{1 << 20, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_FAILURE(errc::io, path_, put(*store, "t", "large", text(noise(4 << 20, 1))));
    EXPECT_EQ(get(*store, "t", "a"), "1");
    put(*store, "t", "a", "2");
    rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &none);
    put(*store, "t", "large", "fits now");
    store->check();
    if (::testing::Test::HasFailure()) throw std::runtime_error{"not as expected"};
  }};
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(get(*open_lmdb(path_, false), "t", "a"), "2");
}

TEST_F(lmdb_store, a_file_of_something_else_is_refused) {
  std::filesystem::create_directories(path_);
  write_file(path_ + "/data.mdb", noise(20'000, 1));
  EXPECT_FAILURE(errc::corrupt, path_ + "/data.mdb", open_lmdb(path_, true));
  write_file(path_ + "/data.mdb", noise(10, 1));
  EXPECT_FAILURE(errc::corrupt, "cut off", open_lmdb(path_, true));
  write_file(directory_ / "file", as_bytes("x"));
  EXPECT_FAILURE(errc::io, directory_ / "file", open_lmdb(directory_ / "file", true));
}

TEST(file_systems, that_lie_elsewhere_are_known_by_number) {
  EXPECT_EQ(network_file_system(0x6969), "NFS");
  EXPECT_EQ(network_file_system(0xFFFFFFFFFF534D42), "CIFS");
  EXPECT_EQ(network_file_system(0x0BD00BD0), "Lustre");
  EXPECT_EQ(network_file_system(0xEF53), std::nullopt);
  EXPECT_EQ(network_file_system(0x01021994), std::nullopt);
  scratch_directory here;
  EXPECT_NO_THROW(refuse_network_file_system(here / "."));
}

}  // namespace
}  // namespace gli::storage
