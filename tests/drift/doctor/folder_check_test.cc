#include "drift/doctor/folder_check.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace drift::doctor {
namespace {

TEST(FolderSpace, LittleAndNoneAreTold) {
  EXPECT_EQ(space_problem({kLittleSpace, 1}), "");
  EXPECT_EQ(space_problem({kLittleSpace - 1, 1}), "only 99 MiB are free");
  EXPECT_EQ(space_problem({0, 1}), "the disk is full");
  EXPECT_EQ(space_problem({kLittleSpace, 0}),
            "the disk has no room for another file name (inodes)");
}

TEST(Folder, OneThatIsThereIsWritableAndStaysAsItIs) {
  const TemporaryFolder folder;
  const Outcome outcome =
      examine_folder("spool", folder.path() + "/", TrustedFolder::Kind::kOwn, "hint");
  EXPECT_EQ(outcome, (Outcome{"spool", folder.path() + "/", State::kOk, "writable", ""}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Folder, OneThatEverybodyMayWriteIntoFails) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  EXPECT_EQ(
      examine_folder("cache", folder.path(), TrustedFolder::Kind::kOwn, "hint"),
      (Outcome{"cache", folder.path(), State::kFail, "is not trusted: everybody may write into it",
               "give a folder that belongs to the user of the nightly run and that nobody else "
               "may write into (chmod 700)"}));
}

TEST(Folder, OneThatIsNotThereCanBeMade) {
  const TemporaryFolder folder;
  const Outcome outcome =
      examine_folder("spool", folder.path("a/b/c"), TrustedFolder::Kind::kOwn, "hint");
  EXPECT_EQ(outcome.state, State::kOk);
  EXPECT_EQ(outcome.seen, "is not there yet; the first run makes it");
  EXPECT_FALSE(std::filesystem::exists(folder.path("a")));
}

TEST(Folder, FileInItsPlaceFails) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("file")) << "x";
  EXPECT_EQ(examine_folder("spool", folder.path("file"), TrustedFolder::Kind::kOwn, "hint"),
            (Outcome{"spool", folder.path("file"), State::kFail,
                     folder.path("file") + " is no folder", "hint"}));
  EXPECT_EQ(examine_folder("spool", folder.path("file/below"), TrustedFolder::Kind::kOwn, "hint"),
            (Outcome{"spool", folder.path("file/below"), State::kFail,
                     folder.path("file/below") + " cannot be reached: Not a directory", "hint"}));
}

}  // namespace
}  // namespace drift::doctor
