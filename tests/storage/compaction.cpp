// gc with compact: files as large as what is in them, whatever happens meanwhile.
#include <sys/resource.h>

#include <chrono>

#include "storage/manifest.h"
#include "storage/page_rows.h"
#include "storage/packing.h"
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
  static uint64_t rows_in(graph_store& store, std::string_view table) {
    uint64_t rows = 0;
    store.pool(0).environment().read()->scan(table, {}, [&](bytes_view, bytes_view) { return ++rows, true; });
    return rows;
  }
  uint32_t format_of(const std::string& environment) const {
    return decode_format(*open_lmdb(path_ + "/" + environment, false)->read()->get(table::about, as_bytes(format_key)), environment).version;
  }
  static gc_report compact(graph_store& store) { return store.gc({.keep_reflog = 0, .compact = true}, test_format); }

  /// All that is in the store, but for moves of branches.
  static std::map<std::string, std::string> contents(graph_store& store) {
    std::map<std::string, std::string> all;
    for (uint32_t p = 0; p < 2; ++p)
      for_each_page(*store.pool(p).environment().read(), "", [&](auto& page) {
        EXPECT_TRUE(all.emplace("p" + std::to_string(p) + to_hex(page.hash), text(page.bytes(""))).second) << "twice: " << to_hex(page.hash);
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

TEST_F(compactions, pack_pages_which_are_found_collected_and_bundled_as_before) {
  auto store = wasteful();
  EXPECT_EQ(format_of("p0"), 1u);
  compact(*store);
  EXPECT_EQ(format_of("p0"), 2u);
  EXPECT_EQ(format_of("manifest"), 1u) << "nothing is packed there";
  auto all = contents(*store);
  auto packed = rows_in(*store, table::packed), plain = rows_in(*store, table::pages);
  EXPECT_GT(packed, 10u);
  EXPECT_GT(plain, 10u);

  auto first = *store->head("main");
  auto again = commit_leaves(*store, "again", 0, 50, "main", 2).id;
  EXPECT_EQ(rows_in(*store, table::packed), packed) << "all of it is there";
  EXPECT_EQ(rows_in(*store, table::pages), plain);
  store->move_branch("main", again, first, "undo");
  store->bundle(directory_ / "all.bundle", {}, test_format);
  auto other = graph_store::in_memory();
  other->unbundle(directory_ / "all.bundle", {.prefix = "their/"}, test_format);
  EXPECT_EQ(pages_in(other->pool(0)), pages_in(store->pool(0)));
  EXPECT_EQ(other->verify(test_format), std::vector<std::string>{});

  auto gone = commit_leaves(*store, "gone", 500, 30, "main", 2);
  compact(*store);
  EXPECT_GT(rows_in(*store, table::packed), packed);
  store->move_branch("main", gone.id, first, "undo");
  store->gc({.keep_reflog = 0}, test_format);
  EXPECT_EQ(contents(*store), all);
  EXPECT_EQ(rows_in(*store, table::packed), packed);
}

TEST_F(compactions, damage_of_a_packed_page_is_named_and_healed_by_whoever_has_it) {
  auto store = wasteful();
  compact(*store);
  store->bundle(directory_ / "all.bundle", {}, test_format);
  hash128 damaged;
  byte_buffer row;
  for_each_page(*store->pool(0).environment().read(), "", [&](auto& page) {
    if (page.is_packed) damaged = page.hash, row.assign(page.row.begin(), page.row.end());
  });
  auto name = "page " + to_hex(damaged);
  auto put_row = [&](const byte_buffer& bytes) {
    auto w = store->pool(0).environment().write();
    w->put(table::packed, key_of(damaged), bytes);
    w->commit();
  };
  auto flipped = row;
  flipped[row.size() / 2] ^= 4;
  auto resealed = flipped;
  std::ranges::copy(key_of(content_hash(bytes_view{resealed}.first(resealed.size() - 16))), resealed.end() - 16);
  byte_buffer short_row(row.begin(), row.begin() + 10);
  for (auto& bad : {flipped, resealed, short_row}) {
    put_row(bad);
    EXPECT_FAILURE(errc::corrupt, store->pool(0).environment().name() + ": " + name + " ", store->pool(0).get(damaged));
    auto lines = store->verify(test_format);
    ASSERT_FALSE(lines.empty());
    EXPECT_NE(lines[0].find(name), std::string::npos) << lines[0];
  }
  EXPECT_GT(store->unbundle(directory_ / "all.bundle", {}, test_format).pages, 0u);
  EXPECT_EQ(store->verify(test_format), std::vector<std::string>{});
  EXPECT_FALSE(store->pool(0).environment().read()->get(table::packed, key_of(damaged)));
}

TEST_F(compactions, pack_no_page_that_is_damaged) {
  auto store = wasteful();
  auto page = leaf_page(1), bad = page;
  bad[500] ^= 1;
  auto w = store->pool(0).environment().write();
  w->put(table::pages, key_of(content_hash(page)), bad);
  w->commit();
  w.reset();
  store->pool(0).environment().compact(put_packed_rows);
  EXPECT_TRUE(store->pool(0).environment().read()->get(table::pages, key_of(content_hash(page))));
  EXPECT_FAILURE(errc::corrupt, "page " + to_hex(content_hash(page)) + " does not match its hash", store->pool(0).get(content_hash(page)));
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
    auto [code, message] = failure_of([&] { store->pool(0).environment().compact(put_packed_rows); });
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
  EXPECT_FAILURE(errc::corrupt, "/p0/data.mdb", graph_store::open(path_, false)->pool(0).environment().compact(put_packed_rows));
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
