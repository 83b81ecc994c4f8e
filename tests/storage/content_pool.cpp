#include "storage/content_pool.h"

#include "storage/memory_store.h"
#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

TEST(content_pool, gives_back_what_was_put) {
  content_pool pool{make_memory_store()};
  auto small = store_page(pool, as_bytes("small")), large = store_page(pool, noise(200'000, 1)), empty = store_page(pool, {});
  EXPECT_EQ(pool.get(small), byte_buffer({'s', 'm', 'a', 'l', 'l'}));
  EXPECT_EQ(pool.get(large), noise(200'000, 1));
  EXPECT_EQ(pool.get(empty), byte_buffer{});
  EXPECT_TRUE(pool.has(small));
  EXPECT_FALSE(pool.has(content_hash(as_bytes("other"))));
}

TEST(content_pool, stores_equal_pages_once) {
  content_pool pool{make_memory_store()};
  auto page = noise(1000, 1);
  for (int i = 0; i < 3; ++i) store_page(pool, page);
  content_pool::batch b{pool};
  b.put(content_hash(page), page);
  b.put(content_hash(page), page);
  EXPECT_EQ(b.pages(), 1u);
  EXPECT_EQ(b.bytes(), 1000u);
  b.commit();
  EXPECT_EQ(b.pages(), 0u);
  EXPECT_EQ(pool.stats().pages, 1u);
  EXPECT_EQ(pool.stats().bytes, 1000u);
}

TEST(content_pool, a_batch_is_not_there_before_its_commit) {
  content_pool pool{make_memory_store()};
  auto h = content_hash(as_bytes("page"));
  content_pool::batch b{pool};
  b.put(h, as_bytes("page"));
  EXPECT_TRUE(b.has(h));
  EXPECT_FALSE(pool.has(h));
  b.commit();
  EXPECT_TRUE(pool.has(h));
  EXPECT_TRUE(content_pool::batch{pool}.has(h));
}

TEST(content_pool, a_failed_batch_changes_nothing_and_can_be_tried_again) {
  auto faults = std::make_shared<fault_plan>();
  content_pool pool{make_memory_store(faults)};
  content_pool::batch b{pool};
  for (uint64_t i = 0; i < 5; ++i) b.put(content_hash(noise(100, i)), noise(100, i));
  faults->fail_put = 3;
  EXPECT_FAILURE(errc::io, "injected", b.commit());
  faults->fail_commit = 1;
  EXPECT_FAILURE(errc::io, "injected", b.commit());
  EXPECT_EQ(pool.stats().pages, 0u);
  b.commit();
  EXPECT_EQ(pool.stats().pages, 5u);
}

TEST(content_pool, names_a_page_that_is_missing) {
  content_pool pool{make_memory_store()};
  auto h = content_hash(as_bytes("never put"));
  EXPECT_FAILURE(errc::corrupt, "page " + to_hex(h) + " is missing", pool.get(h));
}

TEST(content_pool, names_a_page_that_was_changed_and_heals_it) {
  auto store = make_memory_store();
  content_pool pool{store};
  auto h = store_page(pool, as_bytes("good"));
  store_page(pool, as_bytes("another"));
  auto w = store->write();
  w->put(table::pages, key_of(h), as_bytes("goof"));
  w->commit();
  EXPECT_FAILURE(errc::corrupt, "page " + to_hex(h) + " does not match its hash", pool.get(h));
  std::vector<std::string> damaged;
  EXPECT_EQ(pool.verify([&](auto& page, auto&) { damaged.push_back(page); }), 2u);
  EXPECT_EQ(damaged, std::vector<std::string>{"page " + to_hex(h)});
  store_page(pool, as_bytes("good"));
  EXPECT_EQ(text(pool.get(h)), "good");
}

}  // namespace
}  // namespace gli::storage
