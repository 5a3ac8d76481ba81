#include "migrations/introductions.h"

#include <gtest/gtest.h>

#include "tests/migrations/opened.h"
#include "tests/migrations/temporary_repository.h"

namespace drift::migrations {
namespace {

std::string day_of(const std::string& create_date) {
  Revision revision;
  revision.create_date = create_date;
  const auto day = created_on(revision);
  return day ? rfc3339(*day) : "";
}

TEST(FoundIntroductions, ACreateDateCountsToTheDay) {
  EXPECT_EQ(day_of("2026-01-02 03:04:05.678901"), "2026-01-02T00:00:00Z");
  EXPECT_EQ(day_of("2026-01-02 03:04:05+02:00"), "2026-01-02T00:00:00Z");
  EXPECT_EQ(day_of("2026-01-02"), "2026-01-02T00:00:00Z");
  for (const char* no_date : {"", "yesterday", "02/01/2026 10:00", "2026-13-01 00:00:00"}) {
    EXPECT_EQ(day_of(no_date), "") << no_date;
  }
}

TEST(FoundIntroductions, OfALocalRepositoryNothingIsAskedFor) {
  TemporaryRepository repository;
  repository.write("v/a.py", "revision = 'a'\n");
  const std::string first = repository.commit();
  repository.write("v/b.py", "revision = 'b'\n");
  repository.commit();
  const GitRepository git = opened(repository.path());
  Revision a, gone;
  a.path = "v/a.py";
  gone.path = "v/gone.py";
  const auto found = find_introductions(git, git.tree_at("").commit(), {&a, &gone}, Stop());
  EXPECT_TRUE(found.asked_for_all);
  ASSERT_EQ(found.commits.size(), 2u);
  EXPECT_EQ(found.commits[0]->id, first);
  EXPECT_FALSE(found.commits[1]);
}

}  // namespace
}  // namespace drift::migrations
