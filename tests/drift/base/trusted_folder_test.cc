#include "drift/base/trusted_folder.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace drift {
namespace {

namespace fs = std::filesystem;
using Kind = TrustedFolder::Kind;

constexpr uid_t kStranger = 65534;

template <typename Value>
std::string reason(const std::variant<Value, Untrusted>& result) {
  const auto* why = std::get_if<Untrusted>(&result);
  return why == nullptr ? "" : why->reason;
}

class TrustedFolderTest : public testing::Test {
 protected:
  static void write(const fs::path& path, const std::string& text = "text") {
    std::ofstream(path, std::ios::binary) << text;
  }
  TrustedFolder opened(Kind kind = Kind::kOwn) const {
    return std::get<TrustedFolder>(TrustedFolder::open(path_, kind));
  }
  const TemporaryFolder folder_;
  const fs::path path_{folder_.path()};
};

TEST_F(TrustedFolderTest, WhatIsMissingIsMadeForItsOwnerAlone) {
  const auto made = TrustedFolder::make(path_ / "a/b/../c", Kind::kPrivate, 0700);
  EXPECT_EQ(reason(made), "");
  struct stat status {};
  ASSERT_EQ(::stat((path_ / "a/c").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0700u);
  ASSERT_EQ(::stat((path_ / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0700u);
  const auto missing = TrustedFolder::open(path_ / "none", Kind::kOwn);
  EXPECT_TRUE(std::get<Untrusted>(missing).missing());
}

TEST_F(TrustedFolderTest, ReadsRegularFilesUpToASize) {
  write(path_ / "file", std::string(100, 'x'));
  EXPECT_EQ(std::get<std::string>(opened().read("file", 100)).size(), 100u);
  EXPECT_EQ(reason(opened().read("file", 99)), "it is larger than 99 bytes");
  EXPECT_TRUE(std::get<Untrusted>(opened().read("none", 1)).missing());
}

TEST_F(TrustedFolderTest, WhatIsNoRegularFileIsNotRead) {
  write(path_ / "file");
  fs::create_symlink("file", path_ / "link");
  fs::create_symlink("/dev/zero", path_ / "zero");
  ASSERT_EQ(::mkfifo((path_ / "pipe").c_str(), 0600), 0);
  fs::create_directory(path_ / "folder");
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (path_ / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  for (const Kind kind : {Kind::kOwn, Kind::kPrivate, Kind::kReports}) {
    EXPECT_EQ(reason(opened(kind).read("link", 100)), "it is a link");
    EXPECT_EQ(reason(opened(kind).read("zero", 100)), "it is a link");
    for (const char* name : {"pipe", "folder", "socket"}) {
      EXPECT_EQ(reason(opened(kind).read(name, 100)), "it is not a regular file") << name;
    }
  }
  ::close(socket);
}

TEST_F(TrustedFolderTest, AFolderThatEverybodyMayWriteIntoIsRefused) {
  ASSERT_EQ(::chmod(path_.c_str(), 0777), 0);
  for (const Kind kind : {Kind::kOwn, Kind::kPrivate, Kind::kReports}) {
    EXPECT_EQ(reason(TrustedFolder::open(path_, kind)), "everybody may write into it");
  }
  // As /tmp: nobody can put something in the place of what is ours.
  ASSERT_EQ(::chmod(path_.c_str(), 01777), 0);
  EXPECT_EQ(reason(TrustedFolder::open(path_, Kind::kOwn)), "");
  EXPECT_EQ(reason(TrustedFolder::open(path_, Kind::kReports)), "");
  EXPECT_EQ(reason(TrustedFolder::open(path_, Kind::kPrivate)), "everybody may write into it");
  ASSERT_EQ(::chmod(path_.c_str(), 0770), 0);
  EXPECT_EQ(reason(TrustedFolder::open(path_, Kind::kOwn)), "");
  EXPECT_EQ(reason(TrustedFolder::open(path_, Kind::kReports)), "");
  EXPECT_EQ(reason(TrustedFolder::open(path_, Kind::kPrivate)), "its group may write into it");
}

TEST_F(TrustedFolderTest, AFolderOfOursMayLieInOneThatIsOpenToAll) {
  ASSERT_EQ(::chmod(path_.c_str(), 01777), 0);
  EXPECT_EQ(reason(opened().make_below("spool", Kind::kPrivate, 0700)), "");
  EXPECT_EQ(reason(opened().below("spool", Kind::kPrivate)), "");
}

TEST_F(TrustedFolderTest, BelowItNoLinkIsFollowed) {
  fs::create_directories(path_ / "top/2026/11");
  fs::create_directory(path_ / "elsewhere");
  fs::create_directory_symlink(path_ / "elsewhere", path_ / "top/latest");
  fs::create_directory_symlink(path_ / "elsewhere", path_ / "top/2026/12");
  const auto top = std::get<TrustedFolder>(TrustedFolder::open(path_ / "top", Kind::kReports));
  EXPECT_EQ(reason(top.below("2026/11", Kind::kReports)), "");
  EXPECT_EQ(reason(top.below("latest", Kind::kReports)), "it is a link");
  const auto linked = top.make_below("2026/12/01", Kind::kReports, 0755);
  EXPECT_EQ(reason(linked), "it is a link");
  EXPECT_EQ(std::get<Untrusted>(linked).at, "2026/12");
  EXPECT_EQ(reason(top.below("../elsewhere", Kind::kReports)), "Invalid argument");
  EXPECT_EQ(reason(top.make_below("2027/01", Kind::kReports, 0755)), "");
  EXPECT_TRUE(fs::is_directory(path_ / "top/2027/01"));
  EXPECT_TRUE(fs::is_empty(path_ / "elsewhere"));
}

TEST_F(TrustedFolderTest, OnTheWayALinkOfOursIsFollowed) {
  fs::create_directories(path_ / "real/below");
  fs::create_directory_symlink("real", path_ / "link");
  fs::create_directory_symlink(path_ / "link", path_ / "second");
  EXPECT_EQ(reason(TrustedFolder::open(path_ / "second/below", Kind::kOwn)), "");
  fs::create_directory_symlink("loop", path_ / "loop");
  EXPECT_EQ(reason(TrustedFolder::open(path_ / "loop", Kind::kOwn)),
            "Too many levels of symbolic links");
}

TEST_F(TrustedFolderTest, NamesAreSortedAndBounded) {
  for (const char* name : {"b", "a", ".hidden", "c"}) write(path_ / name);
  EXPECT_EQ(std::get<std::vector<std::string>>(opened().names(10)),
            (std::vector<std::string>{".hidden", "a", "b", "c"}));
  EXPECT_EQ(std::get<std::vector<std::string>>(opened().names(2)).size(), 2u);
}

// What another user made. Only root can make it so.
class StrangersTest : public TrustedFolderTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  }
  static void give_away(const fs::path& path) {
    ASSERT_EQ(::lchown(path.c_str(), kStranger, kStranger), 0);
  }
};

TEST_F(StrangersTest, FolderHoldsNothingOfOurs) {
  give_away(path_);
  EXPECT_EQ(reason(TrustedFolder::open(path_, Kind::kOwn)), "it belongs to another user (nobody)");
  EXPECT_EQ(reason(TrustedFolder::open(path_, Kind::kPrivate)),
            "it belongs to another user (nobody)");
}

TEST_F(StrangersTest, FolderOfReportsIsReadByRootButNotOutOfIt) {
  write(path_ / "report");
  give_away(path_ / "report");
  write(path_.string() + ".secret", "secret");
  fs::create_symlink(path_.string() + ".secret", path_ / "link");
  fs::create_hard_link(path_.string() + ".secret", path_ / "second-name");
  write(path_ / "of-root");
  give_away(path_);
  EXPECT_EQ(std::get<std::string>(opened(Kind::kReports).read("report", 100)), "text");
  EXPECT_EQ(std::get<std::string>(opened(Kind::kReports).read("of-root", 100)), "text");
  EXPECT_EQ(reason(opened(Kind::kReports).read("link", 100)), "it is a link");
  EXPECT_EQ(reason(opened(Kind::kReports).read("second-name", 100)),
            "it has a second name somewhere else");
  fs::remove(path_.string() + ".secret");
}

TEST_F(StrangersTest, FileInAStickyFolderIsNotRead) {
  ASSERT_EQ(::chmod(path_.c_str(), 01777), 0);
  write(path_ / "report");
  give_away(path_ / "report");
  EXPECT_EQ(reason(opened(Kind::kReports).read("report", 100)),
            "it belongs to another user (nobody)");
  EXPECT_EQ(reason(opened(Kind::kOwn).read("report", 100)), "it belongs to another user (nobody)");
}

TEST_F(StrangersTest, LinkOnTheWayIsNotFollowed) {
  fs::create_directory(path_ / "real");
  fs::create_directory_symlink("real", path_ / "link");
  give_away(path_ / "link");
  EXPECT_EQ(reason(TrustedFolder::open(path_ / "link", Kind::kReports)),
            "link on the way to it is a link of another user's (nobody)");
  write(path_ / "real/token");
  EXPECT_EQ(reason(read_trusted_file(path_ / "link/token", 100)),
            "link on the way to it is a link of another user's (nobody)");
}

TEST_F(StrangersTest, FileWithASecretIsNotBelieved) {
  write(path_ / "token");
  EXPECT_EQ(std::get<std::string>(read_trusted_file(path_ / "token", 100)), "text");
  ASSERT_EQ(::chmod((path_ / "token").c_str(), 0666), 0);
  EXPECT_EQ(reason(read_trusted_file(path_ / "token", 100)), "everybody may change it");
  ASSERT_EQ(::chmod((path_ / "token").c_str(), 0600), 0);
  give_away(path_ / "token");
  EXPECT_EQ(reason(read_trusted_file(path_ / "token", 100)), "it belongs to another user (nobody)");
}

}  // namespace
}  // namespace drift
