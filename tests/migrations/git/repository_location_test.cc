#include "migrations/git/repository_location.h"

#include <gtest/gtest.h>

#include "tests/migrations/temporary_repository.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

using Kind = RepositoryLocation::Kind;

Error error_of(const std::string& text) {
  SCOPED_TRACE(text);
  return thrown_by([&] { parse_repository_location(text); });
}

constexpr const char* kForms =
    "--repository takes a path, https://host/path, ssh://user@host/path, user@host:path or "
    "github:owner/name";

TEST(RepositoryLocation, APathIsLocal) {
  for (const std::string path : {"/srv/repo", "repo", "./a:b", "../x", "a/b:c", "."}) {
    const RepositoryLocation location = parse_repository_location(path);
    EXPECT_EQ(location.kind, Kind::kLocal) << path;
    EXPECT_EQ(location.path, path);
  }
}

TEST(RepositoryLocation, AFileUrlIsADecodedPath) {
  EXPECT_EQ(parse_repository_location("file:///srv/a%20b").path, "/srv/a b");
  EXPECT_EQ(parse_repository_location("file://localhost/srv").path, "/srv");
  EXPECT_STREQ(error_of("file://server/share").what(),
               "file://server/share names no file on this machine");
  EXPECT_EQ(error_of("file://relative").hint, "write file:///absolute/path");
}

TEST(RepositoryLocation, CredentialsLeaveAnHttpsUrl) {
  const RepositoryLocation location =
      parse_repository_location("https://jane:p%40ss@git.example.com:8443/a/b.git");
  EXPECT_EQ(location.kind, Kind::kHttps);
  EXPECT_EQ(location.url, "https://git.example.com:8443/a/b.git");
  EXPECT_EQ(location.host, "git.example.com");
  EXPECT_EQ(location.user, "jane");
  EXPECT_EQ(location.password, "p@ss");
}

TEST(RepositoryLocation, ALoneUserLeavesAnHttpsUrlToo) {
  const RepositoryLocation location = parse_repository_location("https://ghp_x@github.com/o/n");
  EXPECT_EQ(location.url, "https://github.com/o/n");
  EXPECT_EQ(location.user, "ghp_x");
  EXPECT_EQ(location.password, "");
}

TEST(RepositoryLocation, AnSshUrlKeepsItsUserButNotItsPassword) {
  const RepositoryLocation location = parse_repository_location("ssh://git:pw@host:2222/srv/x");
  EXPECT_EQ(location.kind, Kind::kSsh);
  EXPECT_EQ(location.url, "ssh://git@host:2222/srv/x");
  EXPECT_EQ(location.host, "host");
  EXPECT_EQ(location.user, "git");
  EXPECT_EQ(location.password, "pw");
  EXPECT_EQ(parse_repository_location("ssh://host/x").user, "");
  EXPECT_EQ(parse_repository_location("SSH://git@[::1]:22/x").host, "::1");
}

TEST(RepositoryLocation, AnScpNameIsSsh) {
  const RepositoryLocation location = parse_repository_location("git@github.com:owner/name.git");
  EXPECT_EQ(location.kind, Kind::kSsh);
  EXPECT_EQ(location.url, "git@github.com:owner/name.git");
  EXPECT_EQ(location.host, "github.com");
  EXPECT_EQ(location.user, "git");
  EXPECT_EQ(parse_repository_location("host:path").host, "host");
  EXPECT_EQ(parse_repository_location("git@[::1]:path").host, "::1");
  EXPECT_STREQ(error_of("git@host:").what(), "git@host: names no repository on its host");
  EXPECT_STREQ(error_of("git@:x").what(), "git@:x names no host");
}

TEST(RepositoryLocation, AFileWithAColonInItsNameIsAFile) {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  std::filesystem::create_directory("a:b");
  const RepositoryLocation location = parse_repository_location("a:b");
  std::filesystem::current_path(before);
  EXPECT_EQ(location.kind, Kind::kLocal);
  EXPECT_EQ(location.path, "a:b");
}

TEST(RepositoryLocation, AGithubNameIsAnHttpsUrl) {
  const RepositoryLocation location = parse_repository_location("github:example/back.end");
  EXPECT_EQ(location.kind, Kind::kHttps);
  EXPECT_EQ(location.url, "https://github.com/example/back.end.git");
  EXPECT_EQ(location.host, "github.com");
  EXPECT_EQ(parse_repository_location("github:example/x.git").url,
            "https://github.com/example/x.git");
  for (const std::string text :
       {"github:example", "github:/x", "github:x/", "github:a/b/c", "github:a/b c"}) {
    EXPECT_EQ(error_of(text).what(), text + " is not github:owner/name");
    EXPECT_EQ(error_of(text).hint, "such as github:example/backend");
  }
}

TEST(RepositoryLocation, UnencryptedWaysAreRefused) {
  const Error error = error_of("http://user:secret@host/x");
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(error.what(), "http://user:***@host/x would be read without encryption");
  EXPECT_EQ(error.hint,
            "use https:// or ssh://: whoever sits on the line could forge the migrations and read "
            "the token");
  EXPECT_STREQ(error_of("git://host/x").what(), "git://host/x would be read without encryption");
}

TEST(RepositoryLocation, AQueryIsRefusedAndNotShown) {
  for (const auto& [text, shown] : std::vector<std::pair<std::string, std::string>>{
           {"https://host/x.git?access_token=canary", "https://host/x.git?***"},
           {"https://host/x.git?private=canary&a=b#c", "https://host/x.git?***"},
           {"https://host/x.git#canary", "https://host/x.git#***"},
           {"https://u:canary@host/x?canary", "https://u:***@host/x?***"},
           {"ssh://git@host/x?token=canary", "ssh://git@host/x?***"},
           {"git@host:x?token=canary", "git@host:x?***"},
           {"github:a/b?token=canary", "github:a/b?***"}}) {
    const Error error = error_of(text);
    EXPECT_EQ(error.fault, Fault::kUsage);
    EXPECT_EQ(error.what(), shown + " has a query, and git sends none");
    EXPECT_EQ(error.hint,
              "leave it out; a token goes into SCHEMA_DRIFT_GIT_TOKEN, or into a file that "
              "--git-token-file names");
    EXPECT_EQ(shown_repository(text), shown);
  }
}

TEST(RepositoryLocation, WhatIsShownOfALocationHoldsNoSecret) {
  EXPECT_EQ(shown_repository("https://tok@host/x"), "https://***@host/x");
  EXPECT_EQ(shown_repository("https://u:p?w@host/x"), "https://u:***@host/x");
  EXPECT_EQ(shown_repository("ftp://host/x?canary"), "ftp://host/x?***");
  EXPECT_EQ(shown_repository("/srv/what?/repo"), "/srv/what?/repo");
  EXPECT_EQ(shown_repository("github:a/b"), "github:a/b");
}

TEST(RepositoryLocation, WhatIsNoLocationIsRefusedWithTheFormsThatAre) {
  EXPECT_STREQ(error_of("").what(), "no repository was given");
  EXPECT_STREQ(error_of("ftp://host/x").what(), "ftp://host/x has the unknown scheme ftp://");
  EXPECT_STREQ(error_of("https:///x").what(), "https:///x names no host");
  EXPECT_STREQ(error_of("https://tok:@host").what(),
               "https://***@host names no repository on its host");
  EXPECT_STREQ(error_of("https://host/").what(), "https://host/ names no repository on its host");
  EXPECT_EQ(error_of("").hint, kForms);
  EXPECT_EQ(error_of("ftp://host/x").hint, kForms);
}

TEST(RepositoryLocation, AControlCharacterCannotSmuggleAHeaderIntoARequest) {
  const Error error = error_of("https://host/x\r\nCookie: a");
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(error.what(), "the repository's location holds a control character");
}

}  // namespace
}  // namespace drift::migrations
