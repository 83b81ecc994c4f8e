#include "runtime/http_request.h"

#include <gtest/gtest.h>

namespace {

using namespace gli;

TEST(http_request, loopback_is_known_by_every_name_that_browsers_give_it_and_by_no_other) {
  for (auto host : {"localhost", "LocalHost:80", "127.0.0.1", "127.0.0.1:8787", "127.7.7.7:1", "[::1]", "[::1]:65535"}) EXPECT_TRUE(names_loopback(host)) << host;
  for (auto host : {"", ":80", "evil.example", "evil.example:8787", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.1:8787", "0.0.0.0", "[::]", "[::1",
                    "[::1]x", "[::1]:", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:123456", "localhost:1:2", "[]", "localhost "})
    EXPECT_FALSE(names_loopback(host)) << host;
}

TEST(http_request, pages_of_other_origins_are_known_by_what_browsers_say_of_them) {
  auto from = [](std::string origin, std::string site = "") { return http_request{"GET", "/state", "127.0.0.1:8787", origin, site, ""}; };
  EXPECT_TRUE(is_same_origin(from(""), "http"));
  EXPECT_TRUE(is_same_origin(from("http://127.0.0.1:8787", "same-origin"), "http"));
  EXPECT_TRUE(is_same_origin(from("", "none"), "http"));
  EXPECT_FALSE(is_same_origin(from("https://127.0.0.1:8787"), "http"));
  EXPECT_FALSE(is_same_origin(from("http://127.0.0.1:8788"), "http"));
  EXPECT_FALSE(is_same_origin(from("http://evil.example"), "http"));
  EXPECT_FALSE(is_same_origin(from("null"), "http"));
  EXPECT_FALSE(is_same_origin(from("", "cross-site"), "http"));
  EXPECT_FALSE(is_same_origin(from("", "same-site"), "http"));
}

TEST(http_request, only_the_whole_token_lets_in) {
  auto with = [](std::string authorization) { return http_request{"GET", "/state", "", "", "", authorization}; };
  EXPECT_TRUE(bears(with("Bearer abc123"), "abc123"));
  EXPECT_TRUE(bears(with("bearer abc123"), "abc123"));
  for (auto no : {"", "Bearer", "Bearer ", "Bearer abc12", "Bearer abc1234", "Bearer  abc123", "Basic abc123", "abc123", "Bearer ABC123"}) EXPECT_FALSE(bears(with(no), "abc123")) << no;
  EXPECT_FALSE(bears(with("Bearer "), ""));
}

TEST(http_request, a_query_is_no_part_of_the_path) {
  EXPECT_EQ(path_of("/state?x=1?y"), "/state");
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(path_of("?"), "");
}

}  // namespace
