#include "drift/report/history_card.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";

std::string page(const std::string& url, const std::string& commit = kCommit) {
  return commit_page(url, commit).value_or("none");
}

TEST(CommitPage, IsThatOfTheForge) {
  EXPECT_EQ(page("https://github.com/example/shop"),
            "https://github.com/example/shop/commit/" + kCommit);
  EXPECT_EQ(page("https://github.com/example/shop.git/"),
            "https://github.com/example/shop/commit/" + kCommit);
  EXPECT_EQ(page("https://gitlab.com/example/team/shop"),
            "https://gitlab.com/example/team/shop/-/commit/" + kCommit);
  EXPECT_EQ(page("https://bitbucket.org/example/shop.git"),
            "https://bitbucket.org/example/shop/commits/" + kCommit);
  EXPECT_EQ(page("https://codeberg.org/example/shop"),
            "https://codeberg.org/example/shop/commit/" + kCommit);
  const std::string sha256 = kCommit + "0123456789abcdef01234567";
  EXPECT_EQ(page("https://github.com/example/shop", sha256),
            "https://github.com/example/shop/commit/" + sha256);
}

TEST(CommitPage, IsNotGuessed) {
  for (const char* url :
       {"", "https://", "https://github.com", "https://github.com/", "https://github.com/example",
        "https://github.com/example/", "https://github.com/example/shop/tree",
        "https://github.com//shop", "https://github.com/../shop", "https://github.com/example/.git",
        "https://git.example.com/example/shop", "https://github.com.example.com/example/shop",
        "https://github.com:8443/example/shop", "http://github.com/example/shop",
        "ssh://git@github.com/example/shop", "git@github.com:example/shop", "/srv/git/shop"}) {
    EXPECT_EQ(page(url), "none") << url;
  }
  for (const auto& commit : {kCommit.substr(1), kCommit + "0", std::string{}, std::string("main"),
                             "G" + kCommit.substr(1), "A" + kCommit.substr(1)}) {
    EXPECT_EQ(page("https://github.com/example/shop", commit), "none") << commit;
  }
}

TEST(CommitPage, CarriesNoSecretAndNothingThatWasNotChecked) {
  for (const char* url :
       {"https://user:secret@github.com/example/shop", "https://***@github.com/example/shop",
        "https://github.com/example/shop?token=secret", "https://github.com/example/shop#secret",
        "https://github.com/exa mple/shop", "https://github.com/example/shop\"onclick=x",
        "https://github.com/example/%2e%2e", "https://github.com/ex\xc3\xa4mple/shop"}) {
    EXPECT_EQ(page(url), "none") << url;
  }
}

}  // namespace
}  // namespace drift::report
