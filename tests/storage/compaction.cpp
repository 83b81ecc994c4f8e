// gc with compact: files as large as what is in them, whatever happens meanwhile.
#include <sys/resource.h>

#include <chrono>

#include "tests/storage/made_trees.h"

namespace gli::storage {
namespace {

using namespace testing;

class compactions : public ::testing::Test {
 protected:
  scratch_directory directory_;
  std::string path_ = directory_ / "network.gli";

  /// A store most of which is garbage, and what stays.
  std::shared_ptr<graph_store> wasteful() {
    auto store = graph_store::open(path_, true);
    commit_leaves(*store, "first", 0, 50, "main", 2);
    auto kept = *store->head("main");
    auto gone = commit_leaves(*store, "gone", 1000, 600, "main", 2);
    store->move_branch("main", gone.id, kept, "undo");
    store->create_tag("v1", "main");
    return store;
  }
  uint64_t size_of(const std::string& environment) const { return std::filesystem::file_size(path_ + "/" + environment + "/data.mdb"); }
  static gc_report compact(graph_store& store) { return store.gc({.keep_reflog = 0, .compact = true}, test_format); }

  /// All that is in the store, but for moves of branches.
  static std::map<std::string, std::string> contents(graph_store& store) {
    std::map<std::string, std::string> all;
    for (uint32_t p = 0; p < 2; ++p)
      store.pool(p).environment().read()->scan(table::pages, {}, [&](bytes_view key, bytes_view page) {
        return all["p" + std::to_string(p) + text(key)] = text(page), true;
      });
    for (auto& c : store.commits()) all["commit " + to_hex(c.id)] = c.message;
    for (auto& [name, head] : store.branches()) all["branch " + name] = head ? to_hex(*head) : "";
    for (auto& [name, commit] : store.tags()) all["tag " + name] = to_hex(commit);
    return all;
  }
};

TEST_F(compactions, make_files_smaller_and_leave_what_is_in_them) {
  auto store = wasteful();
  store->gc({.keep_reflog = 0}, test_format);
  auto before = contents(*store);
  auto sizes = size_of("p0") + size_of("p1") + size_of("manifest");
  auto report = compact(*store);
  EXPECT_EQ(report.file_bytes.kept, size_of("p0") + size_of("p1") + size_of("manifest"));
  EXPECT_GE(report.file_bytes.kept + report.file_bytes.removed, sizes);
  EXPECT_LT(report.file_bytes.kept * 4, sizes);
  EXPECT_EQ(contents(*store), before);
  EXPECT_EQ(store->verify(test_format), std::vector<std::string>{});
  for (auto& part : store->space(test_format).partitions) EXPECT_EQ(part.disk.free, 0u);
  EXPECT_EQ(compact(*store).file_bytes.kept, report.file_bytes.kept) << "there is nothing left to gain";
}

TEST_F(compactions, leave_a_store_that_goes_on_here_and_in_other_processes) {
  auto store = wasteful();
  compact(*store);
  for (int i = 0; i < 3; ++i) {
    child_process other{[&] {
      auto theirs = graph_store::open(path_, false);
      commit_leaves(*theirs, "theirs " + std::to_string(i), 3000 + 100 * i, 100, "main", 2);
    }};
    ASSERT_EQ(other.wait(), 0);
    commit_leaves(*store, "mine " + std::to_string(i), 5000 + 100 * i, 100, "main", 2);
    auto before = contents(*store);
    compact(*store);
    EXPECT_EQ(contents(*store), before);
  }
  EXPECT_EQ(store->log("main", 0).size(), 7u);
  store.reset();
  EXPECT_EQ(graph_store::open(path_, false)->verify(test_format), std::vector<std::string>{});
}

TEST_F(compactions, are_refused_while_somebody_here_has_the_store_open) {
  auto store = wasteful();
  auto before = size_of("p0");
  {
    auto reader = store->pool(0).environment().read();
    EXPECT_FAILURE(errc::conflict, "/p0: this process has the store open elsewhere", compact(*store));
  }
  {
    auto other = graph_store::open(path_, false);
    EXPECT_FAILURE(errc::conflict, "/manifest: this process has the store open elsewhere", compact(*store));
    EXPECT_EQ(other->verify(test_format), std::vector<std::string>{});
  }
  EXPECT_GE(size_of("p0"), before);
  commit_leaves(*store, "afterwards", 100, 20, "main", 2);
  compact(*store);
  EXPECT_LT(size_of("p0"), before);
}

TEST_F(compactions, are_refused_while_another_process_has_the_store_open) {
  auto store = wasteful();
  auto before = size_of("manifest");
  steps opened, done;
  child_process other{[&] {
    auto theirs = graph_store::open(path_, false);
    opened.post();
    done.await();
    if (theirs->verify(test_format) != std::vector<std::string>{}) throw std::runtime_error{"damaged"};
  }};
  opened.await();
  EXPECT_FAILURE(errc::conflict, "/manifest: another process has the store open", compact(*store));
  EXPECT_GE(size_of("manifest"), before);
  EXPECT_EQ(store->verify(test_format), std::vector<std::string>{});
  done.post();
  EXPECT_EQ(other.wait(), 0);
  compact(*store);
  EXPECT_EQ(store->verify(test_format), std::vector<std::string>{});
}

TEST_F(compactions, leave_the_old_file_when_there_is_no_room_for_the_new_one) {
  wasteful()->gc({.keep_reflog = 0}, test_format);
  auto before = read_file(path_ + "/p0/data.mdb");
  child_process child{[&] {
    auto store = graph_store::open(path_, false);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit small{64 << 10, 64 << 10};
    ::setrlimit(RLIMIT_FSIZE, &small);
    auto [code, message] = failure_of([&] { store->pool(0).environment().compact(); });
    if (code != errc::io || message.find("/p0: cannot be rewritten: ") == std::string::npos) throw std::runtime_error{message};
    if (store->verify(test_format) != std::vector<std::string>{}) throw std::runtime_error{"damaged"};
  }};
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(read_file(path_ + "/p0/data.mdb"), before);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/p0/new"));
}

TEST_F(compactions, refuse_a_damaged_file_and_leave_it) {
  wasteful().reset();
  auto file = path_ + "/p0/data.mdb";
  auto bytes = read_file(file);
  auto store = graph_store::open(path_, false);
  store->pool(0);
  auto damaged = bytes;
  for (size_t page = 2; page * 4096 < damaged.size(); ++page)  // every branch and leaf page loses its flags
    if (damaged[page * 4096 + 10] == 1 || damaged[page * 4096 + 10] == 2) damaged[page * 4096 + 10] = 16;
  store.reset();
  write_file(file, damaged);
  EXPECT_FAILURE(errc::corrupt, "/p0/data.mdb", graph_store::open(path_, false)->pool(0).environment().compact());
  EXPECT_EQ(read_file(file), damaged);
}

TEST_F(compactions, in_memory_have_nothing_to_do) {
  auto store = graph_store::in_memory();
  commit_leaves(*store, "first", 0, 50, "main", 2);
  EXPECT_EQ(compact(*store).file_bytes.kept, 0u);
  EXPECT_EQ(store->verify(test_format), std::vector<std::string>{});
}

TEST_F(compactions, killed_at_any_moment_leave_the_old_files_or_the_new_ones) {
  auto asked = std::getenv("GLI_GC_CRASHES");
  auto crashes = asked ? std::atoi(asked) : 40;
  std::mt19937 random{5};
  wasteful()->gc({.keep_reflog = 0}, test_format);
  auto before = contents(*graph_store::open(path_, false));
  for (int crash = 0; crash < crashes; ++crash) {
    steps begun;
    child_process child{[&] {
      auto store = graph_store::open(path_, false);
      for (uint32_t p = 0; p < 2; ++p) store->pool(p);
      begun.post();
      for (;;) compact(*store);
    }};
    begun.await();
    auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random() % 20'000};  // spreads kills over compactions; nothing depends on it
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    child.kill();
    ASSERT_TRUE(WIFSIGNALED(child.wait()));
    auto store = graph_store::open(path_, false);
    ASSERT_EQ(contents(*store), before);
    ASSERT_EQ(store->verify(test_format), std::vector<std::string>{});
  }
  auto store = graph_store::open(path_, false);
  commit_leaves(*store, "afterwards", 100, 20, "main", 2);
  compact(*store);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/p0/new"));
  EXPECT_EQ(store->verify(test_format), std::vector<std::string>{});
}

}  // namespace
}  // namespace gli::storage
