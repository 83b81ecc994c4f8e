#include "runtime/credentials.h"

#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/runtime/tls_peers.h"

namespace gli {
namespace {

namespace fs = std::filesystem;
using testing::made_credentials;

std::string text_of(const std::string& path) {
  std::stringstream all;
  all << std::ifstream{path}.rdbuf();
  return all.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream{path} << text;
  ::chmod(path.c_str(), 0600);
}

std::string refusal(const std::string& path, errc code) {
  try {
    load_credentials(path);
  } catch (const failure& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    EXPECT_NE(std::string{e.what()}.find(path), std::string::npos) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing thrown";
  return {};
}

struct credentials_test : ::testing::Test {
  made_credentials made;
  std::string worker = made.file(role::worker);
};

TEST_F(credentials_test, every_role_has_its_own_certificate_and_all_have_one_authority_and_one_secret) {
  auto first = load_credentials(made.file(role::coordinator));
  for (auto r : {role::coordinator, role::worker, role::driver}) {
    auto c = load_credentials(made.file(r));
    EXPECT_EQ(c.role, r);
    EXPECT_EQ(c.cluster, "c1");
    EXPECT_EQ(c.secret, first.secret);
    EXPECT_EQ(X509_cmp(c.authority.get(), first.authority.get()), 0);
    EXPECT_EQ(X509_verify(c.own.get(), X509_get0_pubkey(first.authority.get())), 1);
    EXPECT_EQ(EVP_PKEY_eq(c.own_key.get(), first.own_key.get()) == 1, r == role::coordinator);
  }
}

TEST_F(credentials_test, two_clusters_share_nothing) {
  made_credentials other;
  auto a = load_credentials(worker), b = load_credentials(other.file(role::worker));
  EXPECT_NE(a.secret, b.secret);
  EXPECT_NE(X509_verify(b.own.get(), X509_get0_pubkey(a.authority.get())), 1);
}

TEST_F(credentials_test, files_are_for_their_owner_alone_and_hold_no_key_of_the_authority) {
  struct stat s;
  ASSERT_EQ(::stat((made.folder + "/credentials").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0700u);
  size_t files = 0;
  for (auto& entry : fs::directory_iterator{made.folder + "/credentials"}) {
    ASSERT_EQ(::stat(entry.path().c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777, 0600u) << entry.path();
    auto text = text_of(entry.path());
    EXPECT_EQ(text.find("BEGIN PRIVATE KEY"), text.rfind("BEGIN PRIVATE KEY"));
    ++files;
  }
  EXPECT_EQ(files, 3u);
}

TEST_F(credentials_test, a_file_that_others_may_read_is_refused_with_the_command_that_mends_it) {
  for (auto mode : {0640u, 0604u, 0660u}) {
    ::chmod(worker.c_str(), mode);
    auto why = refusal(worker, errc::io);
    EXPECT_NE(why.find("chmod 600 " + worker), std::string::npos) << why;
  }
  ::chmod(worker.c_str(), 0400);
  EXPECT_EQ(load_credentials(worker).role, role::worker);
}

/// The exit status of a child that does this as user and group `id`, whose other group is `also`.
template <class Do>
int as_user(uid_t id, gid_t also, const Do& act) {
  auto child = ::fork();
  if (child == 0) {
    if (::setgroups(1, &also) != 0 || ::setgid(id) != 0 || ::setuid(id) != 0) ::_exit(99);
    ::_exit(act());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

int loads(const std::string& path) {
  try {
    load_credentials(path);
    return 0;
  } catch (const failure& e) { return e.code() == errc::io ? 1 : 2; }
}

TEST_F(credentials_test, roots_file_may_be_readable_by_a_group_as_volumes_of_secrets_have_it_and_by_nobody_else) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make files of root that others read";
  constexpr uid_t user = 54321;
  constexpr gid_t group = 54322;
  for (auto& folder : {made.folder, made.folder + "/credentials"}) ::chmod(folder.c_str(), 0755);
  auto link = made.folder + "/link.pem";  // as ..data links are
  fs::create_symlink(worker, link);
  auto tried = [&](uid_t owner, gid_t of, mode_t mode) {
    EXPECT_EQ(::chown(worker.c_str(), owner, of), 0);
    ::chmod(worker.c_str(), mode);
    return as_user(user, group, [&] { return loads(link); });
  };
  EXPECT_EQ(tried(0, group, 0440), 0);
  EXPECT_EQ(tried(0, group, 0640), 0);
  EXPECT_EQ(tried(user, group, 0400), 0);
  for (mode_t mode : {0444, 0460, 0450, 0644}) EXPECT_EQ(tried(0, group, mode), 1) << std::oct << mode;
  EXPECT_EQ(tried(user, group, 0440), 1);        // its owner can mend that
  EXPECT_EQ(tried(user + 7, group, 0440), 1);    // somebody else decides who reads it
  EXPECT_EQ(tried(0, 0, 0440), 1);               // it is not in that group
}

TEST_F(credentials_test, what_is_no_file_or_not_whole_is_refused) {
  refusal(made.folder + "/nothing.pem", errc::not_found);
  EXPECT_NE(refusal(made.folder + "/credentials", errc::io).find("regular file"), std::string::npos);
  auto text = text_of(worker), copy = made.folder + "/copy.pem";
  for (auto block : {"CERTIFICATE", "PRIVATE KEY", "GLI SECRET"}) {
    auto begin = text.find(std::string{"-----BEGIN "} + block), end = text.find("-----END", begin);
    end = text.find('\n', end) + 1;
    write(copy, text.substr(0, begin) + text.substr(end));
    refusal(copy, errc::value);
  }
  write(copy, "");
  refusal(copy, errc::value);
  write(copy, std::string(100'000, 'x'));
  refusal(copy, errc::value);
}

TEST_F(credentials_test, no_cut_or_flipped_byte_of_a_file_brings_the_reader_down) {
  auto text = text_of(worker), copy = made.folder + "/copy.pem";
  for (size_t at = 0; at < text.size(); at += 7) {
    for (bool cut : {true, false}) {
      auto damaged = cut ? text.substr(0, at) : text;
      if (!cut) damaged[at] = char(damaged[at] ^ 0x04);
      write(copy, damaged);
      try {
        load_credentials(copy);
      } catch (const failure& e) {
        EXPECT_TRUE(e.code() == errc::value || e.code() == errc::protocol) << e.what();
      }
    }
  }
}

TEST_F(credentials_test, a_key_of_another_certificate_is_refused) {
  auto text = text_of(worker), other = text_of(made.file(role::driver)), copy = made.folder + "/copy.pem";
  auto cut = [](const std::string& t) { return t.find("-----BEGIN PRIVATE"); };
  write(copy, text.substr(0, cut(text)) + other.substr(cut(other)));
  EXPECT_NE(refusal(copy, errc::value).find("does not belong"), std::string::npos);
}

TEST(credentials, that_have_expired_are_refused_and_say_what_to_do) {
  made_credentials made{"c1", {{366, -1, 366}}};
  EXPECT_NE(refusal(made.file(role::worker), errc::value).find("start it again"), std::string::npos);
  load_credentials(made.file(role::driver));
}

TEST(credentials, are_not_made_in_a_folder_that_others_may_read) {
  made_credentials made;
  auto folder = made.folder + "/open";
  ::mkdir(folder.c_str(), 0755);
  ::chmod(folder.c_str(), 0755);
  try {
    make_credentials(folder, "c1");
    FAIL() << "nothing thrown";
  } catch (const failure& e) { EXPECT_NE(std::string{e.what()}.find("chmod 700"), std::string::npos) << e.what(); }
  EXPECT_TRUE(fs::is_empty(folder));
}

}  // namespace
}  // namespace gli
