#include "migrations/held_revisions.h"

#include <gtest/gtest.h>

#include "tests/migrations/opened.h"
#include "tests/migrations/script_repository.h"

namespace drift::migrations {
namespace {

TEST(Abbreviations, AreBeginningsOfIdsOfMoreThanThreeCharacters) {
  EXPECT_TRUE(abbreviates("a", "a1b2"));
  EXPECT_TRUE(abbreviates("a1b", "a1b2"));
  EXPECT_FALSE(abbreviates("a1", "a1b"));
  EXPECT_FALSE(abbreviates("a1b2", "a1b2"));
  EXPECT_FALSE(abbreviates("b", "a1b2"));
}

TEST(AskedRevisions, WantAnExactIdAloneAndAnOpenOneWithWhatItAbbreviates) {
  AskedRevisions asked;
  EXPECT_FALSE(asked.wants("a1b2"));
  asked.add_exact("a1b2");
  asked.add_open("c3");
  asked.add_open("c3");
  EXPECT_TRUE(asked.wants("a1b2"));
  EXPECT_FALSE(asked.wants("a1b2c3"));
  EXPECT_TRUE(asked.wants("c3"));
  EXPECT_TRUE(asked.wants("c3d4"));
  EXPECT_FALSE(asked.wants("c3d"));
  EXPECT_EQ(asked.open(), Names{"c3"});
}

TEST(MigrationTexts, AreKnownWhereTheIdIs) {
  const auto read = [](const std::string& source, const std::string& path = "v/x.py") {
    const auto text = read_migration(source, path);
    return text ? text->id + ": " + text->message : "nothing";
  };
  EXPECT_EQ(read("\"\"\"One\n\nmore\"\"\"\nrevision = 'a1'\ndown_revision = None\n"), "a1: One");
  EXPECT_EQ(read("\"\"\"One\"\"\"\nrevision = 'a1'\ndown_revision = f()\n"), "a1: One");
  EXPECT_EQ(read("down_revision = None\n", "v/1a2b.py"), "1a2b: ");
  EXPECT_EQ(read("revision = f()\ndown_revision = None\n"), "nothing");
  EXPECT_EQ(read("revision = ''\ndown_revision = None\n"), "nothing");
  EXPECT_EQ(read("revision = 'a1\n"), "nothing");
  EXPECT_EQ(read("from somewhere import revision\ndown_revision = None\n"), "nothing");
}

class Held : public testing::Test {
 protected:
  // What the newest commit of main has, as "id path", and the next lines what could not be read.
  Names held(const AskedRevisions& asked, bool recursive = false) {
    const GitRepository git = opened(repository.path());
    const History history = git.history({git.tips().tips.front().commit}, folders_, Stop());
    const HeldRevisions found(git, history, folders_, recursive, asked, Stop());
    Names lines;
    for (const HeldRevisions::Held& one : found.at(0)) lines.push_back(one.id + " " + one.path);
    perhaps_ = {found.unread().perhaps.begin(), found.unread().perhaps.end()};
    unread_ = found.unread().files;
    return lines;
  }

  ScriptRepository repository;
  std::vector<std::string> folders_ = {"v"};
  Names perhaps_;
  std::size_t unread_ = 0;
};

TEST_F(Held, FollowFilesFromCommitToCommit) {
  repository.write_migration("v/a.py", "a1b1");
  repository.write_migration("v/b.py", "b2b2");
  repository.commit();
  repository.shell("git mv v/a.py v/moved.py; rm v/b.py");
  repository.write_migration("v/c.py", "c3c3");
  repository.write_migration("v/note.txt", "d4d4");
  repository.commit();
  AskedRevisions asked;
  for (const char* id : {"a1b1", "b2b2", "d4d4"}) asked.add_exact(id);
  EXPECT_EQ(held(asked), Names{"a1b1 v/moved.py"});
}

TEST_F(Held, AreOfSubfoldersOnlyWhereTheyCount) {
  repository.write_migration("v/sub/a.py", "a1b1");
  repository.write_migration("v/sub/__pycache__/b.py", "a1b1");
  repository.commit();
  AskedRevisions asked;
  asked.add_exact("a1b1");
  EXPECT_EQ(held(asked), Names{});
  EXPECT_EQ(held(asked, true), Names{"a1b1 v/sub/a.py"});
}

TEST_F(Held, TakeTheIdOfTheNameWhereOneContentHasTwoNames) {
  repository.write("v/1a2b.py", "down_revision = None\n");
  repository.write("v/3c4d.py", "down_revision = None\n");
  repository.write("v/zz.py", "down_revision = None\n");
  repository.commit();
  AskedRevisions asked;
  asked.add_open("3c4d");
  EXPECT_EQ(held(asked), Names{"3c4d v/3c4d.py"});
  EXPECT_EQ(unread_, 1u);
  EXPECT_EQ(perhaps_, Names{});
}

TEST_F(Held, SayWhichMayBeInAFileThatCannotBeRead) {
  repository.write("v/a.py", "revision = 'a1b1\n");
  repository.commit();
  AskedRevisions asked;
  asked.add_open("a1b1");
  asked.add_open("b2b2");
  EXPECT_EQ(held(asked), Names{});
  EXPECT_EQ(unread_, 1u);
  EXPECT_EQ(perhaps_, Names{"a1b1"});
}

TEST_F(Held, RefuseWhatAbbreviatesVeryManyIds) {
  for (std::size_t i = 0; i <= HeldRevisions::kMostAbbreviated; ++i) {
    const std::string id = "a" + std::to_string(1000 + i);
    repository.write_migration("v/" + id + "_x.py", id);
  }
  repository.commit();
  AskedRevisions asked;
  asked.add_open("a");
  const Error error = error_of([&] { held(asked); });
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(error.what(), "revision 'a' is ambiguous: more than 100 ids begin with it");
  EXPECT_EQ(error.hint, "give more of it");
}

}  // namespace
}  // namespace drift::migrations
