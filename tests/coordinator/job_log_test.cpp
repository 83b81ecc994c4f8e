#include "coordinator/job_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

namespace gli {
namespace {

namespace fs = std::filesystem;

struct folder {
  folder() {
    auto name = (fs::temp_directory_path() / "gli-log-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~folder() { fs::remove_all(path); }
  std::string path;
};

TEST(job_log, of_nothing_is_empty) {
  folder f;
  auto piece = read_log(f.path, 0, 100);
  EXPECT_EQ(piece.bytes, "");
  EXPECT_TRUE(piece.last);
  EXPECT_EQ(end_of_log(f.path, 100), "");
  EXPECT_EQ(read_log(f.path + "/nowhere", 5, 100).bytes, "");
}

TEST(job_log, gives_back_what_was_appended_from_any_offset_in_pieces_of_any_size) {
  std::mt19937 random{1};
  for (int round = 0; round < 200; ++round) {
    folder f;
    std::string all;
    job_log log{f.path, {.file = 1 + random() % 50, .files = 1000000}};
    for (int i = 0; i < 20; ++i) {
      std::string bytes(random() % 60, char('a' + i));
      log.append(bytes);
      all += bytes;
      auto from = random() % (all.size() + 1), most = 1 + random() % 100;
      auto piece = read_log(f.path, from, most);
      ASSERT_EQ(piece.offset, from);
      ASSERT_EQ(piece.bytes, all.substr(from, most));
      ASSERT_EQ(piece.last, from + piece.bytes.size() == all.size());
    }
  }
}

TEST(job_log, that_grows_without_end_keeps_its_last_bytes_and_says_from_where) {
  folder f;
  job_log log{f.path, {.file = 100, .files = 3}};
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    auto line = std::to_string(i) + "\n";
    log.append(line);
    all += line;
  }
  uint64_t bytes = 0;
  for (auto& entry : fs::directory_iterator{f.path}) bytes += entry.file_size();
  EXPECT_LE(bytes, 400u);
  auto piece = read_log(f.path, 0, 100000);
  EXPECT_GT(piece.offset, 0u);
  EXPECT_GE(piece.bytes.size(), 200u);
  EXPECT_EQ(piece.bytes, all.substr(piece.offset));
  EXPECT_TRUE(piece.last);
  EXPECT_EQ(end_of_log(f.path, 10), "998\n999\n");
}

}  // namespace
}  // namespace gli
