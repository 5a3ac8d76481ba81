#include "migrations/git/clone.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "tests/migrations/temporary_repository.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

const Stop kNoStop;
constexpr const char* kUrl = "https://host/a.git";

// What stands where a bare clone would: its folder of packs, and a mark to tell it by.
void fill(const std::string& clone, const std::string& mark) {
  std::filesystem::create_directories(clone + "/objects/pack");
  std::ofstream(clone + "/" + mark) << mark;
}

bool has(const std::string& clone, const std::string& mark) {
  return std::filesystem::exists(clone + "/" + mark);
}

TEST(CacheFolderName, CanBeReadAndTellsUrlsApart) {
  const std::string name = cache_folder_name("https://github.com/example/backend.git");
  EXPECT_EQ(name.substr(0, 27), "github.com-example-backend-");
  EXPECT_EQ(name.size(), 27 + 16 + 4u);
  const std::set<std::string> names = {
      cache_folder_name("https://h/a-b"), cache_folder_name("https://h/a/b"),
      cache_folder_name("https://h/a/b.git"), cache_folder_name("ssh://h/a/b")};
  EXPECT_EQ(names.size(), 4u);
}

TEST(CacheFolderName, IsAHarmlessNameWhateverTheUrl) {
  const std::string long_url = "https://host/" + std::string(5000, 'x');
  for (const std::string& url : {std::string("ssh://../../etc/passwd"), std::string("-rf:x"),
                                 std::string("https://h/\xff\xfe/ü"), long_url}) {
    const std::string name = cache_folder_name(url);
    EXPECT_EQ(name.find('/'), std::string::npos) << name;
    EXPECT_NE(name.front(), '.') << name;
    EXPECT_NE(name.front(), '-') << name;
    EXPECT_LE(name.size(), 110u) << name;
  }
}

TEST(CacheFolderName, HoldsNoQuery) {
  EXPECT_EQ(cache_folder_name("https://h/x?token=abc").find("abc"), std::string::npos);
}

TEST(RepositoryCache, AdoptsANewCloneWhole) {
  const TemporaryFolder folder;
  RepositoryCache cache(folder.path("deep/cache"), kUrl, kNoStop);
  EXPECT_FALSE(cache.usable());
  fill(cache.new_clone(), "first");
  EXPECT_FALSE(cache.usable());
  cache.adopt_new_clone();
  EXPECT_TRUE(cache.usable());
  EXPECT_TRUE(has(cache.path(), "first"));
  fill(cache.new_clone(), "second");
  cache.adopt_new_clone();
  EXPECT_TRUE(has(cache.path(), "second"));
  EXPECT_FALSE(has(cache.path(), "first"));
  struct stat status {};
  ASSERT_EQ(::stat(cache.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST(RepositoryCache, ForgetsANewCloneThatWasNotAdopted) {
  const TemporaryFolder folder;
  std::string path;
  {
    RepositoryCache cache(folder.path(), kUrl, kNoStop);
    path = cache.new_clone();
    fill(path, "half");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  // Nor does one that a killed run left behind get in the way.
  std::filesystem::create_directories(path + "/objects");
  RepositoryCache cache(folder.path(), kUrl, kNoStop);
  EXPECT_TRUE(std::filesystem::is_empty(cache.new_clone()));
}

TEST(RepositoryCache, ADamagedCloneIsNotUsable) {
  const TemporaryFolder folder;
  RepositoryCache cache(folder.path(), kUrl, kNoStop);
  fill(cache.new_clone(), "first");
  cache.adopt_new_clone();
  mark_damaged(cache.path());
  EXPECT_FALSE(cache.usable());
  fill(cache.new_clone(), "second");
  cache.adopt_new_clone();
  EXPECT_TRUE(cache.usable());
}

// Names of folders are cut and hashed, so two URLs could meet in one.
TEST(RepositoryCache, ACloneOfAnotherUrlIsNotUsable) {
  const TemporaryFolder folder;
  RepositoryCache cache(folder.path(), kUrl, kNoStop);
  fill(cache.new_clone(), "first");
  cache.adopt_new_clone();
  std::ofstream(cache.path() + "/schema-drift-url") << "https://host/b.git";
  EXPECT_FALSE(cache.usable());
}

TEST(RepositoryCache, ALinkInTheClonesPlaceIsNotUsable) {
  const TemporaryFolder folder;
  RepositoryCache cache(folder.path(), kUrl, kNoStop);
  fill(cache.new_clone(), "first");
  cache.adopt_new_clone();
  std::filesystem::rename(cache.path(), folder.path("elsewhere"));
  std::filesystem::create_symlink(folder.path("elsewhere"), cache.path());
  EXPECT_FALSE(cache.usable());
}

TEST(RepositoryCache, ALockThatIsALinkIsNotFollowed) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink(folder.path("target"),
                                  folder.path(cache_folder_name(kUrl) + ".lock"));
  EXPECT_THROW(RepositoryCache(folder.path(), kUrl, kNoStop), Error);
  EXPECT_FALSE(std::filesystem::exists(folder.path("target")));
}

TEST(RepositoryCache, WaitsForTheLockOnlyAsLongAsItMay) {
  const TemporaryFolder folder;
  const RepositoryCache holder(folder.path(), kUrl, kNoStop);
  const RepositoryCache other(folder.path(), "https://host/other.git", kNoStop);
  const Stop stop(std::chrono::milliseconds(50));
  const Error error = thrown_by([&] { const RepositoryCache late(folder.path(), kUrl, stop); });
  EXPECT_EQ(error.fault, Fault::kTimedOut);
  EXPECT_STREQ(error.what(),
               "out of time while waiting for another run that fetches the same repository");
}

TEST(RepositoryCache, WithoutAFolderSaysWhatToSet) {
  const Error error = thrown_by([&] { const RepositoryCache cache("", kUrl, kNoStop); });
  EXPECT_EQ(error.fault, Fault::kCacheUnusable);
  EXPECT_STREQ(error.what(), "there is no cache folder for remote repositories");
  EXPECT_EQ(error.hint, "give --cache-dir, or set XDG_CACHE_HOME or HOME");
}

}  // namespace
}  // namespace drift::migrations
