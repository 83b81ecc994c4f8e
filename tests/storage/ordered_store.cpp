// One contract, both stores.
#include "storage/ordered_store.h"

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "storage/memory_store.h"
#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;
using rows = std::vector<std::pair<std::string, std::string>>;

class ordered_stores : public ::testing::TestWithParam<std::string> {
 protected:
  scratch_directory directory_;
  std::shared_ptr<ordered_store> store_ = GetParam() == "lmdb" ? open_lmdb(directory_ / "s", true) : make_memory_store();
};
INSTANTIATE_TEST_SUITE_P(both, ordered_stores, ::testing::Values("memory", "lmdb"), [](auto& info) { return info.param; });

rows all(reader& r, const std::string& table, const std::string& from = "") {
  rows found;
  r.scan(table, as_bytes(from), [&](bytes_view k, bytes_view v) {
    found.emplace_back(text(k), text(v));
    return true;
  });
  return found;
}

TEST_P(ordered_stores, a_table_that_nobody_wrote_to_is_empty) {
  EXPECT_EQ(get(*store_, "t", "k"), std::nullopt);
  EXPECT_EQ(all(*store_->read(), "t"), rows{});
  auto w = store_->write();
  EXPECT_EQ(text(w->get("t", as_bytes("k"))), std::nullopt);
  w->erase("t", as_bytes("k"));
  w->commit();
}

TEST_P(ordered_stores, keeps_what_was_committed_and_forgets_the_rest) {
  put(*store_, "t", "a", "1");
  {
    auto w = store_->write();
    w->put("t", as_bytes("a"), as_bytes("2"));
    w->put("fresh", as_bytes("b"), as_bytes("3"));
  }
  EXPECT_EQ(get(*store_, "t", "a"), "1");
  EXPECT_EQ(get(*store_, "fresh", "b"), std::nullopt);
  put(*store_, "fresh", "b", "4");
  EXPECT_EQ(get(*store_, "fresh", "b"), "4");
}

TEST_P(ordered_stores, a_writer_sees_its_own_changes) {
  put(*store_, "t", "a", "1");
  put(*store_, "t", "b", "2");
  auto w = store_->write();
  w->put("t", as_bytes("c"), as_bytes("3"));
  w->put("t", as_bytes("a"), as_bytes("one"));
  w->erase("t", as_bytes("b"));
  EXPECT_EQ(text(w->get("t", as_bytes("a"))), "one");
  EXPECT_EQ(text(w->get("t", as_bytes("b"))), std::nullopt);
  EXPECT_EQ(all(*w, "t"), (rows{{"a", "one"}, {"c", "3"}}));
  EXPECT_EQ(all(*store_->read(), "t"), (rows{{"a", "1"}, {"b", "2"}}));
  w->commit();
  EXPECT_EQ(all(*store_->read(), "t"), (rows{{"a", "one"}, {"c", "3"}}));
}

TEST_P(ordered_stores, a_reader_sees_one_state) {
  put(*store_, "t", "a", "1");
  auto before = store_->read();
  put(*store_, "t", "a", "2");
  put(*store_, "later", "x", "y");
  EXPECT_EQ(text(before->get("t", as_bytes("a"))), "1");
  EXPECT_EQ(all(*before, "later"), rows{});
  EXPECT_EQ(get(*store_, "t", "a"), "2");
}

TEST_P(ordered_stores, scans_in_order_of_unsigned_bytes_from_a_key_on) {
  for (auto k : {"b", "a", "\xff", "aa", "\x7f"}) put(*store_, "t", k, "");
  EXPECT_EQ(all(*store_->read(), "t"), (rows{{"a", ""}, {"aa", ""}, {"b", ""}, {"\x7f", ""}, {"\xff", ""}}));
  EXPECT_EQ(all(*store_->read(), "t", "ab"), (rows{{"b", ""}, {"\x7f", ""}, {"\xff", ""}}));
  int visited = 0;
  store_->read()->scan("t", {}, [&](bytes_view, bytes_view) { return ++visited < 2; });
  EXPECT_EQ(visited, 2);
}

TEST_P(ordered_stores, refuses_keys_that_are_empty_or_too_long) {
  std::string longest(longest_key, 'x');
  put(*store_, "t", longest, "fits");
  EXPECT_EQ(get(*store_, "t", longest), "fits");
  EXPECT_FAILURE(errc::value, "512", put(*store_, "t", longest + "x", ""));
  EXPECT_FAILURE(errc::value, "not 0", put(*store_, "t", "", ""));
  EXPECT_FAILURE(errc::value, "not 0", get(*store_, "t", ""));
}

TEST_P(ordered_stores, a_transaction_ends_once) {
  auto w = store_->write();
  w->put("t", as_bytes("a"), as_bytes("1"));
  w->commit();
  EXPECT_FAILURE(errc::internal, "has ended", w->commit());
  EXPECT_FAILURE(errc::internal, "has ended", w->put("t", as_bytes("a"), as_bytes("2")));
  put(*store_, "t", "b", "the next writer does not wait");
}

TEST_P(ordered_stores, a_thread_that_writes_cannot_wait_for_itself) {
  auto w = store_->write();
  EXPECT_FAILURE(errc::conflict, "already", store_->write());
}

TEST_P(ordered_stores, a_second_writer_waits_for_the_first) {
  put(*store_, "t", "n", "0");
  auto add = [&] {
    for (int i = 0; i < 50; ++i) {
      auto w = store_->write();
      auto n = std::stoi(*text(w->get("t", as_bytes("n"))));
      w->put("t", as_bytes("n"), as_bytes(std::to_string(n + 1)));
      w->commit();
    }
  };
  std::thread a{add}, b{add}, c{add};
  a.join(), b.join(), c.join();
  EXPECT_EQ(get(*store_, "t", "n"), "150");
}

TEST_P(ordered_stores, readers_in_other_threads_see_whole_transactions) {
  std::atomic<bool> done{false};
  std::atomic<int> torn{0}, seen{0};
  auto look = [&] {
    while (!done || seen == 0) {
      auto r = store_->read();
      if (text(r->get("a", as_bytes("x"))) != text(r->get("b", as_bytes("x")))) ++torn;
      ++seen;
    }
  };
  std::thread one{look}, two{look};
  for (int i = 0; i < 100; ++i) {
    auto w = store_->write();
    for (auto t : {"a", "b"}) w->put(t, as_bytes("x"), as_bytes(std::to_string(i)));
    w->commit();
  }
  done = true;
  one.join(), two.join();
  EXPECT_EQ(torn, 0);
}

TEST_P(ordered_stores, tables_made_by_threads_at_once_are_all_there) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      auto table = "table" + std::to_string(t);
      put(*store_, table, "k", "v");
      if (get(*store_, table, "k") != "v") ADD_FAILURE() << table;
    });
  for (auto& t : threads) t.join();
  for (int t = 0; t < 8; ++t) EXPECT_EQ(get(*store_, "table" + std::to_string(t), "k"), "v");
}

TEST_P(ordered_stores, a_transaction_keeps_its_store_alive) {
  put(*store_, "t", "a", "1");
  auto r = store_->read();
  store_.reset();
  EXPECT_EQ(text(r->get("t", as_bytes("a"))), "1");
}

/// Against std::map, with values from nothing to several LMDB pages.
TEST_P(ordered_stores, behaves_like_a_sorted_map) {
  std::map<std::string, std::string> oracle;
  std::mt19937 random{7};
  for (int transaction = 0; transaction < 60; ++transaction) {
    auto w = store_->write();
    auto changed = oracle;
    for (int i = 0; i < 20; ++i) {
      auto key = std::to_string(random() % 200);
      if (random() % 3 == 0)
        changed.erase(key), w->erase("t", as_bytes(key));
      else {
        changed[key] = text(noise(random() % 4 ? random() % 100 : random() % 20000, random()));
        w->put("t", as_bytes(key), as_bytes(changed[key]));
      }
    }
    ASSERT_EQ(all(*w, "t"), rows(changed.begin(), changed.end()));
    if (random() % 4 != 0) w->commit(), oracle = changed;
    w.reset();
    ASSERT_EQ(all(*store_->read(), "t"), rows(oracle.begin(), oracle.end()));
    store_->check();
  }
}

TEST(memory_store, fails_the_nth_write_or_commit_as_told_and_changes_nothing) {
  auto faults = std::make_shared<fault_plan>();
  auto store = make_memory_store(faults);
  put(*store, "t", "a", "1");
  faults->fail_put = 2;
  auto w = store->write();
  w->put("t", as_bytes("a"), as_bytes("2"));
  EXPECT_FAILURE(errc::io, "injected", w->put("t", as_bytes("b"), as_bytes("2")));
  w.reset();
  faults->fail_commit = 1;
  EXPECT_FAILURE(errc::io, "injected", put(*store, "t", "a", "3"));
  EXPECT_EQ(get(*store, "t", "a"), "1");
  put(*store, "t", "a", "4");
  EXPECT_EQ(get(*store, "t", "a"), "4");
}

}  // namespace
}  // namespace gli::storage
