#include "partitions/dictionary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "runtime/error.h"

using namespace gli;

TEST(dictionary, numbers_integers_as_they_come) {
  dictionary d{key_type::int64};
  std::map<int64_t, int32_t> expected;
  std::mt19937_64 random{1};
  for (int i = 0; i < 50'000; ++i) {
    auto k = int64_t(random() % 20'000) - 10'000;
    auto [at, fresh] = expected.emplace(k, int32_t(expected.size()));
    EXPECT_EQ(d.intern(k), (std::pair{at->second, fresh}));
  }
  EXPECT_EQ(d.size(), int32_t(expected.size()));
  for (auto& [k, id] : expected) {
    EXPECT_EQ(d.find(k), id);
    EXPECT_EQ(d.find(key_hash(k)), id);
    EXPECT_EQ(d.int_key(id), k);
    EXPECT_EQ(d.key_of(id), key{k});
    EXPECT_EQ(d.hash_of(id), key_hash(k));
  }
  EXPECT_EQ(d.find(int64_t{10'000}), std::nullopt);
  EXPECT_EQ(d.find(std::string_view{"1"}), std::nullopt);
}

TEST(dictionary, keeps_texts_where_they_are_while_it_grows) {
  dictionary d{key_type::utf8};
  std::vector<std::string_view> views;
  for (int i = 0; i < 30'000; ++i) {
    d.intern(std::string(size_t(i % 40), 'k') + std::to_string(i));
    views.push_back(d.text_key(i));
  }
  for (int i = 0; i < 30'000; ++i) {
    auto text = std::string(size_t(i % 40), 'k') + std::to_string(i);
    EXPECT_EQ(views[size_t(i)], text);
    EXPECT_EQ(d.find(text), i);
  }
  EXPECT_EQ(d.find(std::string_view{"absent"}), std::nullopt);
  EXPECT_EQ(d.intern(std::string_view{""}), (std::pair{30'000, true}));
  EXPECT_EQ(d.intern(std::string(3 << 20, 'x')).second, true);
  EXPECT_EQ(d.text_key(30'001).size(), size_t{3 << 20});
}

TEST(dictionary, refuses_keys_beyond_its_limit_and_of_the_other_type) {
  dictionary d{key_type::int64, 3};
  for (int64_t k : {5, 6, 7, 5}) d.intern(k);
  try {
    d.intern(int64_t{8});
    FAIL();
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::memory);
  }
  try {
    d.intern(std::string_view{"x"});
    FAIL();
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), errc::type);
  }
  EXPECT_EQ(d.size(), 3);
}

TEST(dictionary, takes_many_new_keys_up_to_the_first_that_it_knows) {
  std::mt19937_64 random{3};
  for (int round = 0; round < 200; ++round) {
    dictionary many{key_type::int64}, single{key_type::int64};
    for (auto left = random() % 40; left > 0; --left) {
      auto k = int64_t(random() % 400);
      many.intern(k), single.intern(k);
    }
    std::vector<int64_t> keys;
    for (auto left = random() % 200; left > 0; --left) keys.push_back(int64_t(random() % 20'000));
    int32_t taken = 0;
    while (size_t(taken) < keys.size() && single.intern(keys[size_t(taken)]).second) ++taken;
    EXPECT_EQ(many.intern_new(keys), taken);
    ASSERT_EQ(many.size(), single.size());
    for (int32_t id = 0; id < single.size(); ++id) {
      EXPECT_EQ(many.int_key(id), single.int_key(id));
      EXPECT_EQ(many.hash_of(id), single.hash_of(id));
      EXPECT_EQ(many.find(single.int_key(id)), id);
    }
    if (size_t(taken) < keys.size()) continue;
    EXPECT_EQ(many.intern(int64_t{20'001}), (std::pair{single.size(), true}));
  }
  dictionary limited{key_type::int64, 3}, of_texts{key_type::utf8};
  std::vector<int64_t> four{1, 2, 3, 4};
  EXPECT_THROW(limited.intern_new(four), failure);
  EXPECT_EQ(limited.size(), 0);
  EXPECT_EQ(limited.intern_new(std::span{four}.first(3)), 3);
  EXPECT_THROW(of_texts.intern_new(four), failure);
}

TEST(dictionary, gives_several_threads_one_id_for_one_key) {
  for (auto type : {key_type::int64, key_type::utf8}) {
    dictionary d{type};
    constexpr int64_t keys = 5'000;
    std::vector<std::vector<int32_t>> ids(4, std::vector<int32_t>(keys));
    std::vector<std::thread> threads;
    for (size_t t = 0; t < ids.size(); ++t)
      threads.emplace_back([&, t] {
        for (int64_t i = 0; i < keys; ++i) {
          auto k = (i * 7 + int64_t(t) * 1'000) % keys;
          ids[t][size_t(k)] = type == key_type::int64 ? d.intern_shared(k) : d.intern_shared(std::to_string(k));
        }
      });
    for (auto& t : threads) t.join();
    EXPECT_EQ(d.size(), keys);
    for (auto& mine : ids) EXPECT_EQ(mine, ids[0]);
    for (int64_t k = 0; k < keys; ++k) EXPECT_EQ(d.key_of(ids[0][size_t(k)]), type == key_type::int64 ? key{k} : key{std::to_string(k)});
  }
}

TEST(dictionary, is_read_while_one_thread_appends) {
  for (auto type : {key_type::int64, key_type::utf8}) {
    auto made = std::make_shared<dictionary>(type);
    auto intern = [&](dictionary& d, int64_t k) { return type == key_type::int64 ? d.intern(k).first : d.intern(std::to_string(k)).first; };
    for (int64_t k = 0; k < 10; ++k) intern(*made, k);
    std::shared_ptr<const dictionary> shared = made;
    std::atomic<bool> done{false};
    auto read = [&] {
      int64_t k = 0;
      while (!done || k < 20'000) {
        auto id = type == key_type::int64 ? shared->find(k) : shared->find(std::to_string(k));
        if (k < 10) {
          EXPECT_EQ(id, int32_t(k));
          EXPECT_EQ(shared->hash_of(*id), type == key_type::int64 ? key_hash(k) : key_hash(std::to_string(k)));
        } else if (id) {
          EXPECT_EQ(*id, int32_t(k));
        }
        EXPECT_GE(shared->memory_bytes(), 1u);
        k = done ? k + 1 : (k + 37) % 20'000;
      }
    };
    std::thread a{read}, b{read};
    for (int64_t k = 10; k < 20'000; ++k) type == key_type::int64 ? made->intern_shared(k) : made->intern_shared(std::to_string(k));
    done = true;
    a.join();
    b.join();
    EXPECT_EQ(shared->size(), 20'000);
  }
}

TEST(dictionary, renumbers_its_keys_and_goes_on) {
  constexpr int32_t count = 5000;
  for (auto type : {key_type::int64, key_type::utf8}) {
    dictionary d{type};
    auto intern = [&](int64_t k) { return type == key_type::int64 ? d.intern(k) : d.intern(std::to_string(k)); };
    auto find = [&](int64_t k) { return type == key_type::int64 ? d.find(k) : d.find(std::to_string(k)); };
    std::vector<int32_t> new_id;
    for (int32_t i = 0; i < count; ++i) {
      intern(i * 7);
      new_id.push_back(i);
    }
    std::shuffle(new_id.begin(), new_id.end(), std::mt19937{1});
    d.renumber(new_id);
    for (int32_t i = 0; i < count; ++i) {
      auto k = type == key_type::int64 ? key{int64_t{i} * 7} : key{std::to_string(i * 7)};
      EXPECT_EQ(find(i * 7), new_id[size_t(i)]);
      EXPECT_EQ(d.key_of(new_id[size_t(i)]), k);
      EXPECT_EQ(d.hash_of(new_id[size_t(i)]), key_hash(k));
    }
    for (int32_t i = 0; i < count; ++i) EXPECT_EQ(intern(-1 - i), (std::pair{count + i, true}));
    EXPECT_EQ(find(0), new_id[0]);
  }
}
