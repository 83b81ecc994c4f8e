// What glid logs as JSON: whatever a message holds, a line is one object and holds it too.

#include "runtime/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <regex>

namespace {

using namespace gli;

std::string line_of(const std::string& text, const log_source& from = {"worker", "c1", "ann", {}, {}}, uint64_t call = 0) {
  spdlog::details::log_msg message{"worker", spdlog::level::warn, text};
  return json_line(message, from, call);
}

std::string random_text(std::mt19937_64& random, bool utf8) {
  static const std::string pieces[] = {"\"", "\\", "\n", "\r", "\t", std::string(1, '\0'), "\x1b[31m", "é", "結", "😀", "a", "{}", "\x7f", "\xe2\x80\xa8"};
  std::string text;
  for (auto left = random() % 40; left > 0; --left) text += utf8 ? pieces[random() % std::size(pieces)] : std::string(1, char(random()));
  return text;
}

TEST(log, a_line_says_when_how_bad_who_and_what) {
  auto line = nlohmann::json::parse(line_of("it rains", {"worker", "c1", "ann", 7, 3}, 12));
  EXPECT_TRUE(std::regex_match(line["time"].get<std::string>(), std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"}));
  line.erase("time");
  EXPECT_EQ(line, nlohmann::json::parse(R"({"level":"warning","cluster":"c1","host":"ann","role":"worker","worker":7,"partition":3,"call":12,"message":"it rains"})"));
}

TEST(log, what_is_not_known_yet_is_not_said) {
  auto line = nlohmann::json::parse(line_of("it rains"));
  EXPECT_FALSE(line.contains("worker") || line.contains("partition") || line.contains("call"));
}

TEST(log, every_text_comes_back_from_its_line) {
  std::mt19937_64 random{1};
  for (int i = 0; i < 20'000; ++i) {
    auto text = random_text(random, true), host = random_text(random, true);
    auto line = line_of(text, {"worker", text, host, 1, 2}, 3);
    ASSERT_EQ(line.find('\n'), std::string::npos);
    auto read = nlohmann::json::parse(line);
    ASSERT_EQ(read["message"], text);
    ASSERT_EQ(read["host"], host);
  }
}

TEST(log, bytes_that_are_no_text_leave_a_line_that_parses) {
  std::mt19937_64 random{2};
  for (int i = 0; i < 20'000; ++i) {
    auto line = line_of(random_text(random, false), {"worker", "c1", random_text(random, false), {}, {}});
    ASSERT_EQ(line.find('\n'), std::string::npos);
    ASSERT_TRUE(nlohmann::json::parse(line).is_object());
  }
}

TEST(log, lines_of_a_thread_are_about_its_innermost_call) {
  std::string out;
  testing::internal::CaptureStderr();
  log_to_stderr(log_format::json, spdlog::level::info, "worker");
  {
    log_of_call outer{1};
    { log_of_call inner{2}; spdlog::info("inner"); }
    spdlog::info("outer");
  }
  spdlog::info("none");
  spdlog::debug("below the level");
  std::istringstream lines{testing::internal::GetCapturedStderr()};
  std::vector<nlohmann::json> read;
  for (std::string line; std::getline(lines, line);) read.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0]["call"], 2);
  EXPECT_EQ(read[1]["call"], 1);
  EXPECT_FALSE(read[2].contains("call"));
}

}  // namespace
